//! Gram: squared distance of the Gram matrices of the picture from those of the style.
//!
//! With the map F at a layer read as a matrix `[C, M]` of C channels at M positions, and T the same
//! statistic of the style (Gatys, Ecker and Bethge 2015, equations 3 to 6):
//!
//! ```text
//! S = F Fᵀ / M        loss = k · Σ (S − T)²        dloss/dF = (4 k / M) (S − T) F
//! ```
//!
//! summed over the C² elements. Each picture is divided by its own number of positions, so pictures of
//! different sizes compare. Of several styles T is the blend `Σ shareᵢ Tᵢ` (Johnson 2015). The systems
//! differ in k, and one in the distance: see [`GramLoss`].
//!
//! Where there are regions, each region of the picture is compared with the same region of the styles
//! (Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017; Ulyanov 2016), and the losses of the regions add up.
//! S, T and M are then those of the region, as [`Guidance`] says, and
//!
//! ```text
//! dloss/dFₚ = (4 k / M) mₚ² (S − T) Fₚ
//! ```
//!
//! The blend is of the styles that have the region. A region that none has is left out.

mod distance;

use impasto_network::{Architecture, Engine};
use serde::{Deserialize, Serialize};

use self::distance::GramDistance;
use super::{Definition, Guidance, Loss, Pictures, Scene, WeightedLayers, Work, statistics_work};
use crate::SettingsError;
use crate::error::require_weight;

/// Settings of the Gram term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gram {
    /// Factor of the term, at least 0; 0 leaves it out. More brings more of the style.
    pub weight: f64,
    /// Where the network is read. Shallow layers carry colours and fine texture, deep ones large strokes;
    /// the usual choice is the first of every block.
    #[serde(flatten)]
    pub layers: WeightedLayers,
    /// How distances are counted.
    pub loss: GramLoss,
    /// How regions are followed, if there are any.
    #[serde(default)]
    pub guidance: Guidance,
}

/// The factor k of the Gram loss. With regions, all that it names is of one region, as if that were a picture
/// of its own, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GramLoss {
    /// k = 1 / (4 C²): `1/(4 C² M²) Σ (F Fᵀ − A Aᵀ)²` where picture and style are of one size (Gatys,
    /// Ecker and Bethge 2015).
    Gatys,
    /// k = 1 / C⁴: the mean over C² of the squared distance of `F Fᵀ / (C·M)`, neural-style (Johnson
    /// 2015).
    Mean,
    /// k = M² / (4 · 3² · pixels²): `Σ (F Fᵀ − A Aᵀ)²` divided by the pixels and channels of the picture
    /// at every layer, as the example of Keras (2015) does.
    Keras,
    /// k = 1 / Σ T²: 1 is the distance of an empty map, for every network, layer and size. Of a region, times
    /// its part of the map's positions: the pull on a position does not depend on the size of its region, and
    /// regions that cover the picture add up to what the picture would have. Ours.
    Relative,
    /// No factor: the mean over C² of h((S − T) / C), where h(d) = d² / 2 for |d| < 1 and |d| − 1/2 beyond,
    /// fast-neural-doodle (Ulyanov 2016). Its gradient has mₚ in place of mₚ², as the original's does: at the
    /// soft borders of regions it is not that of the loss.
    FastNeuralDoodle,
    /// k = P² / C⁴ with the P positions of the whole map: the mean over C² of the squared distance of
    /// `F Fᵀ / C` divided by the mean of the mask, where picture and style are of one size, as the neural
    /// doodle of Keras (2016) has it.
    KerasDoodle,
}

impl Definition for Gram {
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
        self.loss != GramLoss::Relative
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
        statistics_work(architecture, &self.layers(), pictures)
    }

    fn validate(&self) -> Result<(), SettingsError> {
        require_weight("style weight", self.weight)?;
        self.layers.validate("style")
    }
}

impl Gram {
    pub(super) fn loss<E: Engine>(&self, scene: &Scene) -> impl Loss<E> + use<E> {
        GramDistance::new(self, scene)
    }
}
