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

use std::sync::Arc;

use impasto_network::{Architecture, Engine, Layer, Question, Size};
use rayon::prelude::*;

use super::columns::{Columns, Part, channels, grid};
use super::neighbours::Neighbourhood;
use super::search::{Group, bank, centred, dominant, groups, means, nearest};
use super::visible;
use crate::regions::Regions;
use crate::terms::visibility::{MostVisible, Visibility};
use crate::terms::{Answers, LayerWeight, MapLoss, Pictures, Scene, StyleView, Work};

/// Columns of a style that are searched at a time; no more than these are searched at once, whatever the stride.
const CHUNK: usize = 4096;

/// What a product with one neighbour costs over one within the search of many: columns are gathered for it.
const NEIGHBOUR: f64 = 16.0;

/// What bringing one channel of a column to the grid and its gradient back costs.
const RESAMPLING: f64 = 500.0;

/// Norms of columns are at least this, as published: a column of zeros then has the cosine 0.
const SMALLEST_NORM: f64 = 1e-4;

/// The term at work while matches stay.
pub(super) struct FixedMatches<E: Engine> {
    weight: f64,
    layers: Vec<LayerWeight>,
    /// Of the rows and columns that are searched first.
    stride: usize,
    scene: Scene,
    survey: Survey,
    /// From the start on.
    picture: Option<Matched<E>>,
}

/// What the first look at the styles tells.
#[derive(Default)]
struct Survey {
    /// Of each channel, over all columns, each as far as it is visible.
    sums: Vec<f64>,
    columns: f64,
    /// The most visible columns of all.
    most_visible: MostVisible,
    /// Those of the region at this index.
    of_regions: Vec<MostVisible>,
}

/// The picture and what its columns have found.
struct Matched<E: Engine> {
    columns: Columns,
    searches: Vec<Search<E>>,
    /// The columns found so far, of norm 1, `[C, P]`; empty once they have become maps.
    found: Vec<f32>,
    /// The same layer by layer, once all styles are known.
    targets: Vec<Arc<E::Map>>,
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
    pub fn new(weight: f64, layers: Vec<LayerWeight>, stride: usize, scene: &Scene) -> Self {
        let survey = Survey::default();
        FixedMatches { weight, layers, stride, scene: scene.clone(), survey, picture: None }
    }

    /// Size of the picture.
    pub fn size(&self) -> Size {
        self.scene.size
    }

    /// What is asked of a picture of this size.
    pub fn ask_of(&self, architecture: &Architecture, size: Size) -> Vec<Question<E::Map>> {
        Columns::new(architecture, &self.layers, size).questions()
    }

    /// Takes a style into the mean.
    pub fn survey(&mut self, architecture: &Architecture, style: &StyleView<'_>, answers: &mut Answers<'_>) {
        let columns = Columns::new(architecture, &self.layers, style.size);
        let visibility = self.visibility(architecture, style, &columns);
        let survey = &mut self.survey;
        survey.columns += visibility.iter().map(|it| f64::from(it.mean)).sum::<f64>();
        visibility.iter().for_each(|&it| survey.most_visible.add(it));
        survey.sums.resize(columns.channels(), 0.0);
        let mut sums = survey.sums.iter_mut();
        for part in columns.parts() {
            let of_channel = |plane: &[f32]| -> f64 {
                plane.iter().zip(&visibility).map(|(value, it)| f64::from(value * it.mean)).sum()
            };
            let of_channels: Vec<f64> =
                answers.values().par_chunks_exact(columns.positions()).map(of_channel).collect();
            let factor = f64::from(part.factor());
            of_channels.into_iter().zip(&mut sums).for_each(|(value, sum)| *sum += factor * value);
        }
        if let Some(regions) = style.regions {
            survey.of_regions.resize(regions.count(), MostVisible::default());
            let regions = regions_on(columns.grid(), Some(regions)).expect("there are regions");
            let with_regions = regions.into_iter().zip(visibility);
            with_regions
                .filter_map(|(region, it)| Some((region?, it)))
                .for_each(|(region, it)| survey.of_regions[region].add(it));
        }
    }

    /// How much can be seen of each column of a style.
    fn visibility(
        &self,
        architecture: &Architecture,
        style: &StyleView<'_>,
        columns: &Columns,
    ) -> Vec<Visibility> {
        let layers = self.layers.iter().map(|it| it.layer);
        let visibility = visible::of_columns(architecture, layers, style.regions, columns.grid());
        visibility.unwrap_or_else(|| vec![Visibility::FULL; columns.positions()])
    }

    /// Takes the columns that are to be matched.
    pub fn learn_start(&mut self, engine: &E, answers: &mut Answers<'_>) {
        let columns = Columns::new(engine.architecture(), &self.layers, self.scene.size);
        let blend = columns.read(answers);
        let mean = means(&blend, columns.positions());
        let regions = regions_on(columns.grid(), self.scene.regions.as_deref());
        let Survey { most_visible, of_regions, .. } = &self.survey;
        let available = |region: usize| of_regions.get(region).is_some_and(|&it| most_visible.takes_any(it));
        let searches = groups(columns.positions(), regions.as_deref(), available).into_iter().map(|group| {
            let queries = centred(engine, &blend, &mean, &group.positions);
            Search { queries, scores: vec![f32::NEG_INFINITY; group.positions.len()], group }
        });
        let searches = searches.collect();
        self.picture =
            Some(Matched { columns, searches, found: vec![0.0; blend.len()], targets: Vec::new() });
    }

    /// Lets the positions choose among the columns of a style.
    pub fn learn_style(&mut self, engine: &E, style: &StyleView<'_>, answers: &mut Answers<'_>) {
        let columns = Columns::new(engine.architecture(), &self.layers, style.size);
        let planes = columns.read(answers);
        let (count, most_visible) = (self.survey.columns.max(f64::MIN_POSITIVE), self.survey.most_visible);
        let mean: Vec<f32> = self.survey.sums.iter().map(|sum| (sum / count) as f32).collect();
        let regions = regions_on(columns.grid(), style.regions);
        let visibility = self.visibility(engine.architecture(), style, &columns);
        let stride = self.stride;
        let matched = self.picture.as_mut().expect("the start is learnt before the styles");
        for search in &mut matched.searches {
            let of_region = |position: usize| match (search.group.region, &regions) {
                (Some(region), Some(regions)) => regions[position] == Some(region),
                _ => true,
            };
            let wanted = |&position: &usize| of_region(position) && most_visible.takes(visibility[position]);
            let candidates: Vec<usize> = (0..columns.positions()).filter(wanted).collect();
            let (_, width) = columns.grid();
            let mut first = candidates.clone();
            if candidates.len() > CHUNK {
                first.retain(|at| (at / width).is_multiple_of(stride) && (at % width).is_multiple_of(stride));
            }
            if first.is_empty() {
                first.clone_from(&candidates);
            }
            let mut best = vec![(f32::NEG_INFINITY, 0); search.scores.len()];
            for candidates in first.chunks(CHUNK) {
                let bank = bank(engine, mean.len(), centred(engine, &planes, &mean, candidates));
                let found = nearest(engine, &bank, &search.queries);
                for (best, (&score, &patch)) in best.iter_mut().zip(found.scores.iter().zip(&found.patches)) {
                    if score > best.0 {
                        *best = (score, candidates[patch as usize]);
                    }
                }
            }
            if first.len() < candidates.len() {
                let queries = engine.read_map(&search.queries);
                let around = Neighbourhood::new(&planes, &mean, columns.grid(), &candidates);
                around.refine(&queries, stride, &mut best);
            }
            let mut better = Vec::new();
            for ((score, (found, from)), &to) in
                search.scores.iter_mut().zip(best).zip(&search.group.positions)
            {
                if found > *score {
                    *score = found;
                    better.push((to, from));
                }
            }
            take(&mut matched.found, matched.columns.positions(), &planes, &better);
        }
    }

    /// What is asked of the picture.
    pub fn ask(&mut self, engine: &E) -> Vec<Question<E::Map>> {
        let matched = self.picture.as_mut().expect("the start is learnt first");
        matched.finish(engine);
        let layers = matched.columns.parts().iter().zip(&matched.targets);
        layers.map(|(part, targets)| part.question(targets)).collect()
    }

    /// The loss of the picture and its gradients.
    pub fn loss(&self, answers: &mut Answers<'_>) -> MapLoss<E::Map> {
        let matched = self.picture.as_ref().expect("the start is learnt first");
        let positions = matched.columns.positions();
        let mut products = vec![[0.0; 2]; positions];
        for part in matched.columns.parts() {
            part.add_products(&answers.values(), &mut products);
        }
        let mut value = 0.0;
        let factors: Vec<[f32; 2]> = products
            .into_iter()
            .map(|[with_target, with_itself]| {
                let norm = with_itself.sqrt();
                let (norm, moves) = if norm < SMALLEST_NORM { (SMALLEST_NORM, 0.0) } else { (norm, 1.0) };
                let cosine = with_target / norm;
                value += (1.0 - cosine) / positions as f64;
                let slope = -1.0 / (norm * positions as f64);
                [slope as f32, (-moves * slope * cosine / norm) as f32]
            })
            .collect();
        let layers = matched.columns.parts().iter().zip(&matched.targets);
        let gradients = layers.map(|(part, targets)| part.gradient(targets, &factors));
        MapLoss { layer: None, weight: self.weight, value, gradients: gradients.collect() }
    }
}

impl<E: Engine> Matched<E> {
    /// Hands the targets to the engine, and lets go of all that was for the search.
    fn finish(&mut self, engine: &E) {
        let found = std::mem::take(&mut self.found);
        if !found.is_empty() {
            self.searches = Vec::new();
            let of_part = |part: &Part| Arc::new(part.map_of(engine, &found));
            self.targets = self.columns.parts().iter().map(of_part).collect();
        }
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

/// What searching each copy of the styles costs: a grid of it, and then the neighbours of what was found. In an
/// evaluation maps are resampled, forth and back.
pub(super) fn work(
    architecture: &Architecture,
    layers: &[Layer],
    stride: usize,
    pictures: &Pictures<'_>,
    copies: f64,
) -> Work {
    let positions = |size: Size| grid(size).0 * grid(size).1;
    let searched = |style: usize| match style > CHUNK {
        true => style.div_ceil(stride * stride) as f64 + NEIGHBOUR * ((2 * stride - 1).pow(2) - 1) as f64,
        false => style as f64,
    };
    let styles: f64 = pictures.styles.iter().map(|&style| searched(positions(style))).sum();
    let elements = channels(architecture, layers) as f64 * positions(pictures.size) as f64;
    Work { learning: copies * styles * elements, evaluation: RESAMPLING * elements }
}

/// Bytes of the columns of the blend, twice, of a style and of what is found, and of a chunk that is searched.
/// The targets and gradients that come later take less.
pub(super) fn memory_needed(
    architecture: &Architecture,
    layers: &[Layer],
    picture: Size,
    styles: &[Size],
) -> u64 {
    let positions = |size: Size| (grid(size).0 * grid(size).1) as u64;
    let (picture, style) =
        (positions(picture), styles.iter().map(|&style| positions(style)).max().unwrap_or(0));
    let learning = (4 * picture).max(3 * picture + style + 4 * style.min(CHUNK as u64));
    4 * channels(architecture, layers) * learning
}
