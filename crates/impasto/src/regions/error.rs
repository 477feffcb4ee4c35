//! What can be wrong with maps.

use std::fmt;

use super::RegionName;
use super::color::Hex;
use super::palette::{MAX_COLORS, SAME_COLOR};

/// Whose map a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapOf {
    /// That of the picture to be painted.
    Picture,
    /// That of one of the style pictures.
    Style {
        /// Which, from 0.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

impl fmt::Display for MapOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapOf::Picture => f.write_str("the map of the picture"),
            MapOf::Style { count: 1, .. } => f.write_str("the map of the style"),
            MapOf::Style { index, .. } => write!(f, "the map of style {}", index + 1),
        }
    }
}

/// A colour of one map that no other map answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnmatchedColor {
    /// Whose map has it.
    pub map: MapOf,
    /// The colour.
    pub color: [u8; 3],
    /// How many pixels of the map have it.
    pub pixels: usize,
    /// The nearest colour on the other side, and how far it is: see [`SAME_COLOR`].
    pub nearest: ([u8; 3], f64),
}

impl fmt::Display for UnmatchedColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnmatchedColor { map, color, pixels, nearest: (nearest, distance) } = self;
        let others = if *map == MapOf::Picture { "the style" } else { "the picture" };
        let (color, nearest) = (Hex(*color), Hex(*nearest));
        write!(f, "{map} has {color} ({}), ", Pixels(*pixels))?;
        if *distance <= SAME_COLOR {
            write!(f, "but {others} has only {nearest} near it, the partner of another colour")
        } else {
            write!(f, "which {others} lacks; its nearest colour is {nearest}")
        }
    }
}

/// Why maps cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegionError {
    /// Colours of one side are missing on the other.
    #[error("the colours of the maps do not match: {}", list(.0))]
    Unmatched(Vec<UnmatchedColor>),
    /// The map has so many colours that it is no telling which are meant.
    #[error(
        "{map} has {colors} colours, among them more than {MAX_COLORS} that fill areas: \
         say how many regions there are, so that like colours are joined, or use a map of flat colours"
    )]
    TooManyColors {
        /// Whose map.
        map: MapOf,
        /// How many different colours it has.
        colors: usize,
    },
    /// The number of colours asked for.
    #[error("the number of map colours is {colors}, but must be 1 to {MAX_COLORS}")]
    ColorsOutOfRange {
        /// The number.
        colors: usize,
    },
    /// An empty list of masks.
    #[error("there is no mask")]
    NoMasks,
    /// Picture and style have different numbers of masks.
    #[error("the number of regions in {map} is {masks}, but in that of the picture {expected}")]
    MaskCount {
        /// Whose map.
        map: MapOf,
        /// How many it has.
        masks: usize,
        /// How many the picture has.
        expected: usize,
    },
    /// A region that is in no style picture.
    #[error("the region {name} covers {} of the picture, but nothing of a style", Pixels(*.pixels))]
    NoTexture {
        /// The region.
        name: RegionName,
        /// How many pixels of the picture it covers.
        pixels: usize,
    },
}

/// A number of pixels as messages write it.
pub(super) struct Pixels(pub usize);

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 pixel"),
            pixels => write!(f, "{pixels} pixels"),
        }
    }
}

fn list(unmatched: &[UnmatchedColor]) -> String {
    unmatched.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
