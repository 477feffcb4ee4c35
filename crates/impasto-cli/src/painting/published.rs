//! Published methods on the network that is built in: their presets are balanced for the networks of their
//! authors.

use impasto::{Preset, TransferError};
use impasto_network::{Activations, Architecture, EngineError, Weights};

use super::request::Request;
use crate::failure::Failure;

/// What a published preset was made for, and what to use in its place without that network.
struct Published {
    preset: Preset,
    network: &'static str,
    /// Flags that suit the built-in network.
    instead: &'static str,
}

/// The preset of the request, if it is a published one that runs on the built-in network.
fn published(request: &Request<'_>) -> Option<Published> {
    // Whoever repaints has read the hint before.
    if request.shared.network.weights.is_some() || request.shared.picture.like.is_some() {
        return None;
    }
    let preset = request.shared.picture.preset;
    let ours = if request.subject().is_none() { "--preset texture" } else { "--preset impasto" };
    let (network, instead) = match preset {
        Preset::Gatys | Preset::NeuralStyle => ("VGG-19", ours),
        Preset::Keras => ("VGG-16", ours),
        Preset::NeuralDoodle | Preset::FastNeuralDoodle | Preset::KerasDoodle => {
            ("VGG-19", "--preset doodle")
        }
        Preset::Cnnmrf => ("VGG-19", "--method patches"),
        Preset::Nnst => ("VGG-16", "--method nearest"),
        _ => return None,
    };
    Some(Published { preset, network, instead })
}

/// What to do where the built-in network has not all layers of a published preset. `None` for any other error.
pub fn missing_layer(
    error: &TransferError,
    request: &Request<'_>,
    network: &Architecture,
) -> Option<Failure> {
    let TransferError::NoSuchLayer(EngineError::NoSuchLayer { layer, .. }) = error else {
        return None;
    };
    let Published { preset, network: own, instead } = published(request)?;
    // A layer that was typed is a matter of its flag, not of the preset.
    preset.settings().layers().contains(layer).then(|| {
        Failure::mistake(format_args!(
            "--preset {preset} is for {own}: the {} network has no layer {layer}; bring its weights with \
             --weights FILE, or use {instead} in its place",
            network.name()
        ))
    })
}

/// What is said before a published preset runs on the built-in network.
pub fn hint(request: &Request<'_>, weights: &Weights) -> Option<String> {
    if weights.activations() == Activations::OfWeights {
        return None;
    }
    let Published { preset, network: own, instead } = published(request)?;
    Some(format!(
        "hint: --preset {preset} is for {own}, whose weights --weights FILE brings; the {} network paints it with \
         activations of the same size, and has a better picture with {instead}",
        weights.architecture().name()
    ))
}
