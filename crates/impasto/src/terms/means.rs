//! Means: squared distance of the mean features of the picture from those of the style.
//!
//! With μ(F) the means of the channels of a map `[C, H, W]` over its M positions, and t those of the style,
//! which is the first half of the statistics that Li, Wang, Liu and Hou compare ("Demystifying Neural Style
//! Transfer", 2017, section 4.2):
//!
//! ```text
//! loss = Σ (μ(F) − t)² / C        dloss/dF = 2 (μ(F) − t) / (C M) at every position
//! ```

use impasto_network::{Engine, MapGradient, MapShape, Question, Statistic};
use serde::{Deserialize, Serialize};

use super::{Answers, Definition, LayerWeight, Loss, MapLoss, Scene, Shown, WeightedLayers};
use crate::SettingsError;
use crate::error::require_weight;

/// Settings of the means term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Means {
    /// Factor of the term, at least 0; 0 leaves it out.
    pub weight: f64,
    /// Where the network is read.
    #[serde(flatten)]
    pub layers: WeightedLayers,
}

impl Definition for Means {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn weight_mut(&mut self) -> &mut f64 {
        &mut self.weight
    }

    fn weighted_layers(&self) -> Option<&WeightedLayers> {
        Some(&self.layers)
    }

    fn weighted_layers_mut(&mut self) -> Option<&mut WeightedLayers> {
        Some(&mut self.layers)
    }

    fn is_absolute(&self) -> bool {
        true
    }

    fn learns_style(&self) -> bool {
        true
    }

    fn validate(&self) -> Result<(), SettingsError> {
        require_weight("means weight", self.weight)?;
        self.layers.validate("means")
    }
}

impl Means {
    pub(super) fn loss<E: Engine>(&self, _scene: &Scene) -> impl Loss<E> + use<E> {
        let layers = self.layers.divide(self.weight);
        MeansDistance { targets: vec![Vec::new(); layers.len()], layers }
    }
}

/// The term at work.
struct MeansDistance {
    layers: Vec<LayerWeight>,
    /// t of each layer, `[C]`; empty before the first style.
    targets: Vec<Vec<f64>>,
}

/// What μ is made of, at each layer.
fn sums<Map>(layers: &[LayerWeight]) -> Vec<Question<Map>> {
    layers.iter().map(|it| Statistic::Sums { weights: None }.at(it.layer)).collect()
}

/// μ, `[C]`.
fn means(answers: &mut Answers<'_>, shape: MapShape) -> Vec<f64> {
    answers.sums().into_iter().map(|sum| sum / shape.positions() as f64).collect()
}

impl<E: Engine> Loss<E> for MeansDistance {
    fn ask_of(&mut self, _engine: &E, shown: Shown<'_>) -> Vec<Question<E::Map>> {
        if let Shown::Style(_) = shown { sums(&self.layers) } else { Vec::new() }
    }

    fn learn(&mut self, engine: &mut E, shown: Shown<'_>, answers: &mut Answers<'_>) {
        let Shown::Style(style) = shown else { return };
        for (&LayerWeight { layer, .. }, target) in self.layers.iter().zip(&mut self.targets) {
            let means = means(answers, engine.shape(layer));
            target.resize(means.len(), 0.0);
            target.iter_mut().zip(means).for_each(|(sum, mean)| *sum += style.share * mean);
        }
    }

    fn ask(&mut self, _engine: &E) -> Vec<Question<E::Map>> {
        sums(&self.layers)
    }

    fn on_answers(&mut self, engine: &E, answers: &mut Answers<'_>) -> Vec<MapLoss<E::Map>> {
        let loss = |(&LayerWeight { layer, weight }, target): (_, &Vec<f64>)| {
            let shape = engine.shape(layer);
            let means = means(answers, shape);
            let differences: Vec<f64> =
                means.iter().zip(target).map(|(mean, target)| mean - target).collect();
            let slope = 2.0 / shape.elements() as f64;
            let column = differences.iter().map(|difference| (slope * difference) as f32).collect();
            MapLoss {
                layer: Some(layer),
                weight,
                value: differences.iter().map(|value| value * value).sum::<f64>() / shape.channels as f64,
                gradients: vec![(layer, MapGradient::Column { column, weights: None })],
            }
        };
        self.layers.iter().zip(&self.targets).map(loss).collect()
    }
}

#[cfg(test)]
mod tests {
    use impasto_network::{Architecture, Layer, ScalarEngine, Weights};

    use super::*;
    use crate::{Picture, Preset, Pyramid, Settings, Transfer};

    fn picture(seed: u64) -> Picture {
        Picture::uniform_noise(20, 16, 0.1..0.9, seed)
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let means = Means { weight: 3.0, layers: WeightedLayers::each(&[Layer::convolution(1, 1)]) };
        let mut settings = Settings { terms: vec![means.into()], ..Preset::Gatys.settings() };
        (settings.schedule.size, settings.schedule.pyramid) = (20, Pyramid::One);
        settings.units = crate::PixelUnits::One;
        let weights = Weights::random(Architecture::new("small", vec![vec![4], vec![6]]), 1);
        let mut engine = ScalarEngine::new(&weights);
        let transfer = Transfer::new(settings).content(picture(1)).style(picture(2), 1.0);
        let (start, direction) = (picture(3), picture(4));
        let gradient = transfer.evaluate(&mut engine, &start).unwrap().gradient;
        let slope: f64 = gradient.iter().zip(direction.data()).map(|(g, d)| f64::from(g * d)).sum();
        let mut at = |length: f32| {
            let moved = start.data().iter().zip(direction.data()).map(|(x, d)| x + length * d).collect();
            transfer.evaluate(&mut engine, &Picture::new(20, 16, moved)).unwrap().total
        };
        let difference = (at(1e-2) - at(-1e-2)) / 2e-2;
        assert!((slope / difference - 1.0).abs() < 1e-3, "{slope}, not {difference}");
    }

    /// docs/adding-a-term.md shows this file up to its tests.
    #[test]
    fn the_page_on_adding_a_term_shows_this_file() {
        let (term, _) = include_str!("means.rs").split_once("\n#[cfg(test)]").unwrap();
        let page = include_str!("../../../../docs/adding-a-term.md");
        assert!(page.contains(term), "copy terms/means.rs to the page");
    }
}
