//! Which network runs: the flags `--network`, `--weights`, `--convention` and
//! `--pooling`.

use std::path::Path;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use impasto_network::cache::Cache;
use impasto_network::catalogue::{self, PUBLISHED};
use impasto_network::{
    Architecture, Convention, ForeignFormat, ForeignNetwork, Pooling, Precision, Weights, WeightsError,
    WeightsFault, safetensors_bytes,
};

use crate::failure::Failure;

/// The networks that can be asked for by name; the first is built in.
pub const NETWORKS: [&str; 3] = ["compact", "vgg16", "vgg19"];

/// Reads the name of a network, or of published weights, which are then the name of their network.
pub fn network_parser() -> impl TypedValueParser<Value = Architecture> {
    let published = PUBLISHED.iter().map(|published| published.name);
    let names = NETWORKS.into_iter().chain(published.filter(|name| !NETWORKS.contains(name)));
    PossibleValuesParser::new(names)
        .try_map(|name| named(&name).ok_or_else(|| format!("unknown network {name:?}")))
}

/// The network that is asked for by this name, and called so.
pub fn named(name: &str) -> Option<Architecture> {
    let network = catalogue::find(name).map_or(name, |published| published.network);
    let known = Architecture::known().into_iter().find(|known| known.name() == network)?;
    let can_be_asked_for = NETWORKS.contains(&name) || catalogue::find(name).is_some();
    can_be_asked_for.then(|| Architecture::new(name, known.blocks().to_vec()))
}

/// Whether this is the network that is part of the program.
pub fn is_built_in(network: &Architecture) -> bool {
    network.name() == NETWORKS[0]
}

/// Reads a kind of pooling.
pub fn pooling_parser() -> impl TypedValueParser<Value = Pooling> {
    PossibleValuesParser::new(["max", "average", "scaled-average", "l2"]).map(|name| match name.as_str() {
        "average" => Pooling::Average,
        "scaled-average" => Pooling::ScaledAverage,
        "l2" => Pooling::L2,
        _ => Pooling::Max,
    })
}

/// The network of `--network`, `--weights` and `--convention`: the file's, the one that is installed under
/// this name, or the one that is built in.
pub fn chosen(
    network: Option<&Architecture>,
    file: Option<&Path>,
    convention: Option<Convention>,
) -> Result<Weights, Failure> {
    match (file, network) {
        (Some(file), network) => open_weights(file, network, convention),
        (None, Some(network)) if !is_built_in(network) => installed(network, convention),
        (None, _) => Ok(Weights::compact()),
    }
}

/// Whether a network needs no weight file: it is built in or installed.
///
/// # Errors
/// If what is installed is damaged.
pub fn is_at_hand(network: &Architecture) -> Result<bool, Failure> {
    let name = network.name();
    let found = Cache::of_user().ok().map(|cache| cache.find(name)).transpose()?.flatten();
    Ok(is_built_in(network) || found.is_some())
}

/// Opens the weights that are installed under the name of a network.
fn installed(network: &Architecture, convention: Option<Convention>) -> Result<Weights, Failure> {
    let name = network.name();
    // Without a home there is no cache, and nothing is installed.
    let found = Cache::of_user().ok().map(|cache| cache.find(name)).transpose()?.flatten();
    match found {
        Some(installed) => open_weights(&installed.path, Some(network), convention),
        None => Err(Failure::mistake(format_args!(
            "--network {name} needs its weights, which are not installed: run impasto weights pull {name}, add \
             --weights FILE with a file of them, or leave --network out for the built-in {}",
            NETWORKS[0]
        ))),
    }
}

/// Opens a weight file, which must hold `network` if one is named.
pub fn open_weights(
    file: &Path,
    network: Option<&Architecture>,
    convention: Option<Convention>,
) -> Result<Weights, Failure> {
    let weights = open_any(file, convention)?;
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

/// Opens a weight file of any format. Those of other programs are converted in memory each time.
fn open_any(file: &Path, convention: Option<Convention>) -> Result<Weights, Failure> {
    let refusal = match Weights::open(file, convention) {
        Err(error @ WeightsError { fault: WeightsFault::Header(_), .. }) => error,
        weights => return Ok(weights?),
    };
    let network = match ForeignNetwork::open(file) {
        // Whatever begins like no format counts as Caffe's; of other names that says nothing.
        Err(error) if is_of_caffe(&error) && file.extension().is_none_or(|it| it != "caffemodel") => {
            return Err(refusal.into());
        }
        network => network?,
    };
    let convention = convention.unwrap_or(network.convention);
    let bytes = safetensors_bytes(&network.convolutions, &convention, Precision::F32, &[]);
    Ok(Weights::from_bytes(file, bytes.map_err(Failure::mistake)?, Some(convention))?)
}

/// Whether a file was read as one of Caffe.
fn is_of_caffe(error: &WeightsError) -> bool {
    matches!(error.fault, WeightsFault::Foreign { format: ForeignFormat::Caffemodel, .. })
}

/// Whether `part` has the convolutions of `whole` from the first on, perhaps not down to its last.
pub fn is_start_of(part: &Architecture, whole: &Architecture) -> bool {
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
