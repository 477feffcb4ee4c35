//! Gram: squared distance of the Gram matrices of the picture from those of the style.
//!
//! With the map F at a layer read as a matrix `[C, M]` of C channels at M positions, and T the same
//! statistic of the style (Gatys, Ecker and Bethge 2015, equations 3 to 6):
//!
//! ```text
//! S = F Fᵀ / M        loss = k · Σ (S − T)²        dloss/dF = (4 k / M) (S − T) F
//! ```
//!
//! summed over the C² elements. Each picture is divided by its own number of positions, so pictures of
//! different sizes compare. Of several styles T is the blend `Σ shareᵢ Tᵢ` (Johnson 2015). The systems
//! differ in k alone: see [`GramLoss`].

use impasto_network::{Engine, Layer, MapGradient, MapShape};
use serde::Serialize;

use super::{Definition, LayerWeight, Loss, MapLoss, SMALLEST_NORM, Scene, StyleView, WeightedLayers};
use crate::SettingsError;
use crate::error::require_weight;

/// Settings of the Gram term.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gram {
    /// Factor of the term, at least 0; 0 leaves it out. More brings more of the style.
    pub weight: f64,
    /// Where the network is read. Shallow layers carry colours and fine texture, deep ones large strokes;
    /// the usual choice is the first of every block.
    #[serde(flatten)]
    pub layers: WeightedLayers,
    /// How distances are counted.
    pub loss: GramLoss,
}

/// The factor k of the Gram loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GramLoss {
    /// k = 1 / (4 C²): `1/(4 C² M²) Σ (F Fᵀ − A Aᵀ)²` where picture and style are of one size (Gatys,
    /// Ecker and Bethge 2015).
    Gatys,
    /// k = 1 / C⁴: the mean over C² of the squared distance of `F Fᵀ / (C·M)`, neural-style (Johnson
    /// 2015).
    Mean,
    /// k = M² / (4 · 3² · pixels²): `Σ (F Fᵀ − A Aᵀ)²` divided by the pixels and channels of the picture
    /// at every layer, as the example of Keras (2015) does.
    Keras,
    /// k = 1 / Σ T²: 1 is the distance of an empty map, for every network, layer and size. Ours.
    Relative,
}

impl Definition for Gram {
    fn name(&self) -> &'static str {
        "gram"
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn layers(&self) -> Vec<Layer> {
        self.layers.active()
    }

    fn learns_style(&self) -> bool {
        true
    }

    fn validate(&self) -> Result<(), SettingsError> {
        require_weight("style weight", self.weight)?;
        self.layers.validate("style")
    }
}

impl Gram {
    pub(super) fn loss<E: Engine>(&self, scene: &Scene) -> impl Loss<E> + use<E> {
        let layers = self.layers.divide(self.weight);
        let targets = vec![Vec::new(); layers.len()];
        let pixels = (scene.size.width * scene.size.height) as f64;
        GramDistance { kind: self.loss, pixels, layers, targets }
    }
}

/// The term at work.
struct GramDistance {
    kind: GramLoss,
    /// Of the picture.
    pixels: f64,
    layers: Vec<LayerWeight>,
    /// T of each layer, `[C, C]`; empty before the first style.
    targets: Vec<Vec<f64>>,
}

impl GramDistance {
    /// k.
    fn factor(&self, MapShape { channels, height, width }: MapShape, target: &[f64]) -> f64 {
        let (channels, positions) = (channels as f64, (height * width) as f64);
        match self.kind {
            GramLoss::Gatys => 0.25 / channels.powi(2),
            GramLoss::Mean => 1.0 / channels.powi(4),
            GramLoss::Keras => (positions / self.pixels).powi(2) / (4.0 * 3.0 * 3.0),
            GramLoss::Relative => {
                1.0 / target.iter().map(|value| value * value).sum::<f64>().max(SMALLEST_NORM)
            }
        }
    }
}

/// S, `[C, C]`.
fn statistic<E: Engine>(engine: &E, layer: Layer) -> Vec<f64> {
    let mut gram = engine.gram(layer);
    let positions = engine.shape(layer).positions() as f64;
    gram.iter_mut().for_each(|sum| *sum /= positions);
    gram
}

impl<E: Engine> Loss<E> for GramDistance {
    fn learn_style(&mut self, engine: &E, style: &StyleView<'_>) {
        for (&LayerWeight { layer, .. }, target) in self.layers.iter().zip(&mut self.targets) {
            let statistic = statistic(engine, layer);
            target.resize(statistic.len(), 0.0);
            for (sum, value) in target.iter_mut().zip(statistic) {
                *sum += style.share * value;
            }
        }
    }

    fn on_maps(&mut self, engine: &E) -> Vec<MapLoss<E::Map>> {
        let loss = |(&LayerWeight { layer, weight }, target): (_, &Vec<f64>)| {
            let mut difference = statistic(engine, layer);
            difference.iter_mut().zip(target).for_each(|(value, target)| *value -= target);
            let shape = engine.shape(layer);
            let factor = self.factor(shape, target);
            let slope = 4.0 * factor / shape.positions() as f64;
            MapLoss {
                layer: Some(layer),
                weight,
                value: factor * difference.iter().map(|value| value * value).sum::<f64>(),
                gradients: vec![(
                    layer,
                    MapGradient::Linear {
                        matrix: difference.iter().map(|value| (slope * value) as f32).collect(),
                        weights: None,
                    },
                )],
            }
        };
        self.layers.iter().zip(&self.targets).map(loss).collect()
    }
}
