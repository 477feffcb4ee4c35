//! Regions read from maps, as a user of the library reads them.

mod bad_maps;
mod color_maps;
mod doodles;
mod propagation;

use impasto::Picture;
use impasto::regions::Regions;

const RED: [u8; 3] = [255, 0, 0];
const DARK: [u8; 3] = [140, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const BLACK: [u8; 3] = [0; 3];

/// A map whose pixels are what `color` says of column and row.
fn map(width: usize, height: usize, color: impl Fn(usize, usize) -> [u8; 3]) -> Picture {
    let channel = |c: usize| {
        let color = &color;
        (0..height).flat_map(move |y| (0..width).map(move |x| f32::from(color(x, y)[c]) / 255.0))
    };
    Picture::new(width, height, (0..3).flat_map(channel).collect())
}

/// Upright stripes, each as wide as it says.
fn stripes(height: usize, stripes: &[([u8; 3], usize)]) -> Picture {
    let row: Vec<[u8; 3]> =
        stripes.iter().flat_map(|&(color, width)| std::iter::repeat_n(color, width)).collect();
    map(row.len(), height, |x, _| row[x])
}

/// Names and pixels of the regions.
fn summary(regions: &Regions) -> Vec<(String, usize)> {
    regions.regions().iter().map(|region| (region.name.to_string(), region.pixels)).collect()
}

/// That every mask is within 0..1, and the masks of each pixel add up to `sum`.
fn assert_masks_add_up_to(regions: &Regions, sum: f32) {
    let positions = regions.width() * regions.height();
    assert!(regions.masks().iter().all(|value| (0.0..=1.0).contains(value)));
    for index in 0..positions {
        let found: f32 = (0..regions.count()).map(|region| regions.mask(region)[index]).sum();
        assert!((found - sum).abs() < 1e-5, "{found} at {index}");
    }
}
