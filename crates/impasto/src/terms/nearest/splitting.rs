//! Matches found anew in every evaluation, at each layer by itself.
//!
//! ```text
//! loss = mean over p of 1 − cos(a_p, s_m(p))        a = F − mean F, s = S − mean S
//! dloss/da_p = −(s − cos · a) / (P ‖a_p‖)           a and s of norm 1
//! dloss/dF = dloss/da − mean over p of dloss/da
//! ```
//!
//! over the sampled positions. Shallow maps have far more positions than are needed to tell where the picture
//! and the style differ, and a search costs the product of both counts. So every s-th row and column of the
//! styles is kept, and every s-th of the picture is looked at, others each time. The published program draws
//! those at random; here they follow a fixed order that meets all of them.

use std::sync::Arc;

use impasto_network::{
    Architecture, Engine, Layer, MapGradient, MapShape, Question, Resampling, Size, Statistic,
};
use rayon::prelude::*;

use super::search::{bank, centred, dominant, groups, means, nearest, sum};
use crate::regions::{Propagation, Regions};
use crate::terms::visibility::{MostVisible, Visibility};
use crate::terms::{Answers, LayerWeight, MapLoss, Memory, Pictures, Scene, StyleView, Work};

/// The term at work while layers split.
pub(super) struct Splitting<E: Engine> {
    layers: Vec<Split<E>>,
    samples: usize,
    scene: Scene,
    /// How often it was evaluated.
    evaluations: usize,
}

/// One layer.
struct Split<E: Engine> {
    layer: Layer,
    weight: f64,
    /// Columns of the styles, planes `[C, P]` of one copy after another, and their regions; until they are all
    /// known.
    styles: Vec<StyleColumns>,
    banks: Vec<Bank<E>>,
    /// The region of each position of the picture's map, if it has regions; from then on.
    regions: Option<Vec<Option<usize>>>,
}

struct StyleColumns {
    planes: Vec<f32>,
    positions: usize,
    regions: Option<Vec<Option<usize>>>,
    /// How much can be seen of each; `None` if the style is opaque.
    visibility: Option<Vec<Visibility>>,
}

/// The columns of one region, centred and of norm 1.
struct Bank<E: Engine> {
    /// `None`: those of all.
    region: Option<usize>,
    patches: E::Patches,
}

/// Every `stride`-th row and column of a map, from some on.
#[derive(Clone, Copy)]
struct Sampling {
    stride: usize,
    /// First row and column.
    first: (usize, usize),
}

impl Sampling {
    /// The `turn`-th of the samplings of maps of this shape that keep about `samples` positions of the longer
    /// side.
    fn new(MapShape { height, width, .. }: MapShape, samples: usize, turn: usize) -> Self {
        let stride = (height.max(width) / samples).max(1);
        let (rows, columns) = (stride.min(height), stride.min(width));
        // Steps near the golden section of their number spread evenly, and meet all if they share no divisor.
        let count = rows * columns;
        let near = (count as f64 * 0.618) as usize;
        let step = (near.max(1)..).find(|&step| divisor(step, count) == 1).expect("a number without divisor");
        let turn = turn % count * step % count;
        Sampling { stride, first: (turn / columns, turn % columns) }
    }

    /// The sampling as an engine carries it out.
    fn resampling(self, MapShape { height, width, .. }: MapShape) -> Resampling {
        Resampling::every((height, width), self.stride, self.first)
    }

    /// The positions of a plane that it keeps.
    fn positions(self, MapShape { height, width, .. }: MapShape) -> Vec<usize> {
        let rows = (self.first.0..height).step_by(self.stride);
        rows.flat_map(|row| {
            (self.first.1..width).step_by(self.stride).map(move |column| row * width + column)
        })
        .collect()
    }
}

/// The greatest common one.
fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}

impl<E: Engine> Splitting<E> {
    pub fn new(layers: Vec<LayerWeight>, samples: usize, scene: &Scene) -> Self {
        let split = |LayerWeight { layer, weight }| Split {
            layer,
            weight,
            styles: Vec::new(),
            banks: Vec::new(),
            regions: None,
        };
        let layers = layers.into_iter().map(split).collect();
        Splitting { layers, samples, scene: scene.clone(), evaluations: 0 }
    }

    /// What is asked of a style of this size.
    pub fn ask_of(&self, architecture: &Architecture, size: Size) -> Vec<Question<E::Map>> {
        self.sampled(0, |layer| {
            architecture.map_shape(layer, size).expect("a picture that the plan has checked")
        })
    }

    /// The samples of each layer at this turn.
    fn sampled(&self, turn: usize, shape: impl Fn(Layer) -> MapShape) -> Vec<Question<E::Map>> {
        let of_layer = |split: &Split<E>| {
            let shape = shape(split.layer);
            let resampling = Arc::new(Sampling::new(shape, self.samples, turn).resampling(shape));
            Statistic::Resampled { resampling }.at(split.layer)
        };
        self.layers.iter().map(of_layer).collect()
    }

    pub fn learn_style(&mut self, engine: &E, style: &StyleView<'_>, answers: &mut Answers<'_>) {
        for split in &mut self.layers {
            let shape = engine.shape(split.layer);
            let positions = Sampling::new(shape, self.samples, 0).positions(shape);
            let planes = answers.values();
            let regions = regions_at(engine, split.layer, style.regions).map(|all| picked(&all, &positions));
            let visibility =
                style.regions.and_then(|it| Visibility::at_layer(it, engine.architecture(), split.layer));
            let visibility = visibility.map(|all| picked(&all, &positions));
            split.styles.push(StyleColumns { planes, positions: positions.len(), regions, visibility });
        }
    }

    /// What is asked of the picture at the next evaluation.
    pub fn ask(&self, engine: &E) -> Vec<Question<E::Map>> {
        let size = self.scene.size;
        self.sampled(self.evaluations, |layer| {
            engine.architecture().map_shape(layer, size).expect("a picture that the plan has checked")
        })
    }

    /// The losses of the layers and their gradients.
    pub fn losses(&mut self, engine: &E, answers: &mut Answers<'_>) -> Vec<MapLoss<E::Map>> {
        let turn = self.evaluations;
        self.evaluations += 1;
        let regions = self.scene.regions.as_deref();
        let loss = |split: &mut Split<E>| {
            split.make_ready(engine, regions);
            split.loss(engine, self.samples, turn, answers.values())
        };
        self.layers.iter_mut().map(loss).collect()
    }

    /// Which samples come next.
    pub fn memory(&self) -> Memory {
        Memory { evaluations: self.evaluations as u64, indices: Vec::new(), values: Vec::new() }
    }

    /// Goes on with the samples that come next.
    pub fn recall(&mut self, memory: &Memory) -> Result<(), String> {
        // The turn is multiplied by fewer than so many positions.
        let evaluations = u32::try_from(memory.evaluations);
        self.evaluations = evaluations.map_err(|_| format!("{} evaluations", memory.evaluations))? as usize;
        Ok(())
    }
}

impl<E: Engine> Split<E> {
    /// Makes the columns of the styles ready to be searched, once all are known, and the regions of the picture.
    fn make_ready(&mut self, engine: &E, regions: Option<&Regions>) {
        let styles = visible(std::mem::take(&mut self.styles));
        let Some(first) = styles.first() else { return };
        self.regions = regions_at(engine, self.layer, regions);
        let channels = first.planes.len() / first.positions;
        let plane = |style: &'_ StyleColumns, channel| {
            style.planes[channel * style.positions..][..style.positions].to_vec()
        };
        let planes: Vec<f32> = (0..channels)
            .flat_map(|channel| styles.iter().flat_map(move |style| plane(style, channel)))
            .collect();
        let positions = planes.len() / channels;
        let regions: Vec<Option<usize>> = styles
            .iter()
            .flat_map(|style| style.regions.clone().unwrap_or(vec![None; style.positions]))
            .collect();
        drop(styles);
        let mean = means(&planes, positions);
        let norms = norms(&planes, &mean, positions);
        let mut unit = planes;
        unit.par_chunks_exact_mut(positions).zip(&mean).for_each(|(plane, mean)| {
            plane.iter_mut().zip(&norms).for_each(|(value, norm)| *value = (*value - mean) * inverse(*norm));
        });
        let zero = vec![0.0; channels];
        let mut bank_of = |region: Option<usize>, positions: &[usize]| {
            let patches = bank(engine, channels, centred(engine, &unit, &zero, positions));
            self.banks.push(Bank { region, patches });
        };
        bank_of(None, &(0..positions).collect::<Vec<_>>());
        for group in groups(positions, Some(&regions), |_| true) {
            if group.region.is_some() {
                bank_of(group.region, &group.positions);
            }
        }
    }

    /// The loss of the picture with these sampled columns, `[C, P]`.
    fn loss(&self, engine: &E, samples: usize, turn: usize, mut planes: Vec<f32>) -> MapLoss<E::Map> {
        let shape = engine.shape(self.layer);
        let sampling = Sampling::new(shape, samples, turn);
        let (positions, resampling) = (sampling.positions(shape), sampling.resampling(shape));
        let count = positions.len();
        let mean = means(&planes, count);
        let norms = norms(&planes, &mean, count);
        planes.par_chunks_exact_mut(count).zip(&mean).for_each(|(plane, mean)| {
            plane.iter_mut().zip(&norms).for_each(|(value, norm)| *value = (*value - mean) * inverse(*norm));
        });
        let regions = self.regions.as_ref().map(|all| picked(all, &positions));
        let available = |region| self.banks.iter().any(|bank| bank.region == Some(region));
        let zero = vec![0.0; shape.channels];
        let (mut targets, mut cosines) = (vec![0.0; planes.len()], vec![0.0; count]);
        for group in groups(count, regions.as_deref(), available) {
            let bank =
                self.banks.iter().find(|bank| bank.region == group.region).expect("an available region");
            let queries = centred(engine, &planes, &zero, &group.positions);
            let matches = nearest(engine, &bank.patches, &queries);
            let width = group.positions.len();
            let found = MapShape { channels: shape.channels, height: 1, width };
            let found = engine.read_map(&engine.matched_map(&bank.patches, &matches, found));
            targets.par_chunks_exact_mut(count).zip(found.par_chunks_exact(width)).for_each(
                |(plane, found)| {
                    group.positions.iter().zip(found).for_each(|(&position, &value)| plane[position] = value);
                },
            );
            group.positions.iter().zip(matches.scores).for_each(|(&at, score)| cosines[at] = score);
        }
        let value = cosines.iter().map(|&cosine| 1.0 - f64::from(cosine)).sum::<f64>() / count as f64;
        let factors: Vec<f32> = norms.iter().map(|&norm| -inverse(norm) / count as f32).collect();
        let mut gradient = targets;
        gradient.par_chunks_exact_mut(count).zip(planes.par_chunks_exact(count)).for_each(
            |(plane, units)| {
                let columns = units.iter().zip(&cosines).zip(&factors);
                for (value, ((unit, cosine), factor)) in plane.iter_mut().zip(columns) {
                    *value = factor * (*value - cosine * unit);
                }
                let mean = (sum(plane) / count as f64) as f32;
                plane.iter_mut().for_each(|value| *value -= mean);
            },
        );
        let (height, width) = resampling.to();
        let gradient = Arc::new(engine.map_from(MapShape { height, width, ..shape }, &gradient));
        MapLoss {
            layer: Some(self.layer),
            weight: self.weight,
            value,
            gradients: vec![(
                self.layer,
                MapGradient::Resampled { scale: 1.0, gradient, resampling: Arc::new(resampling) },
            )],
        }
    }
}

/// The region of each position of a layer.
fn regions_at<E: Engine>(engine: &E, layer: Layer, regions: Option<&Regions>) -> Option<Vec<Option<usize>>> {
    let masks = regions?.at_layer(engine.architecture(), layer, Propagation::Pooling);
    Some(dominant(&masks, engine.shape(layer).positions()))
}

/// The values at some positions.
fn picked<T: Copy>(values: &[T], positions: &[usize]) -> Vec<T> {
    positions.iter().map(|&position| values[position]).collect()
}

/// The columns that may be taken, where styles are transparent in places.
fn visible(styles: Vec<StyleColumns>) -> Vec<StyleColumns> {
    if styles.iter().all(|style| style.visibility.is_none()) {
        return styles;
    }
    let of = |style: &StyleColumns| {
        style.visibility.clone().unwrap_or_else(|| vec![Visibility::FULL; style.positions])
    };
    let most = MostVisible::of(&styles.iter().flat_map(of).collect::<Vec<_>>());
    let taken = |style: StyleColumns| {
        let visibility = of(&style);
        let positions: Vec<usize> =
            (0..style.positions).filter(|&position| most.takes(visibility[position])).collect();
        let planes = style.planes.chunks_exact(style.positions).flat_map(|plane| picked(plane, &positions));
        StyleColumns {
            planes: planes.collect(),
            positions: positions.len(),
            regions: style.regions.map(|regions| picked(&regions, &positions)),
            visibility: None,
        }
    };
    styles.into_iter().map(taken).filter(|style| style.positions > 0).collect()
}

/// Norms of the columns of `[C, positions]` less `mean`.
fn norms(planes: &[f32], mean: &[f32], positions: usize) -> Vec<f32> {
    let mut squares = vec![0.0f64; positions];
    for (plane, &mean) in planes.chunks_exact(positions).zip(mean) {
        squares.iter_mut().zip(plane).for_each(|(sum, value)| *sum += f64::from(value - mean).powi(2));
    }
    squares.into_iter().map(|sum| sum.sqrt() as f32).collect()
}

/// 1 / norm, and 0 for a column of zeros, whose cosine is 0.
fn inverse(norm: f32) -> f32 {
    if norm > 0.0 { 1.0 / norm } else { 0.0 }
}

/// Bytes of the columns of all styles, twice as they are and once packed, of those of one region packed besides;
/// and of the gradients.
pub(super) fn memory_needed(
    architecture: &Architecture,
    layers: &[Layer],
    samples: usize,
    picture: Size,
    styles: &[Size],
    copies: u64,
) -> u64 {
    let sampled = |layer, size| {
        let shape = architecture.map_shape(layer, size).ok()?;
        Some((Sampling::new(shape, samples, 0).positions(shape).len() * shape.channels) as u64)
    };
    let of_picture: Vec<u64> = layers.iter().filter_map(|&layer| sampled(layer, picture)).collect();
    let of_styles = styles.iter().flat_map(|&style| layers.iter().map(move |&layer| (layer, style)));
    let of_styles: u64 = of_styles.filter_map(|(layer, style)| sampled(layer, style)).sum();
    let at_once = of_picture.iter().max().copied().unwrap_or(0);
    4 * (4 * copies * of_styles + of_picture.iter().sum::<u64>() + 4 * at_once)
}

/// What an evaluation costs: each sampled position of the picture against each of every copy of the styles.
pub(super) fn work(
    architecture: &Architecture,
    layers: &[Layer],
    samples: usize,
    pictures: &Pictures<'_>,
    copies: f64,
) -> Work {
    let sampled = |layer, size| {
        let shape = architecture.map_shape(layer, size);
        shape.map_or(0.0, |shape| Sampling::new(shape, samples, 0).positions(shape).len() as f64)
    };
    let of_layer = |&layer: &Layer| {
        let styles: f64 = pictures.styles.iter().map(|&style| sampled(layer, style)).sum();
        copies * styles * sampled(layer, pictures.size) * architecture.channels(layer).unwrap_or(0) as f64
    };
    Work { learning: 0.0, evaluation: layers.iter().map(of_layer).sum() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn successive_samplings_meet_every_position_once() {
        for (height, width, samples, rounds) in [(8, 6, 2, 16), (3, 40, 5, 24), (4, 4, 9, 1)] {
            let shape = MapShape { channels: 1, height, width };
            let mut met = BTreeSet::new();
            for turn in 0..rounds {
                for position in Sampling::new(shape, samples, turn).positions(shape) {
                    assert!(met.insert(position), "{height}x{width}: {position} twice");
                }
            }
            assert_eq!(met.len(), height * width);
        }
    }
}
