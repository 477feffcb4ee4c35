//! EXIF blocks: orientation, metadata and settings.
//!
//! An EXIF block is a TIFF file without pixels (CIPA DC-008, 4.6.2).

mod read;
pub(in crate::picture) mod tags;
mod write;

pub(super) use read::{metadata, of_directories};
pub(super) use write::{block, of_picture, of_taking};

use super::MARK;
use super::directory::{Directory, Tagged};
use tags::{DESCRIPTION, HISTORY, ORIENTATION};

/// The first directory of a block. Some writers put `Exif\0\0` before it outside of JPEG too.
fn first_directory(block: &[u8]) -> Option<(Tagged<'_>, Directory)> {
    let (block, first) = Tagged::open(block.strip_prefix(b"Exif\0\0").unwrap_or(block))?;
    Some((block, block.directory(first)?))
}

/// The settings in a block or a TIFF file of either byte order, behind our mark: in `ImageDescription` or, where that is
/// the photographer's, in `ImageHistory`.
pub(super) fn settings(block: &[u8]) -> Option<String> {
    let (block, directory) = first_directory(block)?;
    let mut texts = [DESCRIPTION, HISTORY].into_iter().filter_map(|tag| block.text(&directory, tag));
    texts.find_map(|text| text.strip_prefix(MARK)).map(str::to_owned)
}

/// How the picture is to be turned, 1 to 8; whole numbers of any width are read.
pub(super) fn orientation(block: &[u8]) -> Option<u8> {
    let (block, directory) = first_directory(block)?;
    let number = block.first_number(&directory, ORIENTATION)?;
    u8::try_from(number).ok().filter(|number| (1..=8).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::metadata::{Entry, Metadata};

    #[test]
    fn settings_and_metadata_come_back_and_damage_does_not_panic() {
        let text = |tag, text: &str| Entry { tag, kind: 2, bytes: text.as_bytes().to_vec() };
        let all = Metadata {
            picture: vec![text(DESCRIPTION, "A harbour\0"), text(0x013b, "Ada\0")],
            taking: vec![text(0x9003, "2024:05:06 07:08:09\0")],
            place: vec![Entry { tag: 2, kind: 5, bytes: (0..24).collect() }],
            problem: None,
        };
        for metadata_in in [Metadata::default(), all] {
            let block = block(&metadata_in, Some("{\"seed\":1}")).unwrap();
            assert_eq!(settings(&block).as_deref(), Some("{\"seed\":1}"));
            let mut back = metadata(&block);
            back.taking.retain(|entry| entry.tag != tags::EXIF_VERSION);
            assert_eq!(back, metadata_in);
            for at in 0..block.len() {
                for value in [0, 1, 0x7f, 0xff] {
                    let mut damaged = block.clone();
                    damaged[at] = value;
                    settings(&damaged);
                    orientation(&damaged);
                    metadata(&damaged);
                    settings(&damaged[..at]);
                    metadata(&damaged[..at]);
                }
            }
        }
    }

    #[test]
    fn a_block_that_claims_more_than_a_segment_holds_is_not_kept() {
        let long = |tag| Entry { tag, kind: 2, bytes: vec![b'x'; 30_000] };
        let all = Metadata { picture: vec![long(0x010f), long(0x0110)], ..Metadata::default() };
        let back = metadata(&block(&all, None).unwrap());
        assert!(back.is_empty() && back.problem().is_some_and(|why| why.contains("60000")), "{back:?}");
    }
}
