//! The Gaussian that is fitted to the columns of a map.

use impasto_network::{Engine, Layer};
use nalgebra::{DMatrix, DVector};

use super::super::guidance::Part;

/// A mean and a covariance.
pub(super) struct Gaussian {
    /// μ, `[C]`.
    pub mean: DVector<f64>,
    /// Σ without the ε on its diagonal, `[C, C]`.
    pub covariance: DMatrix<f64>,
}

/// The raw moments of a part of a map, or of the whole map: μ, `[C]`, and after it S, `[C, C]`.
pub(super) fn raw_moments<E: Engine>(engine: &E, layer: Layer, part: Option<&Part>) -> Vec<f64> {
    let (sums, products, positions) = match part {
        None => {
            let positions = engine.shape(layer).positions() as f64;
            (engine.sums(layer, None), engine.gram(layer), positions)
        }
        Some(part) => {
            let mask = &part.mask;
            (engine.sums(layer, Some(mask)), engine.weighted_gram(layer, mask), part.positions)
        }
    };
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
