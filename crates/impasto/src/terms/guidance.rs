//! Guidance: statistics of the parts of a picture instead of those of the whole.
//!
//! With the mask m of region k at a layer, values 0..1, the statistic of the region is that of the masked
//! features m F, divided by how many positions the region has there (Gatys, Ecker, Bethge, Hertzmann and
//! Shechtman 2017, section 4; Ulyanov 2016):
//!
//! ```text
//! Sₖ = Σₚ mₚ² Fₚ Fₚᵀ / Σₚ mₚ        Mₖ = Σₚ mₚ
//! ```
//!
//! A mask of 1 everywhere gives the statistic of the whole map. In a picture of opacity a that is transparent in
//! places, m is the part that the region has of what is visible, and hidden positions do not count:
//!
//! ```text
//! Sₖ = Σₚ aₚ mₚ² Fₚ Fₚᵀ / Σₚ aₚ mₚ        Mₖ = Σₚ aₚ mₚ
//! ```

use std::sync::Arc;

use impasto_network::{Architecture, Layer};
use serde::{Deserialize, Serialize};

use crate::regions::{Propagation, Regions};

/// How a statistic follows the regions of [`Transfer::regions`](crate::Transfer::regions) to its layers.
/// Without effect where there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guidance {
    /// How masks become smaller on their way. Default: by pooling.
    pub propagation: Propagation,
    /// Whether a region that has less than one position left at a layer, in the picture or in the style, is
    /// left out of that layer and all below. What it would have there are the statistics of its neighbours.
    /// Default: true; the published systems keep such regions.
    pub omit_vanishing: bool,
}

impl Default for Guidance {
    fn default() -> Self {
        Guidance { propagation: Propagation::Pooling, omit_vanishing: true }
    }
}

/// A region in the map at one layer.
pub(super) struct Part {
    /// Which region it is.
    pub region: usize,
    /// m, or a·m, `[h·w]`.
    pub mask: Arc<[f32]>,
    /// m², or a·m².
    pub squares: Arc<[f32]>,
    /// M, the sum of `mask`, above 0.
    pub positions: f64,
    /// How many pixels the region has in the picture, above 0.
    pub pixels: f64,
}

impl Guidance {
    /// For each of `layers` the regions that exist there, in their order.
    pub(super) fn parts(
        self,
        regions: &Regions,
        architecture: &Architecture,
        layers: &[Layer],
    ) -> Vec<Vec<Part>> {
        let depths = regions.depths(architecture, layers, self.propagation);
        let part = |(region, mask): (usize, &[f32]), layer, opacity: Option<&[f32]>| {
            let positions = mask.iter().map(|&value| f64::from(value)).sum();
            let exists = depths[region].pixels > 0
                && positions > 0.0
                && (depths[region].reaches(layer) || !self.omit_vanishing);
            exists.then(|| Part {
                region,
                mask: mask.into(),
                squares: squares(mask, opacity),
                positions,
                pixels: depths[region].pixels as f64,
            })
        };
        let parts = |&layer: &Layer| {
            let masks = regions.at_layer(architecture, layer, self.propagation);
            let masks = masks.chunks_exact(masks.len() / regions.count());
            let opacity = regions.opacity_at_layer(architecture, layer, self.propagation);
            masks.enumerate().filter_map(|it| part(it, layer, opacity.as_deref())).collect()
        };
        layers.iter().map(parts).collect()
    }
}

/// The weights of products of features: m², and a·m² where `mask` is a·m with the opacity a.
fn squares(mask: &[f32], opacity: Option<&[f32]>) -> Arc<[f32]> {
    match opacity {
        None => mask.iter().map(|value| value * value).collect(),
        Some(opacity) => {
            // Where nothing is visible both are 0.
            let square = |(value, opacity): (&f32, &f32)| value * (value / opacity.max(f32::MIN_POSITIVE));
            mask.iter().zip(opacity).map(square).collect()
        }
    }
}
