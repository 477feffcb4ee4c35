//! The Gaussian that is fitted to the columns of a map.

use impasto_network::{Layer, Question, Statistic};
use nalgebra::{DMatrix, DVector};

use super::super::Answers;
use super::super::guidance::Part;

/// A mean and a covariance.
pub(super) struct Gaussian {
    /// μ, `[C]`.
    pub mean: DVector<f64>,
    /// Σ without the ε on its diagonal, `[C, C]`.
    pub covariance: DMatrix<f64>,
}

/// What raw moments are made of, of a part of a map or of the whole map.
pub(super) fn statistics<Map>(layer: Layer, part: Option<&Part>) -> Vec<Question<Map>> {
    let weights = part.map(|part| part.mask.clone());
    vec![Statistic::Sums { weights: weights.clone() }.at(layer), Statistic::Gram { weights }.at(layer)]
}

/// The raw moments of so many positions: μ, `[C]`, and after it S, `[C, C]`.
pub(super) fn raw_moments(answers: &mut Answers<'_>, positions: f64) -> Vec<f64> {
    let (sums, products) = (answers.sums(), answers.sums());
    sums.into_iter().chain(products).map(|sum| sum / positions).collect()
}

impl Gaussian {
    /// Of [`raw_moments`] of a map with `channels` channels.
    pub fn new(channels: usize, moments: &[f64]) -> Self {
        let (mean, products) = moments.split_at(channels);
        let mean = DVector::from_column_slice(mean);
        let mut covariance = DMatrix::from_column_slice(channels, channels, products);
        covariance.ger(-1.0, &mean, &mean, 1.0);
        Gaussian { mean, covariance }
    }
}
