//! Flags: the network and its weights.

use std::path::PathBuf;

use clap::Args;
use impasto_network::{Architecture, Convention, Pooling};

use crate::network_choice::{network_parser, pooling_parser};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArguments {
    /// The network: compact is built in, the others come with `impasto weights pull` [default: compact, or
    /// what the weight file holds]
    #[arg(long, value_name = "NAME", value_parser = network_parser())]
    pub network: Option<Architecture>,

    /// The weights of a network: a safetensors file with names such as conv1_1.weight or features.0.weight, a
    /// Keras .h5, a PyTorch .pth or a Caffe .caffemodel.
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,

    /// How the network of the weight file reads pictures: caffe, torch, or a sentence such as "bgr 0..255,
    /// minus mean (103.939,116.779,123.68)"; it wins over a preset that reads 0..256 [default: what the file says or
    /// implies]
    #[arg(long, value_name = "WORDS", requires = "weights")]
    pub convention: Option<Convention>,

    /// How four positions become one between blocks [default: the preset's, max in ours]
    #[arg(long, value_name = "KIND", value_parser = pooling_parser())]
    pub pooling: Option<Pooling>,
}
