//! The patch kernels in plain loops. Maps are planes with their [`Shape`].

use super::Shape;
use crate::patches::{Guide, PatchMatches, Placement, places};

/// Patches of side `size` in each column and row of a map of `shape`.
fn patch_grid(shape: Shape, size: usize) -> (usize, usize) {
    (places(shape.height, size), places(shape.width, size))
}

/// Source, row and column of every patch of some maps, in the order of their indices.
fn patches(sources: &[(&[f32], Shape)], size: usize) -> Vec<(usize, usize, usize)> {
    let of_source = |(index, &(_, shape)): (usize, &(&[f32], Shape))| {
        let (rows, columns) = patch_grid(shape, size);
        (0..rows * columns).map(move |patch| (index, patch / columns, patch % columns))
    };
    sources.iter().enumerate().flat_map(of_source).collect()
}

/// The twin of [`find_patches`](crate::find_patches): `scales` and `offsets` hold a value for each patch of all
/// sources.
pub fn find_patches(
    (queries, shape): (&[f32], Shape),
    sources: &[(&[f32], Shape)],
    size: usize,
    scales: &[f32],
    offsets: &[f32],
) -> PatchMatches {
    let (height, width) = patch_grid(shape, size);
    let patches = patches(sources, size);
    let usable = offsets.iter().position(|&offset| offset > f32::NEG_INFINITY);
    let usable = usable.expect("a patch that is not excluded");
    let best = |query: usize| {
        let (row, column) = (query / width, query % width);
        let mut best = (usable as u32, f32::NEG_INFINITY);
        for (index, &(source, source_row, source_column)) in patches.iter().enumerate() {
            let (planes, source_shape) = sources[source];
            let mut product = 0.0f64;
            for channel in 0..shape.channels {
                for (dy, dx) in (0..size * size).map(|offset| (offset / size, offset % size)) {
                    let query = queries[shape.at(channel, row + dy, column + dx)];
                    let patch = planes[source_shape.at(channel, source_row + dy, source_column + dx)];
                    product += f64::from(query) * f64::from(patch);
                }
            }
            let score = (f64::from(scales[index]) * product + f64::from(offsets[index])) as f32;
            if score > best.1 {
                best = (index as u32, score);
            }
        }
        best
    };
    let (patches, scores) = (0..height * width).map(best).unzip();
    PatchMatches { height, width, patches, scores }
}

/// Calls `visit` with every element that a match lays over a map of `shape`: first the map's index, then the
/// matched value.
fn for_each_matched(
    shape: Shape,
    sources: &[(&[f32], Shape)],
    placement: Placement<'_>,
    matches: &PatchMatches,
    mut visit: impl FnMut(usize, f32),
) {
    let Placement { size, rows, columns } = placement;
    let patches = patches(sources, size);
    for (query, &patch) in matches.patches.iter().enumerate() {
        let (row, column) = (rows[query / matches.width], columns[query % matches.width]);
        let (source, source_row, source_column) = patches[patch as usize];
        let (planes, source_shape) = sources[source];
        for channel in 0..shape.channels {
            for (dy, dx) in (0..size * size).map(|offset| (offset / size, offset % size)) {
                // On a torus; without wrapping no patch reaches beyond the border.
                let to = shape.at(channel, (row + dy) % shape.height, (column + dx) % shape.width);
                visit(to, planes[source_shape.at(channel, source_row + dy, source_column + dx)]);
            }
        }
    }
}

/// The twin of [`patch_difference`](crate::patch_difference).
pub fn patch_difference(
    (current, shape): (&[f32], Shape),
    sources: &[(&[f32], Shape)],
    placement: Placement<'_>,
    matches: &PatchMatches,
) -> (f64, Vec<f32>) {
    let (mut sum, mut differences) = (0.0, vec![0.0f64; current.len()]);
    for_each_matched(shape, sources, placement, matches, |at, matched| {
        let difference = f64::from(current[at]) - f64::from(matched);
        differences[at] += difference;
        sum += difference * difference;
    });
    (sum, differences.iter().map(|&difference| difference as f32).collect())
}

/// The twin of [`matched_map`](crate::matched_map), of `shape`.
pub fn matched_map(
    shape: Shape,
    sources: &[(&[f32], Shape)],
    placement: Placement<'_>,
    matches: &PatchMatches,
) -> Vec<f32> {
    let mut sums = vec![(0.0f64, 0u32); shape.elements()];
    for_each_matched(shape, sources, placement, matches, |at, matched| {
        sums[at].0 += f64::from(matched);
        sums[at].1 += 1;
    });
    sums.iter().map(|&(sum, count)| (sum / f64::from(count.max(1))) as f32).collect()
}

/// The twin of [`column_norms`](crate::column_norms).
pub fn column_norms(planes: &[f32], shape: Shape) -> Vec<f32> {
    let norm = |position: usize| {
        let column = planes.iter().skip(position).step_by(shape.positions());
        column.map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt() as f32
    };
    (0..shape.positions()).map(norm).collect()
}

/// The twin of [`patch_norms`](crate::patch_norms), straight from the planes.
pub fn patch_norms(planes: &[f32], shape: Shape, size: usize) -> Vec<f32> {
    let norm = |(_, row, column): (usize, usize, usize)| {
        let mut squares = 0.0;
        for channel in 0..shape.channels {
            for (dy, dx) in (0..size * size).map(|offset| (offset / size, offset % size)) {
                squares += f64::from(planes[shape.at(channel, row + dy, column + dx)]).powi(2);
            }
        }
        squares.sqrt() as f32
    };
    patches(&[(planes, shape)], size).into_iter().map(norm).collect()
}

/// The twin of [`mean_column`](crate::mean_column).
pub fn mean_column(maps: &[(&[f32], Shape)]) -> Vec<f32> {
    let count: usize = maps.iter().map(|(_, shape)| shape.positions()).sum();
    let mean = |channel: usize| {
        let values = maps
            .iter()
            .flat_map(|(planes, shape)| &planes[channel * shape.positions()..][..shape.positions()]);
        (values.map(|&value| f64::from(value)).sum::<f64>() / count as f64) as f32
    };
    (0..maps[0].1.channels).map(mean).collect()
}

/// The twin of [`normalize_columns`](crate::normalize_columns).
pub fn normalize_columns(
    planes: &[f32],
    shape: Shape,
    size: usize,
    mean: Option<&[f32]>,
    guide: Option<Guide>,
) -> Vec<f32> {
    let positions = shape.positions();
    let mut features = planes.to_vec();
    for (channel, mean) in mean.into_iter().flatten().enumerate() {
        features[channel * positions..][..positions].iter_mut().for_each(|value| *value -= mean);
    }
    let normalized = |planes: &[f32], length: f32| -> Vec<f32> {
        let norms = column_norms(planes, Shape { channels: planes.len() / positions, ..shape });
        let unit = |(at, &value): (usize, &f32)| match length / norms[at % positions] {
            factor if factor.is_finite() => factor * value,
            _ => 0.0,
        };
        planes.iter().enumerate().map(unit).collect()
    };
    let mut result = normalized(&features, 1.0 / size as f32);
    if let Some(Guide { planes, weight }) = guide {
        result.extend(normalized(planes, weight.sqrt() / size as f32));
    }
    result
}
