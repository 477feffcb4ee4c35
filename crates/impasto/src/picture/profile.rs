//! From the colours of an embedded ICC profile to sRGB.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformF32Executor, TransformOptions};

use super::coding;
use super::formats::Model;
use super::press::Press;

/// Pixels converted at a time.
const RUN: usize = 4096;

/// A profile that moves no colour by a whole 8-bit step is sRGB as another maker rounds it, and the
/// values pass bit for bit. On a grid of 18³ colours the usual `sRGB IEC61966-2.1` moves one by 0.6 steps
/// at most, the one of LittleCMS by 0.9, both where a dark red meets a full green.
const UNNOTICEABLE: f32 = 1.0 / 255.0;

/// Darker is black already.
const LEAST_BLACK: f32 = 1e-4;

/// What is lighter than lightness 50 is no black.
const GREATEST_BLACK: f32 = 0.184;

/// Why a profile was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProfileProblem {
    /// It cannot be read or used.
    Damaged(String),
    /// It describes other colours than the picture's, such as CMYK.
    Foreign(String),
}

/// Converts planes from the colours of `profile` to planes `[3, H, W]` of sRGB, both encoded, 0..1.
///
/// The planes are `[channels, H, W]` of the model; inks are 0 for none. A profile of red, green and blue fits grey as
/// well. On a problem the planes are as before.
pub(super) fn to_srgb(planes: &mut Vec<f32>, model: Model, profile: &[u8]) -> Result<(), ProfileProblem> {
    let damaged = |error: moxcms::CmsError| ProfileProblem::Damaged(error.to_string());
    let profile = ColorProfile::new_from_slice(profile).map_err(damaged)?;
    let (channels, layout) = match (profile.color_space, model) {
        (DataColorSpace::Cmyk, Model::Cmyk) => {
            let press = Press::new(&profile).map_err(ProfileProblem::Damaged)?;
            through_press(planes, &press);
            return Ok(());
        }
        (DataColorSpace::Rgb, Model::Rgb | Model::Grey) => (3, Layout::Rgb),
        (DataColorSpace::Gray, Model::Grey) => (1, Layout::Gray),
        (other, _) => return Err(ProfileProblem::Foreign(format!("{other:?}"))),
    };
    let options = TransformOptions { prefer_fixed_point: false, ..TransformOptions::default() };
    let transform = profile
        .create_transform_f32(layout, &ColorProfile::new_srgb(), Layout::Rgb, options)
        .map_err(damaged)?;
    let black = black_point(&*transform, channels).map_err(damaged)?;
    let pixels = planes.len() / model.channels();
    if is_unnoticeable(&*transform, channels).map_err(damaged)? {
        if model == Model::Grey {
            *planes = planes.repeat(3);
        }
        return Ok(());
    }
    let planes_before = model.channels();
    planes.resize(planes_before.max(3) * pixels, 0.0);
    let mut source = Vec::with_capacity(RUN * channels);
    let mut converted = vec![0.0; RUN * 3];
    for start in (0..pixels).step_by(RUN) {
        let run = start..pixels.min(start + RUN);
        source.clear();
        for pixel in run.clone() {
            // Grey is the same in all channels.
            source
                .extend((0..channels).map(|channel| planes[channel.min(planes_before - 1) * pixels + pixel]));
        }
        let converted = &mut converted[..3 * run.len()];
        transform.transform(&source, converted).map_err(damaged)?;
        if black > LEAST_BLACK {
            converted.iter_mut().for_each(|value| *value = coding::above_black(*value, black));
        }
        for (pixel, color) in run.zip(converted.chunks_exact(3)) {
            (0..3).for_each(|channel| planes[channel * pixels + pixel] = color[channel]);
        }
    }
    planes.truncate(3 * pixels);
    Ok(())
}

/// Makes planes of inks planes of sRGB.
fn through_press(planes: &mut Vec<f32>, press: &Press) {
    let pixels = planes.len() / 4;
    for pixel in 0..pixels {
        let color = press.to_srgb([0, 1, 2, 3].map(|ink| planes[ink * pixels + pixel]));
        (0..3).for_each(|channel| planes[channel * pixels + pixel] = color[channel]);
    }
    planes.truncate(3 * pixels);
}

/// The light of the darkest colour, as a share of white. It is made black, as perceptual conversion wants.
fn black_point(transform: &TransformF32Executor, channels: usize) -> Result<f32, moxcms::CmsError> {
    let mut color = [0.0; 3];
    transform.transform(&[0.0; 3][..channels], &mut color)?;
    Ok(coding::luminance_of_srgb(color).clamp(0.0, GREATEST_BLACK))
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
