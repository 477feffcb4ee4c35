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

/// A transport matrix, and the distance that it gives.
pub(super) struct Map {
    /// T.
    pub matrix: DMatrix<f64>,
    /// tr(T⁻¹ Σₜ).
    inverse_trace: f64,
}

impl Transport {
    /// To Σₜ, symmetric and positive.
    pub fn new(covariance: DMatrix<f64>) -> Self {
        let trace = covariance.trace();
        Transport { root: power(covariance, f64::sqrt).1, trace }
    }

    /// T for Σ, symmetric and positive.
    pub fn map_from(&self, covariance: &DMatrix<f64>) -> Map {
        let (squares, inverse_root) =
            power(&self.root * covariance * &self.root, |value| 1.0 / value.sqrt().max(f64::MIN_POSITIVE));
        // T⁻¹ Σₜ = Σₜ^−½ (Σₜ^½ Σ Σₜ^½)^½ Σₜ^½, whose trace is that of the root.
        let inverse_trace = squares.map(f64::sqrt).sum();
        Map { matrix: &self.root * inverse_root * &self.root, inverse_trace }
    }

    /// `tr( Σ + Σₜ − T Σ − T⁻¹ Σₜ )`: the squared distance of covariances if T is for Σ, else less.
    pub fn distance(&self, map: &Map, covariance: &DMatrix<f64>) -> f64 {
        covariance.trace() + self.trace - map.matrix.dot(covariance) - map.inverse_trace
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
