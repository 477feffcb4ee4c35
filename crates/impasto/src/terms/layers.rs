//! Layers with weights.

use impasto_network::{Architecture, Layer};
use serde::{Deserialize, Serialize};

use crate::SettingsError;
use crate::error::{require_sum, require_weight};
use crate::serialize;

/// A layer and its weight within a term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerWeight {
    /// Where the term reads the network.
    #[serde(with = "serialize::displayed")]
    pub layer: Layer,
    /// At least 0. How it acts depends on [`WeightedLayers::shared`].
    pub weight: f64,
}

/// The layers that a term reads, and how they divide its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedLayers {
    /// At least one, none twice.
    pub layers: Vec<LayerWeight>,
    /// Whether the layers share the weight of the term in proportion to their own weights, so that more
    /// layers do not mean more of the term; or each has it times its own.
    pub shared: bool,
}

impl WeightedLayers {
    /// Layers that share the weight of the term equally.
    pub fn sharing(layers: &[Layer]) -> Self {
        WeightedLayers { layers: equal(layers), shared: true }
    }

    /// Layers that have the weight of the term each.
    pub fn each(layers: &[Layer]) -> Self {
        WeightedLayers { layers: equal(layers), shared: false }
    }

    /// Other layers, equal among themselves, with the same rule of sharing.
    pub fn replace(&mut self, layers: &[Layer]) {
        self.layers = equal(layers);
    }

    /// Leaves out the layers that a network lacks. If that is all of them, the first ReLU of its last block takes
    /// their place.
    pub(crate) fn fit(&mut self, network: &Architecture) {
        self.layers.retain(|it| network.contains(it.layer));
        if self.layers.is_empty() {
            self.replace(&[Layer::relu(network.blocks().len() as u8, 1)]);
        }
    }

    /// The layers that have any weight.
    pub(crate) fn active(&self) -> Vec<Layer> {
        self.layers.iter().filter(|it| it.weight > 0.0).map(|it| it.layer).collect()
    }

    /// Those layers, each with its part of the `weight` of the term.
    pub(crate) fn divide(&self, weight: f64) -> Vec<LayerWeight> {
        let sum: f64 = self.layers.iter().map(|it| it.weight).sum();
        let factor = if self.shared { weight / sum } else { weight };
        let active = self.layers.iter().filter(|it| it.weight > 0.0);
        active.map(|it| LayerWeight { layer: it.layer, weight: factor * it.weight }).collect()
    }

    /// Names the first setting that is outside its range. `term` is the name in the message.
    pub(crate) fn validate(&self, term: &str) -> Result<(), SettingsError> {
        let mut seen = Vec::new();
        for &LayerWeight { layer, weight } in &self.layers {
            require_weight(format!("{term} weight of {layer}"), weight)?;
            if seen.contains(&layer) {
                return Err(SettingsError::out_of_range(format!("{term} layers"), layer, "named once each"));
            }
            seen.push(layer);
        }
        require_sum(format!("sum of the {term} layer weights"), self.layers.iter().map(|it| it.weight))?;
        if self.active().is_empty() {
            let allowed = "at least one layer with a weight above 0";
            return Err(SettingsError::out_of_range(format!("{term} layers"), "none", allowed));
        }
        Ok(())
    }
}

fn equal(layers: &[Layer]) -> Vec<LayerWeight> {
    layers.iter().map(|&layer| LayerWeight { layer, weight: 1.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_that_a_network_lacks_are_left_out() {
        let network = Architecture::new("small", vec![vec![8; 2], vec![8; 2], vec![8; 3]]);
        let fitted = |layers: &[Layer]| {
            let mut layers = WeightedLayers::sharing(layers);
            layers.fit(&network);
            layers
        };
        let (relu2_1, relu5_1) = (Layer::relu(2, 1), Layer::relu(5, 1));
        assert_eq!(fitted(&[relu2_1, relu5_1]), WeightedLayers::sharing(&[relu2_1]));
        assert_eq!(fitted(&[Layer::relu(4, 2), relu5_1]), WeightedLayers::sharing(&[Layer::relu(3, 1)]));
    }
}
