//! Colours of TIFF that are not red, green and blue: palettes, brightness with differences, L*a*b*.

use crate::picture::coding;
use crate::picture::formats::directory::{Directory, Tagged};
use crate::picture::formats::{ReadFailure, StoredSamples};

use super::tags;

/// Red, green and blue of the indices, and opacity if there is a second channel.
pub(super) fn by_palette(
    samples: &StoredSamples,
    channels: usize,
    bits: usize,
    map: &[u64],
) -> Result<StoredSamples, ReadFailure> {
    let size = 1usize << bits;
    if map.len() < 3 * size {
        let (found, needed) = (map.len(), 3 * size);
        return Err(ReadFailure::Damaged(format!("a palette of {found} values where {needed} are needed")));
    }
    // Values have 16 bits; some writers put 8 there.
    let is_short = map.iter().all(|&value| value < 256);
    let color = |index: usize, channel: usize| {
        let value = map[channel * size + index];
        (if is_short { value } else { value >> 8 }) as u8
    };
    let mut colors = Vec::new();
    let mut put = |index: usize, alpha: Option<u8>| {
        colors.extend([0, 1, 2].map(|channel| color(index, channel)));
        colors.extend(alpha);
    };
    match samples {
        StoredSamples::Eight(values) => {
            values.chunks_exact(channels).for_each(|pixel| put(pixel[0].into(), pixel.get(1).copied()));
        }
        StoredSamples::Sixteen(values) => values.chunks_exact(channels).for_each(|pixel| {
            put(usize::from(pixel[0]).min(size - 1), pixel.get(1).map(|alpha| (alpha >> 8) as u8));
        }),
        StoredSamples::Float(_) => return Err(ReadFailure::Damaged("a palette with fractions".to_owned())),
    }
    Ok(StoredSamples::Eight(colors))
}

/// Bytes of rows whose colour differences stand once for several pixels (TIFF 6.0, section 21).
pub(super) fn sampled_bytes(width: usize, rows: usize, (across, down): (usize, usize)) -> usize {
    width.div_ceil(across) * rows.div_ceil(down) * (across * down + 2)
}

/// Three samples for each pixel, from units of several brightnesses and one pair of differences.
pub(super) fn spread(bytes: &[u8], width: usize, rows: usize, (across, down): (usize, usize)) -> Vec<u8> {
    let unit = across * down + 2;
    let units = width.div_ceil(across);
    let mut spread = Vec::with_capacity(3 * width * rows);
    for y in 0..rows {
        for x in 0..width {
            let start = (y / down * units + x / across) * unit;
            let Some(unit) = bytes.get(start..start + unit) else { return spread };
            spread.extend([unit[y % down * across + x % across], unit[unit.len() - 2], unit[unit.len() - 1]]);
        }
    }
    spread
}

/// Red, green and blue of brightness and differences, by the coefficients and the range in the file.
pub(super) fn from_ycbcr(
    samples: &mut StoredSamples,
    channels: usize,
    file: &Tagged,
    directory: &Directory,
) -> Result<(), ReadFailure> {
    let fractions = |tag, default: &[f64]| match file.fractions(directory, tag) {
        Some(values) if values.len() == default.len() && values.iter().all(|it| it.is_finite()) => values,
        _ => default.to_vec(),
    };
    let luma = fractions(tags::YCBCR_COEFFICIENTS, &[0.299, 0.587, 0.114]);
    let range = fractions(tags::REFERENCE_BLACK_WHITE, &[0.0, 255.0, 128.0, 255.0, 128.0, 255.0]);
    let (red, green, blue) = (luma[0], luma[1], luma[2]);
    let StoredSamples::Eight(values) = samples else {
        let reason = "brightness and colour differences of more than 8 bits; convert it to RGB";
        return Err(ReadFailure::Unsupported(reason.to_owned()));
    };
    let scale = |value: u8, index: usize, full: f64| {
        let (black, white) = (range[2 * index], range[2 * index + 1]);
        (f64::from(value) - black) * full / if white == black { 1.0 } else { white - black }
    };
    for pixel in values.chunks_exact_mut(channels) {
        let y = scale(pixel[0], 0, 255.0);
        let (cb, cr) = (scale(pixel[1], 1, 127.0), scale(pixel[2], 2, 127.0));
        let r = y + cr * (2.0 - 2.0 * red);
        let b = y + cb * (2.0 - 2.0 * blue);
        let g = (y - blue * b - red * r) / if green == 0.0 { 1.0 } else { green };
        for (value, color) in pixel.iter_mut().zip([r, g, b]) {
            *value = color.clamp(0.0, 255.0).round() as u8;
        }
    }
    Ok(())
}

/// sRGB of CIE L*a*b* with white D50, which files for print mean.
pub(super) fn from_lab(samples: &StoredSamples, channels: usize, is_shifted: bool) -> StoredSamples {
    let mut colors = Vec::with_capacity(samples.len());
    let mut put = |[lightness, a, b]: [f32; 3], alpha: Option<f32>| {
        colors.extend(lab_to_srgb(lightness, a, b));
        colors.extend(alpha);
    };
    match samples {
        StoredSamples::Eight(values) => values.chunks_exact(channels).for_each(|pixel| {
            let difference = |value: u8| match is_shifted {
                true => f32::from(value) - 128.0,
                false => f32::from(value as i8),
            };
            let lightness = f32::from(pixel[0]) / 2.55;
            let alpha = pixel.get(3).map(|&alpha| f32::from(alpha) / 255.0);
            put([lightness, difference(pixel[1]), difference(pixel[2])], alpha);
        }),
        StoredSamples::Sixteen(values) => values.chunks_exact(channels).for_each(|pixel| {
            let difference = |value: u16| match is_shifted {
                true => f32::from(value) / 256.0 - 128.0,
                false => f32::from(value as i16) / 256.0,
            };
            // Profiles count lightness to FF00, others to FFFF.
            let lightness = f32::from(pixel[0]) * 100.0 / if is_shifted { 65280.0 } else { 65535.0 };
            let alpha = pixel.get(3).map(|&alpha| f32::from(alpha) / 65535.0);
            put([lightness, difference(pixel[1]), difference(pixel[2])], alpha);
        }),
        StoredSamples::Float(values) => values.chunks_exact(channels).for_each(|pixel| {
            put([pixel[0], pixel[1], pixel[2]], pixel.get(3).copied());
        }),
    }
    StoredSamples::Float(colors)
}

fn lab_to_srgb(lightness: f32, a: f32, b: f32) -> [f32; 3] {
    coding::srgb_of_d50(coding::xyz_of_lab(lightness, a, b))
}
