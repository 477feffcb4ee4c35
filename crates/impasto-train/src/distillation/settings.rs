//! What can be chosen about a distillation.

use impasto_network::Layer;
use serde::{Deserialize, Serialize};

/// Crops that pass through a network at a time where there are many.
pub(super) const CROPS_AT_A_TIME: usize = 8;

/// What can be chosen about a distillation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistillationSettings {
    /// Steps in all; the rate falls to zero with the last. Default 12 000.
    pub steps: usize,
    /// Crops of a step, at least 1. Default 8.
    pub batch: usize,
    /// Rows and columns of a crop, a multiple of 16. Default 96.
    pub crop: usize,
    /// Size of a step at its largest (Adam). Default 0.002.
    pub rate: f32,
    /// Steps over which the rate rises from zero. Default 200.
    pub warm_up: usize,
    /// Part of the weights that a step takes away, times the rate. Default 0.0001.
    pub weight_decay: f32,
    /// Weight of the penalty that keeps the linear maps near isometries. Default 0.02.
    pub skew_weight: f32,
    /// Longest gradient of all parameters together; longer ones are scaled down. Default 5.
    pub longest_gradient: f32,
    /// Names everything random. Default 0.
    pub seed: u64,
}

impl Default for DistillationSettings {
    fn default() -> Self {
        DistillationSettings {
            steps: 12_000,
            batch: 8,
            crop: 96,
            rate: 2e-3,
            warm_up: 200,
            weight_decay: 1e-4,
            skew_weight: 0.02,
            longest_gradient: 5.0,
            seed: 0,
        }
    }
}

/// The layers whose features are reproduced: those that styles and contents are read from by default.
pub const TAPS: [Layer; 6] = [
    Layer::relu(1, 1),
    Layer::relu(2, 1),
    Layer::relu(3, 1),
    Layer::relu(4, 1),
    Layer::relu(4, 2),
    Layer::relu(5, 1),
];
