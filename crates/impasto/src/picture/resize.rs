//! Pictures at other sizes.
//!
//! Separable convolution in encoded values, as the published systems do. When a picture shrinks, the
//! kernel widens with the step between samples, so that no filter aliases: bilinear is then a triangle
//! of that width. Kernels end at the border and are normalised over what is inside.
//!
//! The cubic filter is that of Catmull and Rom (1974), a = -1/2, which Pillow calls bicubic; the other is
//! the sinc windowed by a sinc, three lobes wide (Duchon 1979).

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Alpha, Picture};

/// The kernel of a resize.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// Linear between neighbours: soft, never beyond the values around.
    Bilinear,
    /// Cubic: sharper, overshoots a little at edges.
    CatmullRom,
    /// Three-lobed windowed sinc: sharpest, rings a little at edges.
    #[default]
    Lanczos3,
}

impl Picture {
    /// The picture at `width × height`, each axis scaled on its own.
    ///
    /// Not clamped: a picture in the middle of an optimisation may lie outside of 0..1, and the cubic
    /// and Lanczos filters overshoot at edges. [`clamped`](Self::clamped) cuts that off. The same size
    /// gives the same bits, and so does any number of threads.
    ///
    /// # Panics
    /// If a side is zero.
    pub fn resized(&self, width: usize, height: usize, filter: Filter) -> Self {
        assert!(width > 0 && height > 0, "a picture resized to {width}x{height}");
        let from = (self.width(), self.height());
        if from == (width, height) {
            return self.clone();
        }
        let mut data = vec![0.0; 3 * width * height];
        let planes = data.par_chunks_exact_mut(width * height);
        planes.zip(self.data().par_chunks_exact(from.0 * from.1)).for_each(|(plane, from_plane)| {
            resize_plane(from_plane, from, plane, (width, height), filter);
        });
        Picture::new(width, height, data)
    }

    /// The same of a picture whose opposite borders meet: kernels reach over them.
    pub(crate) fn resized_seamless(&self, width: usize, height: usize, filter: Filter) -> Self {
        let tiled = |plane: &[f32]| -> Vec<f32> {
            let rows: Vec<f32> = plane.chunks_exact(self.width()).flat_map(|row| row.repeat(3)).collect();
            rows.repeat(3)
        };
        let (from, to) = ((3 * self.width(), 3 * self.height()), (3 * width, 3 * height));
        let planes = self.data().par_chunks_exact(self.width() * self.height()).map(|plane| {
            let mut resized = vec![0.0; to.0 * to.1];
            resize_plane(&tiled(plane), from, &mut resized, to, filter);
            let rows = resized.chunks_exact(3 * width).skip(height).take(height);
            rows.flat_map(|row| row[width..2 * width].iter().copied()).collect::<Vec<f32>>()
        });
        Picture::new(width, height, planes.collect::<Vec<_>>().concat())
    }

    /// The picture with values below 0 and above 1 set to these.
    pub fn clamped(mut self) -> Self {
        self.data_mut().iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        self
    }

    /// The size with the same aspect whose longer side is `longest` pixels: the shorter is rounded to
    /// the nearest pixel, halves up, and is at least 1. A `longest` of 0 counts as 1.
    pub fn fit_longest_side(&self, longest: usize) -> (usize, usize) {
        fit_longest_side((self.width(), self.height()), longest)
    }
}

/// [`Picture::fit_longest_side`] of a width and height.
pub(crate) fn fit_longest_side((width, height): (usize, usize), longest: usize) -> (usize, usize) {
    let longest = longest.max(1);
    let scaled = |short: usize, long: usize| ((2 * short * longest + long) / (2 * long)).max(1);
    if width >= height { (longest, scaled(height, width)) } else { (scaled(width, height), longest) }
}

impl Alpha {
    /// The plane at `width × height`, as [`Picture::resized`], but kept within 0..1.
    ///
    /// # Panics
    /// If a side is zero.
    pub fn resized(&self, width: usize, height: usize, filter: Filter) -> Self {
        assert!(width > 0 && height > 0, "an alpha plane resized to {width}x{height}");
        let from = (self.width(), self.height());
        if from == (width, height) {
            return self.clone();
        }
        let mut data = vec![0.0; width * height];
        resize_plane(self.data(), from, &mut data, (width, height), filter);
        data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Alpha::new(width, height, data)
    }
}

/// One plane `[H, W]` to another, each of a (width, height).
fn resize_plane(plane: &[f32], from: (usize, usize), target: &mut [f32], to: (usize, usize), filter: Filter) {
    let side = |length: usize| u32::try_from(length).expect("sides of at most 2³² - 1 pixels");
    let filter = match filter {
        Filter::Bilinear => FilterType::Bilinear,
        Filter::CatmullRom => FilterType::CatmullRom,
        Filter::Lanczos3 => FilterType::Lanczos3,
    };
    let source = ImageRef::new(side(from.0), side(from.1), bytemuck::cast_slice(plane), PixelType::F32);
    let source = source.expect("a plane of its size");
    let target = bytemuck::cast_slice_mut(target);
    let target = Image::from_slice_u8(side(to.0), side(to.1), target, PixelType::F32);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).use_alpha(false);
    Resizer::new()
        .resize(&source, &mut target.expect("a plane of its size"), &options)
        .expect("the whole of the source, so no crop can be out of place");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seamless_picture_stays_so_at_any_size() {
        let wave = |index: usize| {
            let angle = |at: usize, side: usize| (at as f32 + 0.5) / side as f32 * std::f32::consts::TAU;
            angle(index % 12, 12).sin() + angle(index / 12 % 8, 8).cos()
        };
        let picture = Picture::new(12, 8, (0..288).map(wave).collect());
        let larger = picture.resized_seamless(24, 16, Filter::CatmullRom);
        let step = |a: usize, b: usize| (larger.data()[a] - larger.data()[b]).abs();
        // From the last column to the first is a step like that between the two before.
        for row in 0..16 {
            let (last, first) = (row * 24 + 23, row * 24);
            assert!((step(first, last) - step(first + 1, first)).abs() < 0.02, "row {row}");
        }
        for column in 0..24 {
            assert!(step(column, 15 * 24 + column) < 0.02, "column {column}");
        }
    }

    fn picture(width: usize, height: usize) -> Picture {
        let value = |i: usize| ((i * 7919) % 1000) as f32 / 1000.0 + 0.3;
        Picture::new(width, height, (0..3 * width * height).map(value).collect())
    }

    #[test]
    fn the_same_size_keeps_every_bit() {
        let mut odd = picture(5, 4);
        odd.data_mut()[3] = -0.0;
        let same = odd.resized(5, 4, Filter::Lanczos3);
        assert!(odd.data().iter().zip(same.data()).all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn a_flat_picture_stays_flat() {
        let flat = Picture::new(9, 5, vec![0.7; 135]);
        for filter in [Filter::Bilinear, Filter::CatmullRom, Filter::Lanczos3] {
            for (width, height) in [(1, 1), (4, 13), (30, 2)] {
                let resized = flat.resized(width, height, filter);
                assert!(resized.data().iter().all(|v| (v - 0.7).abs() < 1e-5), "{filter:?}");
            }
        }
    }

    #[test]
    fn thread_counts_do_not_matter() {
        let source = picture(61, 37);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| source.resized(40, 50, Filter::CatmullRom))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn values_beyond_the_range_are_kept_until_clamped() {
        let wide = Picture::new(2, 1, vec![-1.0, 2.0, 0.5, 0.5, 0.0, 3.0]);
        let resized = wide.resized(4, 1, Filter::Bilinear);
        assert_eq!((resized.data()[0], resized.data()[3]), (-1.0, 2.0));
        assert!(resized.clamped().data().iter().all(|v| (0.0..=1.0).contains(v)));
    }

    #[test]
    fn the_longest_side_fits() {
        for (from, longest, to) in [
            ((1024, 768), 512, (512, 384)),
            ((768, 1024), 512, (384, 512)),
            ((3, 2), 1, (1, 1)),
            ((1000, 1), 10, (10, 1)),
            ((200, 101), 100, (100, 51)),
            ((7, 7), 0, (1, 1)),
        ] {
            let size = Picture::new(from.0, from.1, vec![0.0; 3 * from.0 * from.1]).fit_longest_side(longest);
            assert_eq!(size, to, "{from:?} to {longest}");
        }
    }
}
