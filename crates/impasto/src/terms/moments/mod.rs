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
//! T costs an eigendecomposition, whose time grows with C³. [`Moments::directions`] bounds it: see `transport.rs`.
//!
//! Where there are regions, each region of the picture is compared with the same region of the styles, as
//! [`Guidance`] says, but with the mask m as the weight of a position: `μ = Σ mₚ Fₚ / Σ mₚ`,
//! `S = Σ mₚ Fₚ Fₚᵀ / Σ mₚ`. At soft borders Σ is then still the covariance of something. The losses of the
//! regions add up, each times its part of the map's positions.

mod distance;
mod gaussian;
mod transport;

use impasto_network::{Architecture, Engine};
use serde::{Deserialize, Serialize};

use self::distance::MomentsDistance;
use super::{Definition, Guidance, Loss, Pictures, Scene, WeightedLayers, Work, statistics_work};
use crate::SettingsError;
use crate::error::{require, require_weight};

/// What decomposing a covariance once costs, over C³: some products of matrices in f64, column by column.
const DECOMPOSITION: f64 = 45.0;

/// What moving one covariance to another costs, over C³: three products in f64.
const TRANSPORT: f64 = 18.0;

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
    /// Number of principal directions of the style's features whose covariances are compared, at least 1. In the others
    /// only variances are. `None`: covariances of all directions.
    #[serde(default)]
    pub directions: Option<usize>,
    /// How regions are followed, if there are any.
    #[serde(default)]
    pub guidance: Guidance,
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
    fn weight(&self) -> f64 {
        self.weight
    }

    fn weight_mut(&mut self) -> &mut f64 {
        &mut self.weight
    }

    fn weighted_layers(&self) -> Option<&WeightedLayers> {
        Some(&self.layers)
    }

    fn weighted_layers_mut(&mut self) -> Option<&mut WeightedLayers> {
        Some(&mut self.layers)
    }

    fn is_absolute(&self) -> bool {
        self.loss != MomentsLoss::Relative
    }

    fn learns_style(&self) -> bool {
        true
    }

    fn tells_strokes_apart(&self) -> bool {
        true
    }

    fn guidance(&self) -> Option<Guidance> {
        Some(self.guidance)
    }

    fn work(&self, architecture: &Architecture, pictures: &Pictures<'_>) -> Work {
        let cubes = |layer| architecture.channels(layer).map_or(0.0, |channels| (channels as f64).powi(3));
        let cubes: f64 = self.layers().into_iter().map(cubes).sum();
        let Work { learning, evaluation } = statistics_work(architecture, &self.layers(), pictures);
        Work { learning: learning + DECOMPOSITION * cubes, evaluation: evaluation + TRANSPORT * cubes }
    }

    fn validate(&self) -> Result<(), SettingsError> {
        require_weight("style weight", self.weight)?;
        if let Some(directions) = self.directions {
            require(directions > 0, "directions of the moments", directions, "at least 1")?;
        }
        self.layers.validate("style")
    }
}

impl Moments {
    pub(super) fn loss<E: Engine>(&self, scene: &Scene) -> impl Loss<E> + use<E> {
        MomentsDistance::new(self, scene)
    }
}
