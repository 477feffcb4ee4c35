//! The matrix unit of Intel processors (AMX): products of tiles of numbers rounded to bfloat16, summed in f32.
//!
//! A tile is sixteen rows of 64 bytes. One instruction multiplies a tile of 16 rows × 32 bfloat16 with one of 32 × 16 and
//! adds the product to a tile of 16 × 16 f32: sixteen times the products of an AVX-512 instruction in as many cycles
//! as eight of them take.
//!
//! Maps stay f32 in blocks of sixteen channels. What a product needs of them is rounded in passing, a band of rows
//! at a time, to *lines*: 32 channels of one position, one cache line. Sixteen neighbouring positions are a tile where
//! they lie, so a 3×3 convolution is nine products of the same lines at nine offsets, for each 32 channels.
//!
//! | file | what |
//! | --- | --- |
//! | `availability.rs` | whether processor and system have the unit |
//! | `configuration.rs` | the shape of the tiles, which a thread sets before and clears after |
//! | `bfloat16.rs` | rounding, and rounding in two parts |
//! | `lines.rs` | rows of tiles, and how they are written |
//! | `products.rs` | the loops of tile instructions |
//! | `rows.rs` | rows of a map or of a gradient as lines |
//! | `sink.rs` | from sums to a map, its mask and its pooling, or to a gradient |
//! | `weights.rs` | kernels in tiles |
//! | `extents.rs` | how much is worked on at a time |
//! | `convolution.rs` | the 3×3 convolution in both directions |
//! | `statistics.rs` | Gram matrices and products of a matrix with a map |

mod availability;
mod bfloat16;
mod configuration;
mod convolution;
mod extents;
mod lines;
mod products;
mod rows;
mod sink;
mod statistics;
mod weights;

pub(crate) use availability::is_available;
pub use convolution::RoundedConvolution3x3;
pub(crate) use lines::Line;
pub(crate) use statistics::{GramScratch, TiledMatrix, add_gram};
