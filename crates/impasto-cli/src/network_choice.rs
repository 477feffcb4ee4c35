//! Which network runs: the flags `--network`, `--weights`, `--convention` and
//! `--pooling`.

use std::path::Path;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use impasto_network::{Architecture, Convention, Pooling, Weights};

use crate::failure::Failure;

/// The networks that can be asked for by name; the first is built in.
pub const NETWORKS: [&str; 3] = ["compact", "vgg16", "vgg19"];

/// Reads the name of a network.
pub fn network_parser() -> impl TypedValueParser<Value = Architecture> {
    PossibleValuesParser::new(NETWORKS).try_map(|name| {
        let known = Architecture::known().into_iter().find(|network| network.name() == name);
        known.ok_or_else(|| format!("unknown network {name:?}"))
    })
}

/// Reads a kind of pooling.
pub fn pooling_parser() -> impl TypedValueParser<Value = Pooling> {
    PossibleValuesParser::new(["max", "average", "l2"]).map(|name| match name.as_str() {
        "average" => Pooling::Average,
        "l2" => Pooling::L2,
        _ => Pooling::Max,
    })
}

/// The network of `--network`, `--weights` and `--convention`: the file's, or the one that is built in.
pub fn chosen(
    network: Option<&Architecture>,
    file: Option<&Path>,
    convention: Option<Convention>,
) -> Result<Weights, Failure> {
    match (file, network) {
        (Some(file), network) => open_weights(file, network, convention),
        (None, Some(network)) if network.name() != NETWORKS[0] => Err(Failure::mistake(format_args!(
            "--network {0} needs its weights: add --weights FILE with a safetensors file of {0}, or leave \
             --network out for the built-in {1}",
            network.name(),
            NETWORKS[0]
        ))),
        (None, _) => Ok(Weights::compact()),
    }
}

/// Opens a weight file, which must hold `network` if one is named.
pub fn open_weights(
    file: &Path,
    network: Option<&Architecture>,
    convention: Option<Convention>,
) -> Result<Weights, Failure> {
    let weights = Weights::open(file, convention)?;
    match network {
        Some(network) if !is_start_of(weights.architecture(), network) => {
            Err(Failure::mistake(format_args!(
                "--network {}: the weight file {} holds another network, {} of {} convolutions: \
             leave --network out, or name a file of {0}",
                network.name(),
                file.display(),
                weights.architecture().name(),
                weights.architecture().convolutions().count(),
            )))
        }
        _ => Ok(weights),
    }
}

/// Whether `part` has the convolutions of `whole` from the first on, perhaps not down to its last.
fn is_start_of(part: &Architecture, whole: &Architecture) -> bool {
    let widths = |network: &Architecture| -> Vec<_> {
        network.convolutions().map(|layer| (layer, network.channels(layer))).collect()
    };
    widths(whole).starts_with(&widths(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_end_early_but_not_be_another_network() {
        let cut = Architecture::new("vgg19", vec![vec![64; 2], vec![128; 2], vec![256; 4], vec![512; 2]]);
        assert!(is_start_of(&cut, &Architecture::vgg19()));
        assert!(!is_start_of(&cut, &Architecture::vgg16()));
        assert!(!is_start_of(&Architecture::vgg19(), &Architecture::compact()));
    }
}
