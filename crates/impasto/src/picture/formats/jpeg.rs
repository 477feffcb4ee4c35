//! JPEG: baseline 4:4:4, an sRGB profile, settings in comment segments; and the chain of segments.
//!
//! A JPEG file is a chain of segments `FF marker length payload`; after a start-of-scan segment follow
//! entropy-coded bytes, in which `FF` is always followed by `00` or a restart marker (ITU-T T.81, B.1.1).
//! The decoder fills what a truncated file lacks with grey, so completeness is checked here.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageResult};

use super::{LONGEST_SETTINGS, MARK, Raster, Samples, srgb_profile};

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;
const COMMENT: u8 = 0xfe;

/// The most bytes of text in one comment: a segment's 16-bit length counts itself.
const LONGEST_COMMENT: usize = u16::MAX as usize - 2 - MARK.len();

/// The bytes of a JPEG file. Alpha must have been flattened and the depth be 8 bits.
pub(in crate::picture) fn encode(
    raster: &Raster,
    quality: u8,
    settings: Option<&str>,
) -> ImageResult<Vec<u8>> {
    let Samples::Eight(samples) = &raster.samples else {
        unreachable!("the options were checked: JPEG holds 8 bits")
    };
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
    if let Some(profile) = srgb_profile() {
        encoder.set_icc_profile(profile).map_err(ImageError::Unsupported)?;
    }
    encoder.write_image(samples, raster.width, raster.height, ExtendedColorType::Rgb8)?;
    if let Some(settings) = settings {
        let comments = comments(settings);
        // Behind the first segment, which must be the JFIF header.
        let at = segments(&file).next().map_or(2, |first| first.end);
        file.splice(at..at, comments);
    }
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

/// Whether the chain of segments reaches the end-of-image marker.
pub(in crate::picture) fn is_complete(file: &[u8]) -> bool {
    segments(file).last().is_some_and(|last| last.marker == END_OF_IMAGE)
}

/// Comment segments that hold `settings`, each part behind our mark.
fn comments(settings: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let parts: Vec<&[u8]> = match settings.is_empty() {
        true => vec![&[]],
        false => settings.as_bytes().chunks(LONGEST_COMMENT).collect(),
    };
    for part in parts {
        let length = (2 + MARK.len() + part.len()) as u16;
        bytes.extend_from_slice(&[0xff, COMMENT]);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(MARK.as_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

struct Segment<'a> {
    marker: u8,
    payload: &'a [u8],
    /// Offset of the byte behind the segment.
    end: usize,
}

/// The segments behind the start-of-image marker, up to the end of the image or of what can be followed.
fn segments(file: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut position = 2;
    let mut in_scan = false;
    let mut finished = false;
    std::iter::from_fn(move || {
        if finished {
            return None;
        }
        if in_scan {
            let marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
            position += file.get(position..)?.windows(2).position(marker)?;
            in_scan = false;
        }
        // Any number of FF bytes may stand before a marker.
        position += file.get(position..)?.iter().position(|&byte| byte != 0xff)?;
        if file[position - 1] != 0xff {
            return None;
        }
        let marker = file[position];
        if marker == END_OF_IMAGE {
            finished = true;
            return Some(Segment { marker, payload: &[], end: position + 1 });
        }
        let length = file.get(position + 1..position + 3)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let end = position + 1 + length;
        let payload = file.get(position + 3..end)?;
        in_scan = marker == START_OF_SCAN;
        position = end;
        Some(Segment { marker, payload, end })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(settings: Option<&str>) -> Vec<u8> {
        let samples = Samples::Eight(vec![200; 3 * 20 * 20]);
        encode(&Raster { width: 20, height: 20, has_alpha: false, samples }, 95, settings).unwrap()
    }

    #[test]
    fn only_the_whole_file_is_complete() {
        let file = grey(Some("{}"));
        assert!(is_complete(&file));
        for length in 0..file.len() {
            assert!(!is_complete(&file[..length]), "{length} of {}", file.len());
        }
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
