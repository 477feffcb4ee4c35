//! WebP: lossless, 8 bits, an sRGB profile, settings and metadata in an EXIF chunk.

use std::io::Cursor;

use image::codecs::webp::{WebPDecoder, WebPEncoder};
use image::{ExtendedColorType, ImageDecoder, ImageEncoder, ImageError, ImageResult};

use super::{Raster, ReadFailure, Samples, Sizes, Stored, exif, srgb_profile};
use crate::picture::{Metadata, ReadWarning};

/// The bytes of a WebP file. The depth must be 8 bits.
pub(in crate::picture) fn encode(
    raster: &Raster,
    settings: Option<&str>,
    metadata: &Metadata,
) -> ImageResult<Vec<u8>> {
    let Samples::Eight(samples) = &raster.samples else {
        unreachable!("the options were checked: WebP holds 8 bits")
    };
    let mut file = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut file);
    encoder.set_icc_profile(srgb_profile()).map_err(ImageError::Unsupported)?;
    if let Some(block) = exif::block(metadata, settings) {
        encoder.set_exif_metadata(block).map_err(ImageError::Unsupported)?;
    }
    let color = if raster.has_alpha { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    encoder.write_image(samples, raster.width, raster.height, color)?;
    Ok(file)
}

/// The settings in the bytes of a WebP file.
pub(in crate::picture) fn settings(file: &[u8]) -> Option<String> {
    if !is_complete(file) {
        return None;
    }
    let mut decoder = WebPDecoder::new(Cursor::new(file)).ok()?;
    exif::settings(&decoder.exif_metadata().ok()??)
}

/// Reads a file, of an animation the first picture.
pub(super) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    let decoder = WebPDecoder::new(Cursor::new(file))?;
    let (width, height) = decoder.dimensions();
    sizes.check(width, height)?;
    if !is_complete(file) {
        return Err(ReadFailure::Damaged(
            "the end is missing, or a part claims more than there is".to_owned(),
        ));
    }
    let is_animated = decoder.has_animation();
    let mut stored = Stored::decoded(decoder, sizes)?;
    if is_animated {
        stored.warnings.push(ReadWarning::Animated);
    }
    Ok(stored)
}

/// Whether the file is as long as its header says, and no chunk claims more than is there, up to a byte of padding.
///
/// The decoder takes memory for as much metadata as a chunk claims, without a look at the file.
fn is_complete(file: &[u8]) -> bool {
    let length = |at: usize| {
        let bytes = file.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    // `RIFF`, then the length of all that follows these eight bytes, then `WEBP` and the chunks.
    let Some(end) = length(4).and_then(|length| length.checked_add(8)).filter(|&end| end <= file.len() + 1)
    else {
        return false;
    };
    let mut at: usize = 12;
    // A chunk is its name, its length, and as many bytes, to which one is added if they are odd.
    while at + 8 <= end {
        let next =
            length(at + 4).and_then(|length| at.checked_add(8)?.checked_add(length.next_multiple_of(2)));
        match next {
            Some(next) if next <= end + 1 => at = next,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], claimed: u32, data: &[u8]) -> Vec<u8> {
        [&name[..], &claimed.to_le_bytes(), data].concat()
    }

    fn file(chunks: &[u8]) -> Vec<u8> {
        [b"RIFF", &(chunks.len() as u32 + 4).to_le_bytes()[..], b"WEBP", chunks].concat()
    }

    #[test]
    fn chunks_that_claim_more_than_there_is_are_refused_before_memory_is_taken() {
        let pixels = chunk(b"VP8L", 6, &[0; 6]);
        assert!(is_complete(&file(&pixels)));
        assert!(is_complete(&file(&[pixels.clone(), chunk(b"EXIF", 3, &[0; 4])].concat())));
        for claimed in [5, 1 << 20, 3 << 30, u32::MAX] {
            let metadata = chunk(b"EXIF", claimed, &[0; 2]);
            assert!(!is_complete(&file(&[pixels.clone(), metadata].concat())), "{claimed}");
        }
    }
}
