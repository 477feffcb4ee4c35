//! The Gram term at work: the distances of the whole picture, or of each of its regions.

use std::sync::Arc;

use impasto_network::{Engine, Layer, MapGradient, MapShape};

use super::super::guidance::Part;
use super::super::targets::{PartTarget, Targets};
use super::super::{LayerWeight, Loss, MapLoss, SMALLEST_NORM, Scene, StyleView};
use super::{Gram, GramLoss};

/// All layers.
pub(super) struct GramDistance {
    kind: GramLoss,
    /// Of the picture.
    pixels: f64,
    targets: Targets,
}

/// A distance from the target.
struct Distance {
    value: f64,
    /// What the gradient multiplies F by, `[C, C]`, but for the weights of the positions.
    matrix: Arc<[f32]>,
}

impl GramDistance {
    pub fn new(settings: &Gram, scene: &Scene) -> Self {
        let layers = settings.layers.divide(settings.weight);
        GramDistance {
            kind: settings.loss,
            pixels: (scene.size.width * scene.size.height) as f64,
            targets: Targets::new(layers, settings.guidance, scene),
        }
    }

    /// The distance of the statistic S from the target T, both `[C, C]`.
    fn distance(&self, shape: MapShape, part: Option<&Part>, statistic: &[f64], target: &[f64]) -> Distance {
        let channels = shape.channels as f64;
        let all_positions = shape.positions() as f64;
        let positions = part.map_or(all_positions, |part| part.positions);
        let pixels = part.map_or(self.pixels, |part| part.pixels);
        let difference: Vec<f64> =
            statistic.iter().zip(target).map(|(value, target)| value - target).collect();
        let factor = match self.kind {
            GramLoss::Gatys => 0.25 / channels.powi(2),
            GramLoss::Mean => 1.0 / channels.powi(4),
            GramLoss::Keras => (positions / pixels).powi(2) / (4.0 * 3.0 * 3.0),
            GramLoss::Relative => {
                let norm = target.iter().map(|value| value * value).sum::<f64>().max(SMALLEST_NORM);
                positions / all_positions / norm
            }
            GramLoss::KerasDoodle => all_positions.powi(2) / channels.powi(4),
            GramLoss::FastNeuralDoodle => return smooth_distance(&difference, channels, positions),
        };
        let slope = 4.0 * factor / positions;
        Distance {
            value: factor * difference.iter().map(|value| value * value).sum::<f64>(),
            matrix: difference.iter().map(|value| (slope * value) as f32).collect(),
        }
    }
}

/// That of [`GramLoss::FastNeuralDoodle`].
fn smooth_distance(difference: &[f64], channels: f64, positions: f64) -> Distance {
    let elements = difference.len() as f64;
    let smooth = |value: f64| if value.abs() < 1.0 { 0.5 * value * value } else { value.abs() - 0.5 };
    let slope = 2.0 / (positions * channels * elements);
    Distance {
        value: difference.iter().map(|value| smooth(value / channels)).sum::<f64>() / elements,
        matrix: difference.iter().map(|value| (slope * (value / channels).clamp(-1.0, 1.0)) as f32).collect(),
    }
}

/// S, `[C, C]`, of the whole map or of a region.
fn statistic<E: Engine>(engine: &E, layer: Layer, part: Option<&Part>) -> Vec<f64> {
    let (mut gram, positions) = match part {
        None => (engine.gram(layer), engine.shape(layer).positions() as f64),
        Some(part) => (engine.weighted_gram(layer, &part.squares), part.positions),
    };
    gram.iter_mut().for_each(|sum| *sum /= positions);
    gram
}

impl<E: Engine> Loss<E> for GramDistance {
    fn learn_style(&mut self, engine: &E, style: &StyleView<'_>) {
        self.targets.learn(engine, style, statistic);
    }

    fn on_maps(&mut self, engine: &E) -> Vec<MapLoss<E::Map>> {
        let loss = |(&LayerWeight { layer, weight }, parts): (_, &Vec<PartTarget>)| {
            let (mut value, mut gradients) = (0.0, Vec::new());
            for learnt in parts {
                let Some(target) = learnt.target() else { continue };
                let part = learnt.part.as_ref();
                let statistic = statistic(engine, layer, part);
                let distance = self.distance(engine.shape(layer), part, &statistic, &target);
                value += distance.value;
                let weights = part.map(|part| match self.kind {
                    GramLoss::FastNeuralDoodle => part.mask.clone(),
                    _ => part.squares.clone(),
                });
                gradients.push((layer, MapGradient::Linear { matrix: distance.matrix, weights }));
            }
            MapLoss { layer: Some(layer), weight, value, gradients }
        };
        self.targets.layers.iter().zip(&self.targets.parts).map(loss).collect()
    }
}
