//! Total variation: how much neighbouring pixels differ.
//!
//! With a and b the squared differences of a pixel x, in the units of the variables, to its right and
//! lower neighbours, in each of the three channels (Rudin, Osher and Fatemi 1992; squared by Mahendran and
//! Vedaldi 2015):
//!
//! ```text
//! a = (x[i, j+1] − x[i, j])²        b = (x[i+1, j] − x[i, j])²
//! ```
//!
//! In a seamless picture the last row and column have the first as neighbours. See [`VariationLoss`] for what
//! is summed. Its value is always part of the printed total, which it is
//! not in neural-style; the gradient there is the same.

mod rows;

use impasto_network::{Engine, Size};
use rayon::prelude::*;
use rows::{Rows, Scratch};
use serde::{Deserialize, Serialize};

use super::{Definition, Loss, Scene};
use crate::SettingsError;
use crate::error::require_weight;

/// Settings of the total variation term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotalVariation {
    /// Factor of the term, at least 0; 0 leaves it out. More makes the picture smoother.
    pub weight: f64,
    /// How differences are counted.
    pub loss: VariationLoss,
}

/// What is summed over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum VariationLoss {
    /// `½ Σ (a + b)` over the pixels that have both neighbours: neural-style (Johnson 2015). Grows with
    /// the picture.
    HalfSquares,
    /// `Σ (a + b)^1.25` over the same pixels: the example of Keras (2015). Grows with the picture.
    Power,
    /// The mean of `(a + b)^1.25` over those pixels and the channels: neural-doodle (Champandard 2016).
    MeanPower,
    /// `mean(a) + mean(b)` over all pairs of neighbours, the last row and column included. Ours.
    MeanSquares,
    /// `⅔ mean(a) + ⅔ mean(b) + ⅙ mean(c) + ⅙ mean(d)` with the squared differences c and d of diagonal neighbours,
    /// over the pixels, and for the diagonals over those of a picture with one more row and column of which all
    /// lie half a pixel beyond the border, whose values are repeated: style-transfer-pytorch (Crowson 2021). It
    /// treats all directions nearly alike.
    NinePoint,
}

impl Definition for TotalVariation {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn weight_mut(&mut self) -> &mut f64 {
        &mut self.weight
    }

    fn validate(&self) -> Result<(), SettingsError> {
        require_weight("tv weight", self.weight)
    }
}

impl TotalVariation {
    pub(super) fn loss<E: Engine>(&self, scene: &Scene) -> impl Loss<E> + use<E> {
        Variation { kind: self.loss, weight: self.weight, scene: scene.clone() }
    }
}

/// The term at work.
struct Variation {
    kind: VariationLoss,
    weight: f64,
    scene: Scene,
}

impl<E: Engine> Loss<E> for Variation {
    fn on_pixels(&self, picture: &[f32], gradient: &mut [f32]) -> Option<f64> {
        let Size { height, width } = self.scene.size;
        let rows = Rows { kind: self.kind, height, width, seamless: self.scene.seamless };
        // From the squares of the picture's units to those of the variables'.
        let area = self.scene.pixel_scale * self.scene.pixel_scale;
        let all = gradient.par_chunks_exact_mut(width).enumerate();
        // Collected, so that the sum has one order for any number of threads.
        let losses: Vec<f64> = all
            .map_init(Scratch::default, |scratch, (number, gradient)| {
                let plane = &picture[number / height * height * width..][..height * width];
                rows.add(plane, number % height, (area, self.weight), gradient, scratch)
            })
            .collect();
        Some(self.weight * losses.iter().sum::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use impasto_network::ScalarEngine;

    use super::*;

    const KINDS: [VariationLoss; 5] = [
        VariationLoss::NinePoint,
        VariationLoss::HalfSquares,
        VariationLoss::Power,
        VariationLoss::MeanPower,
        VariationLoss::MeanSquares,
    ];

    /// The loss of a picture and its gradient, whether it tiles or not.
    fn evaluate(kind: VariationLoss, seamless: bool, picture: &[f32], size: Size) -> (f64, Vec<f32>) {
        let (regions, is_coarsest, refines) = (None, false, false);
        let scene = Scene { size, pixel_scale: 1.0, regions, seamless, is_coarsest, refines };
        let term = TotalVariation { weight: 1.0, loss: kind };
        let mut gradient = vec![0.0; picture.len()];
        let loss = Loss::<ScalarEngine>::on_pixels(&term.loss(&scene), picture, &mut gradient);
        (loss.unwrap(), gradient)
    }

    /// Of each pair of neighbours of a channel the factor of the squared difference, and where both are.
    fn pairs(kind: VariationLoss, Size { height, width }: Size, seamless: bool) -> Vec<(f64, usize, usize)> {
        let rim = usize::from(!seamless);
        let wrapped = |index: usize, length: usize| match seamless {
            true => index % length,
            false => index.min(length - 1),
        };
        let mut pairs = Vec::new();
        let mut add = |factor: f64, from: (usize, usize), to: (usize, usize)| {
            pairs.push((factor, from.0 * width + from.1, to.0 * width + to.1));
        };
        let all = |rows: usize, columns: usize| {
            (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
        };
        match kind {
            VariationLoss::HalfSquares => {
                for (row, column) in all(height - rim, width - rim) {
                    add(0.5, (row, column), (row, wrapped(column + 1, width)));
                    add(0.5, (row, column), (wrapped(row + 1, height), column));
                }
            }
            VariationLoss::MeanSquares => {
                let mean = |pairs: usize| 1.0 / (3 * pairs).max(1) as f64;
                for (row, column) in all(height, width) {
                    add(mean(height * (width - rim)), (row, column), (row, wrapped(column + 1, width)));
                    add(mean((height - rim) * width), (row, column), (wrapped(row + 1, height), column));
                }
            }
            VariationLoss::NinePoint => {
                let corners = (height + rim, width + rim);
                let straight = 2.0 / 3.0 / (3 * height * width) as f64;
                let diagonal = 1.0 / 6.0 / (3 * corners.0 * corners.1) as f64;
                for (row, column) in all(height, width) {
                    add(straight, (row, column), (row, wrapped(column + 1, width)));
                    add(straight, (row, column), (wrapped(row + 1, height), column));
                }
                let before = |index: usize, length: usize| match seamless {
                    true => (index + length - 1) % length,
                    false => index.saturating_sub(1),
                };
                for (row, column) in all(corners.0, corners.1) {
                    let (above, below) = (before(row, height), wrapped(row, height));
                    let (left, right) = (before(column, width), wrapped(column, width));
                    add(diagonal, (above, left), (below, right));
                    add(diagonal, (above, right), (below, left));
                }
            }
            VariationLoss::Power | VariationLoss::MeanPower => unreachable!("no sum of squares"),
        }
        pairs
    }

    #[test]
    fn sums_of_squares_are_those_of_all_pairs() {
        for kind in [VariationLoss::NinePoint, VariationLoss::HalfSquares, VariationLoss::MeanSquares] {
            for (height, width) in [(1, 1), (1, 6), (5, 1), (2, 2), (2, 9), (7, 19), (12, 33)] {
                for seamless in [false, true] {
                    let size = Size { height, width };
                    let value = |index: usize| ((index * 17) % 23) as f32 / 23.0;
                    let picture: Vec<f32> = (0..3 * height * width).map(value).collect();
                    let (loss, gradient) = evaluate(kind, seamless, &picture, size);
                    let (mut expected, mut by_pairs) = (0.0, vec![0.0; picture.len()]);
                    let planes = picture.chunks(height * width).zip(by_pairs.chunks_mut(height * width));
                    for (plane, by_plane) in planes {
                        for (factor, from, to) in pairs(kind, size, seamless) {
                            let difference = f64::from(plane[to]) - f64::from(plane[from]);
                            expected += factor * difference * difference;
                            by_plane[to] += 2.0 * factor * difference;
                            by_plane[from] -= 2.0 * factor * difference;
                        }
                    }
                    let what = format!("{kind:?} {width}x{height}, seamless {seamless}");
                    assert!((loss - expected).abs() <= 1e-12 * expected, "{what}: {loss}, not {expected}");
                    for (found, expected) in gradient.iter().zip(&by_pairs) {
                        assert!(
                            (f64::from(*found) - expected).abs() < 1e-5,
                            "{what}: {found}, not {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn gradients_of_powers_are_slopes() {
        for kind in [VariationLoss::Power, VariationLoss::MeanPower] {
            for seamless in [false, true] {
                let size = Size { height: 4, width: 5 };
                let picture: Vec<f32> = (0..60).map(|index| ((index * 17) % 23) as f32 / 23.0).collect();
                let (_, gradient) = evaluate(kind, seamless, &picture, size);
                for pixel in 0..picture.len() {
                    let moved = |by: f32| {
                        let mut picture = picture.clone();
                        picture[pixel] += by;
                        evaluate(kind, seamless, &picture, size).0
                    };
                    let slope = (moved(1e-3) - moved(-1e-3)) / 2e-3;
                    let found = f64::from(gradient[pixel]);
                    assert!(
                        (slope - found).abs() < 1e-3 * slope.abs().max(0.05),
                        "{kind:?}: {found}, not {slope}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_seamless_picture_may_be_shifted() {
        let size = Size { height: 4, width: 5 };
        let picture: Vec<f32> = (0..60).map(|index| ((index * 17) % 23) as f32 / 23.0).collect();
        let shifted: Vec<f32> = (0..60)
            .map(|index| {
                let (plane, row, column) = (index / 20, index / 5 % 4, index % 5);
                picture[plane * 20 + (row + 1) % 4 * 5 + (column + 2) % 5]
            })
            .collect();
        for kind in KINDS {
            let (loss, gradient) = evaluate(kind, true, &picture, size);
            let (again, _) = evaluate(kind, true, &shifted, size);
            assert!((loss / again - 1.0).abs() < 1e-12, "{kind:?}: {loss} and {again}");
            let (unlike, _) = evaluate(kind, false, &picture, size);
            assert!((loss / unlike - 1.0).abs() > 1e-2, "{kind:?}");
            // By finite differences at the last pixel, whose neighbours are at the other ends.
            let moved = |by: f32| {
                let mut picture = picture.clone();
                picture[19] += by;
                evaluate(kind, true, &picture, size).0
            };
            let slope = (moved(1e-3) - moved(-1e-3)) / 2e-3;
            assert!((slope / f64::from(gradient[19]) - 1.0).abs() < 1e-2, "{kind:?}: {slope}");
        }
    }
}
