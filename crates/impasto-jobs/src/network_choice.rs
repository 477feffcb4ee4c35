//! Which network runs: built in, installed, or of a weight file.

use std::path::Path;

use impasto_network::cache::Cache;
use impasto_network::catalogue;
use impasto_network::{
    Architecture, Convention, ForeignFormat, ForeignNetwork, Precision, Weights, WeightsError, WeightsFault,
    safetensors_bytes,
};

use crate::message::{Field, Message};
use crate::refusal::Refusal;
use crate::words;

/// The networks that can be asked for by name; the first is built in.
pub const NETWORKS: [&str; 3] = ["compact", "vgg16", "vgg19"];

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

/// The weights of a network, a file and a convention: the file's, those that are installed under the network's
/// name, or those that are built in.
///
/// # Errors
/// If they are not there, damaged, or of another network.
pub fn chosen(
    network: Option<&Architecture>,
    file: Option<&Path>,
    convention: Option<Convention>,
) -> Result<Weights, Refusal> {
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
pub fn is_at_hand(network: &Architecture) -> Result<bool, Refusal> {
    let name = network.name();
    let found = Cache::of_user().ok().map(|cache| cache.find(name)).transpose()?.flatten();
    Ok(is_built_in(network) || found.is_some())
}

/// Opens the weights that are installed under the name of a network.
fn installed(network: &Architecture, convention: Option<Convention>) -> Result<Weights, Refusal> {
    let name = network.name();
    // Without a home there is no cache, and nothing is installed.
    let found = Cache::of_user().ok().map(|cache| cache.find(name)).transpose()?.flatten();
    match found {
        Some(installed) => open_weights(&installed.path, Some(network), convention),
        None => {
            let pull = format!(
                "{name} needs its weights, which are not installed: run impasto weights pull {name}, add "
            );
            let built_in = format!(" out for the built-in {}", NETWORKS[0]);
            let why = words![
                pull,
                Field("weights"),
                " FILE with a file of them, or leave ",
                Field("network"),
                built_in
            ];
            Err(Refusal::new(Message::predicate("network", why)))
        }
    }
}

/// Opens a weight file, which must hold `network` if one is named.
///
/// # Errors
/// If it cannot be read, or holds another network.
pub fn open_weights(
    file: &Path,
    network: Option<&Architecture>,
    convention: Option<Convention>,
) -> Result<Weights, Refusal> {
    let weights = open_any(file, convention)?;
    match network {
        Some(network) if !is_start_of(weights.architecture(), network) => {
            let (name, held) = (network.name(), weights.architecture());
            let holds = format!(
                "the weight file {} holds another network, {} of {} convolutions: leave ",
                file.display(),
                held.name(),
                held.convolutions().count()
            );
            let why = words![holds, Field("network"), format!(" out, or name a file of {name}")];
            Err(Refusal::new(Message::about_value("network", name, why)))
        }
        _ => Ok(weights),
    }
}

/// Opens a weight file of any format. Those of other programs are converted in memory each time.
fn open_any(file: &Path, convention: Option<Convention>) -> Result<Weights, Refusal> {
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
    Ok(Weights::from_bytes(
        file,
        bytes.map_err(|error| Refusal::order(error.to_string()))?,
        Some(convention),
    )?)
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
