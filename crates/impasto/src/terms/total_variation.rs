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

use impasto_network::{Engine, Size};
use rayon::prelude::*;
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

/// What a pixel adds to the loss, and the derivatives of that by a and b.
struct Contribution {
    value: f64,
    by_a: f64,
    by_b: f64,
}

impl Variation {
    /// The unweighted loss of one channel `[H, W]`. Adds its weighted gradient.
    fn on_plane(&self, plane: &[f32], gradient: &mut [f32]) -> f64 {
        let Size { height, width } = self.scene.size;
        // The rows and columns whose pixels have both neighbours.
        let rim = usize::from(!self.scene.seamless);
        let whole = (height - rim, width - rim);
        // From the squares of the picture's units to those of the variables'.
        let area = self.scene.pixel_scale * self.scene.pixel_scale;
        let both = |value: f64, slope: f64| Contribution { value, by_a: slope * area, by_b: slope * area };
        match self.kind {
            VariationLoss::HalfSquares => {
                self.sum(plane, gradient, whole, |a, b| both(0.5 * area * (a + b), 0.5))
            }
            VariationLoss::Power | VariationLoss::MeanPower => {
                let factor = match self.kind {
                    VariationLoss::MeanPower => 1.0 / (3 * whole.0 * whole.1).max(1) as f64,
                    _ => 1.0,
                };
                self.sum(plane, gradient, whole, |a, b| {
                    let sum = area * (a + b);
                    let root = sum.sqrt().sqrt();
                    both(factor * sum * root, factor * 1.25 * root)
                })
            }
            VariationLoss::NinePoint => self.nine_point(plane, gradient),
            VariationLoss::MeanSquares => {
                let mean = |pairs: usize| area / (3 * pairs).max(1) as f64;
                let (by_a, by_b) = (mean(height * whole.1), mean(whole.0 * width));
                self.sum(plane, gradient, (height, width), |a, b| Contribution {
                    value: by_a * a + by_b * b,
                    by_a,
                    by_b,
                })
            }
        }
    }

    /// Sums `contribution`, given a and b in units of the picture, over the first rows and columns of a
    /// channel. A neighbour beyond the border is that at the other end in a seamless picture, else it counts
    /// as equal.
    fn sum(
        &self,
        plane: &[f32],
        gradient: &mut [f32],
        (rows, columns): (usize, usize),
        contribution: impl Fn(f64, f64) -> Contribution,
    ) -> f64 {
        let Size { height, width } = self.scene.size;
        let next = |index: usize, length: usize| match (index + 1 < length, self.scene.seamless) {
            (true, _) => index + 1,
            (false, true) => 0,
            (false, false) => index,
        };
        let mut loss = 0.0;
        for row in 0..rows {
            let row_below = next(row, height) * width;
            for column in 0..columns {
                let index = row * width + column;
                let (right, below) = (row * width + next(column, width), row_below + column);
                let difference = |to: usize| f64::from(plane[to]) - f64::from(plane[index]);
                let (dx, dy) = (difference(right), difference(below));
                let Contribution { value, by_a, by_b } = contribution(dx * dx, dy * dy);
                loss += value;
                let (to_right, to_below) = (2.0 * self.weight * by_a * dx, 2.0 * self.weight * by_b * dy);
                gradient[right] += to_right as f32;
                gradient[below] += to_below as f32;
                gradient[index] -= (to_right + to_below) as f32;
            }
        }
        loss
    }
}

impl Variation {
    /// The unweighted loss of [`VariationLoss::NinePoint`] of one channel. Adds its weighted gradient.
    fn nine_point(&self, plane: &[f32], gradient: &mut [f32]) -> f64 {
        let Size { height, width } = self.scene.size;
        // Pixels one row and one column beyond the border, on all sides.
        let at = |index: usize, length: usize| match self.scene.seamless {
            true => (index + length - 1) % length,
            false => index.saturating_sub(1).min(length - 1),
        };
        let corners = if self.scene.seamless { (height, width) } else { (height + 1, width + 1) };
        let area = self.scene.pixel_scale * self.scene.pixel_scale;
        let straight = 2.0 / 3.0 * area / (3 * height * width) as f64;
        let diagonal = 1.0 / 6.0 * area / (3 * corners.0 * corners.1) as f64;
        let mut loss = 0.0;
        let mut add = |share: f64, from: usize, to: usize| {
            let difference = f64::from(plane[to]) - f64::from(plane[from]);
            loss += share * difference * difference;
            let slope = (2.0 * self.weight * share * difference) as f32;
            gradient[to] += slope;
            gradient[from] -= slope;
        };
        for row in 0..height {
            let below = at(row + 2, height) * width;
            for column in 0..width {
                let index = row * width + column;
                add(straight, index, row * width + at(column + 2, width));
                add(straight, index, below + column);
            }
        }
        for row in 0..corners.0 {
            let (above, below) = (at(row, height) * width, at(row + 1, height) * width);
            for column in 0..corners.1 {
                let (left, right) = (at(column, width), at(column + 1, width));
                add(diagonal, above + left, below + right);
                add(diagonal, above + right, below + left);
            }
        }
        loss
    }
}

impl<E: Engine> Loss<E> for Variation {
    fn on_pixels(&self, picture: &[f32], gradient: &mut [f32]) -> Option<f64> {
        let positions = self.scene.size.height * self.scene.size.width;
        let planes = picture.par_chunks_exact(positions).zip(gradient.par_chunks_exact_mut(positions));
        // Collected, so that the sum has one order for any number of threads.
        let losses: Vec<f64> = planes.map(|(plane, gradient)| self.on_plane(plane, gradient)).collect();
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
