//! The engine for graphics cards: Vulkan, Metal and DirectX 12, through `wgpu` and kernels of our own.
//!
//! It computes in f32 what the engine on the CPU computes, by the same steps: 3×3 convolutions by Winograd's
//! F(4×4, 3×3), with bias, ReLU, pooling and the bits for the way back in the transform of the output, and the masked or
//! unpooled gradient read by the transform of the input (Lavin and Gray 2016). Maps, masks, targets and statistics stay
//! on the card; an evaluation reads back the statistics and the gradient by the picture.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `kernels/*.wgsl` | the kernels, each with its formula; `kernel.rs` puts their texts together |
//! | `adapters.rs`, `device.rs`, `dispatch.rs` | which cards there are; one that is open; one run of a kernel |
//! | `map.rs`, `convolution.rs` | feature maps and convolutions on the card |
//! | `plan.rs`, `bands.rs`, `forward.rs`, `backward.rs` | what is kept of a picture, and the way there and back |
//! | `statistics.rs`, `gradients.rs`, `resampling.rs` | what is asked of maps, and the gradients by them |
//! | `patches.rs`, `search.rs` | patches: what is kept of sources, and the search |
//! | `step_history.rs` | the memory of L-BFGS |
//! | `engine.rs` | all of it as an [`Engine`](impasto_network::Engine) |
//! | `self_check.rs` | whether a card computes what the processor does |
//!
//! Results do not depend on the speed of the card nor on what else runs on it: every sum is taken in an order that the
//! shapes alone decide.

mod adapters;
mod backward;
mod bands;
mod convolution;
mod device;
mod dispatch;
mod engine;
mod forward;
mod gradients;
mod kernel;
mod map;
mod patches;
mod plan;
mod resampling;
mod search;
mod self_check;
mod statistics;
mod step_history;

pub use adapters::{Adapter, DeviceInfo, DeviceKind};
pub use device::{Device, DeviceOptions};
pub use engine::GpuEngine;
pub use map::GpuMap;
pub use patches::GpuPatches;
pub use self_check::self_check;
