//! The pixels of a PNG file, and what it says of their colours.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, DecodingError, Info, Limits, Transformations};

use super::chunks;
use crate::picture::ReadWarning;
use crate::picture::coding::{Coding, Curve};
use crate::picture::formats::{ColorCoding, Model, ReadFailure, Sizes, Stored, StoredSamples, exif};

/// The gamma that stands for the curve of sRGB, 1/2.2, and how far another may lie from it to mean the same.
const GAMMA_OF_SRGB: f32 = 0.45455;
const GAMMA_TOLERANCE: f32 = 0.005;

/// Reads a file.
pub(in crate::picture) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    // The decoder refuses a size that overflows its buffers, in words that do not tell which.
    if let Some((width, height)) = super::claimed_size(file) {
        sizes.check(width, height)?;
    }
    let limits = Limits { bytes: usize::try_from(sizes.max_bytes).unwrap_or(usize::MAX) };
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), limits);
    decoder.set_transformations(Transformations::EXPAND);
    // Damaged texts are no reason to refuse a picture.
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info()?;
    let (width, height) = reader.info().size();
    let size = reader.output_buffer_size().filter(|&size| size as u64 <= sizes.max_bytes);
    let size = size.ok_or(ReadFailure::TooLarge { width, height })?;
    let mut bytes = vec![0; size];
    let frame = reader.next_frame(&mut bytes)?;
    bytes.truncate(frame.buffer_size());
    let (model, has_alpha) = match frame.color_type {
        ColorType::Grayscale => (Model::Grey, false),
        ColorType::GrayscaleAlpha => (Model::Grey, true),
        ColorType::Rgb | ColorType::Indexed => (Model::Rgb, false),
        ColorType::Rgba => (Model::Rgb, true),
    };
    let samples = match frame.bit_depth {
        BitDepth::Sixteen => {
            let pairs = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            StoredSamples::Sixteen(pairs.collect())
        }
        _ => StoredSamples::Eight(bytes),
    };
    let info = reader.info();
    let mut warnings = Vec::new();
    if info.animation_control().is_some_and(|control| control.num_frames > 1) {
        warnings.push(ReadWarning::Animated);
    }
    let coding = coding(info, file, &mut warnings);
    let exif = chunks::exif(file);
    Ok(Stored {
        orientation: exif.as_deref().and_then(exif::orientation).unwrap_or(1),
        metadata: exif.as_deref().map(exif::metadata).unwrap_or_default(),
        coding,
        warnings,
        alpha: has_alpha.then_some(false),
        ..Stored::new(width as usize, height as usize, model, samples)
    })
}

/// What the file says of its colours, in the order that the standard ranks its chunks (PNG 3, 4.3).
fn coding(info: &Info, file: &[u8], warnings: &mut Vec<ReadWarning>) -> ColorCoding {
    if let Some(points) = info.coding_independent_code_points {
        let (primaries, curve) = (points.color_primaries, points.transfer_function);
        match Coding::of_code_points(primaries, curve, points.is_video_full_range_image) {
            Some(coding) => return ColorCoding::Coded(coding),
            // Two stands for what is not told.
            None if primaries == 2 || curve == 2 => {}
            None => warnings.push(ReadWarning::CodingUnknown { primaries, curve }),
        }
    }
    if let Some(profile) = &info.icc_profile {
        return ColorCoding::Profile(profile.to_vec());
    }
    if info.srgb.is_some() {
        return ColorCoding::Untold;
    }
    if let Some(profile) = chunks::profile_in_text(file) {
        return ColorCoding::Profile(profile);
    }
    let curve =
        info.gama_chunk.map(|gamma| gamma.into_value()).filter(|&gamma| gamma > 0.01).map(
            |gamma| match (gamma - GAMMA_OF_SRGB).abs() < GAMMA_TOLERANCE {
                true => Curve::Srgb,
                false => Curve::Power(1.0 / gamma),
            },
        );
    let primaries = info
        .chrm_chunk
        .map(|it| [it.red, it.green, it.blue, it.white].map(|(x, y)| (x.into_value(), y.into_value())));
    match (curve, primaries) {
        (None, None) => ColorCoding::Untold,
        (curve, primaries) => ColorCoding::Coded(Coding::new(curve, primaries)),
    }
}

impl From<DecodingError> for ReadFailure {
    fn from(error: DecodingError) -> Self {
        match error {
            DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                ReadFailure::Damaged("the end is missing".to_owned())
            }
            other => ReadFailure::Damaged(other.to_string()),
        }
    }
}
