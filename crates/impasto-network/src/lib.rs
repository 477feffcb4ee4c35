//! Networks for style transfer: layer names, VGG shapes, weight files, and the engines that run them.
//!
//! A network here is a short fixed chain of 3×3 convolutions, ReLU and 2×2 pooling with frozen weights
//! ([`Architecture`], [`Layer`]). An [`Engine`] runs a picture forward to the layers that something is asked of, and
//! gradients backward to the pixels. Nothing in this crate knows what a style is.

#![forbid(unsafe_code)]

mod architecture;
pub mod cache;
pub mod catalogue;
pub mod checksum;
mod cpu_engine;
mod door;
mod engine;
mod engine_error;
#[cfg(feature = "fetch")]
pub mod fetch;
mod half_map;
mod layer;
mod patches;
mod question;
mod scalar_engine;
mod shape;
mod step_history;
mod steps;
mod tiled_engine;
mod weights;
mod whole_file;

pub use architecture::Architecture;
pub use cpu_engine::{CpuEngine, CpuPatches};
pub use engine::{Engine, Memory, NetworkOptions, Pooling};
pub use engine_error::EngineError;
pub use half_map::HalfMap;
pub use impasto_kernels::{Padding, PatchMatches, Resampling, Tap};
pub use layer::{Layer, LayerNameError};
pub use patches::{PatchNormalization, PatchOptions};
pub use question::{Answer, MapGradient, Question, Statistic, Target};
pub use scalar_engine::{PlanarMap, ScalarEngine, ScalarPatches};
pub use shape::{MapShape, Size, Window};
pub use step_history::{StepHistory, StepHistoryPlace};
pub use steps::{Step, steps};
pub use tiled_engine::{TiledEngine, Tiling};
pub use weights::{
    Activations, ChannelOrder, Convention, ConventionError, Convolution, ForeignFault, ForeignFormat,
    ForeignNetwork, InputChannel, Precision, Weights, WeightsError, WeightsFault, WriteError,
    safetensors_bytes,
};
pub use whole_file::{WholeFile, WholeFileError, check_whole_file, write_whole_file};
