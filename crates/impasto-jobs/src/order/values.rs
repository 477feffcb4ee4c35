//! Values of an order: how each is read from text, and what is not allowed.
//!
//! A command line reads them from what is typed, a sweep from its lists, and the JSON of an order holds them the
//! same way (`text.rs`): `"640x480"`, `"never"`, or a number where the text is one.

use std::fmt;
use std::path::PathBuf;

use impasto::StopAtProgress;
use impasto::regions::MAX_COLORS;
use impasto::terms::LayerWeight;
use impasto_network::Layer;
use serde::{Deserialize, Serialize};

/// Longest side of a picture in pixels.
pub const LONGEST_SIDE: usize = 1 << 16;

/// What moves the pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum OptimizerName {
    /// L-BFGS: few iterations, more memory.
    Lbfgs,
    /// Adam: little memory.
    Adam,
}

/// What a run starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartFrom {
    /// The content picture.
    Content,
    /// Noise, the preset's own if it has any.
    Noise,
    /// A picture file.
    Picture(PathBuf),
}

/// How large a picture is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureSize {
    /// Its longest side; its aspect is that of the content or the map, or square.
    Longest(usize),
    /// Its width and height.
    Sides(usize, usize),
    /// That of the picture which is painted.
    Original,
}

/// An engine by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineName {
    /// The one on a graphics card if it is faster, else the one on the CPU.
    Auto,
    /// The fast one on the CPU.
    Cpu,
    /// The one on a graphics card.
    Gpu,
    /// The plain reference.
    Scalar,
}

/// Bytes of memory, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySize(pub u64);

/// Units of memory, the largest first.
pub(crate) const MEMORY_UNITS: [(&str, u64); 7] = [
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];

/// How many colours maps have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapColors {
    /// As many as fill areas.
    Auto,
    /// So many.
    Number(usize),
}

/// The soft masks of one picture, one for each region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskList(pub Vec<PathBuf>);

/// With commas between them.
impl fmt::Display for MaskList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mask) in self.0.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { "," } else { "" }, mask.display())?;
        }
        Ok(())
    }
}

/// Whether a size ends before all its iterations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stop {
    /// Never.
    Never,
    /// Once its loss hardly falls.
    At(StopAtProgress),
}

/// Reads `content`, `noise`, or a path.
pub fn start_from(text: &str) -> Result<StartFrom, String> {
    match text {
        "" => Err("expected content, noise or a picture file".to_owned()),
        "content" => Ok(StartFrom::Content),
        "noise" => Ok(StartFrom::Noise),
        path => Ok(StartFrom::Picture(path.into())),
    }
}

/// Reads the longest side, `512`; width and height, `640x480`; or `original`.
pub fn picture_size(text: &str) -> Result<PictureSize, String> {
    let side = |text: &str| text.parse().ok().filter(|side| (1..=LONGEST_SIDE).contains(side));
    let size = match text.split_once('x') {
        None if text == "original" => Some(PictureSize::Original),
        None => side(text).map(PictureSize::Longest),
        Some((width, height)) => side(width).zip(side(height)).map(|(w, h)| PictureSize::Sides(w, h)),
    };
    size.ok_or_else(|| {
        format!(
            "expected the pixels of the longest side, 1..={LONGEST_SIDE}, original, or for a texture those of both sides, \
             as in 640x480"
        )
    })
}

/// Reads bytes with their unit: `4GB`, `1.5GiB`, `800MB`.
pub fn memory_size(text: &str) -> Result<MemorySize, String> {
    let unit = |&(name, bytes): &(&str, u64)| {
        let end = text.len().checked_sub(name.len())?;
        let (number, unit) = text.split_at_checked(end)?;
        unit.eq_ignore_ascii_case(name).then_some((number, bytes))
    };
    let read = |(number, bytes): (&str, u64)| -> Option<f64> {
        let number: f64 = number.trim().parse().ok()?;
        Some(number * bytes as f64)
    };
    let bytes = MEMORY_UNITS.iter().find_map(unit).and_then(read);
    match bytes {
        Some(bytes) if (1.0..1e18).contains(&bytes) => Ok(MemorySize(bytes as u64)),
        _ => Err("expected bytes with their unit, as in 4GB, 1.5GiB or 800MB".to_owned()),
    }
}

/// Reads `auto`, or how many colours maps have.
pub fn map_colors(text: &str) -> Result<MapColors, String> {
    match text.parse() {
        Ok(number) if (1..=MAX_COLORS).contains(&number) => Ok(MapColors::Number(number)),
        _ if text == "auto" => Ok(MapColors::Auto),
        _ => Err(format!("expected auto or 1..={MAX_COLORS}")),
    }
}

/// Reads `never` or 0; a share of the loss, `1e-4`; or a share and the iterations it is measured over, `1e-3:20`.
pub fn stop(text: &str) -> Result<Stop, String> {
    let (share, interval) = match text.split_once(':') {
        None => (text, None),
        Some((share, interval)) => (share, Some(interval)),
    };
    let share = match share {
        "never" => Some(0.0),
        share => number(share).filter(|share| (0.0..1.0).contains(share)),
    };
    let interval = interval.map(|text| text.parse().ok().filter(|interval| (2..=10_000).contains(interval)));
    match (share, interval) {
        (Some(0.0), None) => Ok(Stop::Never),
        (Some(share), None) if share > 0.0 => Ok(Stop::At(StopAtProgress::below(share))),
        (Some(share), Some(Some(interval))) if share > 0.0 => {
            Ok(Stop::At(StopAtProgress { share, interval }))
        }
        _ => Err(
            "expected never, a part of the loss above 0 and below 1, such as 1e-3, or that and 2..=10000 \
                  iterations, as in 1e-3:20"
                .to_owned(),
        ),
    }
}

/// Reads a weight: finite, at least 0.
pub fn weight(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|value| *value >= 0.0)
        .ok_or_else(|| "expected a finite number of at least 0".to_owned())
}

/// Reads a part of a whole: 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| "expected a number, 0 to 1".to_owned())
}

/// Reads a finite number above 0. Upper limits are the library's.
pub fn positive(text: &str) -> Result<f64, String> {
    number(text).filter(|value| *value > 0.0).ok_or_else(|| "expected a finite number above 0".to_owned())
}

/// Reads a layer, `relu4_2`, or a layer with its weight, `relu4_2:0.5`.
pub fn layer_weight(text: &str) -> Result<LayerWeight, String> {
    let (name, weight) = match text.split_once(':') {
        None => (text, 1.0),
        Some((name, number)) => {
            let weight = weight(number).map_err(|allowed| format!("weight {number:?}: {allowed}"))?;
            (name, weight)
        }
    };
    let layer: Layer = name.trim().parse().map_err(|error| format!("{error}"))?;
    Ok(LayerWeight { layer, weight })
}

/// Reads a part of a whole, 0 to 1.
pub fn part(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|part| (0.0..=1.0).contains(part))
        .ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_may_have_weights() {
        let plain = layer_weight("conv4_2").unwrap();
        assert_eq!((plain.layer, plain.weight), (Layer::convolution(4, 2), 1.0));
        assert_eq!(layer_weight("relu1_1:0.25").unwrap().weight, 0.25);
        for text in ["relu1_1:", "relu1_1:-1", "relu1_1:NaN", "relu1_1:inf", "relu0_1", ""] {
            assert!(layer_weight(text).is_err(), "{text}");
        }
    }

    #[test]
    fn weights_are_finite_and_not_negative() {
        assert_eq!(weight("0"), Ok(0.0));
        assert_eq!(weight("1e-3"), Ok(1e-3));
        for text in ["-1", "nan", "inf", "-inf", "1e999", "x", ""] {
            assert!(weight(text).is_err() && positive(text).is_err(), "{text}");
        }
        assert!(positive("0").is_err());
    }

    #[test]
    fn sizes_are_one_side_or_two() {
        assert_eq!(picture_size("512"), Ok(PictureSize::Longest(512)));
        assert_eq!(picture_size("640x480"), Ok(PictureSize::Sides(640, 480)));
        assert_eq!(picture_size("original"), Ok(PictureSize::Original));
        for text in ["Original", "0", "65537", "640x", "x480", "640x480x3", "640X480", "-5", "1.5", ""] {
            assert!(picture_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_stop_is_a_share_that_may_have_its_iterations() {
        assert_eq!((stop("never"), stop("0")), (Ok(Stop::Never), Ok(Stop::Never)));
        assert_eq!(stop("1e-4"), Ok(Stop::At(StopAtProgress { share: 1e-4, interval: 50 })));
        assert_eq!(stop("0.05:20"), Ok(Stop::At(StopAtProgress { share: 0.05, interval: 20 })));
        for text in ["1", "-1", "nan", "", "0:20", "never:20", "0.1:", "0.1:1", "0.1:10001", "0.1:5.5"] {
            assert!(stop(text).is_err(), "{text}");
        }
    }

    #[test]
    fn maps_have_up_to_24_colors() {
        assert_eq!(map_colors("auto"), Ok(MapColors::Auto));
        assert_eq!(map_colors("24"), Ok(MapColors::Number(24)));
        assert!(map_colors("0").is_err() && map_colors("25").is_err() && map_colors("few").is_err());
    }

    #[test]
    fn words_win_over_files_of_the_same_name() {
        assert_eq!(start_from("noise"), Ok(StartFrom::Noise));
        assert_eq!(start_from("./noise"), Ok(StartFrom::Picture("./noise".into())));
    }
}
