//! The pixels of a JPEG file.
//!
//! The reader is our own, because files that are cut short or lost a restart marker are read as far as they go, and the
//! rows that are missing counted; no released one does that and is right on every sampling (docs/dependencies.md).

use super::frame::{Frame, Reading};
use super::segments::{APP1, APP2, segments};
use super::upsample;
use crate::picture::ReadWarning;
use crate::picture::formats::{ColorCoding, Model, ReadFailure, Sizes, Stored, StoredSamples, exif};

/// How three or four components make a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::picture::formats) enum Transform {
    /// They are the colour.
    None,
    /// Brightness and two colour differences of ITU-R BT.601; a fourth component stands apart.
    YCbCr,
}

/// Decoded pixels, interleaved.
pub(in crate::picture::formats) struct Pixels {
    pub width: usize,
    pub height: usize,
    /// 1, 3 or 4.
    pub components: usize,
    pub samples: StoredSamples,
    /// Rows that are missing or damaged.
    pub missing_rows: usize,
    /// Whether the file ends before fine detail.
    pub lacks_detail: bool,
}

/// Reads a file.
pub(in crate::picture) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    let pixels = pixels(file, None, None, sizes)?;
    let mut warnings = Vec::new();
    if pixels.missing_rows > 0 {
        warnings.push(ReadWarning::RowsMissing { missing: pixels.missing_rows, height: pixels.height });
    } else if pixels.lacks_detail {
        warnings.push(ReadWarning::DetailMissing);
    }
    let exif =
        segments(file).filter(|it| it.marker == APP1).find_map(|it| it.payload.strip_prefix(b"Exif\0\0"));
    let mut samples = pixels.samples;
    let model = match pixels.components {
        1 => Model::Grey,
        3 => Model::Rgb,
        _ => {
            // Inks are stored as what they leave of the light, the convention of Adobe that all writers follow.
            samples.invert(4, 4);
            Model::Cmyk
        }
    };
    Ok(Stored {
        orientation: exif.and_then(exif::orientation).unwrap_or(1),
        metadata: exif.map(exif::metadata).unwrap_or_default(),
        coding: icc_profile(file).map_or(ColorCoding::Untold, ColorCoding::Profile),
        warnings,
        ..Stored::new(pixels.width, pixels.height, model, samples)
    })
}

/// Decodes the pixels of a file, or of the part of a TIFF file whose tables stand apart. Without a transform the
/// file's own headers decide.
pub(in crate::picture::formats) fn pixels(
    file: &[u8],
    tables: Option<&[u8]>,
    transform: Option<Transform>,
    sizes: &Sizes,
) -> Result<Pixels, ReadFailure> {
    let check = |width, height| sizes.check(width, height);
    let mut reading = Reading::default();
    if let Some(tables) = tables {
        reading.read(tables, &check)?;
        reading.is_ended = false;
    }
    reading.read(file, &check)?;
    let transform = transform.unwrap_or_else(|| own_transform(&reading));
    let Some(mut frame) = reading.frame else {
        return Err(ReadFailure::Damaged("there is no frame header".to_owned()));
    };
    let (missing_rows, height) = (frame.missing_rows(), frame.height);
    if missing_rows * 2 > height {
        return Err(ReadFailure::Damaged(format!("{missing_rows} of {height} rows are missing or damaged")));
    }
    let lacks_detail = !reading.is_ended && !frame.is_finished();
    let planes = upsample::planes(&mut frame);
    let (width, count) = (frame.width, planes.len());
    let mut rows = vec![vec![0; width]; count];
    let greatest = (1i32 << frame.precision) - 1;
    let mut convert = |y: usize, put: &mut dyn FnMut(u16)| {
        planes.iter().zip(&mut rows).for_each(|(plane, row)| plane.upsampled_row(y, row));
        for x in 0..width {
            let mut color: [u16; 4] = std::array::from_fn(|index| rows.get(index).map_or(0, |row| row[x]));
            if transform == Transform::YCbCr && count > 2 {
                let [y, cb, cr, _] = color.map(i32::from);
                color[..3].copy_from_slice(&from_ycbcr(y, cb, cr, greatest));
            }
            color[..count].iter().for_each(|&value| put(value));
        }
    };
    let samples = if frame.precision == 8 {
        let mut samples = Vec::with_capacity(width * height * count);
        (0..height).for_each(|y| convert(y, &mut |value| samples.push(value as u8)));
        StoredSamples::Eight(samples)
    } else {
        let mut samples = Vec::with_capacity(width * height * count);
        // Twelve bits as sixteen: 0..4095 becomes 0..65535.
        (0..height).for_each(|y| convert(y, &mut |value| samples.push(value << 4 | value >> 8)));
        StoredSamples::Sixteen(samples)
    };
    Ok(Pixels { width, height, components: count, samples, missing_rows, lacks_detail })
}

/// Red, green and blue of a brightness and two differences (JFIF 1.02), in the integers of the common decoders.
fn from_ycbcr(y: i32, cb: i32, cr: i32, greatest: i32) -> [u16; 3] {
    let center = (greatest + 1) / 2;
    let (cb, cr) = (cb - center, cr - center);
    let fixed = |constant: f64| (constant * 65536.0 + 0.5) as i32;
    let half = 1 << 15;
    let red = y + ((fixed(1.402) * cr + half) >> 16);
    let green = y + ((-fixed(0.34414) * cb - fixed(0.71414) * cr + half) >> 16);
    let blue = y + ((fixed(1.772) * cb + half) >> 16);
    [red, green, blue].map(|value| value.clamp(0, greatest) as u16)
}

/// The transform that the headers tell, in the order of trust that the common decoders have.
fn own_transform(reading: &Reading) -> Transform {
    let is_rgb = |frame: &Frame| frame.is_named(b"RGB");
    match (reading.frame.as_ref(), reading.adobe) {
        (Some(frame), adobe) if frame.components.len() == 4 => match adobe {
            Some(2) => Transform::YCbCr,
            _ => Transform::None,
        },
        _ if reading.is_jfif => Transform::YCbCr,
        (_, Some(0)) => Transform::None,
        (_, Some(_)) => Transform::YCbCr,
        (Some(frame), None) if is_rgb(frame) => Transform::None,
        _ => Transform::YCbCr,
    }
}

/// The colour profile, put together from its numbered parts.
fn icc_profile(file: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<(u8, &[u8])> = segments(file)
        .filter(|segment| segment.marker == APP2)
        .filter_map(|segment| segment.payload.strip_prefix(b"ICC_PROFILE\0"))
        .filter_map(|part| Some((*part.first()?, part.get(2..)?)))
        .collect();
    parts.sort_by_key(|&(number, _)| number);
    parts.dedup_by_key(|&mut (number, _)| number);
    (!parts.is_empty()).then(|| parts.into_iter().flat_map(|(_, part)| part.iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_stays_grey() {
        for y in 0..256 {
            assert_eq!(from_ycbcr(y, 128, 128, 255), [y as u16; 3]);
        }
    }
}
