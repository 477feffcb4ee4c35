//! A colour map in 8 bits a channel, and which colours it holds.

use rayon::prelude::*;

use super::color::Lab;
use crate::Picture;

/// Most colours of a map.
pub const MAX_COLORS: usize = 24;

/// Colours of two maps at most this far apart are the same, in the L*a*b* distance of 1976. Red and orange
/// lie 40 apart, pure red and #d00000 18, JPEG noise 1 to 5. Within one map colours so close are the same
/// only if the map has more than [`MAX_COLORS`].
pub const SAME_COLOR: f64 = 12.0;

/// Most that a channel differs between neighbours within an area: what JPEG leaves of a flat colour.
pub(super) const FLAT: u8 = 4;

/// The pixels of a map.
pub(super) struct ColorMap {
    pub width: usize,
    pub height: usize,
    /// Row by row.
    pub pixels: Vec<[u8; 3]>,
}

/// Like colours, counted together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shade {
    /// The commonest of them.
    pub color: [u8; 3],
    /// The same, to be compared.
    pub lab: Lab,
    /// How many pixels.
    pub pixels: usize,
}

impl From<&Picture> for ColorMap {
    /// Rounds to 8 bits; what lies outside of 0..1 is cut, what is not a number is 0.
    fn from(picture: &Picture) -> Self {
        let positions = picture.width() * picture.height();
        let channel = |index: usize, channel: usize| {
            (255.0 * picture.data()[channel * positions + index]).round().clamp(0.0, 255.0) as u8
        };
        let pixels = (0..positions).map(|index| std::array::from_fn(|c| channel(index, c))).collect();
        ColorMap { width: picture.width(), height: picture.height(), pixels }
    }
}

impl ColorMap {
    /// The different colours and how often each occurs, in order of the colour.
    pub fn histogram(&self) -> Vec<([u8; 3], usize)> {
        counted(self.pixels.iter().copied())
    }

    /// Whether each pixel lies within an area of one colour: no channel of it and its neighbours, of 3×3,
    /// differs by more than `tolerance`.
    ///
    /// Pixels of an anti-aliased border never do, nor do those around which a JPEG file rings.
    pub fn flat(&self, tolerance: u8) -> Vec<bool> {
        let (width, height) = (self.width, self.height);
        let is_flat = |x: usize, y: usize| {
            let center = self.pixels[y * width + x];
            let like = |color: &[u8; 3]| color.iter().zip(center).all(|(a, b)| a.abs_diff(b) <= tolerance);
            let columns = x.saturating_sub(1)..(x + 2).min(width);
            (y.saturating_sub(1)..(y + 2).min(height))
                .all(|row| self.pixels[row * width..][columns.clone()].iter().all(like))
        };
        (0..width * height).into_par_iter().map(|index| is_flat(index % width, index / width)).collect()
    }

    /// The shades of the map's areas: colours that agree in their five highest bits, the commonest first.
    ///
    /// Only pixels that are [`flat`](ColorMap::flat) within [`FLAT`] count, unless they are fewer than a tenth,
    /// as in a drawing of lines; then all do.
    pub fn shades(&self) -> Vec<Shade> {
        let flat = self.flat(FLAT);
        let area = |(color, flat): (&[u8; 3], &bool)| flat.then_some(*color);
        let areas: Vec<[u8; 3]> = self.pixels.iter().zip(&flat).filter_map(area).collect();
        let counts =
            if 10 * areas.len() < self.pixels.len() { self.histogram() } else { counted(areas.into_iter()) };

        let mut cells: Vec<Option<([u8; 3], usize, usize)>> = vec![None; 1 << 15];
        for (color, count) in counts {
            let index = color.iter().fold(0, |index, value| index << 5 | usize::from(value >> 3));
            let (commonest, most, pixels) = cells[index].get_or_insert((color, count, 0));
            if count > *most {
                (*commonest, *most) = (color, count);
            }
            *pixels += count;
        }
        let mut shades: Vec<Shade> = cells
            .into_iter()
            .flatten()
            .map(|(color, _, pixels)| Shade { color, lab: color.into(), pixels })
            .collect();
        shades.sort_by_key(|shade| (std::cmp::Reverse(shade.pixels), shade.color));
        shades
    }
}

/// The different colours and how often each occurs, in order of the colour.
fn counted(colors: impl Iterator<Item = [u8; 3]>) -> Vec<([u8; 3], usize)> {
    // As numbers they sort much faster.
    let mut numbers: Vec<u32> =
        colors.map(|[red, green, blue]| u32::from_be_bytes([0, red, green, blue])).collect();
    numbers.sort_unstable();
    let entry = |equal: &[u32]| {
        let [_, red, green, blue] = equal[0].to_be_bytes();
        ([red, green, blue], equal.len())
    };
    numbers.chunk_by(|a, b| a == b).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_pixels_have_like_neighbours() {
        // Five columns: two of one colour, one between, two of another, and noise in the last.
        let row = [[0; 3], [0; 3], [90; 3], [200; 3], [203; 3]];
        let map = ColorMap { width: 5, height: 2, pixels: row.repeat(2) };
        assert_eq!(map.flat(4), [true, false, false, false, true].repeat(2));
        assert_eq!(map.flat(0), [true, false, false, false, false].repeat(2));
    }

    #[test]
    fn noise_falls_to_the_commonest_color_of_its_shade() {
        let row = [[64, 0, 0], [64, 0, 0], [65, 1, 0], [64, 0, 0]];
        let map = ColorMap { width: 4, height: 3, pixels: row.repeat(3) };
        let shades = map.shades();
        assert_eq!(shades.len(), 1, "{shades:?}");
        assert_eq!((shades[0].color, shades[0].pixels), ([64, 0, 0], 12));
    }

    #[test]
    fn values_outside_of_the_range_are_cut() {
        let map = ColorMap::from(&Picture::new(1, 1, vec![f32::NAN, -1.0, 9.0]));
        assert_eq!(map.pixels, [[0, 0, 255]]);
    }
}
