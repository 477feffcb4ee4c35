//! Choices: the network and its weights.

use std::path::PathBuf;

use impasto_network::{Architecture, Convention, Pooling};
use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
use super::text;

/// The network and its weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Network"))]
pub struct NetworkChoices {
    /// The network: compact is built in, the others come with `impasto weights pull` [default: compact, or
    /// what the weight file holds]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", value_parser = parsers::network()))]
    #[serde(with = "text")]
    pub network: Option<Architecture>,

    /// The weights of a network: a safetensors file with names such as conv1_1.weight or features.0.weight, a
    /// Keras .h5, a PyTorch .pth or a Caffe .caffemodel.
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    pub weights: Option<PathBuf>,

    /// How the network of the weight file reads pictures: caffe, torch, or a sentence such as "bgr 0..255,
    /// minus mean (103.939,116.779,123.68)"; it wins over a preset that reads 0..256 [default: what the file says or
    /// implies]
    #[cfg_attr(feature = "clap", arg(long, value_name = "WORDS", requires = "weights"))]
    #[serde(with = "text")]
    pub convention: Option<Convention>,

    /// How four positions become one between blocks [default: the preset's, max in ours]
    #[cfg_attr(feature = "clap", arg(long, value_name = "KIND", value_parser = parsers::named::<Pooling>()))]
    #[serde(with = "text")]
    pub pooling: Option<Pooling>,
}
