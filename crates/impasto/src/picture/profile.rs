//! From the colours of an embedded ICC profile to sRGB.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformF32Executor, TransformOptions};

/// Pixels converted at a time.
const RUN: usize = 4096;

/// A profile that moves no colour by a whole 8-bit step is sRGB as another maker rounds it, and the
/// values pass bit for bit. On a grid of 18³ colours the usual `sRGB IEC61966-2.1` moves one by 0.6 steps
/// at most, the one of LittleCMS by 0.9, both where a dark red meets a full green.
const UNNOTICEABLE: f32 = 1.0 / 255.0;

/// Why a profile was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProfileProblem {
    /// It cannot be read or used.
    Damaged(String),
    /// It describes other colours than the picture's, such as CMYK.
    Foreign(String),
}

/// Converts planes `[3, H, W]` from the colours of `profile` to sRGB, both encoded, 0..1.
///
/// `is_grey` says that the file held one channel, repeated in the planes: then a profile of greys fits
/// as well. On a problem the planes are as before.
pub(super) fn to_srgb(planes: &mut [f32], is_grey: bool, profile: &[u8]) -> Result<(), ProfileProblem> {
    let damaged = |error: moxcms::CmsError| ProfileProblem::Damaged(error.to_string());
    let profile = ColorProfile::new_from_slice(profile).map_err(damaged)?;
    let channels = match profile.color_space {
        DataColorSpace::Rgb => 3,
        DataColorSpace::Gray if is_grey => 1,
        other => return Err(ProfileProblem::Foreign(format!("{other:?}"))),
    };
    let layout = if channels == 3 { Layout::Rgb } else { Layout::Gray };
    let options = TransformOptions { prefer_fixed_point: false, ..TransformOptions::default() };
    let transform = profile
        .create_transform_f32(layout, &ColorProfile::new_srgb(), Layout::Rgb, options)
        .map_err(damaged)?;
    if is_unnoticeable(&*transform, channels).map_err(damaged)? {
        return Ok(());
    }
    let (red, rest) = planes.split_at_mut(planes.len() / 3);
    let (green, blue) = rest.split_at_mut(red.len());
    let mut source = Vec::with_capacity(RUN * channels);
    let mut converted = vec![0.0; RUN * 3];
    for ((red, green), blue) in red.chunks_mut(RUN).zip(green.chunks_mut(RUN)).zip(blue.chunks_mut(RUN)) {
        source.clear();
        for ((&red, &green), &blue) in red.iter().zip(&*green).zip(&*blue) {
            source.extend_from_slice(&[red, green, blue][..channels]);
        }
        let converted = &mut converted[..3 * red.len()];
        transform.transform(&source, converted).map_err(damaged)?;
        for (index, pixel) in converted.chunks_exact(3).enumerate() {
            (red[index], green[index], blue[index]) = (pixel[0], pixel[1], pixel[2]);
        }
    }
    Ok(())
}

/// Whether the transform leaves a grid of colours where they are.
fn is_unnoticeable(transform: &TransformF32Executor, channels: usize) -> Result<bool, moxcms::CmsError> {
    const STEPS: usize = 17;
    let step = |index: usize| index as f32 / (STEPS - 1) as f32;
    let source: Vec<f32> = match channels {
        1 => (0..STEPS).map(step).collect(),
        _ => (0..STEPS.pow(3))
            .flat_map(|i| [i / STEPS.pow(2), i / STEPS % STEPS, i % STEPS].map(step))
            .collect(),
    };
    let mut converted = vec![0.0; source.len() / channels * 3];
    transform.transform(&source, &mut converted)?;
    Ok(converted.iter().enumerate().all(|(index, value)| {
        (value - source[index / 3 * channels + index % 3 % channels]).abs() < UNNOTICEABLE
    }))
}
