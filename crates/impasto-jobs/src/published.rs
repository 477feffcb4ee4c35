//! Published methods on the network that is built in: their presets are balanced for the networks of their
//! authors.

use impasto::{Preset, TransferError};
use impasto_network::{Activations, Architecture, EngineError, Weights};

use crate::message::{Field, Message, Note, Words};
use crate::order::Order;
use crate::refusal::Refusal;
use crate::words;

/// What a published preset was made for, and what to use in its place without that network.
struct Published {
    preset: Preset,
    network: &'static str,
    /// The choice that suits the built-in network.
    instead: Words,
}

/// The preset of the order, if it is a published one that runs on the built-in network.
fn published(order: &Order) -> Option<Published> {
    // Whoever repaints has read the hint before.
    if order.network.weights.is_some() || order.picture.like.is_some() {
        return None;
    }
    let preset = order.preset();
    let ours =
        || words![Field("preset"), if order.task.subject().is_none() { " texture" } else { " impasto" }];
    let (network, instead) = match preset {
        Preset::Gatys | Preset::NeuralStyle => ("VGG-19", ours()),
        Preset::Keras => ("VGG-16", ours()),
        Preset::NeuralDoodle | Preset::FastNeuralDoodle | Preset::KerasDoodle => {
            ("VGG-19", words![Field("preset"), " doodle"])
        }
        Preset::Cnnmrf => ("VGG-19", words![Field("method"), " patches"]),
        Preset::Nnst => ("VGG-16", words![Field("method"), " nearest"]),
        _ => return None,
    };
    Some(Published { preset, network, instead })
}

/// What to do where the built-in network has not all layers of a published preset. `None` for any other error.
pub(crate) fn missing_layer(error: &TransferError, order: &Order, network: &Architecture) -> Option<Refusal> {
    let TransferError::NoSuchLayer(EngineError::NoSuchLayer { layer, .. }) = error else {
        return None;
    };
    let Published { preset, network: own, instead } = published(order)?;
    // A layer that was chosen is a matter of its own field, not of the preset.
    preset.settings().layers().contains(layer).then(|| {
        let missing = format!(
            "{preset} is for {own}: the {} network has no layer {layer}; bring its weights with ",
            network.name()
        );
        let why = words![missing, Field("weights"), " FILE, or use ", instead, " in its place"];
        Refusal::new(Message::predicate("preset", why))
    })
}

/// What is said before a published preset runs on the built-in network.
pub(crate) fn hint(order: &Order, weights: &Weights) -> Option<Note> {
    if weights.activations() == Activations::OfWeights {
        return None;
    }
    let Published { preset, network: own, instead } = published(order)?;
    let (for_own, brought) = (format!("{preset} is for {own}, whose weights "), " FILE brings; ");
    let network = weights.architecture().name();
    let paints = format!(
        "the {network} network paints it with activations of the same size, and has a better picture with "
    );
    let why = words![for_own, Field("weights"), brought, paints, instead];
    Some(Note::hint(Message::predicate("preset", why)))
}
