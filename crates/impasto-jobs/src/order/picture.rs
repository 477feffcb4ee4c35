//! Choices: the picture as a whole, its method, size and start.

use std::path::PathBuf;

use impasto::{Look, Preset};
use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
use super::text;
#[cfg(feature = "clap")]
use super::values;
use super::values::{PictureSize, StartFrom};

/// Most pixels of a picture that is read, unless others are asked for.
pub(crate) const MAX_PIXELS: u64 = 100_000_000;

/// The picture as a whole: its method, size and start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Picture"))]
pub struct PictureChoices {
    /// The method: named settings that the flags below change one by one.
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", default_value = Preset::Impasto.name(), value_parser = parsers::named::<Preset>()))]
    pub preset: Option<Preset>,

    /// Take all settings and the network from a picture painted before, from the JSON of its run or from settings
    /// as JSON; other flags change single ones. Pictures and maps are those given here.
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE", conflicts_with = "preset"))]
    pub like: Option<PathBuf>,

    /// A kind of painting in place of the default: faithful keeps most of the photograph, oil has broad strokes,
    /// watercolor soft areas, print lines and flat areas, mosaic large pieces.
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", value_parser = parsers::named::<Look>(), conflicts_with_all = ["preset", "like"]))]
    #[serde(with = "text")]
    pub look: Option<Look>,

    /// Longest side of the result in pixels, 1 to 65536, or original, that of the picture painted; time and memory grow
    /// with its square [default: 512]
    #[cfg_attr(feature = "clap", arg(long, value_name = "PIXELS", value_parser = values::picture_size))]
    #[serde(with = "text")]
    pub size: Option<PictureSize>,

    /// What to start from: content, noise, or a picture (./content for a file of that name)
    /// [default: the preset's; noise where there is no content picture]
    #[cfg_attr(feature = "clap", arg(long, value_name = "START", value_parser = values::start_from))]
    pub start: Option<StartFrom>,

    /// Begin at the first size of at least N pixels, not at the smallest: with --start, to refine a finished picture
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=values::LONGEST_SIDE as i64)))]
    pub from_size: Option<u32>,

    /// Seed for a start from noise: the same seed, the same picture [default: 0]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub seed: Option<u64>,

    /// Size of the strokes relative to the picture, above 0, at most 100, whatever --size is: 2 makes the strokes of the
    /// painting twice as large [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::positive, conflicts_with = "style_scale"))]
    pub stroke_size: Option<f64>,

    /// A picture whose fine strokes are painted, while the styles give the coarse ones.
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    pub fine_strokes: Option<PathBuf>,

    /// Size of the styles relative to the result, above 0, at most 100: larger makes larger strokes
    /// [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::positive))]
    pub style_scale: Option<f64>,

    /// Parts of the styles in the blend, one number for each, such as 1,2 [default: equal parts]
    #[cfg_attr(feature = "clap", arg(long, value_name = "WEIGHTS", value_parser = values::weight, value_delimiter = ','))]
    pub style_blend: Option<Vec<f64>>,

    /// Most pixels, width times height, of a picture that is read; protects the memory.
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = MAX_PIXELS, value_parser = clap::value_parser!(u64).range(1..)))]
    pub max_pixels: u64,
}

impl Default for PictureChoices {
    fn default() -> Self {
        PictureChoices {
            preset: None,
            like: None,
            look: None,
            size: None,
            start: None,
            from_size: None,
            seed: None,
            stroke_size: None,
            fine_strokes: None,
            style_scale: None,
            style_blend: None,
            max_pixels: MAX_PIXELS,
        }
    }
}
