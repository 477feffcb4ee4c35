//! The distance of covariances, and the matrix that moves one to the other.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Eigenvalues below this share of the largest are rounding noise.
const NOISE: f64 = 1e-13;

/// The target of a distance.
pub(super) struct Transport {
    /// Σₜ^½.
    root: DMatrix<f64>,
    /// tr Σₜ.
    trace: f64,
}

/// A distance from the target.
pub(super) struct Bures {
    /// `tr(Σ + Σₜ − 2 (Σₜ^½ Σ Σₜ^½)^½)`.
    pub value: f64,
    /// T.
    pub transport: DMatrix<f64>,
}

impl Transport {
    /// To Σₜ, symmetric and positive.
    pub fn new(covariance: DMatrix<f64>) -> Self {
        let trace = covariance.trace();
        Transport { root: power(covariance, f64::sqrt).1, trace }
    }

    /// From Σ, symmetric and positive.
    pub fn from(&self, covariance: &DMatrix<f64>) -> Bures {
        let (roots, inverse_root) =
            power(&self.root * covariance * &self.root, |value| 1.0 / value.sqrt().max(f64::MIN_POSITIVE));
        Bures {
            value: covariance.trace() + self.trace - 2.0 * roots.map(f64::sqrt).sum(),
            transport: &self.root * inverse_root * &self.root,
        }
    }
}

/// The eigenvalues of a symmetric positive matrix, and the matrix with `function` of them.
fn power(matrix: DMatrix<f64>, function: impl Fn(f64) -> f64) -> (DVector<f64>, DMatrix<f64>) {
    let SymmetricEigen { mut eigenvalues, eigenvectors } = SymmetricEigen::new(matrix);
    let smallest = NOISE * eigenvalues.max();
    eigenvalues.apply(|value| *value = value.max(smallest));
    let mut scaled = eigenvectors.clone();
    for (mut column, &value) in scaled.column_iter_mut().zip(&eigenvalues) {
        column *= function(value);
    }
    (eigenvalues, scaled * eigenvectors.transpose())
}
