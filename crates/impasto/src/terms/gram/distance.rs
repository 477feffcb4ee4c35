//! The Gram term at work: the distances of the whole picture, or of each of its regions.

use std::sync::Arc;

use impasto_network::{Architecture, Engine, Layer, MapGradient, MapShape};

use super::super::guidance::Part;
use super::super::{Guidance, LayerWeight, Loss, MapLoss, SMALLEST_NORM, Scene, StyleView};
use super::{Gram, GramLoss};
use crate::regions::Regions;

/// All layers.
pub(super) struct GramDistance {
    kind: GramLoss,
    guidance: Guidance,
    /// Of the picture.
    pixels: f64,
    regions: Option<Arc<Regions>>,
    layers: Vec<LayerWeight>,
    /// Of each layer; of a picture with regions, empty before the first style.
    parts: Vec<Vec<PartDistance>>,
}

/// One region at one layer, or the whole map.
struct PartDistance {
    /// The region; `None` for the whole map.
    part: Option<Part>,
    /// `Σ shareᵢ Tᵢ` over the styles that have it, `[C, C]`; empty before the first of them.
    sum: Vec<f64>,
    /// `Σ shareᵢ` over the same.
    share: f64,
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
        let parts = match &scene.regions {
            None => layers.iter().map(|_| vec![PartDistance::of(None)]).collect(),
            Some(_) => Vec::new(),
        };
        GramDistance {
            kind: settings.loss,
            guidance: settings.guidance,
            pixels: (scene.size.width * scene.size.height) as f64,
            regions: scene.regions.clone(),
            layers,
            parts,
        }
    }

    /// The parts of a picture with these regions, layer by layer.
    fn parts_of(&self, regions: &Regions, architecture: &Architecture) -> Vec<Vec<Part>> {
        let layers: Vec<Layer> = self.layers.iter().map(|it| it.layer).collect();
        self.guidance.parts(regions, architecture, &layers)
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

impl PartDistance {
    fn of(part: Option<Part>) -> Self {
        PartDistance { part, sum: Vec::new(), share: 0.0 }
    }

    /// Takes in a style's statistic.
    fn learn(&mut self, share: f64, statistic: Vec<f64>) {
        self.sum.resize(statistic.len(), 0.0);
        for (sum, value) in self.sum.iter_mut().zip(statistic) {
            *sum += share * value;
        }
        self.share += share;
    }

    /// T.
    fn target(&self) -> Vec<f64> {
        // All styles have the whole picture, and their shares add up to 1.
        let share = if self.part.is_some() { self.share } else { 1.0 };
        self.sum.iter().map(|sum| sum / share).collect()
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
        let architecture = engine.architecture();
        if let (Some(regions), true) = (&self.regions, self.parts.is_empty()) {
            let parts = self.parts_of(regions, architecture).into_iter();
            self.parts = parts
                .map(|parts| parts.into_iter().map(|part| PartDistance::of(Some(part))).collect())
                .collect();
        }
        let of_style = style.regions.map(|regions| self.parts_of(regions, architecture));
        for (index, parts) in self.parts.iter_mut().enumerate() {
            let layer = self.layers[index].layer;
            for distance in parts {
                let statistic = match (&distance.part, &of_style) {
                    (None, _) => Some(statistic(engine, layer, None)),
                    (Some(part), Some(of_style)) => {
                        let same = of_style[index].iter().find(|other| other.region == part.region);
                        same.map(|same| statistic(engine, layer, Some(same)))
                    }
                    (Some(_), None) => None,
                };
                if let Some(statistic) = statistic {
                    distance.learn(style.share, statistic);
                }
            }
        }
    }

    fn on_maps(&mut self, engine: &E) -> Vec<MapLoss<E::Map>> {
        let loss = |(&LayerWeight { layer, weight }, parts): (_, &Vec<PartDistance>)| {
            let (mut value, mut gradients) = (0.0, Vec::new());
            for learnt in parts.iter().filter(|it| it.share > 0.0) {
                let part = learnt.part.as_ref();
                let statistic = statistic(engine, layer, part);
                let distance = self.distance(engine.shape(layer), part, &statistic, &learnt.target());
                value += distance.value;
                let weights = part.map(|part| match self.kind {
                    GramLoss::FastNeuralDoodle => part.mask.clone(),
                    _ => part.squares.clone(),
                });
                gradients.push((layer, MapGradient::Linear { matrix: distance.matrix, weights }));
            }
            MapLoss { layer: Some(layer), weight, value, gradients }
        };
        self.layers.iter().zip(&self.parts).map(loss).collect()
    }
}
