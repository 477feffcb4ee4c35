//! CPU kernels for style transfer: the f32 primitives that a VGG-shaped network and its losses are made of.
//!
//! | kernel | file |
//! | --- | --- |
//! | 3×3 convolution with bias, ReLU and pooling fused, and its data gradient | `convolution.rs`, `winograd/` |
//! | the same with operands rounded to bfloat16, on the matrix unit of Intel processors | `matrix_unit/` |
//! | 3×3 convolutions of batches, and their gradients by weights | `batch_convolution.rs`, `winograd/weight_gradient.rs` |
//! | fully connected layers and 1×1 convolutions, with all gradients | `dense.rs` |
//! | the first convolution, from three planes, and its data gradient | `first_convolution.rs` |
//! | activation of stored pre-activations, sums of gradients | `activation.rs` |
//! | 2×2 L2 pooling and its gradient | `pooling.rs` |
//! | Gram matrix, of a whole map and weighted by position | `gram.rs` |
//! | gradients that read one column of the map at each position, among them the Gram matrix's adjoint | `local_gradient.rs`, `gradient_part.rs` |
//! | sums of columns, of squares and of squared differences | `reduction.rs` |
//! | nearest patches, their loss and its gradient | `patches/` |
//! | resampling by taps, whose adjoint is a gradient at positions | `resampling.rs`, `gradient_part.rs` |
//! | matrix product | `matrix.rs`, `product.rs` |
//! | where the time goes, for benchmarks | `profile.rs` |
//! | the same in plain loops, the oracle of the tests | `scalar.rs` |
//!
//! Maps lie in blocks of sixteen channels ([`BlockedMap`]). Work is shared by the threads of the current
//! rayon pool, in pieces that do not depend on their number: the same bits come out for any. The instruction
//! set is a run-time choice ([`Isa`]).
//!
//! This is the crate of the project with `unsafe` code, but for one call in the engine for graphics cards; that is also
//! why [`MappedFile`] is here.

#![allow(clippy::needless_range_loop, reason = "one index runs through several register arrays")]

mod activation;
mod batch;
mod batch_convolution;
mod convolution;
mod dense;
mod first_convolution;
mod gradient_part;
mod gram;
mod isa;
mod local_gradient;
mod map;
mod mapped_file;
mod matrix;
mod matrix_unit;
mod outer_product;
mod padding;
mod parallel;
mod patches;
mod pooling;
mod product;
pub mod profile;
mod reduction;
mod resampling;
pub mod scalar;
mod simd;
mod winograd;

pub use activation::{activate, add_gradient};
pub use batch::Batch;
pub use batch_convolution::Border;
pub use convolution::{Activated, Convolution3x3, OutputGradient, WindowPooling};
pub use dense::Dense;
pub use first_convolution::FirstConvolution;
pub use gradient_part::{GradientPart, PackedMatrix};
pub use gram::{gram, weighted_gram};
pub use isa::{Isa, IsaNameError};
pub use local_gradient::{gradient_norm, replace_by_gradient};
pub use map::{Block, BlockedMap, LANES};
pub use mapped_file::MappedFile;
pub use matrix::matrix_product;
pub use matrix_unit::RoundedConvolution3x3;
pub use padding::Padding;
pub use patches::{
    Guide, PatchBank, PatchMatches, Placement, column_norms, extend_circularly, find_patches, matched_map,
    mean_column, normalize_columns, patch_difference, patch_norms, search_bytes,
};
pub use pooling::{L2_POOLING_SCALE, pool_l2, unpool_l2};
pub use reduction::{column_sums, squared_difference, squared_norm};
pub use resampling::{Resampling, Tap, resample, resampled_blend, resampled_products};
pub use winograd::{TileSize, Workspace, WorkspaceNeed};
