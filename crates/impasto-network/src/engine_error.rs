//! Why an engine cannot run.

use crate::{Layer, Size};

/// A reason why an engine cannot run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The picture vanishes in the network, or too little of it is left to work on.
    #[error(
        "a picture of {}x{} pixels is too small for {layer}: both sides must be at least {smallest}",
        size.width, size.height
    )]
    TooSmall {
        /// Size of the picture.
        size: Size,
        /// The layer where it is too small.
        layer: Layer,
        /// Smallest sides that would do, in pixels.
        smallest: usize,
    },
    /// The network has no such layer.
    #[error("network {network} has no layer {layer}: its convolutions are {available}")]
    NoSuchLayer {
        /// Name of the network.
        network: String,
        /// The layer asked for.
        layer: Layer,
        /// The layers it has, for the message.
        available: String,
    },
    /// There is not enough memory.
    #[error("out of memory: {needed} bytes are needed{}", place(*on_device))]
    OutOfMemory {
        /// Bytes asked for.
        needed: u64,
        /// Whether it is the device that has too little.
        on_device: bool,
    },
    /// A device no longer answers.
    #[error("the device is lost: {reason}")]
    DeviceLost {
        /// What its driver says.
        reason: String,
    },
    /// Something is asked for that this engine cannot do.
    #[error("{engine} cannot do this: {what}")]
    Unsupported {
        /// The engine.
        engine: String,
        /// What it cannot do.
        what: String,
    },
}

fn place(on_device: bool) -> &'static str {
    if on_device { " on the device" } else { "" }
}
