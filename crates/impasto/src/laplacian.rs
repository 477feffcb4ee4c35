//! The Laplacian pyramid (Burt and Adelson 1983) as variables of a picture (Kolkin 2022).
//!
//! ```text
//! aᵢ₊₁ = half(aᵢ)        dᵢ = aᵢ − full(aᵢ₊₁)        coefficients: d₀, d₁, …, a_L
//! picture: aᵢ = dᵢ + full(aᵢ₊₁)
//! ```
//!
//! with bilinear resizing to half the sides, rounded down, and back. Each channel is a pyramid of its own.

use impasto_network::Size;

use crate::bilinear::Bilinear;

/// The pyramid of pictures of one size.
#[derive(Clone, Debug)]
pub(crate) struct LaplacianPyramid {
    /// Heights and widths of the levels, the picture first.
    sizes: Vec<(usize, usize)>,
}

impl LaplacianPyramid {
    /// At most so many halvings: it ends when a side is 1.
    pub fn new(size: Size, levels: usize) -> Self {
        let mut sizes = vec![(size.height, size.width)];
        while let Some(&(height, width)) = sizes.last()
            && sizes.len() <= levels
            && height.min(width) > 1
        {
            sizes.push((height / 2, width / 2));
        }
        LaplacianPyramid { sizes }
    }

    /// Halvings.
    pub fn levels(&self) -> usize {
        self.sizes.len() - 1
    }

    /// Coefficients of one channel.
    fn plane_len(&self) -> usize {
        self.sizes.iter().map(|(height, width)| height * width).sum()
    }

    /// Coefficients of the three channels.
    pub fn len(&self) -> usize {
        3 * self.plane_len()
    }

    /// From one level to the next, and back.
    fn resizing(&self, level: usize, back: bool) -> Bilinear {
        let (large, small) = (self.sizes[level], self.sizes[level + 1]);
        if back { Bilinear::new(small, large) } else { Bilinear::new(large, small) }
    }

    /// The coefficients, channel by channel and fine to coarse, of a planar picture `[3, H, W]`.
    pub fn analyse(&self, picture: &[f32]) -> Vec<f32> {
        let mut coefficients = Vec::with_capacity(self.len());
        for plane in picture.chunks_exact(self.sizes[0].0 * self.sizes[0].1) {
            let mut current = plane.to_vec();
            for level in 0..self.levels() {
                let half = self.resizing(level, false);
                let mut smaller = vec![0.0; half.len()];
                half.apply(&current, &mut smaller);
                let full = self.resizing(level, true);
                let mut again = vec![0.0; full.len()];
                full.apply(&smaller, &mut again);
                coefficients.extend(current.iter().zip(again).map(|(value, again)| value - again));
                current = smaller;
            }
            coefficients.extend(current);
        }
        coefficients
    }

    /// The picture `[3, H, W]` of coefficients, into `picture`.
    pub fn synthesise(&self, coefficients: &[f32], picture: &mut [f32]) {
        let (height, width) = self.sizes[0];
        let planes = picture.chunks_exact_mut(height * width);
        for (coefficients, plane) in coefficients.chunks_exact(self.plane_len()).zip(planes) {
            let mut end = coefficients.len();
            let mut current: Vec<f32> = Vec::new();
            for (level, &(height, width)) in self.sizes.iter().enumerate().rev() {
                let detail = &coefficients[end - height * width..end];
                end -= height * width;
                current = if level == self.levels() {
                    detail.to_vec()
                } else {
                    let full = self.resizing(level, true);
                    let mut larger = vec![0.0; full.len()];
                    full.apply(&current, &mut larger);
                    larger.iter_mut().zip(detail).for_each(|(value, detail)| *value += detail);
                    larger
                };
            }
            plane.copy_from_slice(&current);
        }
    }

    /// The gradient by the coefficients, given the gradient by the picture: the adjoint of
    /// [`synthesise`](LaplacianPyramid::synthesise).
    pub fn gradient(&self, picture: &[f32]) -> Vec<f32> {
        let mut gradient = Vec::with_capacity(self.len());
        for plane in picture.chunks_exact(self.sizes[0].0 * self.sizes[0].1) {
            let mut current = plane.to_vec();
            for level in 0..self.levels() {
                gradient.extend(&current);
                let (height, width) = self.sizes[level + 1];
                let mut smaller = vec![0.0; height * width];
                self.resizing(level, true).add_adjoint(&current, &mut smaller);
                current = smaller;
            }
            gradient.extend(current);
        }
        gradient
    }

    /// The coefficients of the finest `levels` set to zero.
    pub fn without_finest(&self, coefficients: &mut [f32], levels: usize) {
        let finest: usize = self.sizes.iter().take(levels.min(self.levels())).map(|(h, w)| h * w).sum();
        for plane in coefficients.chunks_exact_mut(self.plane_len()) {
            plane[..finest].fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize) -> Vec<f32> {
        (0..count).map(|index| ((index * 37) % 101) as f32 / 101.0).collect()
    }

    #[test]
    fn a_picture_survives_its_pyramid() {
        for (height, width) in [(13, 9), (1, 5), (8, 8)] {
            let pyramid = LaplacianPyramid::new(Size { height, width }, 8);
            let picture = values(3 * height * width);
            let coefficients = pyramid.analyse(&picture);
            assert_eq!(coefficients.len(), pyramid.len());
            let mut again = vec![0.0; picture.len()];
            pyramid.synthesise(&coefficients, &mut again);
            for (again, value) in again.iter().zip(&picture) {
                assert!((again - value).abs() < 1e-6, "{height}x{width}");
            }
        }
    }

    #[test]
    fn the_gradient_is_the_adjoint_of_the_synthesis() {
        let pyramid = LaplacianPyramid::new(Size { height: 11, width: 14 }, 3);
        assert_eq!(pyramid.levels(), 3);
        let (coefficients, weights) = (values(pyramid.len()), values(3 * 11 * 14));
        let mut picture = vec![0.0; weights.len()];
        pyramid.synthesise(&coefficients, &mut picture);
        let product = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let (forward, backward) =
            (product(&picture, &weights), product(&coefficients, &pyramid.gradient(&weights)));
        assert!((forward / backward - 1.0).abs() < 1e-5, "{forward} and {backward}");
    }

    #[test]
    fn without_its_details_only_the_coarsest_level_is_left() {
        let pyramid = LaplacianPyramid::new(Size { height: 8, width: 8 }, 2);
        let mut coefficients = pyramid.analyse(&values(192));
        pyramid.without_finest(&mut coefficients, 9);
        assert!(coefficients[..80].iter().all(|&value| value == 0.0));
        assert!(coefficients[80..84].iter().all(|&value| value > 0.0));
    }

    #[test]
    fn levels_and_gradients_are_the_published_ones() {
        // By an independent script: tests/fixtures/make_nnst.py.
        let tensors = |file: &str| {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
            std::fs::read(folder.join(file)).unwrap()
        };
        let (pictures, fixture) = (tensors("doodle_pictures.safetensors"), tensors("nnst.safetensors"));
        let tensor = |file: &[u8], name: &str| -> Vec<f32> {
            let tensors = safetensors::SafeTensors::deserialize(file).unwrap();
            let values = tensors.tensor(name).unwrap().data().as_chunks().0.iter();
            values.map(|&bytes| f32::from_le_bytes(bytes)).collect()
        };
        let pyramid = LaplacianPyramid::new(Size { height: 48, width: 40 }, 8);
        assert_eq!(pyramid.levels(), 5);
        let coefficients = pyramid.analyse(&tensor(&pictures, "picture"));
        let gradients = pyramid.gradient(&tensor(&fixture, "quarter.gradient.style"));
        let mut start = 0;
        for (level, &(height, width)) in pyramid.sizes.iter().enumerate() {
            for (name, found) in [("pyramid", &coefficients), ("quarter.gradient.style", &gradients)] {
                if level == 0 && name != "pyramid" {
                    continue;
                }
                let expected = tensor(&fixture, &format!("{name}.{level}"));
                let largest = expected.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
                for (channel, expected) in expected.chunks_exact(height * width).enumerate() {
                    let found = &found[channel * pyramid.plane_len() + start..];
                    for (found, expected) in found.iter().zip(expected) {
                        assert!((found - expected).abs() <= 1e-5 * largest, "{name}.{level}");
                    }
                }
            }
            start += height * width;
        }
    }
}
