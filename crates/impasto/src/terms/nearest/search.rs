//! The search for the nearest of some columns, and which positions may take which of them.

use impasto_network::{Engine, MapShape, PatchMatches, PatchNormalization, PatchOptions};
use rayon::prelude::*;

/// Single columns, scored by the cosine.
const COLUMNS: PatchOptions = PatchOptions {
    size: 1,
    normalization: PatchNormalization::Whole,
    guide_weight: 0.0,
    source_stride: 1,
    query_stride: 1,
    circular: false,
};

/// The region with the largest mask at each of `positions` positions, from masks `[K, positions]`; the first of
/// equal ones, `None` where all are 0.
pub(super) fn dominant(masks: &[f32], positions: usize) -> Vec<Option<usize>> {
    let mut largest = vec![(0.0, None); positions];
    for (region, mask) in masks.chunks_exact(positions).enumerate() {
        for (largest, &value) in largest.iter_mut().zip(mask) {
            if value > largest.0 {
                *largest = (value, Some(region));
            }
        }
    }
    largest.into_iter().map(|(_, region)| region).collect()
}

/// Positions that take columns of the same region.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// The region; `None` for any column.
    pub region: Option<usize>,
    /// In ascending order, at least one.
    pub positions: Vec<usize>,
}

/// Groups `positions` positions by their regions, those of regions that the styles lack, by `available`, with
/// those of none. `regions` is `None` where there are no regions at all.
pub(super) fn groups(
    positions: usize,
    regions: Option<&[Option<usize>]>,
    available: impl Fn(usize) -> bool,
) -> Vec<Group> {
    let Some(regions) = regions else {
        return vec![Group { region: None, positions: (0..positions).collect() }];
    };
    let mut groups: Vec<Group> = Vec::new();
    for (position, region) in regions.iter().enumerate() {
        let region = region.filter(|&region| available(region));
        match groups.iter_mut().find(|group| group.region == region) {
            Some(group) => group.positions.push(position),
            None => groups.push(Group { region, positions: vec![position] }),
        }
    }
    groups
}

/// Columns of planes `[C, P]` at some positions, less a column, as a map `[C, 1, positions]`.
pub(super) fn centred<E: Engine>(engine: &E, planes: &[f32], mean: &[f32], positions: &[usize]) -> E::Map {
    let width = planes.len() / mean.len();
    let mut values = vec![0.0; mean.len() * positions.len()];
    values.par_chunks_exact_mut(positions.len()).zip(planes.par_chunks_exact(width)).zip(mean).for_each(
        |((values, plane), mean)| {
            values.iter_mut().zip(positions).for_each(|(value, &position)| *value = plane[position] - mean);
        },
    );
    engine.map_from(MapShape { channels: mean.len(), height: 1, width: positions.len() }, &values)
}

/// The columns of a map, to be searched.
pub(super) fn bank<E: Engine>(engine: &E, channels: usize, columns: E::Map) -> E::Patches {
    let mut patches = engine.new_patches(channels, COLUMNS);
    engine.add_patches(&mut patches, columns, None);
    patches
}

/// For each of the queries, a map `[C, 1, positions]`, the column of the largest cosine.
pub(super) fn nearest<E: Engine>(engine: &E, bank: &E::Patches, queries: &E::Map) -> PatchMatches {
    engine.match_patches(bank, queries, None, None)
}

/// The mean of each plane of `[C, P]`.
pub(super) fn means(planes: &[f32], positions: usize) -> Vec<f32> {
    let mean = |plane: &[f32]| (sum(plane) / positions as f64) as f32;
    planes.par_chunks_exact(positions).map(mean).collect()
}

/// The sum, taken in f64.
pub(super) fn sum(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_masks_go_to_the_largest() {
        let masks = [0.0, 0.6, 0.2, 0.5, 0.0, 0.4, 0.7, 0.5];
        assert_eq!(dominant(&masks, 4), [None, Some(0), Some(1), Some(0)]);
    }

    #[test]
    fn positions_without_a_style_of_their_own_take_any() {
        let group = |region, positions: &[usize]| Group { region, positions: positions.to_vec() };
        assert_eq!(groups(3, None, |_| true), [group(None, &[0, 1, 2])]);
        let regions = [Some(1), None, Some(2), Some(1)];
        assert_eq!(
            groups(4, Some(&regions), |region| region == 1),
            [group(Some(1), &[0, 3]), group(None, &[1, 2])]
        );
    }
}
