//! Regions: which part of the style speaks to which part of the picture.
//!
//! A map is a picture whose colours name parts: sky white, water blue. [`read_color_maps`] reads the map of
//! the picture and those of its styles together, so that region k is the same part in all of them;
//! [`Regions::from_masks`] and [`Regions::from_gray_mask`] read soft masks. A term then compares region k of
//! the picture with region k of the style alone.
//!
//! | step | file |
//! | --- | --- |
//! | from colour maps: which colours there are | `palette.rs`, `dominant.rs`, `clusters.rs` |
//! | colours of one map find their partners in another | `matching.rs` |
//! | each pixel to its colour, anti-aliased ones to two | `unmixing.rs` |
//! | all of these together | `reading.rs` |
//! | from soft masks | `masks.rs` |
//! | other sizes, other changes of every mask | `geometry.rs` |
//! | less what is transparent | `opacity.rs` |
//! | at the layers of a network | `propagation.rs` |
//! | too small for a deep layer | `depth.rs` |

mod clusters;
mod color;
mod depth;
mod dominant;
mod error;
mod geometry;
mod masks;
mod matching;
mod opacity;
mod palette;
mod propagation;
mod reading;
mod transparency;
mod unmixing;

use std::fmt;

pub use depth::{RegionDepth, VanishingRegion};
pub use error::{MapOf, RegionError, UnmatchedColor};
pub(crate) use geometry::resized_plane;
pub use matching::ColorMatching;
pub use palette::{MAX_COLORS, SAME_COLOR};
pub use propagation::Propagation;
pub use reading::{RegionOptions, read_color_maps};
pub use transparency::flattened;

/// What messages call a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegionName {
    /// By its colour in the map: red, green, blue. Written `#ff331f`.
    Color([u8; 3]),
    /// By the number of its mask, from 1. Written `mask 2`.
    Mask(usize),
    /// The picture as a whole. Written `whole`.
    Whole,
}

impl fmt::Display for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegionName::Color(color) => color::Hex(*color).fmt(f),
            RegionName::Mask(number) => write!(f, "mask {number}"),
            RegionName::Whole => f.write_str("whole"),
        }
    }
}

/// One of the parts of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Its name in messages.
    pub name: RegionName,
    /// The sum of its mask, rounded: how many pixels it has. 0 if this picture lacks the region, which
    /// another picture of the same run has.
    pub pixels: usize,
}

/// The parts of a picture: K soft masks `[K, height, width]`, each value 0..1.
///
/// The masks of a pixel add up to at most 1. Where they add up to less, the rest of the pixel belongs to no
/// region, and no region's style speaks there.
#[derive(Clone, Debug, PartialEq)]
pub struct Regions {
    width: usize,
    height: usize,
    regions: Vec<Region>,
    masks: Vec<f32>,
    /// Of a picture that is transparent in places, `[height, width]`.
    opacity: Option<Vec<f32>>,
}

impl Regions {
    /// From masks `[K, height, width]`, whose values are 0..1, one for each name.
    fn new(
        width: usize,
        height: usize,
        names: impl IntoIterator<Item = RegionName>,
        masks: Vec<f32>,
    ) -> Self {
        let sum = |mask: &[f32]| mask.iter().map(|&value| f64::from(value)).sum::<f64>();
        let planes = masks.chunks_exact(width * height);
        let regions: Vec<Region> = names
            .into_iter()
            .zip(planes)
            .map(|(name, mask)| Region { name, pixels: sum(mask).round() as usize })
            .collect();
        assert_eq!(masks.len(), regions.len() * width * height, "one mask for each region");
        Regions { width, height, regions, masks, opacity: None }
    }

    /// One region that is the whole picture: guidance that changes nothing.
    ///
    /// # Panics
    /// If a side is zero.
    pub fn whole(width: usize, height: usize) -> Self {
        assert!(width > 0 && height > 0, "regions of a picture of {width}x{height}");
        Regions::new(width, height, [RegionName::Whole], vec![1.0; width * height])
    }

    /// As many regions as these, each of which is the whole of a picture of other sides.
    pub(crate) fn everywhere(&self, width: usize, height: usize) -> Self {
        let names = self.regions.iter().map(|region| region.name);
        Regions::new(width, height, names, vec![1.0; self.count() * width * height])
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// How many regions there are, K, those that this picture lacks included.
    pub fn count(&self) -> usize {
        self.regions.len()
    }

    /// The regions, in the order of their masks.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The masks, `[K, height, width]`.
    pub fn masks(&self) -> &[f32] {
        &self.masks
    }

    /// The mask of the region at `index`, `[height, width]`.
    ///
    /// # Panics
    /// If there is no such region.
    pub fn mask(&self, index: usize) -> &[f32] {
        let positions = self.width * self.height;
        &self.masks[index * positions..][..positions]
    }
}
