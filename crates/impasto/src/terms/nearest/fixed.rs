//! Matches found once: each hypercolumn of the picture against the column that one of the blend has chosen.
//!
//! ```text
//! loss = mean over p of 1 − cos(X_p, T_p)
//! dloss/dX_p = −(t − cos · x) / (P ‖X_p‖)        with x = X_p / ‖X_p‖ and t = T_p / ‖T_p‖
//! ```
//!
//! The mean over all styles and their copies has to be known before the first can be searched, so the styles
//! are surveyed first; and then searched one copy after another, so that no two are held at once. Of the
//! picture, no more than one layer is held at a time.

use impasto_network::{Architecture, Engine, Layer, Size};
use rayon::prelude::*;

use super::columns::{Columns, channels, grid};
use super::search::{Group, bank, centred, dominant, groups, means, nearest, sum};
use crate::regions::Regions;
use crate::terms::{LayerWeight, MapLoss, Scene, StyleView};

/// Columns of a style that are searched at a time.
const CHUNK: usize = 4096;

/// Positions that a thread works on at a time.
const RUN: usize = 1024;

/// Norms of columns are at least this, as published: a column of zeros then has the cosine 0.
const SMALLEST_NORM: f64 = 1e-4;

/// The term at work while matches stay.
pub(super) struct FixedMatches<E: Engine> {
    weight: f64,
    layers: Vec<LayerWeight>,
    scene: Scene,
    survey: Survey,
    /// From the start on.
    picture: Option<Matched<E>>,
}

/// What the first look at the styles tells.
#[derive(Default)]
struct Survey {
    /// Of each channel, over all columns.
    sums: Vec<f64>,
    columns: usize,
    /// Whether any column is of the region at this index.
    has_region: Vec<bool>,
}

/// The picture and what its columns have found.
struct Matched<E: Engine> {
    columns: Columns,
    searches: Vec<Search<E>>,
    /// The columns found so far, of norm 1, `[C, P]`.
    targets: Vec<f32>,
}

/// The search of some positions.
struct Search<E: Engine> {
    group: Group,
    /// Their columns in the blend, centred.
    queries: E::Map,
    /// The best cosine so far.
    scores: Vec<f32>,
}

/// The region of each position of a grid.
fn regions_on((height, width): (usize, usize), regions: Option<&Regions>) -> Option<Vec<Option<usize>>> {
    regions.map(|regions| dominant(regions.resized(width, height).masks(), height * width))
}

impl<E: Engine> FixedMatches<E> {
    pub fn new(weight: f64, layers: Vec<LayerWeight>, scene: &Scene) -> Self {
        FixedMatches { weight, layers, scene: scene.clone(), survey: Survey::default(), picture: None }
    }

    /// Takes a style into the mean.
    pub fn survey(&mut self, engine: &E, style: &StyleView<'_>) {
        let columns = Columns::new(engine, &self.layers, style.size);
        let survey = &mut self.survey;
        survey.columns += columns.positions();
        survey.sums.resize(columns.channels(), 0.0);
        let mut sums = survey.sums.iter_mut();
        for part in columns.parts() {
            let of_channels: Vec<f64> =
                part.read(engine).par_chunks_exact(columns.positions()).map(sum).collect();
            let factor = f64::from(part.factor());
            of_channels.into_iter().zip(&mut sums).for_each(|(value, sum)| *sum += factor * value);
        }
        if let Some(regions) = style.regions {
            survey.has_region.resize(regions.count(), false);
            let regions = regions_on(columns.grid(), Some(regions)).expect("there are regions");
            regions.into_iter().flatten().for_each(|region| survey.has_region[region] = true);
        }
    }

    /// Takes the columns that are to be matched.
    pub fn learn_start(&mut self, engine: &E) {
        let columns = Columns::new(engine, &self.layers, self.scene.size);
        let blend = columns.read(engine);
        let mean = means(&blend, columns.positions());
        let regions = regions_on(columns.grid(), self.scene.regions.as_deref());
        let available = |region: usize| self.survey.has_region.get(region).is_some_and(|&has| has);
        let searches = groups(columns.positions(), regions.as_deref(), available).into_iter().map(|group| {
            let queries = centred(engine, &blend, &mean, &group.positions);
            Search { queries, scores: vec![f32::NEG_INFINITY; group.positions.len()], group }
        });
        let searches = searches.collect();
        self.picture = Some(Matched { columns, searches, targets: vec![0.0; blend.len()] });
    }

    /// Lets the positions choose among the columns of a style.
    pub fn learn_style(&mut self, engine: &E, style: &StyleView<'_>) {
        let columns = Columns::new(engine, &self.layers, style.size);
        let planes = columns.read(engine);
        let count = self.survey.columns.max(1) as f64;
        let mean: Vec<f32> = self.survey.sums.iter().map(|sum| (sum / count) as f32).collect();
        let regions = regions_on(columns.grid(), style.regions);
        let matched = self.picture.as_mut().expect("the start is learnt before the styles");
        for search in &mut matched.searches {
            let wanted = |position: &usize| match (search.group.region, &regions) {
                (Some(region), Some(regions)) => regions[*position] == Some(region),
                _ => true,
            };
            let candidates: Vec<usize> = (0..columns.positions()).filter(wanted).collect();
            for candidates in candidates.chunks(CHUNK) {
                let bank = bank(engine, mean.len(), centred(engine, &planes, &mean, candidates));
                let found = nearest(engine, &bank, &search.queries);
                let mut better = Vec::new();
                for (index, best) in search.scores.iter_mut().enumerate() {
                    if found.scores[index] > *best {
                        *best = found.scores[index];
                        let from = candidates[found.patches[index] as usize];
                        better.push((search.group.positions[index], from));
                    }
                }
                take(&mut matched.targets, matched.columns.positions(), &planes, &better);
            }
        }
    }

    /// The loss of the picture and its gradients.
    pub fn loss(&self, engine: &E) -> MapLoss<E::Map> {
        let matched = self.picture.as_ref().expect("the start is learnt first");
        let positions = matched.columns.positions();
        let mut products = vec![Products::default(); positions];
        for part in matched.columns.parts() {
            add_products(&mut products, &part.read(engine), &matched.targets[part.range()], part.factor());
        }
        let mut value = 0.0;
        // dloss/dX = towards · t + along · X
        let (mut towards, mut along) = (Vec::with_capacity(positions), Vec::with_capacity(positions));
        for Products { with_target, with_itself } in products {
            let norm = with_itself.sqrt();
            let (norm, moves) = if norm < SMALLEST_NORM { (SMALLEST_NORM, 0.0) } else { (norm, 1.0) };
            let cosine = with_target / norm;
            value += (1.0 - cosine) / positions as f64;
            towards.push((-1.0 / (norm * positions as f64)) as f32);
            along.push((moves * cosine / (norm * norm * positions as f64)) as f32);
        }
        let gradients = matched.columns.parts().iter().map(|part| {
            let mut gradient = part.read(engine);
            let targets = matched.targets[part.range()].par_chunks_exact(positions);
            gradient.par_chunks_exact_mut(positions).zip(targets).for_each(|(plane, targets)| {
                let factors = towards.iter().zip(&along);
                for ((value, target), (towards, along)) in plane.iter_mut().zip(targets).zip(factors) {
                    *value = towards * target + along * (part.factor() * *value);
                }
            });
            part.gradient(engine, &gradient)
        });
        MapLoss { layer: None, weight: self.weight, value, gradients: gradients.collect() }
    }
}

/// Copies columns of `from` `[C, N]`, given the norm 1, to `targets` `[C, P]`: for each of `moves` one, its place
/// there and its place here.
fn take(targets: &mut [f32], positions: usize, from: &[f32], moves: &[(usize, usize)]) {
    let width = from.len() / (targets.len() / positions);
    let norm = |&(_, source): &(usize, usize)| {
        let squares = from.iter().skip(source).step_by(width).map(|&value| f64::from(value).powi(2));
        squares.sum::<f64>().sqrt().max(SMALLEST_NORM)
    };
    let factors: Vec<f32> = moves.par_iter().map(|it| (1.0 / norm(it)) as f32).collect();
    let planes = targets.par_chunks_exact_mut(positions).zip(from.par_chunks_exact(width));
    planes.for_each(|(targets, from)| {
        for (&(target, source), factor) in moves.iter().zip(&factors) {
            targets[target] = factor * from[source];
        }
    });
}

/// Sums over the channels of one column.
#[derive(Clone, Copy, Default)]
struct Products {
    with_target: f64,
    with_itself: f64,
}

/// Adds the channels of one layer, `factor` times `[channels, P]`.
fn add_products(products: &mut [Products], columns: &[f32], targets: &[f32], factor: f32) {
    let factor = f64::from(factor);
    let positions = products.len();
    products.par_chunks_mut(RUN).enumerate().for_each(|(run, products)| {
        let mut sums = [[0.0f32; RUN]; 2];
        let [with_target, with_itself] = &mut sums;
        let (start, length) = (run * RUN, products.len());
        let planes = columns.chunks_exact(positions).zip(targets.chunks_exact(positions));
        for (values, targets) in planes {
            let values = values[start..][..length].iter().zip(&targets[start..][..length]);
            for ((value, target), (a, b)) in values.zip(with_target.iter_mut().zip(with_itself.iter_mut())) {
                *a += value * target;
                *b += value * value;
            }
        }
        for (products, (a, b)) in products.iter_mut().zip(with_target.iter().zip(with_itself.iter())) {
            products.with_target += factor * f64::from(*a);
            products.with_itself += factor * factor * f64::from(*b);
        }
    });
}

/// Bytes of the columns of the blend, of a style and of the targets, and of a chunk that is searched; later, of
/// the targets and of the gradients.
pub(super) fn memory_needed(
    architecture: &Architecture,
    layers: &[Layer],
    picture: Size,
    styles: &[Size],
) -> u64 {
    let positions = |size: Size| (grid(size).0 * grid(size).1) as u64;
    let style = styles.iter().map(|&style| positions(style)).max().unwrap_or(0);
    let channels = channels(architecture, layers);
    let learning = channels * (2 * positions(picture) + style + 3 * style.min(CHUNK as u64));
    let largest = layers.iter().filter_map(|&layer| architecture.channels(layer)).max().unwrap_or(0) as u64;
    let painting = (2 * channels + 2 * largest) * positions(picture);
    4 * learning.max(painting)
}
