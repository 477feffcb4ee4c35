//! A network whose layers answer as strongly as those of VGG-19.
//!
//! The weights of a published loss are balanced for the activations of VGG-19 on pixels 0..255, which are in the
//! hundreds. The layers of the compact network, and of every network that `impasto distill` makes, have a mean
//! activation of 1 on photographs, so a published loss would be smaller by up to eleven powers of ten there. As
//! ReLU, pooling and padding commute with a positive factor, each map can be given any size without a change to
//! what it tells:
//!
//! ```text
//! W'ₗ = (aₗ / aₗ₋₁) Wₗ,    b'ₗ = aₗ bₗ    ⇒    F'ₗ = aₗ Fₗ,    a₀ = 1
//! ```

use crate::{Architecture, Layer};

/// Mean activation of VGG-19 after the ReLU of the layers that the compact network has too, with max pooling and
/// zeros as padding: mean over the six photographs of the project's tests at 256 pixels. Single photographs are
/// within 40 % of it. The compact network has 0.80 to 1.21 on the same photographs, whichever of its two
/// distillations so far is taken.
const OF_VGG19: [(Layer, f32); 9] = [
    (Layer::convolution(1, 1), 21.9),
    (Layer::convolution(1, 2), 96.2),
    (Layer::convolution(2, 1), 115.0),
    (Layer::convolution(2, 2), 104.0),
    (Layer::convolution(3, 1), 124.0),
    (Layer::convolution(3, 2), 157.0),
    (Layer::convolution(4, 1), 507.0),
    (Layer::convolution(4, 2), 343.0),
    (Layer::convolution(5, 1), 51.6),
];

/// How strongly the layers of a network answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activations {
    /// As its weights make them.
    OfWeights,
    /// Of a network whose weights make a mean activation of 1: as those of VGG-19.
    OfVgg19,
}

impl Activations {
    /// Those of VGG-19 for a network of this shape, if it is that of the compact network, which is only made with
    /// a mean activation of 1.
    pub fn of_vgg19(network: &Architecture) -> Option<Self> {
        (network.name() == Architecture::compact().name()).then_some(Activations::OfVgg19)
    }

    /// aₗ of the map at a convolution; 1 where there is none before.
    pub(super) fn factor(self, layer: Option<Layer>) -> f32 {
        let of_vgg19 = OF_VGG19.into_iter().find(|(known, _)| Some(*known) == layer);
        match self {
            Activations::OfWeights => 1.0,
            Activations::OfVgg19 => of_vgg19.map_or(1.0, |(_, factor)| factor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CpuEngine, Engine, NetworkOptions, Size, Statistic, Weights};

    /// Means of the maps at all ReLUs of the compact network that `weights` holds.
    fn means(weights: Weights) -> Vec<f64> {
        let size = Size { height: 48, width: 64 };
        let picture: Vec<f32> = (0..3 * 48 * 64).map(|index| (index as f32 * 0.37).sin().abs()).collect();
        let layers: Vec<Layer> = OF_VGG19
            .iter()
            .map(|(layer, _)| Layer::relu(layer.block() as u8, layer.index().unwrap() as u8))
            .collect();
        let mut engine = CpuEngine::new(weights);
        let questions = layers.iter().map(|&layer| Statistic::Map.at(layer)).collect();
        engine.prepare(size, NetworkOptions::default(), questions).unwrap();
        engine.measure(&picture).unwrap();
        let mean = |&layer: &Layer| {
            let values = engine.read_map(engine.map(layer));
            values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64
        };
        layers.iter().map(mean).collect()
    }

    #[test]
    fn each_map_is_multiplied_by_its_own_factor() {
        let (plain, scaled) =
            (means(Weights::compact()), means(Weights::compact().with_activations_of_vgg19()));
        for (((layer, factor), plain), scaled) in OF_VGG19.iter().zip(plain).zip(scaled) {
            let ratio = scaled / plain / f64::from(*factor);
            assert!((ratio - 1.0).abs() < 1e-4, "{layer}: {ratio}");
        }
    }

    #[test]
    fn every_layer_of_the_compact_network_has_one() {
        assert!(Architecture::compact().convolutions().eq(OF_VGG19.iter().map(|(layer, _)| *layer)));
    }

    #[test]
    fn other_networks_keep_their_weights() {
        let weights = || Weights::random(Architecture::vgg16(), 1);
        let scaled = weights().with_activations_of_vgg19();
        assert_eq!(scaled.activations(), Activations::OfWeights);
        let layer = Layer::convolution(2, 1);
        assert_eq!(scaled.convolution(layer), weights().convolution(layer));
    }
}
