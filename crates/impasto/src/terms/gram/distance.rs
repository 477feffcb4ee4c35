//! The Gram term at work: the distances of the whole picture, or of each of its regions.

use std::sync::Arc;

use impasto_network::{Engine, Layer, MapGradient, MapShape, Question, Statistic};

use super::super::guidance::Part;
use super::super::targets::Targets;
use super::super::{Answers, LayerWeight, Loss, MapLoss, SMALLEST_NORM, Scene, Shown};
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

/// What S is made of, of the whole map or of a region.
fn statistic<Map>(layer: Layer, part: Option<&Part>) -> Vec<Question<Map>> {
    vec![Statistic::Gram { weights: part.map(|part| part.squares.clone()) }.at(layer)]
}

/// S, `[C, C]`, of so many positions.
fn mean(answers: &mut Answers<'_>, positions: f64) -> Vec<f64> {
    let mut gram = answers.sums();
    gram.iter_mut().for_each(|sum| *sum /= positions);
    gram
}

impl<E: Engine> Loss<E> for GramDistance {
    fn ask_of(&mut self, engine: &E, shown: Shown<'_>) -> Vec<Question<E::Map>> {
        match shown {
            Shown::Style(style) => self.targets.ask_of(engine.architecture(), style, statistic),
            Shown::Survey(_) | Shown::Content | Shown::Start => Vec::new(),
        }
    }

    fn learn(&mut self, _engine: &mut E, shown: Shown<'_>, answers: &mut Answers<'_>) {
        if let Shown::Style(style) = shown {
            self.targets.learn(style, |positions| mean(answers, positions));
        }
    }

    fn ask(&mut self, _engine: &E) -> Vec<Question<E::Map>> {
        self.targets.learnt().flat_map(|(at, part, _)| statistic(at.layer, part)).collect()
    }

    fn on_answers(&mut self, engine: &E, answers: &mut Answers<'_>) -> Vec<MapLoss<E::Map>> {
        let mut losses: Vec<MapLoss<E::Map>> = self.targets.layers.iter().map(MapLoss::none).collect();
        for (LayerWeight { layer, .. }, part, target) in self.targets.learnt() {
            let shape = engine.shape(layer);
            let positions = part.map_or(shape.positions() as f64, |part| part.positions);
            let distance = self.distance(shape, part, &mean(answers, positions), &target.blend());
            let weights = part.map(|part| match self.kind {
                GramLoss::FastNeuralDoodle => part.mask.clone(),
                _ => part.squares.clone(),
            });
            let loss =
                losses.iter_mut().find(|loss| loss.layer == Some(layer)).expect("a loss of each layer");
            loss.value += distance.value;
            loss.gradients.push((layer, MapGradient::Linear { matrix: distance.matrix, weights }));
        }
        losses
    }
}
