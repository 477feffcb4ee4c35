//! Regions too small for deep layers.
//!
//! A region of a few pixels has no position of its own at a layer of stride 16: its statistics there are
//! those of its neighbours, divided by next to nothing. The neural doodle of Keras leaves such regions grey.
//! Here a region exists at a layer while its mask there adds up to at least one position, and is left out of
//! the layers below the deepest where it does.

use std::fmt;

use impasto_network::{Architecture, Layer};

use super::error::Pixels;
use super::{Propagation, RegionName, Regions};

/// How deep one region reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionDepth {
    /// The region.
    pub name: RegionName,
    /// How many pixels it has. 0 if the picture lacks it, and then it exists nowhere.
    pub pixels: usize,
    /// The deepest layer at which it exists, of those asked about; `None` if at none of them.
    pub deepest: Option<Layer>,
    /// The shallowest of those at which it no longer exists.
    pub vanishes: Option<Layer>,
}

impl RegionDepth {
    /// Whether the region exists at one of the layers asked about.
    pub fn reaches(&self, layer: Layer) -> bool {
        self.deepest.is_some_and(|deepest| layer <= deepest)
    }

    /// What the user should know, if the picture has the region and it does not exist at every layer.
    pub fn warning(&self) -> Option<VanishingRegion> {
        let at = self.vanishes.filter(|_| self.pixels > 0)?;
        Some(VanishingRegion { name: self.name, pixels: self.pixels, at, deepest: self.deepest })
    }
}

/// A region that is left out of some layers because it is too small for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VanishingRegion {
    /// The region.
    pub name: RegionName,
    /// How many pixels it has.
    pub pixels: usize,
    /// The first layer that it is left out of.
    pub at: Layer,
    /// The last layer that it is kept at; `None` if it is too small for all.
    pub deepest: Option<Layer>,
}

impl fmt::Display for VanishingRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VanishingRegion { name, pixels, at, deepest } = self;
        write!(f, "the region {name} ({}) is too small for {at}: ", Pixels(*pixels))?;
        match deepest {
            Some(deepest) => write!(f, "it is guided down to {deepest} only"),
            None => f.write_str("it is not guided at all"),
        }
    }
}

impl Regions {
    /// How deep each region reaches into `layers`, in any order.
    ///
    /// # Panics
    /// As [`at_layer`](Regions::at_layer).
    pub fn depths(
        &self,
        architecture: &Architecture,
        layers: &[Layer],
        propagation: Propagation,
    ) -> Vec<RegionDepth> {
        let mut layers = layers.to_vec();
        layers.sort_unstable();
        let depth = |region: &super::Region| RegionDepth {
            name: region.name,
            pixels: region.pixels,
            deepest: None,
            vanishes: None,
        };
        let mut depths: Vec<RegionDepth> = self.regions.iter().map(depth).collect();
        for layer in layers {
            let masks = self.at_layer(architecture, layer, propagation);
            let positions = masks.len() / self.count();
            for (depth, mask) in depths.iter_mut().zip(masks.chunks_exact(positions)) {
                let sum: f64 = mask.iter().map(|&value| f64::from(value)).sum();
                match depth.vanishes {
                    // Rounding of averages must not tip a region of exactly one position.
                    None if sum >= 1.0 - 1e-4 => depth.deepest = Some(layer),
                    None => depth.vanishes = Some(layer),
                    Some(_) => {}
                }
            }
        }
        depths
    }
}
