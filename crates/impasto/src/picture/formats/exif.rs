//! The smallest EXIF block that can hold settings: one directory with one `ImageDescription`.
//!
//! An EXIF block is a TIFF file without pixels (CIPA DC-008, 4.6.2): byte order, the offset of a
//! directory, and in it entries of twelve bytes `tag, type, count, value or its offset`.

use super::{MARK, ascii_json};

const IMAGE_DESCRIPTION: u16 = 0x010e;
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

/// The settings in a block of either byte order, if its `ImageDescription` begins with our mark.
pub(super) fn settings(block: &[u8]) -> Option<String> {
    let block = without_prefix(block);
    let big_endian = match block.get(..4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = block.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) } as usize)
    };
    let directory = long(4)?;
    let entry = (0..usize::from(short(directory)?))
        .map(|index| directory + 2 + 12 * index)
        .find(|&entry| short(entry) == Some(IMAGE_DESCRIPTION) && short(entry + 2) == Some(ASCII))?;
    let (count, at) = (long(entry + 4)?, long(entry + 8)?);
    let text = block.get(at..at.checked_add(count)?)?;
    let text = std::str::from_utf8(text).ok()?.trim_end_matches('\0');
    text.strip_prefix(MARK).map(str::to_owned)
}

/// The block without the `Exif\0\0` that some writers put before it outside of JPEG too.
pub(in crate::picture) fn without_prefix(block: &[u8]) -> &[u8] {
    block.strip_prefix(b"Exif\0\0").unwrap_or(block)
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
                settings(&damaged[..at]);
            }
        }
    }
}
