//! What is asked of the features of a picture, as plain data.

use std::path::PathBuf;

use impasto_network::Layer;
use serde::{Deserialize, Serialize};

use crate::order::{EngineChoices, MAX_PIXELS, MachineChoices, NetworkChoices};

/// Iterations of a reconstruction, unless others are asked for.
const ITERATIONS: u32 = 300;

/// A picture to be seen as a network sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturesOrder {
    /// The picture, and what is shown of it.
    #[serde(flatten)]
    pub view: FeatureChoices,
    /// The network.
    #[serde(flatten)]
    pub network: NetworkChoices,
    /// What runs it.
    #[serde(flatten)]
    pub engine: EngineChoices,
    /// What to compute with.
    #[serde(flatten)]
    pub machine: MachineChoices,
}

/// The picture, and what is shown of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
pub struct FeatureChoices {
    /// The picture.
    pub image: PathBuf,

    /// Where the network is read: convB_I before the ReLU of a convolution, reluB_I after it, poolB [default:
    /// relu1_1 to relu5_1, as far as the network goes]
    #[cfg_attr(feature = "clap", arg(long, value_name = "LAYERS", value_delimiter = ','))]
    #[serde(with = "displayed")]
    pub layers: Vec<Layer>,

    /// Channels of each layer: all, by their number, or the N with the most energy, strongest first.
    #[cfg_attr(feature = "clap", arg(long, value_name = "N|all", default_value = "64", value_parser = channels, conflicts_with = "reconstruct"))]
    pub channels: Channels,

    /// Paint the picture again, from noise: from the content that each layer holds alone, or from the style that
    /// the layers up to it hold.
    #[cfg_attr(feature = "clap", arg(long, value_name = "WHAT"))]
    pub reconstruct: Option<Reconstruct>,

    /// Iterations of each reconstruction, 1 to 1000000.
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = ITERATIONS, value_parser = clap::value_parser!(u32).range(1..=1_000_000), requires = "reconstruct"))]
    pub iterations: u32,

    /// Seed of the noise that reconstructions start from: the same seed gives the same picture.
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = 0, requires = "reconstruct"))]
    pub seed: u64,

    /// Longest side that the picture is brought to, in pixels, 1 to 65536 [default: 512, or 256 to reconstruct]
    #[cfg_attr(feature = "clap", arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=65536)))]
    pub size: Option<u32>,

    /// Most pixels, width times height, of a picture that is read; protects the memory.
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = MAX_PIXELS, value_parser = clap::value_parser!(u64).range(1..)))]
    pub max_pixels: u64,
}

impl Default for FeatureChoices {
    fn default() -> Self {
        FeatureChoices {
            image: PathBuf::new(),
            layers: Vec::new(),
            channels: Channels::Strongest(64),
            reconstruct: None,
            iterations: ITERATIONS,
            seed: 0,
            size: None,
            max_pixels: MAX_PIXELS,
        }
    }
}

/// Which channels of a layer are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// All, by their number.
    All,
    /// So many with the most energy, strongest first.
    Strongest(usize),
}

/// What a picture is painted again from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Reconstruct {
    /// The feature maps of one layer.
    Content,
    /// The Gram matrices of the layers up to one.
    Style,
}

/// Reads a number of channels, or `all`.
#[cfg(feature = "clap")]
fn channels(text: &str) -> Result<Channels, String> {
    match text {
        "all" => Ok(Channels::All),
        number => match number.parse() {
            Ok(number) if number > 0 => Ok(Channels::Strongest(number)),
            _ => Err("expected all, or a number of at least 1".to_owned()),
        },
    }
}

/// Layers as they are displayed: `relu4_2`.
mod displayed {
    use impasto_network::Layer;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(layers: &[Layer], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(layers.iter().map(Layer::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Layer>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().map(|name| name.parse().map_err(de::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn orders_come_back_as_they_were() {
        let text = json!({
            "image": "a.png", "layers": ["relu1_1", "conv2_1"], "channels": {"strongest": 9}, "reconstruct": "style",
            "iterations": 5, "seed": 1, "size": 64, "max_pixels": 1000, "network": "vgg19", "weights": null,
            "convention": null, "pooling": null, "engine": "cpu", "device": null, "threads": 2, "isa": null,
        });
        let order: FeaturesOrder = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(serde_json::to_value(&order).unwrap(), text);
        let bare: FeaturesOrder = serde_json::from_value(json!({"image": "a.png"})).unwrap();
        assert_eq!(bare.view, FeatureChoices { image: "a.png".into(), ..FeatureChoices::default() });
        assert!(serde_json::from_value::<FeaturesOrder>(json!({"image": "a.png", "depth": 1})).is_err());
    }
}
