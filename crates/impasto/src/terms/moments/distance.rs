//! The moments term at work: the distances of the whole picture, or of each of its regions.

use std::sync::Arc;

use impasto_network::{Engine, Layer, MapGradient, MapShape, Question};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::super::guidance::Part;
use super::super::targets::Targets;
use super::super::{Answers, LayerWeight, Loss, MapLoss, SMALLEST_NORM, Scene, Shown};
use super::gaussian::{Gaussian, raw_moments, statistics};
use super::transport::{Bures, Transport};
use super::{Moments, MomentsLoss};

/// ε of [`MomentsLoss::Mean`].
const EPSILON: f64 = 1e-4;

/// ε of [`MomentsLoss::Relative`], as a share of the mean variance.
const RELATIVE_EPSILON: f64 = 1e-3;

/// All layers.
pub(super) struct MomentsDistance {
    kind: MomentsLoss,
    targets: Targets,
    directions: usize,
    /// Of each part of each layer; empty before the first evaluation.
    goals: Vec<Goal>,
}

/// What one part of a map is to become.
struct Goal {
    mean: DVector<f64>,
    transport: Transport,
    epsilon: f64,
    /// k.
    factor: f64,
}

/// A distance from a goal: the loss is `k · value`, and its gradient at F_p `matrix · F_p + column`.
struct Distance {
    value: f64,
    matrix: Arc<[f32]>,
    column: Arc<[f32]>,
}

impl MomentsDistance {
    pub fn new(settings: &Moments, scene: &Scene) -> Self {
        let layers = settings.layers.divide(settings.weight);
        let targets = Targets::new(layers, settings.guidance, scene);
        let directions = settings.directions.unwrap_or(usize::MAX);
        MomentsDistance { kind: settings.loss, targets, directions, goals: Vec::new() }
    }

    /// What the styles ask for, once all are known, in the order of [`Targets::learnt`].
    fn goals(&self, engine: &impl Engine) -> Vec<Goal> {
        let goal = |shape: MapShape, moments: &[f64]| {
            let Gaussian { mean, mut covariance } = Gaussian::new(shape.channels, moments);
            let (channels, variance) = (shape.channels as f64, covariance.trace());
            let (epsilon, factor) = match self.kind {
                MomentsLoss::Mean => (EPSILON, 1.0 / channels),
                MomentsLoss::Relative => {
                    let norm = (mean.norm_squared() + variance).max(SMALLEST_NORM);
                    ((RELATIVE_EPSILON * variance / channels).max(SMALLEST_NORM), 1.0 / norm)
                }
            };
            add_to_diagonal(&mut covariance, epsilon);
            Goal { mean, transport: Transport::new(covariance, self.directions), epsilon, factor }
        };
        self.targets.learnt().map(|(at, _, target)| goal(engine.shape(at.layer), &target.blend())).collect()
    }
}

impl Goal {
    /// Of the Gaussian fitted to `positions` positions, times `share`.
    fn distance(&self, gaussian: Gaussian, positions: f64, share: f64) -> Distance {
        let Gaussian { mean, mut covariance } = gaussian;
        add_to_diagonal(&mut covariance, self.epsilon);
        let Bures { value, transport } = self.transport.from(&covariance);
        let shift = &mean - &self.mean;
        let factor = share * self.factor;
        let slope = 2.0 * factor / positions;
        let mut matrix = -transport;
        add_to_diagonal(&mut matrix, 1.0);
        let column = (&shift - &matrix * &mean) * slope;
        Distance {
            value: factor * (shift.norm_squared() + value),
            matrix: matrix.iter().map(|&value| (slope * value) as f32).collect(),
            column: column.iter().map(|&value| value as f32).collect(),
        }
    }
}

fn add_to_diagonal(matrix: &mut DMatrix<f64>, value: f64) {
    for index in 0..matrix.nrows() {
        matrix[(index, index)] += value;
    }
}

impl<E: Engine> Loss<E> for MomentsDistance {
    fn ask_of(&mut self, engine: &E, shown: Shown<'_>) -> Vec<Question<E::Map>> {
        match shown {
            Shown::Style(style) => self.targets.ask_of(engine.architecture(), style, statistics),
            Shown::Survey(_) | Shown::Content | Shown::Start => Vec::new(),
        }
    }

    fn learn(&mut self, _engine: &mut E, shown: Shown<'_>, answers: &mut Answers<'_>) {
        if let Shown::Style(style) = shown {
            self.targets.learn(style, |positions| raw_moments(answers, positions));
        }
    }

    fn ask(&mut self, _engine: &E) -> Vec<Question<E::Map>> {
        self.targets.learnt().flat_map(|(at, part, _)| statistics(at.layer, part)).collect()
    }

    fn on_answers(&mut self, engine: &E, answers: &mut Answers<'_>) -> Vec<MapLoss<E::Map>> {
        if self.goals.is_empty() {
            self.goals = self.goals(engine);
        }
        let of_part = |((LayerWeight { layer, .. }, part, _), goal): ((_, Option<&Part>, _), _)| {
            let shape = engine.shape(layer);
            let all = shape.positions() as f64;
            let positions = part.map_or(all, |part| part.positions);
            let gaussian = Gaussian::new(shape.channels, &raw_moments(answers, positions));
            (layer, part.map(|part| part.mask.clone()), goal, gaussian, positions, all)
        };
        let work: Vec<_> = self.targets.learnt().zip(&self.goals).map(of_part).collect();
        let distances = work.into_par_iter().map(|(layer, weights, goal, gaussian, positions, all)| {
            // A region has its share of the map: of the loss, and so of the gradient by the mean.
            (layer, goal.distance(gaussian, positions, positions / all), weights)
        });
        let distances: Vec<(Layer, Distance, _)> = distances.collect();
        let mut losses: Vec<MapLoss<E::Map>> = self.targets.layers.iter().map(MapLoss::none).collect();
        for (layer, Distance { value, matrix, column }, weights) in distances {
            let loss =
                losses.iter_mut().find(|loss| loss.layer == Some(layer)).expect("a loss of each layer");
            loss.value += value;
            loss.gradients.push((layer, MapGradient::Linear { matrix, weights: weights.clone() }));
            loss.gradients.push((layer, MapGradient::Column { column, weights }));
        }
        losses
    }
}
