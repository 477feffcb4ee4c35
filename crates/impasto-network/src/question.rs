//! What is asked of feature maps, what an engine answers, and how gradients by the maps are described.

use std::sync::Arc;

use impasto_kernels::Resampling;

use crate::{HalfMap, Layer};

/// The gradient of a loss by one feature map F `[C, H, W]`: a map, or a function of F that acts on each
/// position by itself.
#[derive(Debug)]
pub enum MapGradient<Map> {
    /// `scale · (F − target)`, with a target of the shape of F; with weights w, `wₚ · scale · (Fₚ − targetₚ)` at each
    /// position p.
    Difference {
        /// Factor of the difference.
        scale: f32,
        /// What F is compared with.
        target: Arc<Target<Map>>,
        /// Weights of the positions, `[H·W]`; `None` for 1 everywhere.
        weights: Option<Arc<[f32]>>,
    },
    /// `matrix · F`, with F read as `[C, H·W]`; with weights w, `wₚ · (matrix · Fₚ)` at each position p.
    Linear {
        /// Symmetric `[C, C]` matrix, row-major.
        matrix: Arc<[f32]>,
        /// Weights of the positions, `[H·W]`; `None` for 1 everywhere. Positions of weight 0 cost nothing.
        weights: Option<Arc<[f32]>>,
    },
    /// The same column at each position, whatever F is; with weights w, `wₚ · column` at each position p.
    Column {
        /// `[C]`.
        column: Arc<[f32]>,
        /// Weights of the positions, `[H·W]`; `None` for 1 everywhere.
        weights: Option<Arc<[f32]>>,
    },
    /// `scale · gradient`, whatever F is.
    Given {
        /// Factor of the gradient.
        scale: f32,
        /// A map of the shape of F.
        gradient: Arc<Map>,
    },
    /// `scale` times the adjoint of a resampling of F at `gradient`, whatever F is.
    Resampled {
        /// Factor of the gradient.
        scale: f32,
        /// The gradient by the resampled map.
        gradient: Arc<Map>,
        /// From F to the resampled map.
        resampling: Arc<Resampling>,
    },
    /// `scale` times the adjoint of a resampling of F at `aₚ Tₚ + bₚ Xₚ`, with the resampled map X and
    /// `factors[p] = [a, b]`: the gradient of a function of the [inner products](Statistic::ResampledProducts).
    Blended {
        /// Factor of the gradient.
        scale: f32,
        /// From F to X.
        resampling: Arc<Resampling>,
        /// T, of the shape of X.
        targets: Arc<Map>,
        /// a and b of each position of X.
        factors: Arc<[[f32; 2]]>,
    },
}

impl<Map> Clone for MapGradient<Map> {
    fn clone(&self) -> Self {
        match self {
            Self::Difference { scale, target, weights } => {
                Self::Difference { scale: *scale, target: target.clone(), weights: weights.clone() }
            }
            Self::Linear { matrix, weights } => {
                Self::Linear { matrix: matrix.clone(), weights: weights.clone() }
            }
            Self::Column { column, weights } => {
                Self::Column { column: column.clone(), weights: weights.clone() }
            }
            Self::Given { scale, gradient } => Self::Given { scale: *scale, gradient: gradient.clone() },
            Self::Resampled { scale, gradient, resampling } => {
                Self::Resampled { scale: *scale, gradient: gradient.clone(), resampling: resampling.clone() }
            }
            Self::Blended { scale, resampling, targets, factors } => Self::Blended {
                scale: *scale,
                resampling: resampling.clone(),
                targets: targets.clone(),
                factors: factors.clone(),
            },
        }
    }
}

impl<Map> MapGradient<Map> {
    /// The same gradient times `factor`.
    pub fn scaled(self, factor: f32) -> Self {
        match self {
            Self::Difference { scale, target, weights } => {
                Self::Difference { scale: scale * factor, target, weights }
            }
            Self::Linear { matrix, weights } => {
                Self::Linear { matrix: matrix.iter().map(|value| value * factor).collect(), weights }
            }
            Self::Column { column, weights } => {
                Self::Column { column: column.iter().map(|value| value * factor).collect(), weights }
            }
            Self::Given { scale, gradient } => Self::Given { scale: scale * factor, gradient },
            Self::Resampled { scale, gradient, resampling } => {
                Self::Resampled { scale: scale * factor, gradient, resampling }
            }
            Self::Blended { scale, resampling, targets, factors } => {
                Self::Blended { scale: scale * factor, resampling, targets, factors }
            }
        }
    }
}

/// A map that others are compared with.
#[derive(Clone, Debug)]
pub enum Target<Map> {
    /// In full.
    Full(Map),
    /// In half the memory.
    Half(HalfMap),
}

impl<Map> Target<Map> {
    /// The map, for an engine that makes only targets in full.
    ///
    /// # Panics
    /// If it is in half precision. An engine receives only targets that it made itself.
    pub fn full(&self) -> &Map {
        match self {
            Target::Full(map) => map,
            Target::Half(_) => panic!("a target that this engine has not made"),
        }
    }
}

/// What is asked of the map at a layer.
#[derive(Debug)]
pub struct Question<Map> {
    /// Where.
    pub layer: Layer,
    /// What.
    pub statistic: Statistic<Map>,
}

impl<Map> Clone for Question<Map> {
    fn clone(&self) -> Self {
        Question { layer: self.layer, statistic: self.statistic.clone() }
    }
}

/// What is asked of a map F `[C, H, W]`.
///
/// Weights w, `[H·W]`, are finite and at least 0; `None` is 1 everywhere. Positions of weight 0 cost nothing, and
/// count for nothing even where F is not finite. An engine may keep weights, targets and resamplings where its
/// maps are: they stay the same until the next [`prepare`](crate::Engine::prepare).
#[derive(Debug)]
pub enum Statistic<Map> {
    /// `Σₚ wₚ · Fₚ Fₚᵀ`: the symmetric `[C, C]` matrix, row-major, not divided by anything.
    Gram {
        /// w.
        weights: Option<Arc<[f32]>>,
    },
    /// `Σₚ wₚ · Fₚ`: `[C]`.
    Sums {
        /// w.
        weights: Option<Arc<[f32]>>,
    },
    /// `Σₚ wₚ · ‖Fₚ‖²`: one number.
    SquaredNorm {
        /// w.
        weights: Option<Arc<[f32]>>,
    },
    /// `Σₚ wₚ · ‖Fₚ − targetₚ‖²`: one number.
    SquaredDifference {
        /// A map of the shape of F.
        target: Arc<Target<Map>>,
        /// w.
        weights: Option<Arc<[f32]>>,
    },
    /// The values of the resampled map X, planes `[C, h, w]`.
    Resampled {
        /// From F to X.
        resampling: Arc<Resampling>,
    },
    /// For each position p of the resampled map X its inner products with the column of `targets` there and with
    /// itself: the values `⟨Xₚ, Tₚ⟩, ⟨Xₚ, Xₚ⟩`, `[h·w, 2]`.
    ResampledProducts {
        /// From F to X.
        resampling: Arc<Resampling>,
        /// T, of the shape of X.
        targets: Arc<Map>,
    },
    /// Nothing: the whole map is kept, for [`map`](crate::Engine::map).
    Map,
    /// Nothing: the whole map is kept, for [`take_target`](crate::Engine::take_target).
    Target,
}

impl<Map> Clone for Statistic<Map> {
    fn clone(&self) -> Self {
        match self {
            Self::Gram { weights } => Self::Gram { weights: weights.clone() },
            Self::Sums { weights } => Self::Sums { weights: weights.clone() },
            Self::SquaredNorm { weights } => Self::SquaredNorm { weights: weights.clone() },
            Self::SquaredDifference { target, weights } => {
                Self::SquaredDifference { target: target.clone(), weights: weights.clone() }
            }
            Self::Resampled { resampling } => Self::Resampled { resampling: resampling.clone() },
            Self::ResampledProducts { resampling, targets } => {
                Self::ResampledProducts { resampling: resampling.clone(), targets: targets.clone() }
            }
            Self::Map => Self::Map,
            Self::Target => Self::Target,
        }
    }
}

impl<Map> Statistic<Map> {
    /// This statistic of the map at `layer`.
    pub fn at(self, layer: Layer) -> Question<Map> {
        Question { layer, statistic: self }
    }
}

/// The answer to a [`Question`], as its [`Statistic`] says.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Sums over positions: of [`Gram`](Statistic::Gram), [`Sums`](Statistic::Sums) and the squares.
    Sums(Vec<f64>),
    /// Values of positions: of [`Resampled`](Statistic::Resampled) and
    /// [`ResampledProducts`](Statistic::ResampledProducts).
    Values(Vec<f32>),
    /// Of [`Map`](Statistic::Map) and [`Target`](Statistic::Target): the engine holds it.
    Kept,
}

impl Answer {
    /// The sums.
    ///
    /// # Panics
    /// If the answer holds no sums.
    pub fn into_sums(self) -> Vec<f64> {
        match self {
            Answer::Sums(sums) => sums,
            Answer::Values(_) | Answer::Kept => panic!("sums were asked for"),
        }
    }

    /// The only sum.
    ///
    /// # Panics
    /// If the answer is not one sum.
    pub fn into_number(self) -> f64 {
        let sums = self.into_sums();
        assert_eq!(sums.len(), 1, "one number was asked for");
        sums[0]
    }

    /// The values.
    ///
    /// # Panics
    /// If the answer holds no values.
    pub fn into_values(self) -> Vec<f32> {
        match self {
            Answer::Values(values) => values,
            Answer::Sums(_) | Answer::Kept => panic!("values were asked for"),
        }
    }
}
