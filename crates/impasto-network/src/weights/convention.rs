//! How a network reads pictures: channel order, range, mean and standard deviation.
//!
//! Pictures are red, green, blue, sRGB-encoded, 0..1. Channel c of the network's input is
//!
//! ```text
//! input_c = (scale · picture_c − mean_c) / deviation_c
//! ```
//!
//! with c counted in the network's own order. A network is only itself under the convention it was
//! trained with: under another it still draws something, only worse, so the convention travels with the
//! weights and is never guessed from the values.

use std::fmt;
use std::str::FromStr;

/// The order in which a network takes the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelOrder {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red, as Caffe and OpenCV keep pictures.
    Bgr,
}

/// How a network reads pictures.
///
/// Parsed from a name, `caffe` or `torch` (also called `imagenet`), or from a sentence such as
/// `rgb 0..1, minus mean (0.485,0.456,0.406), divided by (0.229,0.224,0.225)`, of which the parts after
/// the range may be left out. It is written as the sentence, which reads back to the same value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convention {
    /// Order of the channels.
    pub order: ChannelOrder,
    /// What the picture's 1 becomes: 1, 255, or 256 in the Torch line of neural-style. Positive.
    pub scale: f32,
    /// Subtracted after scaling, per channel in the network's order.
    pub mean: [f32; 3],
    /// Divides after the mean is subtracted, per channel in the network's order. Positive.
    pub deviation: [f32; 3],
}

/// How one channel of a network's input comes from the picture: `factor · picture[channel] + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputChannel {
    /// Channel of the picture: 0 red, 1 green, 2 blue.
    pub picture_channel: usize,
    /// `scale / deviation`; the gradient by the picture is the gradient by the input times this.
    pub factor: f32,
    /// `−mean / deviation`; also what zero in the picture becomes.
    pub offset: f32,
}

impl Convention {
    /// The convention of the VGG networks as published for Caffe (Simonyan and Zisserman 2014).
    pub const CAFFE: Convention = Convention {
        order: ChannelOrder::Bgr,
        scale: 255.0,
        mean: [103.939, 116.779, 123.68],
        deviation: [1.0; 3],
    };

    /// The convention of torchvision's networks, and of the compact network.
    pub const TORCH: Convention = Convention {
        order: ChannelOrder::Rgb,
        scale: 1.0,
        mean: [0.485, 0.456, 0.406],
        deviation: [0.229, 0.224, 0.225],
    };

    /// The channels of the network's input, in its order.
    pub fn input_channels(&self) -> [InputChannel; 3] {
        std::array::from_fn(|channel| InputChannel {
            picture_channel: match self.order {
                ChannelOrder::Rgb => channel,
                ChannelOrder::Bgr => 2 - channel,
            },
            factor: self.scale / self.deviation[channel],
            offset: -self.mean[channel] / self.deviation[channel],
        })
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            ChannelOrder::Rgb => "rgb",
            ChannelOrder::Bgr => "bgr",
        };
        let ([m0, m1, m2], [d0, d1, d2]) = (self.mean, self.deviation);
        write!(f, "{order} 0..{}, minus mean ({m0},{m1},{m2})", self.scale)?;
        if self.deviation != [1.0; 3] {
            write!(f, ", divided by ({d0},{d1},{d2})")?;
        }
        Ok(())
    }
}

/// A text that is neither the name nor the description of a convention.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?}: expected caffe, torch, or a description such as \
     \"rgb 0..1, minus mean (0.485,0.456,0.406), divided by (0.229,0.224,0.225)\""
)]
pub struct ConventionError(String);

impl FromStr for Convention {
    type Err = ConventionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "caffe" => Ok(Convention::CAFFE),
            "torch" | "imagenet" => Ok(Convention::TORCH),
            _ => describe(text).ok_or_else(|| ConventionError(text.to_owned())),
        }
    }
}

/// Reads a description; `None` where it is not one or a number is out of range.
fn describe(text: &str) -> Option<Convention> {
    let compact: String = text.to_ascii_lowercase().split_whitespace().collect();
    let (order, rest) = if let Some(rest) = compact.strip_prefix("rgb") {
        (ChannelOrder::Rgb, rest)
    } else {
        (ChannelOrder::Bgr, compact.strip_prefix("bgr")?)
    };
    let rest = rest.strip_prefix("0..")?;
    let (scale, rest) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
    let (mean, rest) = optional_triple(rest, ",minusmean(", [0.0; 3])?;
    let (deviation, rest) = optional_triple(rest, ",dividedby(", [1.0; 3])?;
    let convention = Convention { order, scale: scale.parse().ok()?, mean, deviation };
    let sound = mean.iter().all(|value| value.is_finite())
        && [convention.scale].iter().chain(&deviation).all(|value| value.is_finite() && *value > 0.0);
    (rest.is_empty() && sound).then_some(convention)
}

/// Three numbers and a closing bracket after `opening`, or `absent` where `text` does not start with it;
/// and what follows.
fn optional_triple<'a>(text: &'a str, opening: &str, absent: [f32; 3]) -> Option<([f32; 3], &'a str)> {
    let Some(rest) = text.strip_prefix(opening) else { return Some((absent, text)) };
    let (inside, rest) = rest.split_once(')')?;
    let numbers: Vec<f32> = inside.split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    Some((numbers.try_into().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_read_and_written() {
        let torch = "rgb 0..1, minus mean (0.485,0.456,0.406), divided by (0.229,0.224,0.225)";
        assert_eq!(torch.parse(), Ok(Convention::TORCH));
        assert_eq!("BGR 0..255, minus mean (103.939, 116.779, 123.68)".parse(), Ok(Convention::CAFFE));
        let plain = Convention { mean: [0.0; 3], scale: 256.0, ..Convention::CAFFE };
        assert_eq!("bgr 0..256".parse(), Ok(plain));
        for convention in [Convention::TORCH, Convention::CAFFE, plain] {
            assert_eq!(convention.to_string().parse(), Ok(convention));
        }
        assert_eq!("imagenet".parse(), "torch".parse::<Convention>());
    }

    #[test]
    fn unclear_descriptions_are_refused_by_name() {
        let texts = [
            "",
            "keras",
            "rgb",
            "rgb 0..",
            "rgb 1..2",
            "rgb 0..0",
            "rgb 0..inf",
            "rgb 0..1,",
            "grb 0..1",
            "rgb 0..1, minus mean (1,2)",
            "rgb 0..1, minus mean (1,2,3,4)",
            "rgb 0..1, minus mean (1,2,nan)",
            "rgb 0..1, divided by (1,1,0)",
            "rgb 0..1, divided by (1,1,-1)",
            "rgb 0..1, minus mean (1,2,3",
            "rgb 0..1, and then some",
        ];
        for text in texts {
            let error = text.parse::<Convention>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn blue_comes_first_for_caffe() {
        let [first, _, last] = Convention::CAFFE.input_channels();
        assert_eq!((first.picture_channel, first.factor, first.offset), (2, 255.0, -103.939));
        assert_eq!((last.picture_channel, last.offset), (0, -123.68));
        let [red, ..] = Convention::TORCH.input_channels();
        assert_eq!(red.picture_channel, 0);
        assert!((0.485 * red.factor + red.offset).abs() < 1e-6, "the mean colour becomes zero");
    }
}
