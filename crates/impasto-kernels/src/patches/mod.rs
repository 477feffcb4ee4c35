//! Matching of k×k patches between feature maps, exactly, and the loss of patches against their matches (Li and
//! Wand 2016, "Combining Markov Random Fields and Convolutional Neural Networks", equations 2 to 4;
//! Champandard 2016, "Semantic Style Transfer and Turning Two-Bit Doodles into Fine Artwork").
//!
//! A patch at p is the k² columns `F_{p+o}`, o running over k×k offsets; patches lie wholly within their map.
//! A bank holds the patches of some source maps B, and every query patch of a map Q gets the one of the
//! highest score
//!
//! `score(p, q) = scale_q · Σ_o ⟨Q_{p+o}, B_{q+o}⟩ + offset_q`.
//!
//! What is a cosine of whole patches, or the mean cosine of their columns, is decided by how the maps are
//! normalised before (`normalize.rs`) and by the scales.
//!
//! | file | what it does |
//! | --- | --- |
//! | `bank.rs` | the source maps, packed for products |
//! | `search.rs`, `diagonal.rs`, `queries.rs` | the search |
//! | `covering.rs`, `difference.rs` | what patches put back on the positions they cover: loss, gradient, average |
//! | `normalize.rs` | norms and means of columns, maps with guides appended |

mod bank;
mod covering;
mod diagonal;
mod difference;
mod normalize;
mod queries;
mod search;

pub use bank::PatchBank;
pub use difference::{Placement, matched_map, patch_difference};
pub use normalize::{Guide, column_norms, extend_circularly, mean_column, normalize_columns, patch_norms};
pub use search::{find_patches, search_bytes};

/// For each query patch the bank's patch of the highest score.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchMatches {
    /// Rows of query patches.
    pub height: usize,
    /// Query patches in a row.
    pub width: usize,
    /// Indices of the patches found, `[height, width]`.
    pub patches: Vec<u32>,
    /// Their scores, `[height, width]`.
    pub scores: Vec<f32>,
}

/// Patches of a side `size` that fit in `length` positions.
pub(crate) fn places(length: usize, size: usize) -> usize {
    (length + 1).saturating_sub(size)
}
