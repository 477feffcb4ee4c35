//! Regions at the layers of a network.
//!
//! Feature maps shrink on their way through the network, and the masks follow them:
//!
//! - by pooling alone, `mask_j = average of mask over 2^j × 2^j` after j poolings, as the semantic layers of
//!   neural-doodle do (Champandard 2016, section 3);
//! - by a network of pools alone, a 3×3 average of stride 1 for each convolution and a 2×2 average for each
//!   pooling, as fast-neural-doodle (Ulyanov 2016) and the neural doodle of Keras (2016) do. A position then
//!   belongs to a region as far as the pixels that it sees do, weighted roughly as it sees them.
//!
//! Poolings drop an odd last row or column, as those of the network do.

use impasto_network::{Architecture, Layer};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Regions;

/// How masks follow the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Propagation {
    /// Averages over squares of the layer's stride.
    #[default]
    Pooling,
    /// 3×3 averages of stride 1 for each convolution passed, that of the layer itself included, and 2×2
    /// averages for each pooling.
    MaskNetwork {
        /// Whether the zeros beyond the border count in an average: it is then the sum over 9, as Torch pools
        /// by default and fast-neural-doodle does. Otherwise it is that over the pixels inside, as Keras
        /// pools with `same` padding, and a mask that is 1 everywhere stays 1.
        border_counts: bool,
    },
}

impl Regions {
    /// The masks at `layer`, `[K, h, w]`, for a picture of the size of the regions: of the height and width
    /// that [`Architecture::map_shape`] tells. Values stay within 0..1 and add up to at most 1.
    ///
    /// # Panics
    /// If the network has no such layer, or the picture is too small for it.
    pub fn at_layer(&self, architecture: &Architecture, layer: Layer, propagation: Propagation) -> Vec<f32> {
        let steps = steps(architecture, layer, propagation);
        let planes: Vec<Vec<f32>> = self
            .masks
            .par_chunks_exact(self.width * self.height)
            .map(|mask| propagated(mask, self.width, &steps))
            .collect();
        planes.concat()
    }
}

/// What happens to a mask on its way.
#[derive(Clone, Copy)]
enum Step {
    /// The average of 3×3, of stride 1.
    Spread { border_counts: bool },
    /// The average of 2×2, of stride 2.
    Halve,
}

/// All that happens down to a layer.
fn steps(architecture: &Architecture, layer: Layer, propagation: Propagation) -> Vec<Step> {
    assert!(architecture.contains(layer), "network {} has no layer {layer}", architecture.name());
    let passed = architecture.layers().take_while(|&passed| passed <= layer);
    passed
        .filter_map(|passed| match propagation {
            _ if passed.is_pool() => Some(Step::Halve),
            Propagation::MaskNetwork { border_counts } if passed.is_convolution() => {
                Some(Step::Spread { border_counts })
            }
            _ => None,
        })
        .collect()
}

/// The least value of `plane`, of rows of `width`, under each position of a layer: minima over squares of its
/// stride.
pub(super) fn least(plane: &[f32], width: usize, architecture: &Architecture, layer: Layer) -> Vec<f32> {
    let of_four = |above: &[f32], below: &[f32]| above[0].min(above[1]).min(below[0].min(below[1]));
    let halvings = steps(architecture, layer, Propagation::Pooling).len();
    let halve = |(plane, width): (Vec<f32>, usize), _| (halved(&plane, width, of_four), width / 2);
    (0..halvings).fold((plane.to_vec(), width), halve).0
}

/// A plane of rows of `width` after the steps.
fn propagated(plane: &[f32], width: usize, steps: &[Step]) -> Vec<f32> {
    let average = |above: &[f32], below: &[f32]| 0.25 * ((above[0] + above[1]) + (below[0] + below[1]));
    let (plane, _) = steps.iter().fold((plane.to_vec(), width), |(plane, width), step| match *step {
        Step::Spread { border_counts } => (spread(&plane, width, border_counts), width),
        Step::Halve => (halved(&plane, width, average), width / 2),
    });
    assert!(!plane.is_empty(), "a map too small for the layer");
    plane
}

/// Half a plane of rows of `width`: `combine` makes one value of the two above and the two below.
fn halved(plane: &[f32], width: usize, combine: impl Fn(&[f32], &[f32]) -> f32 + Copy) -> Vec<f32> {
    if width < 2 {
        return Vec::new();
    }
    let pairs = plane.chunks_exact(2 * width).map(|rows| rows.split_at(width));
    pairs
        .flat_map(|(above, below)| {
            above.chunks_exact(2).zip(below.chunks_exact(2)).map(move |(above, below)| combine(above, below))
        })
        .collect()
}

fn spread(plane: &[f32], width: usize, border_counts: bool) -> Vec<f32> {
    let height = plane.len() / width;
    // How many of three neighbours along a side lie inside.
    let inside = |at: usize, side: usize| {
        if border_counts { 3 } else { 1 + usize::from(at > 0) + usize::from(at + 1 < side) }
    };
    let sums: Vec<f32> = plane
        .chunks_exact(width)
        .flat_map(|row| (0..width).map(|x| row[x.saturating_sub(1)..(x + 2).min(width)].iter().sum::<f32>()))
        .collect();
    let average = |x: usize, y: usize| {
        let rows = y.saturating_sub(1)..(y + 2).min(height);
        let sum: f32 = rows.map(|row| sums[row * width + x]).sum();
        sum / (inside(x, width) * inside(y, height)) as f32
    };
    (0..height).flat_map(|y| (0..width).map(move |x| average(x, y))).collect()
}
