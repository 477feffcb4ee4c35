//! Training of the networks that Impasto paints with: data sets, the layers that only training needs, classifiers,
//! distillation.
//!
//! Convolutions run on the kernels of painting ([`impasto_kernels`]); their weights are no longer frozen here.

#![forbid(unsafe_code)]

mod buffers;
mod checkpoint;
pub mod classifier;
pub mod data;
pub mod distillation;
pub mod layers;
pub mod optimizers;
mod parameter;

pub use checkpoint::{CheckpointError, CheckpointFault};
pub use parameter::Parameter;
