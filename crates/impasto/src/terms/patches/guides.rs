//! Regions as patches see them: channels beside the features, or the region that a patch lies in.

use impasto_network::{Architecture, Layer};

use super::GuideChannels;
use crate::regions::{Propagation, RegionName, Regions};

/// The channels `[G, h, w]` that represent regions at a layer: averages over squares of its stride, as
/// Champandard (2016) pools his maps.
pub(super) fn planes(
    channels: GuideChannels,
    regions: &Regions,
    architecture: &Architecture,
    layer: Layer,
) -> Vec<f32> {
    let masks = regions.at_layer(architecture, layer, Propagation::Pooling);
    let colors: Option<Vec<[u8; 3]>> = regions
        .regions()
        .iter()
        .map(|region| match region.name {
            RegionName::Color(color) => Some(color),
            RegionName::Mask(_) | RegionName::Whole => None,
        })
        .collect();
    let Some(colors) = colors.filter(|_| channels == GuideChannels::Colors) else { return masks };
    let positions = masks.len() / colors.len();
    let mut planes = vec![0.0; 3 * positions];
    for (mask, color) in masks.chunks_exact(positions).zip(colors) {
        for (plane, value) in planes.chunks_exact_mut(positions).zip(color) {
            plane.iter_mut().zip(mask).for_each(|(sum, mask)| *sum += mask * f32::from(value));
        }
    }
    planes
}

/// The region that has the largest part of each patch, `None` for a patch that no region has a part of. The
/// patches begin at `rows` and `columns` and wrap around.
pub(super) fn regions_of_patches(
    masks: &[f32],
    (height, width): (usize, usize),
    size: usize,
    (rows, columns): (&[usize], &[usize]),
) -> Vec<Option<usize>> {
    let part = |mask: &[f32], row: usize, column: usize| -> f32 {
        let offsets = (0..size * size).map(|offset| (row + offset / size, column + offset % size));
        offsets.map(|(row, column)| mask[row % height * width + column % width]).sum()
    };
    let region = |row: usize, column: usize| {
        let parts = masks.chunks_exact(height * width).map(|mask| part(mask, row, column)).enumerate();
        let larger = |best: (Option<usize>, f32), (region, part)| {
            if part > best.1 { (Some(region), part) } else { best }
        };
        parts.fold((None, 0.0), larger).0
    };
    rows.iter().flat_map(|&row| columns.iter().map(move |&column| region(row, column))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_belongs_to_the_region_that_has_most_of_it() {
        // Two regions in a row of five positions, and nothing in the last two.
        let masks = [[1.0, 1.0, 0.2, 0.0, 0.0], [0.0, 0.0, 0.8, 0.0, 0.0]].concat();
        let found = regions_of_patches(&masks, (1, 5), 1, (&[0], &[0, 2, 4]));
        assert_eq!(found, [Some(0), Some(1), None]);
        // Wrapping around, over a torus of one row.
        let found = regions_of_patches(&masks, (1, 5), 3, (&[0], &[0, 2, 4]));
        assert_eq!(found, [Some(0), Some(1), Some(0)]);
    }
}
