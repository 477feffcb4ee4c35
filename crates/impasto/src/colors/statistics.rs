//! Mean and covariance of the colours of a picture.
//!
//! ```text
//! μ = Σ w x / Σ w        Σ = Σ w (x − μ)(x − μ)ᵀ / Σ w
//! ```

use crate::Picture;

/// How the colours of a picture are spread, in whatever space its planes are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ColorStatistics {
    /// μ.
    pub mean: [f64; 3],
    /// Σ, symmetric.
    pub covariance: [[f64; 3]; 3],
}

impl ColorStatistics {
    /// Of `picture`, where `weights`, `[H, W]` and at least 0, say how much each pixel counts; without them, or
    /// if all are 0, all count alike. Sums run in one order and in f64.
    pub fn new(picture: &Picture, weights: Option<&[f32]>) -> Self {
        let (red, rest) = picture.data().split_at(picture.width() * picture.height());
        let (green, blue) = rest.split_at(red.len());
        let weights = weights.filter(|weights| weights.iter().any(|&weight| weight > 0.0));
        let pixels = (0..red.len()).map(|index| {
            let weight = weights.map_or(1.0, |weights| f64::from(weights[index]));
            (weight, [red[index], green[index], blue[index]].map(f64::from))
        });
        let (mut total, mut mean, mut covariance) = (0.0, [0.0; 3], [[0.0; 3]; 3]);
        for (weight, color) in pixels.clone() {
            total += weight;
            mean.iter_mut().zip(color).for_each(|(sum, value)| *sum += weight * value);
        }
        let mean = mean.map(|sum| sum / total);
        for (weight, color) in pixels {
            let difference: [f64; 3] = std::array::from_fn(|channel| color[channel] - mean[channel]);
            for (row, first) in covariance.iter_mut().zip(difference) {
                row.iter_mut().zip(difference).for_each(|(sum, second)| *sum += weight * first * second);
            }
        }
        ColorStatistics { mean, covariance: covariance.map(|row| row.map(|sum| sum / total)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_choose_the_pixels_that_count() {
        let picture = Picture::new(3, 1, vec![0.0, 1.0, 9.0, 1.0, 0.0, 9.0, 0.5, 0.5, 9.0]);
        let seen = ColorStatistics::new(&picture, Some(&[2.0, 2.0, 0.0]));
        assert_eq!(seen.mean, [0.5; 3]);
        assert_eq!(seen.covariance, [[0.25, -0.25, 0.0], [-0.25, 0.25, 0.0], [0.0; 3]]);
        assert_eq!(ColorStatistics::new(&picture, Some(&[0.0; 3])), ColorStatistics::new(&picture, None));
    }
}
