//! What a photograph's EXIF data say beside its pixels, and which of it a written picture carries on.

use super::formats::exif::tags;

/// Which of a photograph's metadata are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptMetadata {
    /// Nothing.
    #[default]
    None,
    /// Who took it, what it shows and when: author, copyright, title and description, and the dates with their time
    /// zones. No place, no camera, and no number that tells one camera or picture from another.
    Credits,
    /// All that is still true of another picture: also the camera, the exposure, serial numbers and the place.
    All,
}

/// EXIF data of a picture, without what is said of its pixels: those of a painting are others.
///
/// Never kept are size, orientation, colour space, resolution and the thumbnail, which shows the photograph, and what
/// a maker notes in a way of its own, whose places count from where it stood. A written picture is upright.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Of the picture: directory 0.
    pub(super) picture: Vec<Entry>,
    /// Of how it was taken: the EXIF directory.
    pub(super) taking: Vec<Entry>,
    /// Of where it was taken: the GPS directory.
    pub(super) place: Vec<Entry>,
    /// Why nothing was read.
    pub(super) problem: Option<String>,
}

/// A tag with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub tag: u16,
    /// The type of the values (TIFF 6.0, section 2).
    pub kind: u16,
    /// The values, numbers little-endian.
    pub bytes: Vec<u8>,
}

impl Entry {
    /// Bytes of a number of this type, and numbers of a value; `None` for a type that EXIF does not have.
    pub fn layout(kind: u16) -> Option<(usize, usize)> {
        match kind {
            1 | 2 | 6 | 7 => Some((1, 1)),
            3 | 8 => Some((2, 1)),
            4 | 9 | 11 => Some((4, 1)),
            5 | 10 => Some((4, 2)),
            12 => Some((8, 1)),
            _ => None,
        }
    }

    /// The number of values.
    pub fn count(&self) -> usize {
        self.bytes.len() / Entry::layout(self.kind).map_or(1, |(bytes, numbers)| bytes * numbers)
    }

    /// Turns numbers from big-endian to little-endian, or back.
    pub fn reverse(&mut self) {
        let bytes = Entry::layout(self.kind).map_or(1, |(bytes, _)| bytes);
        self.bytes.chunks_exact_mut(bytes).for_each(<[u8]>::reverse);
    }
}

impl Metadata {
    /// That part of the metadata; [`KeptMetadata::All`] is the whole.
    #[must_use]
    pub fn kept(&self, kept: KeptMetadata) -> Self {
        let only = |entries: &[Entry], tags: &[u16]| {
            entries.iter().filter(|entry| tags.contains(&entry.tag)).cloned().collect()
        };
        match kept {
            KeptMetadata::None => Metadata::default(),
            KeptMetadata::Credits => Metadata {
                picture: only(&self.picture, &tags::CREDITS_OF_PICTURE),
                taking: only(&self.taking, &tags::CREDITS_OF_TAKING),
                ..Metadata::default()
            },
            KeptMetadata::All => Metadata { problem: None, ..self.clone() },
        }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.picture.is_empty() && self.taking.is_empty() && self.place.is_empty()
    }

    /// Why nothing was read of a file's metadata, if it holds some: they are damaged or too long, in words.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether the picture has a description, whose tag then is taken.
    pub(super) fn has_description(&self) -> bool {
        self.picture.iter().any(|entry| entry.tag == tags::DESCRIPTION)
    }
}
