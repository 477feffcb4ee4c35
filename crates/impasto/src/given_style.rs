//! Style pictures as they are given, and as a stage reads them.
//!
//! Coarse and fine strokes may come from different pictures (Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017,
//! section 7): the layers of the first two blocks, which see a few pixels, read the fine strokes, the deeper ones the
//! coarse. A style that is enlarged is read so too, because enlarging blurs what the first layers see: these read it
//! at its own size.

use impasto_network::{Layer, Size};

use crate::picture::{Alpha, Translucent};
use crate::regions::Regions;
use crate::{Picture, Schedule};

/// The last block that reads fine strokes.
const LAST_FINE_BLOCK: usize = 2;

/// Which layers read a style picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strokes {
    /// All.
    All,
    /// Those that see coarse strokes.
    Coarse,
    /// Those that see fine strokes.
    Fine,
}

impl Strokes {
    /// Whether `layer` reads the picture.
    pub fn are_read_at(self, layer: Layer) -> bool {
        let is_fine = layer.block() <= LAST_FINE_BLOCK;
        match self {
            Strokes::All => true,
            Strokes::Coarse => !is_fine,
            Strokes::Fine => is_fine,
        }
    }
}

/// A style picture as it was given.
#[derive(Clone, Debug)]
pub(crate) struct GivenStyle {
    /// The picture.
    pub source: StylePicture,
    /// Its weight in the blend.
    pub weight: f64,
}

/// A style picture, with or without hidden pixels.
#[derive(Clone, Debug)]
pub(crate) enum StylePicture {
    /// All of it can be seen.
    Opaque(Picture),
    /// Parts of it are hidden.
    Translucent(Translucent),
}

/// A style picture that has a weight.
pub(crate) struct Style<'a> {
    /// The picture.
    pub source: &'a StylePicture,
    /// Its part of the blend; all parts add up to 1.
    pub share: f64,
    /// Its regions as they were given.
    pub regions: Option<&'a Regions>,
    /// Whether the picture has regions, which without those above all have the whole style.
    pub is_guided: bool,
}

impl Style<'_> {
    /// What is visible of its regions at `size`.
    pub fn regions_at(&self, size: Size) -> Option<Regions> {
        let Size { height, width } = size;
        let regions = match self.regions {
            Some(regions) => Some(regions.resized(width, height)),
            None => self.is_guided.then(|| Regions::whole(width, height)),
        }?;
        Some(match self.source.alpha() {
            Some(alpha) => regions.seen_through(alpha),
            None => regions,
        })
    }
}

impl StylePicture {
    /// The picture. Hidden pixels continue the visible ones.
    pub fn picture(&self) -> &Picture {
        match self {
            StylePicture::Opaque(picture) => picture,
            StylePicture::Translucent(picture) => picture.picture(),
        }
    }

    /// How opaque it is, if that is not everywhere.
    pub fn alpha(&self) -> Option<&Alpha> {
        match self {
            StylePicture::Opaque(_) => None,
            StylePicture::Translucent(picture) => Some(picture.alpha()),
        }
    }

    /// Whether any of it can be seen.
    pub fn is_visible(&self) -> bool {
        match self {
            StylePicture::Opaque(_) => true,
            StylePicture::Translucent(picture) => picture.is_visible(),
        }
    }

    /// The picture at `size`, without anything of what is hidden.
    pub fn fit(&self, schedule: &Schedule, size: Size) -> Picture {
        let fitted = schedule.fit(self.picture(), size);
        match self {
            StylePicture::Opaque(_) => fitted,
            StylePicture::Translucent(picture) => picture.resized(size.width, size.height, fitted),
        }
    }
}
