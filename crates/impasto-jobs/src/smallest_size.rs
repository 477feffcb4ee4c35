//! What to do about a picture that vanishes in the network: the smallest `size` that works.

use std::path::PathBuf;

use impasto::{Schedule, Settings, StyleFit, TransferError};
use impasto_network::{Architecture, EngineError};

use crate::message::Message;
use crate::refusal::Refusal;

/// Width and height.
type Sides = (usize, usize);

/// Explains an error about sizes, or about a picture without visible pixels, by the smallest size or picture that would
/// work. Returns other errors as they are. `shape` is that of the result, `files` and `styles` name the styles and tell their sides.
pub(crate) fn refusal(
    error: TransferError,
    settings: &Settings,
    network: &Architecture,
    shape: Sides,
    files: &[PathBuf],
    styles: &[Sides],
) -> Refusal {
    if let TransferError::NothingVisible { index, .. } = error {
        let why = "no pixel is visible, so it shows no style: leave it out, or make some of it opaque";
        return Refusal::order(format!("{}: {why}", files[index].display())).of("styles");
    }
    let TransferError::Engine { source: EngineError::TooSmall { layer, smallest, .. }, picture } = &error
    else {
        return error.into();
    };
    // The error is of the first layer that is too small; deeper ones need the same number of positions.
    let positions = smallest.div_ceil(network.stride(*layer));
    let deepest = settings.layers().into_iter().map(|layer| network.stride(layer)).max();
    let side = positions * deepest.unwrap_or(1);
    let (schedule, size) = (&settings.schedule, settings.schedule.size);
    let needed = |sides: &Sides| size_for_style(schedule, *sides, shape, side);
    let of_styles: Option<Vec<usize>> = styles.iter().map(needed).collect();
    match of_styles {
        Some(of_styles) => {
            let smallest = of_styles.into_iter().max().max(Some(size_for(shape, side))).unwrap_or(size);
            too_small(size, &error, smallest)
        }
        None if picture == "content" => too_small(size, &error, size_for(shape, side)),
        None => {
            let culprit = styles.iter().position(|sides| needed(sides).is_none()).unwrap_or(0);
            let ((width, height), file) = (styles[culprit], files[culprit].display());
            let why = format!(
                "{file}: {width}x{height} pixels is too small for the layers in use: both sides must be at \
                 least {side}, as styles are not enlarged"
            );
            Refusal::order(why).of("styles")
        }
    }
}

fn too_small(size: usize, error: &TransferError, smallest: usize) -> Refusal {
    let why = format!("{error}; the smallest size that works is {smallest}");
    Refusal::new(Message::about_value("size", size, why))
}

/// The smallest longest side at which both sides of a picture of this shape are at least `stride`.
fn size_for((width, height): Sides, stride: usize) -> usize {
    let (short, long) = (width.min(height), width.max(height));
    // The short side is rounded, halves up: 2·short·size + long ≥ 2·long·stride.
    ((2 * stride - 1) * long).div_ceil(2 * short).max(stride)
}

/// The size of the result at which a style has that size; `None` if it never has.
fn size_for_style(schedule: &Schedule, style: Sides, shape: Sides, stride: usize) -> Option<usize> {
    if schedule.style_fit == StyleFit::ContentSize {
        return Some(size_for(shape, stride));
    }
    let longest = size_for(style, stride);
    if schedule.style_fit == StyleFit::Shrink && longest > style.0.max(style.1) {
        return None;
    }
    // Styles are ⌈scale · size⌉ long.
    Some(((longest - 1) as f64 / schedule.style_scale).floor() as usize + 1)
}

#[cfg(test)]
mod tests {
    use impasto::{Picture, Preset};

    use super::*;

    #[test]
    fn one_pixel_less_is_too_small() {
        for (width, height) in [(64, 48), (48, 64), (100, 7), (1, 1), (640, 639)] {
            let size = size_for((width, height), 16);
            let picture = Picture::new(width, height, vec![0.0; 3 * width * height]);
            let shorter = |longest| {
                let (width, height) = picture.fit_longest_side(longest);
                width.min(height)
            };
            assert!(shorter(size) >= 16 && shorter(size - 1) < 16, "{width}x{height}: {size}");
        }
    }

    #[test]
    fn styles_that_are_never_enlarged_may_have_no_size() {
        let schedule =
            Schedule { style_scale: 0.5, style_fit: StyleFit::Shrink, ..Preset::Impasto.settings().schedule };
        assert_eq!(size_for_style(&schedule, (60, 60), (9, 9), 16), Some(31));
        assert_eq!(size_for_style(&schedule, (8, 90), (9, 9), 16), None);
        let enlarged = Schedule { style_fit: StyleFit::LongestSide, ..schedule };
        assert_eq!(size_for_style(&enlarged, (8, 90), (9, 9), 16), Some(349));
    }
}
