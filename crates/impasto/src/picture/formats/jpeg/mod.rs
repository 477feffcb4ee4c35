//! JPEG: read by a decoder of our own; written baseline 4:4:4 with an sRGB profile settings in comment segments, and
//! metadata in APP1.

mod frame;
mod huffman;
mod inverse_dct;
mod read;
mod scan;
mod segments;
mod upsample;
mod usual_tables;

pub(in crate::picture) use read::read;
pub(super) use read::{Transform, pixels};

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageResult};

use segments::{APP1, COMMENT, segments};

use super::{LONGEST_SETTINGS, MARK, Raster, Samples, exif, srgb_profile};
use crate::picture::Metadata;

/// The most bytes of text in one comment: a segment's 16-bit length counts itself.
const LONGEST_COMMENT: usize = u16::MAX as usize - 2 - MARK.len();

/// The bytes of a JPEG file. Alpha must have been flattened and the depth be 8 bits.
pub(in crate::picture) fn encode(
    raster: &Raster,
    quality: u8,
    settings: Option<&str>,
    metadata: &Metadata,
) -> ImageResult<Vec<u8>> {
    let Samples::Eight(samples) = &raster.samples else {
        unreachable!("the options were checked: JPEG holds 8 bits")
    };
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
    encoder.set_icc_profile(srgb_profile()).map_err(ImageError::Unsupported)?;
    encoder.write_image(samples, raster.width, raster.height, ExtendedColorType::Rgb8)?;
    let mut extra = Vec::new();
    if let Some(block) = exif::block(metadata, None) {
        put_segment(&mut extra, APP1, &[b"Exif\0\0", &block]);
    }
    if let Some(settings) = settings {
        let parts: Vec<&[u8]> = match settings.is_empty() {
            true => vec![&[]],
            false => settings.as_bytes().chunks(LONGEST_COMMENT).collect(),
        };
        parts.iter().for_each(|part| put_segment(&mut extra, COMMENT, &[MARK.as_bytes(), part]));
    }
    // Behind the first segment, which must be the JFIF header.
    let at = segments(&file).next().map_or(2, |first| first.end);
    file.splice(at..at, extra);
    Ok(file)
}

/// The settings in the bytes of a JPEG file: the texts of our comments, joined.
pub(in crate::picture) fn settings(file: &[u8]) -> Option<String> {
    let mut text = Vec::new();
    let mut found = false;
    for segment in segments(file).filter(|segment| segment.marker == COMMENT) {
        if let Some(part) = segment.payload.strip_prefix(MARK.as_bytes()) {
            found = true;
            text.extend_from_slice(part);
        }
        if text.len() > LONGEST_SETTINGS {
            return None;
        }
    }
    String::from_utf8(text).ok().filter(|_| found)
}

/// Puts a segment whose payload is made of these parts: our comments are short enough, and so is a block of metadata.
fn put_segment(file: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    file.extend_from_slice(&[0xff, marker]);
    file.extend_from_slice(&(length as u16).to_be_bytes());
    parts.iter().for_each(|part| file.extend_from_slice(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(settings: Option<&str>) -> Vec<u8> {
        let samples = Samples::Eight(vec![200; 3 * 20 * 20]);
        encode(
            &Raster { width: 20, height: 20, has_alpha: false, samples },
            95,
            settings,
            &Metadata::default(),
        )
        .unwrap()
    }

    #[test]
    fn long_settings_span_several_comments() {
        let long = format!("\"{}\"", "é".repeat(100_000));
        assert_eq!(settings(&grey(Some(&long))), Some(long));
        assert_eq!(settings(&grey(Some(""))), Some(String::new()));
        assert_eq!(settings(&grey(None)), None);
    }

    #[test]
    fn chroma_is_not_subsampled() {
        let file = grey(None);
        let frame = segments(&file).find(|segment| segment.marker == 0xc0).unwrap();
        // Depth, height, width and component count, then (id, sampling, table) of each component.
        assert_eq!([frame.payload[7], frame.payload[10], frame.payload[13]], [0x11; 3]);
    }
}
