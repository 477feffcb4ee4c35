//! The moments term at work: the distances of the whole picture, or of each of its regions.

use std::sync::Arc;

use impasto_network::{Engine, MapGradient, MapShape};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::super::targets::Targets;
use super::super::{LayerWeight, Loss, MapLoss, SMALLEST_NORM, Scene, StyleView};
use super::gaussian::{Gaussian, raw_moments};
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
    goals: Vec<Vec<Option<Goal>>>,
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

    /// What the styles ask for, once all are known.
    fn goals<E: Engine>(&self, engine: &E) -> Vec<Vec<Option<Goal>>> {
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
        let layers = self.targets.layers.iter().zip(&self.targets.parts);
        layers
            .map(|(&LayerWeight { layer, .. }, parts)| {
                let targets = parts.iter().map(|part| part.target());
                targets.map(|target| target.map(|moments| goal(engine.shape(layer), &moments))).collect()
            })
            .collect()
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
    fn learn_style(&mut self, engine: &E, style: &StyleView<'_>) {
        self.targets.learn(engine, style, raw_moments);
    }

    fn on_maps(&mut self, engine: &E) -> Vec<MapLoss<E::Map>> {
        if self.goals.is_empty() {
            self.goals = self.goals(engine);
        }
        // Moments are sums over all threads; what follows is a thread's work for each part.
        let layers = self.targets.layers.iter().zip(&self.targets.parts).zip(&self.goals);
        let mut work = Vec::new();
        for ((&LayerWeight { layer, .. }, parts), goals) in layers {
            for (part, goal) in parts.iter().zip(goals) {
                let Some(goal) = goal else { continue };
                let moments = raw_moments(engine, layer, part.part.as_ref());
                work.push((layer, part.part.as_ref(), goal, moments, engine.shape(layer)));
            }
        }
        let distances = work.into_par_iter().map(|(layer, part, goal, moments, shape)| {
            let positions = part.map_or(shape.positions() as f64, |part| part.positions);
            let gaussian = Gaussian::new(shape.channels, &moments);
            // A region has its share of the map: of the loss, and so of the gradient by the mean.
            let share = positions / shape.positions() as f64;
            (layer, goal.distance(gaussian, positions, share), part.map(|part| part.mask.clone()))
        });
        let distances: Vec<_> = distances.collect();
        let loss = |&LayerWeight { layer, weight }: &LayerWeight| {
            let (mut value, mut gradients) = (0.0, Vec::new());
            for (_, distance, weights) in distances.iter().filter(|(of, ..)| *of == layer) {
                value += distance.value;
                let (matrix, column) = (distance.matrix.clone(), distance.column.clone());
                gradients.push((layer, MapGradient::Linear { matrix, weights: weights.clone() }));
                gradients.push((layer, MapGradient::Column { column, weights: weights.clone() }));
            }
            MapLoss { layer: Some(layer), weight, value, gradients }
        };
        self.targets.layers.iter().map(loss).collect()
    }
}
