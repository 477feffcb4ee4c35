//! The flags of `impasto transfer` as they are typed. What they amount to is worked out in `settings.rs`
//! and `job.rs`.

use std::path::PathBuf;

use clap::Args;
use impasto::Preset;
use impasto::terms::LayerWeight;
use impasto_kernels::Isa;
use impasto_network::{Architecture, Convention, Pooling};

use super::values::{self, Method, StartFrom, TraceTo};
use crate::command_line::isa_parser;
use crate::network_choice::{network_parser, pooling_parser};
use crate::report_page::ReportArguments;
use crate::threads;

const EXAMPLES: &str = "\
Examples:
  Paint a photograph; the result is harbour-swirls.png in the current folder:
    impasto transfer assets/content/harbour.png assets/style/swirls.png
  Larger, with coarser strokes, closer to the photograph:
    impasto transfer assets/content/harbour.png assets/style/swirls.png -o out.png \\
      --size 1024 --style-scale 1.5 --content-weight 0.3
  Two styles, one part of the first to two of the second, in the colours of the photograph:
    impasto transfer photo.jpg a.jpg b.jpg --style-blend 1,2 --original-colors -o out.jpg
  The method of Gatys, Ecker and Bethge with VGG-19, its losses kept as JSON:
    impasto transfer photo.jpg painting.jpg --preset gatys --weights vgg19.safetensors \\
      --json=trace.json
  A page on the run to send to a colleague, with the pictures after these iterations:
    impasto transfer photo.jpg painting.jpg --report run --snapshots 0,5,10,20,50
  What a run would do, need and take, without running it:
    impasto transfer photo.jpg painting.jpg --size 2048 --dry-run";

/// Repaint a picture in the style of another.
///
/// CONTENT keeps its shapes and takes on the strokes and colours of STYLE. PNG, JPEG, WebP and TIFF are
/// read, by what they hold and not by name. Ctrl-C finishes the step and saves what there is; a second
/// Ctrl-C quits at once.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true)]
pub struct TransferArguments {
    /// The picture to repaint.
    pub content: PathBuf,

    /// The pictures to take the style from, one or more.
    #[arg(required = true, value_name = "STYLE")]
    pub styles: Vec<PathBuf>,

    /// Where to write the result: .png, .jpg, .jpeg, .webp, .tif or .tiff [default: CONTENT-STYLE.png, from
    /// the names of the pictures, in the current folder]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Bits a channel, 8 or 16; 16 for PNG and TIFF only [default: 8]
    #[arg(long, value_name = "BITS", value_parser = values::bit_depth(), help_heading = "Output")]
    pub bit_depth: Option<impasto::picture::BitDepth>,

    /// Quality of a JPEG, 1 to 100 [default: 95]
    #[arg(
        long,
        value_name = "Q",
        value_parser = clap::value_parser!(u8).range(1..=100),
        help_heading = "Output"
    )]
    pub quality: Option<u8>,

    /// Take only brightness from the painting and keep the colours of CONTENT.
    #[arg(long, help_heading = "Output")]
    pub original_colors: bool,

    /// Also save the picture every N iterations, as FILE-00050.png and so on.
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "Output"
    )]
    pub save_every: Option<u32>,

    #[command(flatten)]
    pub report: ReportArguments,

    /// Write settings, plan and the losses of every evaluation as JSON to FILE or, without one, to standard
    /// output.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "-",
        value_parser = values::trace_to,
        help_heading = "Output"
    )]
    pub json: Option<TraceTo>,

    /// Print what the run would do, need and take, and write nothing. Times a short run to know.
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,

    /// Overwrite even CONTENT, STYLE or the picture to start from.
    #[arg(long, help_heading = "Output")]
    pub force: bool,

    /// Say nothing but errors.
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,

    /// The method: named settings that the flags below change one by one.
    #[arg(
        long,
        value_name = "NAME",
        default_value = Preset::Impasto.name(),
        value_parser = values::preset(),
        help_heading = "Picture"
    )]
    pub preset: Preset,

    /// Longest side of the result in pixels, 1 to 65536; time and memory grow with its square [default: 512]
    #[arg(
        long,
        value_name = "PIXELS",
        value_parser = clap::value_parser!(u32).range(1..=65536),
        help_heading = "Picture"
    )]
    pub size: Option<u32>,

    /// What to start from: content, noise, or a picture (./content for a file of that name)
    /// [default: content for the preset impasto, noise for the others]
    #[arg(long, value_name = "START", value_parser = values::start_from, help_heading = "Picture")]
    pub start: Option<StartFrom>,

    /// Names the noise of a start from noise: the same seed, the same picture [default: 0]
    #[arg(long, value_name = "N", help_heading = "Picture")]
    pub seed: Option<u64>,

    /// Size of the styles relative to the result, above 0, at most 100: larger makes larger strokes
    /// [default: 1]
    #[arg(long, value_name = "X", value_parser = values::positive, help_heading = "Picture")]
    pub style_scale: Option<f64>,

    /// Parts of the styles in the blend, one number for each, such as 1,2 [default: equal parts]
    #[arg(
        long,
        value_name = "WEIGHTS",
        value_parser = values::weight,
        value_delimiter = ',',
        help_heading = "Picture"
    )]
    pub style_blend: Option<Vec<f64>>,

    /// Most pixels, width times height, of a picture that is read; protects the memory.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100_000_000,
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = "Picture"
    )]
    pub max_pixels: u64,

    /// How much of CONTENT is kept, at least 0; what a number means depends on the preset [default: the
    /// preset's]
    #[arg(long, value_name = "X", value_parser = values::weight, help_heading = "Loss")]
    pub content_weight: Option<f64>,

    /// How strongly STYLE acts, at least 0 [default: the preset's]
    #[arg(long, value_name = "X", value_parser = values::weight, help_heading = "Loss")]
    pub style_weight: Option<f64>,

    /// The style weight as a multiple of the content weight: β/α in the papers.
    #[arg(
        long,
        value_name = "X",
        value_parser = values::weight,
        conflicts_with = "style_weight",
        help_heading = "Loss"
    )]
    pub style_ratio: Option<f64>,

    /// How strongly neighbouring pixels are drawn together, at least 0: more is smoother [default: the
    /// preset's]
    #[arg(long, value_name = "X", value_parser = values::weight, help_heading = "Loss")]
    pub tv_weight: Option<f64>,

    /// Layers that keep the content, with weights if they differ: relu4_2 or relu3_1:0.5,relu4_2
    /// [default: relu4_2]
    #[arg(
        long,
        value_name = "LAYERS",
        value_parser = values::layer_weight,
        value_delimiter = ',',
        help_heading = "Loss"
    )]
    pub content_layers: Option<Vec<LayerWeight>>,

    /// Layers that the style is read from, as above; early ones hold fine texture, late ones large strokes
    /// [default: relu1_1,relu2_1,relu3_1,relu4_1,relu5_1]
    #[arg(
        long,
        value_name = "LAYERS",
        value_parser = values::layer_weight,
        value_delimiter = ',',
        help_heading = "Loss"
    )]
    pub style_layers: Option<Vec<LayerWeight>>,

    /// Divide the gradient of each layer by its size, so that weights balance gradients.
    #[arg(long, help_heading = "Loss")]
    pub normalize_gradients: bool,

    /// Iterations at each size, 1 to 1000000: more comes closer to the style [default: the preset's]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        help_heading = "Optimiser"
    )]
    pub iterations: Option<u32>,

    /// What moves the pixels [default: the preset's]
    #[arg(long, value_name = "METHOD", help_heading = "Optimiser")]
    pub optimizer: Option<Method>,

    /// Length of the steps, above 0, in the preset's pixel units [default: the optimiser's]
    #[arg(long, value_name = "X", value_parser = values::positive, help_heading = "Optimiser")]
    pub learning_rate: Option<f64>,

    /// Steps that L-BFGS remembers, 1 to 100; each takes 25 MB for a megapixel [default: the preset's]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u8).range(1..=100),
        help_heading = "Optimiser"
    )]
    pub lbfgs_memory: Option<u8>,

    /// The network: compact is built in, vgg16 and vgg19 need --weights [default: compact, or what the
    /// weight file holds]
    #[arg(long, value_name = "NAME", value_parser = network_parser(), help_heading = "Network")]
    pub network: Option<Architecture>,

    /// The weights of a network, a safetensors file with names such as conv1_1.weight or
    /// features.0.weight.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub weights: Option<PathBuf>,

    /// How the network of the weight file reads pictures: caffe, torch, or a sentence such as "bgr 0..255,
    /// minus mean (103.939,116.779,123.68)" [default: what the file says or implies]
    #[arg(long, value_name = "WORDS", requires = "weights", help_heading = "Network")]
    pub convention: Option<Convention>,

    /// How four positions become one between blocks [default: the preset's]
    #[arg(long, value_name = "KIND", value_parser = pooling_parser(), help_heading = "Network")]
    pub pooling: Option<Pooling>,

    /// Threads to compute with, 1 to 1024; the picture does not depend on it [default: one for each core]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=threads::MOST_THREADS),
        help_heading = "Machine"
    )]
    pub threads: Option<u16>,

    /// The instruction set [default: the widest of this machine]
    #[arg(long, value_name = "NAME", value_parser = isa_parser(), help_heading = "Machine")]
    pub isa: Option<Isa>,
}
