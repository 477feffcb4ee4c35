//! Patches by the definition: every score of every pair, in f64.

use std::collections::BTreeMap;

use super::PlanarMap;
use crate::{MapShape, PatchMatches, PatchNormalization, PatchOptions};

/// The source patches of a [`ScalarEngine`](crate::ScalarEngine).
#[derive(Clone, Debug)]
pub struct ScalarPatches {
    channels: usize,
    options: PatchOptions,
    sources: Vec<(PlanarMap, Option<Vec<f32>>)>,
}

/// The columns of a map, row by row.
type Columns = Vec<Vec<f64>>;

impl ScalarPatches {
    pub(super) fn new(channels: usize, options: PatchOptions) -> Self {
        ScalarPatches { channels, options: options.checked(), sources: Vec::new() }
    }

    pub(super) fn add(&mut self, map: PlanarMap, guide: Option<&[f32]>) {
        let MapShape { channels, height, width } = map.shape;
        assert_eq!(channels, self.channels, "channels of the patches");
        assert!(height.min(width) >= self.options.size, "a map of {width}x{height} is smaller than a patch");
        self.options.guide_channels(guide, map.shape.positions());
        self.sources.push((map, guide.map(<[f32]>::to_vec)));
    }

    pub(super) fn find(
        &self,
        map: &PlanarMap,
        guide: Option<&[f32]>,
        penalties: Option<&[f32]>,
    ) -> PatchMatches {
        let sizes: Vec<_> = self.sources.iter().map(|(map, _)| (map.shape.height, map.shape.width)).collect();
        let offsets = self.options.offsets(&sizes, penalties);
        let usable = offsets.iter().position(|&offset| offset > f32::NEG_INFINITY);
        let usable = usable.expect("a patch that is not excluded");
        let best = self.scores(map, guide).into_iter().map(|scores| {
            let with_offsets = scores.iter().zip(&offsets).map(|(score, &offset)| score + f64::from(offset));
            let higher =
                |best: (usize, f64), (patch, score)| if score > best.1 { (patch, score) } else { best };
            with_offsets.enumerate().fold((usable, f64::NEG_INFINITY), higher)
        });
        let (patches, scores) = best.map(|(patch, score)| (patch as u32, score as f32)).unzip();
        let [height, width] =
            [map.shape.height, map.shape.width].map(|side| self.options.query_starts(side).len());
        PatchMatches { height, width, patches, scores }
    }

    pub(super) fn best_scores(&self, map: &PlanarMap, guide: Option<&[f32]>) -> Vec<f32> {
        let scores = self.scores(map, guide);
        let of = |patch: usize| scores.iter().map(|row| row[patch]).fold(f64::NEG_INFINITY, f64::max);
        (0..scores[0].len()).map(|patch| of(patch) as f32).collect()
    }

    pub(super) fn difference(&self, map: &PlanarMap, matches: &PatchMatches) -> (f64, PlanarMap) {
        let mut sum = 0.0;
        let mut values = vec![0.0; map.values.len()];
        for (channel, position, matched) in self.laid_down(map.shape, matches) {
            let index = channel * map.shape.positions() + position;
            let difference = f64::from(map.values[index]) - matched;
            sum += difference * difference;
            values[index] += difference;
        }
        (sum, PlanarMap { shape: map.shape, values: values.into_iter().map(|value| value as f32).collect() })
    }

    pub(super) fn matched(&self, shape: MapShape, matches: &PatchMatches) -> PlanarMap {
        let mut covering: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for (channel, position, matched) in self.laid_down(shape, matches) {
            let (sum, count) = covering.entry(channel * shape.positions() + position).or_default();
            *sum += matched;
            *count += 1.0;
        }
        let mean = |index| covering.get(&index).map_or(0.0, |&(sum, count)| (sum / count) as f32);
        PlanarMap { shape, values: (0..shape.elements()).map(mean).collect() }
    }

    /// Channel, position and value of every element of every match, laid over its query patch.
    fn laid_down(&self, shape: MapShape, matches: &PatchMatches) -> Vec<(usize, usize, f64)> {
        assert_eq!(shape.channels, self.channels, "channels of the patches");
        let queries = self.query_positions(shape);
        assert_eq!(queries.len(), matches.patches.len(), "a match for each query patch");
        let (maps, positions): (Vec<_>, Vec<_>) = self.source_positions().into_iter().unzip();
        let mut elements = Vec::new();
        for (query, &patch) in queries.iter().zip(&matches.patches) {
            let (map, _) = &self.sources[maps[patch as usize]];
            for (&position, &matched) in query.iter().zip(&positions[patch as usize]) {
                for channel in 0..self.channels {
                    elements.push((channel, position, f64::from(map.plane(channel)[matched])));
                }
            }
        }
        elements
    }

    /// `[query patches][source patches]`.
    fn scores(&self, map: &PlanarMap, guide: Option<&[f32]>) -> Vec<Vec<f64>> {
        assert_eq!(map.shape.channels, self.channels, "channels of the patches");
        let sources: Vec<_> = self.sources.iter().map(|(map, guide)| (map, guide.as_deref())).collect();
        let (sources, queries) = (self.columns(&sources), &self.columns(&[(map, guide)])[0]);
        let whole = self.options.normalization == PatchNormalization::Whole;
        let norm = |columns: &Columns, patch: &[usize]| match whole {
            true => patch.iter().map(|&at| dot(&columns[at], &columns[at])).sum::<f64>().sqrt(),
            false => 1.0,
        };
        let source_patches = self.source_positions();
        let score = |query: &Vec<usize>| {
            let of = |(source, patch): &(usize, Vec<usize>)| {
                let columns = &sources[*source];
                let pairs = query.iter().zip(patch);
                let product: f64 = pairs.map(|(&query, &at)| dot(&queries[query], &columns[at])).sum();
                product * inverse(norm(queries, query) * norm(columns, patch))
            };
            source_patches.iter().map(of).collect()
        };
        self.query_positions(map.shape).iter().map(score).collect()
    }

    /// The columns of maps as scores multiply them, guides appended.
    fn columns(&self, maps: &[(&PlanarMap, Option<&[f32]>)]) -> Vec<Columns> {
        let PatchOptions { size, normalization, guide_weight, .. } = self.options;
        let plain = |map: &PlanarMap| -> Columns {
            let column = |position| (0..self.channels).map(move |at| f64::from(map.plane(at)[position]));
            (0..map.shape.positions()).map(|position| column(position).collect()).collect()
        };
        let mut all: Vec<Columns> = maps.iter().map(|(map, _)| plain(map)).collect();
        if normalization == PatchNormalization::CenteredPositions {
            let count = all.iter().map(Vec::len).sum::<usize>() as f64;
            let means: Vec<f64> = (0..self.channels)
                .map(|channel| all.iter().flatten().map(|column| column[channel]).sum::<f64>() / count)
                .collect();
            for column in all.iter_mut().flatten() {
                column.iter_mut().zip(&means).for_each(|(value, mean)| *value -= mean);
            }
        }
        if normalization == PatchNormalization::Whole {
            return all;
        }
        for (columns, (_, guide)) in all.iter_mut().zip(maps) {
            let positions = columns.len();
            let guides = self.options.guide_channels(*guide, positions);
            for (position, column) in columns.iter_mut().enumerate() {
                let guide =
                    (0..guides).filter_map(|at| Some(f64::from(guide.as_ref()?[at * positions + position])));
                let guide = of_length(guide.collect(), f64::from(guide_weight).sqrt() / size as f64);
                *column = of_length(column.clone(), 1.0 / size as f64);
                column.extend(guide);
            }
        }
        all
    }

    /// Of each query patch of a map the positions of its columns.
    fn query_positions(&self, MapShape { height, width, .. }: MapShape) -> Vec<Vec<usize>> {
        let rows = self.options.query_starts(height);
        let columns = self.options.query_starts(width);
        let patches = rows.iter().flat_map(|&row| columns.iter().map(move |&column| (row, column)));
        patches.map(|first| patch_positions(self.options.size, first, (height, width))).collect()
    }

    /// Of each source patch its map and the positions of its columns there.
    fn source_positions(&self) -> Vec<(usize, Vec<usize>)> {
        let size = self.options.size;
        let of = |(index, (map, _)): (usize, &(PlanarMap, _))| {
            let MapShape { height, width, .. } = map.shape;
            let columns = width + 1 - size;
            let patches = 0..(height + 1 - size) * columns;
            let first = move |patch| (patch / columns, patch % columns);
            patches.map(move |patch| (index, patch_positions(size, first(patch), (height, width))))
        };
        self.sources.iter().enumerate().flat_map(of).collect()
    }
}

/// The positions of a patch that begins at `first`, wrapping around.
fn patch_positions(size: usize, first: (usize, usize), (height, width): (usize, usize)) -> Vec<usize> {
    let offsets = (0..size * size).map(|offset| (first.0 + offset / size, first.1 + offset % size));
    offsets.map(|(row, column)| row % height * width + column % width).collect()
}

/// The column with another length; a column of zeros stays one.
fn of_length(column: Vec<f64>, length: f64) -> Vec<f64> {
    let factor = length * inverse(dot(&column, &column).sqrt());
    column.into_iter().map(|value| factor * value).collect()
}

/// 1/norm, 0 for 0.
fn inverse(norm: f64) -> f64 {
    if norm > 0.0 { 1.0 / norm } else { 0.0 }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "channels of features and guides");
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
