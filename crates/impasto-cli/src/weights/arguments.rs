//! The flags of `impasto weights`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use impasto_network::catalogue::PUBLISHED;
use impasto_network::{Convention, Precision};

const EXAMPLES: &str = "\
Examples:
  The network of the papers, 80 MB, once; then paint with it:
    impasto weights pull vgg19
    impasto transfer photo.jpg painting.jpg --network vgg19 -o painted.png
  What there is, and what could be had:
    impasto weights list
  A file that was fetched in another way, on a machine without a network:
    impasto weights import vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5

Weights are kept in the system's folder for caches, or in that of IMPASTO_CACHE. Downloads go through \
the proxy that ALL_PROXY, HTTPS_PROXY or HTTP_PROXY names, but for the hosts of NO_PROXY.";

/// Bring, list, check and remove the weights of networks.
///
/// Nothing else in this program uses the network, and this only when told to pull. The compact network is
/// built in and needs none of it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct WeightsArguments {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with weights. What help says of each is the documentation of its arguments.
#[derive(Debug, Subcommand)]
pub enum Action {
    List(ListArguments),
    Pull(PullArguments),
    Import(ImportArguments),
    Verify(VerifyArguments),
    Path(PathArguments),
    Remove(RemoveArguments),
}

/// List the weights that are installed, and those that can be pulled.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// Print a JSON array instead of words.
    #[arg(long)]
    pub json: bool,
}

const PULL_EXAMPLES: &str = "\
Examples:
  impasto weights pull vgg19
  Half the space, rounded to half precision; keep the published file too:
    impasto weights pull vgg19 --precision f16 --keep-original
  From a server of your own; an address that ends in a slash is a folder:
    impasto weights pull vgg19 --mirror https://files.example.org/weights/

A pull that was interrupted continues where it stopped, when it is started again.";

/// Download published weights, check them and make them ready for --network.
///
/// Says from where, how much and under which terms first. The file is checked against its published checksum
/// while it arrives, converted to safetensors once, and put into its place only when all of it is right.
#[derive(Debug, Args)]
#[command(after_help = PULL_EXAMPLES)]
pub struct PullArguments {
    /// Which weights; `impasto weights list` says what each is.
    #[arg(value_parser = PossibleValuesParser::new(PUBLISHED.iter().map(|published| published.name)))]
    pub name: String,

    /// Take the file from this address instead of the known ones; several are tried in turn.
    #[arg(long = "mirror", value_name = "URL")]
    pub mirrors: Vec<String>,

    #[command(flatten)]
    pub precision: PrecisionArguments,

    /// Keep the published file beside the converted one.
    #[arg(long)]
    pub keep_original: bool,

    /// Do not use the network: only convert a published file that is in the cache folder already.
    #[arg(long)]
    pub offline: bool,

    /// Say nothing but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  impasto weights import vgg19-dcbb9e9d.pth
  impasto weights import VGG_ILSVRC_19_layers.caffemodel --precision f16
  impasto weights import trained.safetensors --name birds";

/// Install weights from a file: Keras .h5, PyTorch .pth, Caffe .caffemodel or safetensors.
///
/// A published file is recognised by its checksum, whatever it is called. Any other is taken for what its
/// shape shows, and this is said. The file itself stays where it is.
#[derive(Debug, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub struct ImportArguments {
    /// The weight file; its contents tell its format.
    pub file: PathBuf,

    /// Name to install the weights under [default: the published name, else the network's, else the file's]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// How the network reads pictures: caffe, torch, or a sentence such as "bgr 0..255, minus mean
    /// (103.939,116.779,123.68)" [default: what the file says or implies]
    #[arg(long, value_name = "WORDS")]
    pub convention: Option<Convention>,

    #[command(flatten)]
    pub precision: PrecisionArguments,

    /// Say nothing but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

/// Compute the checksums of installed weights again.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Which weights [default: all that are installed]
    pub name: Option<String>,
}

/// Print where installed weights are.
#[derive(Debug, Args)]
pub struct PathArguments {
    /// Which weights [default: the folder of all]
    pub name: Option<String>,
}

/// Remove installed weights, with what has arrived of an interrupted pull.
#[derive(Debug, Args)]
pub struct RemoveArguments {
    /// Which weights.
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
}

/// In which numbers weights are kept.
#[derive(Debug, Args)]
pub struct PrecisionArguments {
    /// Numbers in the converted file: f32 keeps all bits, f16 takes half the space.
    #[arg(long, value_name = "KIND", default_value = "f32")]
    pub precision: PrecisionName,
}

/// The name of a number format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrecisionName {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
}

impl PrecisionName {
    /// The number format.
    pub fn precision(self) -> Precision {
        match self {
            PrecisionName::F32 => Precision::F32,
            PrecisionName::F16 => Precision::F16,
        }
    }

    /// As it is said, and written in files.
    pub fn word(self) -> &'static str {
        match self {
            PrecisionName::F32 => "f32",
            PrecisionName::F16 => "f16",
        }
    }
}
