//! 3×3 convolution of stride 1 by Winograd's minimal filtering (Lavin and Gray 2016, §4).
//!
//! For output tiles of m×m pixels, with α = m + 2, the convolution becomes α² independent matrix products
//! over channels:
//!
//! ```text
//! U = G g Gᵀ          weights g 3×3      per pair of channels
//! V = Bᵀ d B          input tile d α×α   per input channel
//! M[ξ] = U[ξ] · V[ξ]  for each of the α² places ξ of the transformed tile
//! Y = Aᵀ M A          output tile m×m    per output channel
//! ```
//!
//! F(6×6, 3×3) multiplies 64/36 = 1.8 times per output instead of 9, F(4×4, 3×3) 36/16 = 2.25 times. The
//! data gradient is the same convolution with the kernels turned half round and the channel roles swapped.
//!
//! Two ways to share the work between threads, by the size of the transformed weights
//! ([`convolve`](convolve::convolve)): *tile-parallel*, each thread doing everything for a run of tiles
//! with V and M in its own cache, where U is small; *channel-parallel*, where U is large: V of many tiles
//! is made by all threads together, then each thread makes U for a few output channels as it needs it
//! and throws it away. So transformed weights, four to seven times the size of the weights, are never
//! stored.

mod convolve;
mod extents;
mod sink;
mod source;
mod tile;
mod transform;
mod weight_gradient;
mod weights;
mod workspace;

pub(crate) use convolve::{Convolution, convolve};
pub(crate) use extents::workspace_need;
pub(crate) use sink::{ForwardSink, GradientSink, PoolSink, TileSink};
pub(crate) use source::{MapSource, MaskedSource, TileBuffer, TileSource, UnpooledSource};
pub use tile::TileSize;
pub(crate) use weight_gradient::WeightGradient;
pub(crate) use weights::PackedWeights;
pub(crate) use workspace::at_least;
pub use workspace::{Workspace, WorkspaceNeed};
