//! The flags of `impasto features`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use impasto_network::Layer;

use crate::painting::arguments::{MachineArguments, NetworkArguments};

const EXAMPLES: &str = "\
Examples:
  What the network answers to a picture: photo-relu1_1.png and photo-relu3_1.png, 64 channels each:
    impasto features photo.jpg --layers relu1_1,relu3_1
  All channels of one layer, before its ReLU:
    impasto features photo.jpg --layers conv2_1 --channels all -o conv2_1.png
  What each layer still knows of a photograph, and of the style of a painting (Gatys, Ecker and Bethge,
  figure 1):
    impasto features photo.jpg --reconstruct content
    impasto features painting.jpg --reconstruct style --iterations 500";

/// Look at a picture as a network sees it.
///
/// Writes a sheet of feature maps for each layer, each channel from black at its lowest value to white at
/// its highest; or paints the picture again from what single layers hold of it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FeaturesArguments {
    /// The picture.
    pub image: PathBuf,

    /// Where the network is read: convB_I before the ReLU of a convolution, reluB_I after it, poolB [default:
    /// relu1_1 to relu5_1, as far as the network goes]
    #[arg(long, value_name = "LAYERS", value_delimiter = ',')]
    pub layers: Vec<Layer>,

    /// Channels of each layer: all, by their number, or the N with the most energy, strongest first.
    #[arg(
        long,
        value_name = "N|all",
        default_value = "64",
        value_parser = channels,
        conflicts_with = "reconstruct"
    )]
    pub channels: Channels,

    /// Paint the picture again, from noise: from the content that each layer holds alone, or from the style that
    /// the layers up to it hold.
    #[arg(long, value_name = "WHAT")]
    pub reconstruct: Option<Reconstruct>,

    /// Iterations of each reconstruction, 1 to 1000000.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        requires = "reconstruct"
    )]
    pub iterations: u32,

    /// Names the noise that reconstructions start from: the same seed, the same picture.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "reconstruct")]
    pub seed: u64,

    /// Where to write the sheet: .png, .jpg, .jpeg, .webp, .tif or .tiff. Sheets of several layers get the layer
    /// before the extension [default: IMAGE-LAYER.png or IMAGE-content.png, in the current folder]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Say nothing but errors.
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,

    /// Longest side that the picture is brought to, in pixels, 1 to 65536 [default: 512, or 256 to reconstruct]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub size: Option<u32>,

    /// Most pixels, width times height, of a picture that is read; protects the memory.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100_000_000,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub max_pixels: u64,

    #[command(flatten)]
    pub network: NetworkArguments,

    #[command(flatten)]
    pub machine: MachineArguments,
}

/// Which channels of a layer are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// All, by their number.
    All,
    /// So many with the most energy, strongest first.
    Strongest(usize),
}

/// What a picture is painted again from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reconstruct {
    /// The feature maps of one layer.
    Content,
    /// The Gram matrices of the layers up to one.
    Style,
}

/// Reads a number of channels, or `all`.
fn channels(text: &str) -> Result<Channels, String> {
    match text {
        "all" => Ok(Channels::All),
        number => match number.parse() {
            Ok(number) if number > 0 => Ok(Channels::Strongest(number)),
            _ => Err("expected all, or a number of at least 1".to_owned()),
        },
    }
}
