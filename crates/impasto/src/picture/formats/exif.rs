//! EXIF blocks: orientation and settings.
//!
//! An EXIF block is a TIFF file without pixels (CIPA DC-008, 4.6.2).

use super::directory::{Directory, Tagged};
use super::{MARK, ascii_json};

const IMAGE_DESCRIPTION: u16 = 0x010e;
const ORIENTATION: u16 = 0x0112;
const ASCII: u16 = 2;

/// Offset of the directory, behind the header.
const DIRECTORY: u32 = 8;

/// Offset of the text, behind a directory of one entry.
const TEXT: u32 = DIRECTORY + 2 + 12 + 4;

/// A little-endian EXIF block whose `ImageDescription` is our mark and the settings.
pub(super) fn with_settings(settings: &str) -> Vec<u8> {
    let text = format!("{MARK}{}\0", ascii_json(settings));
    // Four bytes or fewer would stand in the entry itself; the mark alone is longer.
    let mut block = Vec::with_capacity(TEXT as usize + text.len());
    block.extend_from_slice(b"II*\0");
    block.extend_from_slice(&DIRECTORY.to_le_bytes());
    block.extend_from_slice(&1u16.to_le_bytes());
    block.extend_from_slice(&IMAGE_DESCRIPTION.to_le_bytes());
    block.extend_from_slice(&ASCII.to_le_bytes());
    block.extend_from_slice(&(text.len() as u32).to_le_bytes());
    block.extend_from_slice(&TEXT.to_le_bytes());
    block.extend_from_slice(&0u32.to_le_bytes());
    block.extend_from_slice(text.as_bytes());
    block
}

/// The first directory of a block. Some writers put `Exif\0\0` before it outside of JPEG too.
fn first_directory(block: &[u8]) -> Option<(Tagged<'_>, Directory)> {
    let (block, first) = Tagged::open(block.strip_prefix(b"Exif\0\0").unwrap_or(block))?;
    Some((block, block.directory(first)?))
}

/// The settings in a block of either byte order, if its `ImageDescription` begins with our mark.
pub(super) fn settings(block: &[u8]) -> Option<String> {
    let (block, directory) = first_directory(block)?;
    block.text(&directory, IMAGE_DESCRIPTION)?.strip_prefix(MARK).map(str::to_owned)
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

    #[test]
    fn settings_come_back_and_damage_does_not_panic() {
        let block = with_settings("{\"seed\":1}");
        assert_eq!(settings(&block).as_deref(), Some("{\"seed\":1}"));
        for at in 0..block.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = block.clone();
                damaged[at] = value;
                settings(&damaged);
                orientation(&damaged);
                settings(&damaged[..at]);
            }
        }
    }
}
