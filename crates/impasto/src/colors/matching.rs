//! A style in the colours of the content: its mean and covariance become those of the content.
//!
//! ```text
//! x' = T (x − μₛ) + μ        T = Σₛ^-½ (Σₛ^½ Σ Σₛ^½)^½ Σₛ^-½        so that T Σₛ T = Σ
//! ```
//!
//! Gatys, Ecker, Bethge, Hertzmann and Shechtman (2017, section 6.2) show that any T with T Σₛ Tᵀ = Σ will do,
//! and take that of the image analogies. This one is symmetric and moves colours least (Pitié and Kokaram,
//! "The linear Monge-Kantorovitch linear colour mapping", 2007): it turns no hue that it need not turn.

use rayon::prelude::*;

use super::oklab::planar;
use super::statistics::ColorStatistics;
use super::symmetric::{Matrix, function, product};
use crate::Picture;

/// Added to all variances, of values 0..1: as in Gatys' code. A style without colours or of one colour then
/// stays as it is but for its mean, where the formula divides by 0.
const SMALLEST_VARIANCE: f64 = 1e-5;

/// `style` with the mean and covariance that the colours of `content` have, `strength` 0..1 of the way. Each pixel
/// of the style counts as far as it is opaque.
///
/// Colours beyond 0..1 are cut to it, so that the statistics are those of `content` but for these.
pub(super) fn matched(style: Picture, opacity: Option<&[f32]>, content: &Picture, strength: f64) -> Picture {
    let (from, to) = (ColorStatistics::new(&style, opacity), ColorStatistics::new(content, None));
    let matrix = transport(&from.covariance, &to.covariance);
    let (width, height) = (style.width(), style.height());
    let (red, rest) = style.data().split_at(width * height);
    let (green, blue) = rest.split_at(red.len());
    let moved = |index: usize| {
        let color = [red[index], green[index], blue[index]].map(f64::from);
        let matched: [f64; 3] = std::array::from_fn(|row| {
            let terms = (0..3).map(|column| matrix[row][column] * (color[column] - from.mean[column]));
            to.mean[row] + terms.sum::<f64>()
        });
        std::array::from_fn(|channel| {
            let blend = color[channel] + strength * (matched[channel] - color[channel]);
            blend.clamp(0.0, 1.0) as f32
        })
    };
    let data = planar((0..red.len()).into_par_iter().map(moved));
    Picture::new(width, height, data)
}

/// T from one covariance to another.
fn transport(from: &Matrix, to: &Matrix) -> Matrix {
    let root = |value: f64| value.max(0.0).sqrt();
    let of_style = function(&regularised(from), root);
    let inverse = function(&regularised(from), |value| 1.0 / value.max(SMALLEST_VARIANCE).sqrt());
    let between = function(&product(&of_style, &product(&regularised(to), &of_style)), root);
    product(&inverse, &product(&between, &inverse))
}

fn regularised(covariance: &Matrix) -> Matrix {
    let mut sum = *covariance;
    (0..3).for_each(|index| sum[index][index] += SMALLEST_VARIANCE);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours around a mean along three crooked axes.
    fn picture(mean: [f32; 3], spread: f32, seed: u64) -> Picture {
        let noise = Picture::white_noise(40, 30, [0.0; 3], spread, seed);
        let (first, rest) = noise.data().split_at(1200);
        let (second, third) = rest.split_at(1200);
        let red = first.iter().map(|a| mean[0] + a);
        let green = first.iter().zip(second).map(|(a, b)| mean[1] + 0.6 * a + 0.3 * b);
        let blue = second.iter().zip(third).map(|(b, c)| mean[2] - 0.5 * b + 0.2 * c);
        Picture::new(40, 30, red.chain(green).chain(blue).collect())
    }

    fn assert_near(found: &ColorStatistics, expected: &ColorStatistics, tolerance: f64) {
        let pairs = found.mean.iter().zip(expected.mean);
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < tolerance), "{found:?}, {expected:?}");
        let found_values = found.covariance.as_flattened().iter();
        let pairs = found_values.zip(expected.covariance.as_flattened());
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < tolerance), "{found:?}, {expected:?}");
    }

    #[test]
    fn the_mean_and_covariance_of_the_content_are_reached() {
        let (style, content) = (picture([0.6, 0.4, 0.5], 0.08, 1), picture([0.4, 0.5, 0.3], 0.06, 2));
        let expected = ColorStatistics::new(&content, None);
        let found = matched(style.clone(), None, &content, 1.0);
        assert_near(&ColorStatistics::new(&found, None), &expected, 1e-4);
        assert_eq!(matched(style.clone(), None, &content, 0.0), style);
        let half = ColorStatistics::new(&matched(style.clone(), None, &content, 0.5), None);
        let of_style = ColorStatistics::new(&style, None);
        for (half, (a, b)) in half.mean.iter().zip(of_style.mean.iter().zip(expected.mean)) {
            assert!((half - 0.5 * (a + b)).abs() < 1e-6);
        }
    }

    #[test]
    fn only_what_is_opaque_counts() {
        let (style, content) = (picture([0.6, 0.4, 0.5], 0.08, 1), picture([0.4, 0.5, 0.3], 0.06, 2));
        let opacity: Vec<f32> = (0..1200).map(|index| f32::from(index % 40 < 25)).collect();
        let found = matched(style, Some(&opacity), &content, 1.0);
        let reached = ColorStatistics::new(&found, Some(&opacity));
        assert_near(&reached, &ColorStatistics::new(&content, None), 1e-4);
    }

    #[test]
    fn gray_and_one_color_pictures_are_safe() {
        let gray = Picture::new(4, 1, [0.1, 0.4, 0.6, 0.9].repeat(3));
        let flat = Picture::new(2, 2, vec![0.3; 12]);
        let colorful = picture([0.5; 3], 0.1, 3);
        for (style, content) in [(&gray, &colorful), (&flat, &colorful), (&flat, &flat), (&gray, &flat)] {
            let found = matched(style.clone(), None, content, 1.0);
            assert!(found.data().iter().all(|value| (0.0..=1.0).contains(value)), "{found:?}");
            let mean = ColorStatistics::new(content, None).mean;
            let reached = ColorStatistics::new(&found, None).mean;
            assert!(mean.iter().zip(reached).all(|(a, b)| (a - b).abs() < 0.02), "{mean:?} {reached:?}");
        }
        let grayed = matched(colorful, None, &gray, 1.0);
        let (red, rest) = grayed.data().split_at(1200);
        let apart = red.iter().zip(rest).map(|(red, green)| (red - green).abs()).fold(0.0, f32::max);
        assert!(apart < 0.05, "{apart}");
    }
}
