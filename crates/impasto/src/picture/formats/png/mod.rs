//! PNG: samples big-endian, the `sRGB` chunk, settings in an `iTXt` chunk with keyword `impasto`, metadata
//! in `eXIf`.

mod chunks;
mod read;

pub(super) use read::read;

use std::io::Cursor;

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Info, SrgbRenderingIntent};

use super::{LONGEST_SETTINGS, Raster, Samples, exif};
use crate::picture::Metadata;

const KEYWORD: &str = "impasto";

/// The bytes of a PNG file.
pub(in crate::picture) fn encode(
    raster: &Raster,
    settings: Option<&str>,
    metadata: &Metadata,
) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let mut info = Info::with_size(raster.width, raster.height);
    info.exif_metadata = exif::block(metadata, None).map(Into::into);
    let mut encoder = Encoder::with_info(&mut file, info)?;
    encoder.set_color(if raster.has_alpha { ColorType::Rgba } else { ColorType::Rgb });
    encoder.set_compression(Compression::Balanced);
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    if let Some(settings) = settings {
        encoder.add_itxt_chunk(KEYWORD.to_owned(), settings.to_owned())?;
    }
    match &raster.samples {
        Samples::Eight(samples) => {
            encoder.set_depth(BitDepth::Eight);
            encoder.write_header()?.write_image_data(samples)?;
        }
        Samples::Sixteen(samples) => {
            encoder.set_depth(BitDepth::Sixteen);
            let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
            encoder.write_header()?.write_image_data(&bytes)?;
        }
    }
    Ok(file)
}

/// Columns and rows as the header claims, before any decoder takes it at its word.
fn claimed_size(file: &[u8]) -> Option<(u32, u32)> {
    // Behind the signature stand the length of the header, its name, and the two sides.
    let side = |at: usize| Some(u32::from_be_bytes(file.get(at..at + 4)?.try_into().ok()?));
    Some((side(16)?, side(20)?))
}

/// The settings in the bytes of a PNG file, from an `iTXt` or `tEXt` chunk before the pixels.
pub(in crate::picture) fn settings(file: &[u8]) -> Option<String> {
    let limits = png::Limits { bytes: LONGEST_SETTINGS };
    let reader = png::Decoder::new_with_limits(Cursor::new(file), limits).read_info().ok()?;
    let info = reader.info();
    if let Some(chunk) = info.utf8_text.iter().find(|chunk| chunk.keyword == KEYWORD) {
        let mut chunk = chunk.clone();
        chunk.decompress_text_with_limit(LONGEST_SETTINGS).ok()?;
        return chunk.get_text().ok();
    }
    let plain = info.uncompressed_latin1_text.iter().find(|chunk| chunk.keyword == KEYWORD);
    plain.map(|chunk| chunk.text.clone())
}
