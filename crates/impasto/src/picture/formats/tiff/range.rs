//! Colours whose numbers do not span their type.
//!
//! The format does not say what is white in floating point. Mostly it is 1; some programs write the numbers of 8 or
//! 16 bits as floating point, or as whole numbers of 32 bits.

use crate::picture::ReadWarning;

/// How far above 1 a value may lie by rounding.
const TOLERANCE: f32 = 1e-3;

/// The range that a file of the numbers of 16 bits reaches at least; what lies between is brighter than white.
const CLEARLY_SIXTEEN_BITS: f32 = 4096.0;

/// Divides colours by 255 or 65535 if they are clearly the numbers of 8 or 16 bits: whole, or most of them above 1.
/// Other colours stay, and those out of range are counted. `values` are interleaved pixels of `channels`, of which
/// the first `colors` are colours; opacity is scaled with them if it has their range.
pub(super) fn bring_to_unit(values: &mut [f32], channels: usize, colors: usize) -> Option<ReadWarning> {
    let (mut greatest, mut are_whole, mut above, mut outside) = (0f32, true, 0usize, 0usize);
    for pixel in values.chunks_exact(channels) {
        let is_outside = |value: &f32| !(-TOLERANCE..=1.0 + TOLERANCE).contains(value);
        outside += usize::from(pixel[..colors].iter().any(is_outside));
        for &value in &pixel[..colors] {
            greatest = greatest.max(value);
            are_whole &= value.fract() == 0.0 && value >= 0.0;
            above += usize::from(value > 1.0);
        }
    }
    let pixels = values.len() / channels;
    if outside == 0 {
        return None;
    }
    let is_integers = greatest > 1.0 + TOLERANCE && (are_whole || 2 * above > colors * pixels);
    // Resampling overshoots a little.
    let white = match greatest {
        _ if !is_integers => None,
        ..=256.0 => Some(255.0),
        CLEARLY_SIXTEEN_BITS..=65600.0 => Some(65535.0),
        _ => None,
    };
    let Some(white) = white else {
        return Some(ReadWarning::OutOfRange { pixels: outside, of: pixels });
    };
    let has_alpha_in_range =
        values.chunks_exact(channels).any(|pixel| pixel[colors..].iter().any(|&it| it > 1.5));
    for pixel in values.chunks_exact_mut(channels) {
        let scaled = if has_alpha_in_range { channels } else { colors };
        pixel[..scaled].iter_mut().for_each(|value| *value /= white);
    }
    Some(ReadWarning::Rescaled { white: white as u32 })
}

/// Divides whole numbers by the greatest of `bits` bits, or, if that is more than 16 bits hold, by 255 or 65535 if no
/// number is above.
pub(super) fn whole_to_unit(values: &mut [f32], bits: u32) -> Option<ReadWarning> {
    let greatest = values.iter().fold(0f32, |greatest, &value| greatest.max(value));
    let (white, warning) = match greatest {
        // All black is black in any range.
        _ if bits <= 16 || greatest == 0.0 => ((u64::MAX >> (64 - bits)) as f32, None),
        ..=255.0 => (255.0, Some(ReadWarning::Rescaled { white: 255 })),
        ..=65535.0 => (65535.0, Some(ReadWarning::Rescaled { white: 65535 })),
        _ => ((u64::MAX >> (64 - bits)) as f32, None),
    };
    values.iter_mut().for_each(|value| *value /= white);
    warning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_integers_are_scaled_and_bright_lights_are_not() {
        let scaled = |values: &[f32]| {
            let mut values = values.to_vec();
            let warning = bring_to_unit(&mut values, 1, 1);
            (values, warning)
        };
        assert_eq!(scaled(&[0.0, 0.5, 1.0]), (vec![0.0, 0.5, 1.0], None));
        let (values, warning) = scaled(&[0.0, 0.0, 0.0, 51.0]);
        assert!((values[3] - 0.2).abs() < 1e-6 && warning == Some(ReadWarning::Rescaled { white: 255 }));
        assert_eq!(scaled(&[100.5, 20.25, 65535.0]).1, Some(ReadWarning::Rescaled { white: 65535 }));
        for bright in [1.7, 300.0, 1e6] {
            let (values, warning) = scaled(&[0.1, 0.2, bright, 0.3]);
            assert_eq!(values[2], bright);
            assert_eq!(warning, Some(ReadWarning::OutOfRange { pixels: 1, of: 4 }));
        }
    }
}
