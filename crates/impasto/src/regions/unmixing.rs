//! Each pixel of a map to its colour, and those of a soft border to both of theirs.
//!
//! Where a border is anti-aliased its pixels mix the colours on both sides, in encoded values:
//! `pixel = t · a + (1 − t) · b`. So a pixel like no colour of the map is fitted by each pair of the colours
//! around it, and if the best pair meets it, belongs to a with t and to b with 1 − t. Taking the nearest
//! colour instead would draw a rim of a third region along such borders: red mixed with black is dark red.
//! A pixel is like a colour if it has exactly this colour, or nearly so within an area.

use rayon::prelude::*;

use super::color::Lab;
use super::palette::{ColorMap, FLAT, SAME_COLOR};
use super::{RegionName, Regions};

/// How far around a pixel the two colours that it mixes are looked for.
const REACH: usize = 2;

/// Farthest that a pixel lies from the mixture it is taken for, in 0..255: what JPEG and chroma subsampling
/// add to anti-aliasing. Farther ones go to the nearest colour.
const FARTHEST: f32 = 32.0;

/// The closest mixture of two colours.
pub(super) struct Mix {
    /// Share of the first, 0..1.
    pub share: f32,
    /// How far it lies from the colour, squared.
    pub squared_distance: f32,
}

impl Mix {
    /// The mixture of `first` and `second` that comes closest to `color`.
    pub fn of(color: [f32; 3], first: [f32; 3], second: [f32; 3]) -> Self {
        let minus = |a: [f32; 3], b: [f32; 3]| [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
        let product = |a: [f32; 3], b: [f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let (along, offset) = (minus(first, second), minus(color, second));
        let share = (product(along, offset) / product(along, along).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
        let miss = minus(offset, along.map(|value| share * value));
        Mix { share, squared_distance: product(miss, miss) }
    }
}

/// The colour of a pixel, by its number in the palette.
#[derive(Clone, Copy)]
struct Label {
    nearest: u8,
    /// Whether the pixel is like it, and no mixture.
    is_pure: bool,
}

/// The regions of a map whose colours are `palette`, at most 32 and at least one, in its order.
pub(super) fn regions_of(map: &ColorMap, palette: &[[u8; 3]]) -> Regions {
    let labels = labels(map, palette);
    let positions = map.pixels.len();
    let mut shares: Vec<[(u8, f32); 2]> = Vec::new();
    (0..positions)
        .into_par_iter()
        .map(|index| {
            let Label { nearest, is_pure } = labels[index];
            if is_pure { [(nearest, 1.0), (nearest, 0.0)] } else { unmixed(map, palette, &labels, index) }
        })
        .collect_into_vec(&mut shares);
    let mut masks = vec![0.0; palette.len() * positions];
    for (index, shares) in shares.into_iter().enumerate() {
        for (color, share) in shares {
            masks[usize::from(color) * positions + index] += share;
        }
    }
    Regions::new(map.width, map.height, palette.iter().map(|&color| RegionName::Color(color)), masks)
}

fn labels(map: &ColorMap, palette: &[[u8; 3]]) -> Vec<Label> {
    let labs: Vec<Lab> = palette.iter().map(|&color| color.into()).collect();
    let nearest = |color: [u8; 3]| Lab::from(color).nearest(&labs).expect("a palette has a colour");
    let flat = map.flat(FLAT);
    map.pixels
        .par_chunks(map.width)
        .zip(flat.par_chunks(map.width))
        .flat_map_iter(|(row, flat)| {
            // Colours repeat along a row more often than not.
            let mut last = (row[0], nearest(row[0]));
            row.iter().zip(flat).map(move |(&color, &is_flat)| {
                if color != last.0 {
                    last = (color, nearest(color));
                }
                let (nearest, squared) = last.1;
                let is_pure = squared == 0.0 || (is_flat && squared <= SAME_COLOR * SAME_COLOR);
                Label { nearest: nearest as u8, is_pure }
            })
        })
        .collect()
}

/// The two colours that the pixel at `index` mixes, with their shares.
fn unmixed(map: &ColorMap, palette: &[[u8; 3]], labels: &[Label], index: usize) -> [(u8, f32); 2] {
    let (x, y) = (index % map.width, index / map.width);
    let nearest = labels[index].nearest;
    let mut around: u32 = 1 << nearest;
    for row in y.saturating_sub(REACH)..(y + REACH + 1).min(map.height) {
        let columns = x.saturating_sub(REACH)..(x + REACH + 1).min(map.width);
        for label in labels[row * map.width..][columns].iter().filter(|label| label.is_pure) {
            around |= 1 << label.nearest;
        }
    }
    let color = map.pixels[index].map(f32::from);
    let around: Vec<u8> = (0..palette.len() as u8).filter(|color| around & (1 << color) != 0).collect();
    let pairs = around.iter().enumerate().flat_map(|(i, &a)| around[..i].iter().map(move |&b| (a, b)));
    let mixes = pairs.map(|(a, b)| {
        let ends = [a, b].map(|end| palette[usize::from(end)].map(f32::from));
        (a, b, Mix::of(color, ends[0], ends[1]))
    });
    let best = mixes.min_by(|a, b| a.2.squared_distance.total_cmp(&b.2.squared_distance));
    match best {
        Some((a, b, mix)) if mix.squared_distance <= FARTHEST * FARTHEST => {
            [(a, mix.share), (b, 1.0 - mix.share)]
        }
        _ => [(nearest, 1.0), (nearest, 0.0)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soft_border_belongs_to_both_sides() {
        // Red to black through half of each, which is nearest to the dark red of another region.
        let (red, dark, black) = ([255, 0, 0], [140, 0, 0], [0, 0, 0]);
        let border = [red, red, red, [128, 0, 0], black, black, black, black, black, dark];
        let map = ColorMap { width: 10, height: 1, pixels: border.to_vec() };
        let regions = regions_of(&map, &[red, dark, black]);
        assert_eq!(regions.mask(0)[..3], [1.0; 3]);
        assert!((regions.mask(0)[3] - 128.0 / 255.0).abs() < 1e-6, "{:?}", regions.mask(0));
        assert!((regions.mask(2)[3] - 127.0 / 255.0).abs() < 1e-6, "{:?}", regions.mask(2));
        assert_eq!(regions.mask(1)[..9], [0.0; 9]);
        assert_eq!(regions.mask(1)[9], 1.0);
    }

    #[test]
    fn a_foreign_color_goes_to_the_nearest() {
        let map = ColorMap { width: 3, height: 1, pixels: vec![[0; 3], [200, 255, 0], [255; 3]] };
        let regions = regions_of(&map, &[[0; 3], [255; 3]]);
        assert_eq!(regions.mask(1), [0.0, 1.0, 1.0]);
    }
}
