//! Moments: squared 2-Wasserstein distance between Gaussians fitted to the features of the picture and of the style.
//!
//! With the columns `F_p` of the map at a layer, `[C, M]`, of C channels at M positions (Crowson,
//! style-transfer-pytorch, 2021; the distance of Gaussians: Olkin and Pukelsheim 1982):
//!
//! ```text
//! μ = Σ F_p / M        S = F Fᵀ / M        Σ = S − μ μᵀ + ε I
//! loss = k ( |μ − μₜ|² + tr( Σ + Σₜ − 2 (Σₜ^½ Σ Σₜ^½)^½ ) )
//! ```
//!
//! and with the transport matrix `T = Σₜ^½ (Σₜ^½ Σ Σₜ^½)^−½ Σₜ^½`, which moves the features of the picture to those of
//! the style,
//!
//! ```text
//! dloss/dF_p = (2 k / M) ( (μ − μₜ) + (I − T) (F_p − μ) )
//! ```
//!
//! A Gram matrix mixes means with covariances, and its squared distance is of fourth order in the features, so the
//! largest rule it. This distance keeps the two apart and is of second order. Of several styles the raw moments μ
//! and S are blended, `Σ shareᵢ Sᵢ`, as those of one picture made of parts of all would be.
//!
//! T costs an eigendecomposition. For any positive T (Olkin and Pukelsheim 1982),
//!
//! ```text
//! tr( Σ + Σₜ − 2 (Σₜ^½ Σ Σₜ^½)^½ ) ≥ tr( Σ + Σₜ − T Σ − T⁻¹ Σₜ )
//! ```
//!
//! with equality at the T above, and the gradient of the right side is the one given, with whatever T. So a T that a
//! few evaluations keep gives a bound that touches the loss where T was found: see [`Moments::transport_every`].
//!
//! Where there are regions, each region of the picture is compared with the same region of the styles, as
//! [`Guidance`] says, but with the mask m as the weight of a position: `μ = Σ mₚ Fₚ / Σ mₚ`,
//! `S = Σ mₚ Fₚ Fₚᵀ / Σ mₚ`. At soft borders Σ is then still the covariance of something. The losses of the
//! regions add up, each times its part of the map's positions.

mod distance;
mod gaussian;
mod transport;

use impasto_network::{Engine, Layer};
use serde::{Deserialize, Serialize};

use self::distance::MomentsDistance;
use super::{Definition, Guidance, Loss, Scene, WeightedLayers};
use crate::SettingsError;
use crate::error::{require, require_weight};

/// Settings of the moments term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// Factor of the term, at least 0; 0 leaves it out. More brings more of the style.
    pub weight: f64,
    /// Where the network is read. Shallow layers carry colours and fine texture, deep ones large strokes.
    #[serde(flatten)]
    pub layers: WeightedLayers,
    /// How distances are counted.
    pub loss: MomentsLoss,
    /// Evaluations for which a transport matrix of 128 or more channels is kept, 1 to 1000; those of fewer are found
    /// at each. More is faster; each step of the optimiser should change covariances little. 1 is exact, and what
    /// optimisers with a line search need.
    #[serde(default = "at_each_evaluation")]
    pub transport_every: usize,
    /// How regions are followed, if there are any.
    #[serde(default)]
    pub guidance: Guidance,
}

fn at_each_evaluation() -> usize {
    1
}

/// The factor k of the loss and the ε of the covariances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentsLoss {
    /// k = 1 / C, ε = 1e-4: style-transfer-pytorch (Crowson 2021). Depends on the scale of a network's features.
    Mean,
    /// k = 1 / (|μₜ|² + tr Σₜ): 1 is the distance of an empty map, for every network, layer and size.
    /// ε = 1e-3 of the mean variance of the style's features. Ours.
    Relative,
}

impl Definition for Moments {
    fn name(&self) -> &'static str {
        "moments"
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn layers(&self) -> Vec<Layer> {
        self.layers.active()
    }

    fn learns_style(&self) -> bool {
        true
    }

    fn guidance(&self) -> Option<Guidance> {
        Some(self.guidance)
    }

    fn validate(&self) -> Result<(), SettingsError> {
        require_weight("style weight", self.weight)?;
        let holds = (1..=1000).contains(&self.transport_every);
        require(
            holds,
            "evaluations for which a transport matrix is kept",
            self.transport_every,
            "1 to 1000",
        )?;
        self.layers.validate("style")
    }
}

impl Moments {
    pub(super) fn loss<E: Engine>(&self, scene: &Scene) -> impl Loss<E> + use<E> {
        MomentsDistance::new(self, scene)
    }
}
