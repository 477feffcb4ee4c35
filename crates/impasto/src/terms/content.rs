//! Content: squared distance of the feature maps of the picture from those of the content picture.
//!
//! With the maps F and P, `[C, H, W]`, at a layer (Gatys, Ecker and Bethge 2015, equation 1):
//!
//! ```text
//! loss = k · Σ (F − P)²        dloss/dF = 2 k (F − P)
//! ```
//!
//! summed over all elements. The systems differ in k alone: see [`ContentLoss`].

use std::sync::Arc;

use impasto_network::{Engine, Layer, MapGradient, Question, Statistic, Target};
use serde::{Deserialize, Serialize};

use super::{Answers, Definition, LayerWeight, Loss, MapLoss, SMALLEST_NORM, Scene, Shown, WeightedLayers};
use crate::SettingsError;
use crate::error::require_weight;

/// Settings of the content term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Factor of the term, at least 0; 0 leaves it out. More keeps more of the content picture.
    pub weight: f64,
    /// Where the network is read. Shallow layers keep every pixel, deep ones the arrangement of objects
    /// only; the usual choice is `relu4_2`.
    #[serde(flatten)]
    pub layers: WeightedLayers,
    /// How distances are counted.
    pub loss: ContentLoss,
}

/// The factor k of the content loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ContentLoss {
    /// k = 1/2: Gatys, Ecker and Bethge (2015). Grows with the picture.
    HalfSum,
    /// k = 1: the example of Keras (2015). Grows with the picture.
    Sum,
    /// k = 1 / (C·H·W): neural-style (Johnson 2015).
    Mean,
    /// k = 1 / Σ P²: 1 is the distance of an empty map, for every network, layer and size. Ours.
    Relative,
}

impl Definition for Content {
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
        self.loss != ContentLoss::Relative
    }

    fn learns_content(&self) -> bool {
        true
    }

    fn target_layers(&self) -> Vec<Layer> {
        self.layers()
    }

    fn validate(&self) -> Result<(), SettingsError> {
        require_weight("content weight", self.weight)?;
        self.layers.validate("content")
    }
}

impl Content {
    pub(super) fn loss<E: Engine>(&self, _scene: &Scene) -> impl Loss<E> + use<E> {
        let layers = self.layers.divide(self.weight);
        ContentDistance { kind: self.loss, layers, learnt: Vec::new() }
    }
}

/// The term at work.
struct ContentDistance<Map> {
    kind: ContentLoss,
    layers: Vec<LayerWeight>,
    /// Of each layer, once the content is known.
    learnt: Vec<Learnt<Map>>,
}

/// What is known of the content at a layer.
struct Learnt<Map> {
    /// P.
    target: Arc<Target<Map>>,
    /// k.
    factor: f64,
}

impl<E: Engine> Loss<E> for ContentDistance<E::Map> {
    fn ask_of(&mut self, _engine: &E, shown: Shown<'_>) -> Vec<Question<E::Map>> {
        let Shown::Content = shown else { return Vec::new() };
        let of_layer = |it: &LayerWeight| {
            [Statistic::Target.at(it.layer), Statistic::SquaredNorm { weights: None }.at(it.layer)]
        };
        self.layers.iter().flat_map(of_layer).collect()
    }

    fn learn(&mut self, engine: &mut E, _shown: Shown<'_>, answers: &mut Answers<'_>) {
        let learn = |&LayerWeight { layer, .. }: &LayerWeight| {
            answers.kept();
            let squared_norm = answers.number();
            Learnt {
                target: Arc::new(engine.take_target(layer)),
                factor: match self.kind {
                    ContentLoss::HalfSum => 0.5,
                    ContentLoss::Sum => 1.0,
                    ContentLoss::Mean => 1.0 / engine.shape(layer).elements() as f64,
                    ContentLoss::Relative => 1.0 / squared_norm.max(SMALLEST_NORM),
                },
            }
        };
        self.learnt = self.layers.iter().map(learn).collect();
    }

    fn ask(&mut self, _engine: &E) -> Vec<Question<E::Map>> {
        let of_layer = |(it, Learnt { target, .. }): (&LayerWeight, &Learnt<E::Map>)| {
            Statistic::SquaredDifference { target: target.clone(), weights: None }.at(it.layer)
        };
        self.layers.iter().zip(&self.learnt).map(of_layer).collect()
    }

    fn on_answers(&mut self, _engine: &E, answers: &mut Answers<'_>) -> Vec<MapLoss<E::Map>> {
        let loss = |(&LayerWeight { layer, weight }, Learnt { target, factor }): (_, &Learnt<E::Map>)| {
            let (scale, target) = ((2.0 * factor) as f32, target.clone());
            MapLoss {
                layer: Some(layer),
                weight,
                value: factor * answers.number(),
                gradients: vec![(layer, MapGradient::Difference { scale, target, weights: None })],
            }
        };
        self.layers.iter().zip(&self.learnt).map(loss).collect()
    }
}
