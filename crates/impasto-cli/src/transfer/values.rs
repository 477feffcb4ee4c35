//! Values of flags: how each is read from what is typed, and what is not allowed.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use impasto::Preset;
use impasto::picture::BitDepth;
use impasto::terms::LayerWeight;
use impasto_network::Layer;

/// What moves the pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// L-BFGS: few iterations, more memory.
    Lbfgs,
    /// Adam: little memory.
    Adam,
}

/// What a run starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartFrom {
    /// The content picture.
    Content,
    /// Noise, the preset's own if it has any.
    Noise,
    /// A picture file.
    Picture(PathBuf),
}

/// Where the JSON goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceTo {
    /// To standard output.
    Output,
    /// To a file.
    File(PathBuf),
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

/// Reads `-`, or a path.
pub fn trace_to(text: &str) -> Result<TraceTo, String> {
    match text {
        "" => Err("expected a file, or --json alone for standard output".to_owned()),
        "-" => Ok(TraceTo::Output),
        path => Ok(TraceTo::File(path.into())),
    }
}

/// Reads a weight: finite, at least 0.
pub fn weight(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|value| *value >= 0.0)
        .ok_or_else(|| "expected a finite number of at least 0".to_owned())
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

/// Reads the name of a preset.
pub fn preset() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(Preset::ALL.map(Preset::name)).try_map(|name| name.parse::<Preset>())
}

/// Reads bits a channel.
pub fn bit_depth() -> impl TypedValueParser<Value = BitDepth> {
    PossibleValuesParser::new(["8", "16"]).map(|bits| match bits.as_str() {
        "16" => BitDepth::Sixteen,
        _ => BitDepth::Eight,
    })
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
    fn words_win_over_files_of_the_same_name() {
        assert_eq!(start_from("noise"), Ok(StartFrom::Noise));
        assert_eq!(start_from("./noise"), Ok(StartFrom::Picture("./noise".into())));
    }
}
