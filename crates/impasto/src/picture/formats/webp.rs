//! WebP: lossless, 8 bits, an sRGB profile, settings in an EXIF chunk.

use std::io::Cursor;

use image::codecs::webp::{WebPDecoder, WebPEncoder};
use image::{ExtendedColorType, ImageDecoder, ImageEncoder, ImageError, ImageResult};

use super::{Raster, ReadFailure, Samples, Sizes, Stored, exif, srgb_profile};
use crate::picture::ReadWarning;

/// The bytes of a WebP file. The depth must be 8 bits.
pub(in crate::picture) fn encode(raster: &Raster, settings: Option<&str>) -> ImageResult<Vec<u8>> {
    let Samples::Eight(samples) = &raster.samples else {
        unreachable!("the options were checked: WebP holds 8 bits")
    };
    let mut file = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut file);
    encoder.set_icc_profile(srgb_profile()).map_err(ImageError::Unsupported)?;
    if let Some(settings) = settings {
        encoder.set_exif_metadata(exif::with_settings(settings)).map_err(ImageError::Unsupported)?;
    }
    let color = if raster.has_alpha { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    encoder.write_image(samples, raster.width, raster.height, color)?;
    Ok(file)
}

/// The settings in the bytes of a WebP file.
pub(in crate::picture) fn settings(file: &[u8]) -> Option<String> {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).ok()?;
    exif::settings(&decoder.exif_metadata().ok()??)
}

/// Reads a file, of an animation the first picture.
pub(super) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    let decoder = WebPDecoder::new(Cursor::new(file))?;
    let (width, height) = decoder.dimensions();
    sizes.check(width, height)?;
    if !is_complete(file) {
        return Err(ReadFailure::Damaged("the end is missing".to_owned()));
    }
    let is_animated = decoder.has_animation();
    let mut stored = Stored::decoded(decoder, sizes)?;
    if is_animated {
        stored.warnings.push(ReadWarning::Animated);
    }
    Ok(stored)
}

/// Whether the file is as long as its header says, up to a byte of padding.
fn is_complete(file: &[u8]) -> bool {
    // `RIFF`, then the length of all that follows these eight bytes.
    let length = file.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    length.is_some_and(|length| file.len() as u64 + 1 >= 8 + u64::from(length))
}
