//! Transfer on lightness alone: pictures without colours, the style's as light and as varied as the content's.
//!
//! ```text
//! L' = σ / σₛ · (L − μₛ) + μ
//! ```
//!
//! with mean μ and deviation σ of the lightness of the content, μₛ and σₛ of the style (Gatys, Ecker, Bethge,
//! Hertzmann and Shechtman 2017, section 6.1, after Hertzmann and others, "Image Analogies", 2001). They take Y
//! of YIQ, in which a pure blue is nearly black; Oklab's lightness sees it as the eye does.

use rayon::prelude::*;

use super::oklab;
use super::statistics::ColorStatistics;
use crate::Picture;

/// Added to both variances of lightness, 0..1, so that a style of one lightness stays so.
const SMALLEST_VARIANCE: f64 = 1e-5;

/// The picture in greys of its lightness.
pub(super) fn without_colors(picture: &Picture) -> Picture {
    gray(&lab(picture), |value| value)
}

/// `style` in greys whose mean and deviation, each pixel as far as it is opaque, are `strength`, 0..1, of the way to
/// those of `content`.
pub(super) fn matched(style: &Picture, opacity: Option<&[f32]>, content: &Picture, strength: f64) -> Picture {
    let style = lab(style);
    let (from, to) = (ColorStatistics::new(&style, opacity), ColorStatistics::new(&lab(content), None));
    let variance = |of: &ColorStatistics| of.covariance[0][0] + SMALLEST_VARIANCE;
    let ratio = (variance(&to) / variance(&from)).sqrt();
    gray(&style, |value| {
        let matched = ratio * (value - from.mean[0]) + to.mean[0];
        value + strength * (matched - value)
    })
}

/// Oklab's planes of a picture.
fn lab(picture: &Picture) -> Picture {
    Picture::new(picture.width(), picture.height(), oklab::planes(picture))
}

/// The greys of lightness `change(L)` of a picture in Oklab.
fn gray(lab: &Picture, change: impl Fn(f64) -> f64 + Sync) -> Picture {
    let (width, height) = (lab.width(), lab.height());
    let lightness = lab.data()[..width * height].par_iter();
    let plane: Vec<f32> = lightness.map(|&value| oklab::gray(change(f64::from(value)))).collect();
    Picture::new(width, height, plane.repeat(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lightness_moments(picture: &Picture) -> (f64, f64) {
        let statistics = ColorStatistics::new(&lab(picture), None);
        (statistics.mean[0], statistics.covariance[0][0])
    }

    #[test]
    fn the_style_becomes_as_light_and_as_varied_as_the_content() {
        let style = Picture::uniform_noise(30, 30, 0.1..0.4, 1);
        let content = Picture::uniform_noise(20, 20, 0.4..0.9, 2);
        let (found, expected) =
            (lightness_moments(&matched(&style, None, &content, 1.0)), lightness_moments(&content));
        assert!((found.0 - expected.0).abs() < 1e-4 && (found.1 / expected.1 - 1.0).abs() < 0.01);
        assert_eq!(matched(&style, None, &content, 0.0), without_colors(&style));
    }

    #[test]
    fn a_style_of_one_color_is_safe() {
        let content = Picture::uniform_noise(20, 20, 0.4..0.9, 2);
        let found = matched(&Picture::new(2, 2, vec![0.25; 12]), None, &content, 1.0);
        assert!((lightness_moments(&found).0 - lightness_moments(&content).0).abs() < 1e-4, "{found:?}");
    }
}
