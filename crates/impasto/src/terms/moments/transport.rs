//! The distance of covariances, and the matrix that moves one to the other, in the principal axes of the target.
//!
//! With the eigenvectors X of Σₜ and its eigenvalues λ, both covariances are turned to `Xᵀ Σ X` and `diag(λ)`, whose
//! root needs no further decomposition. Between the first r axes, which have the largest λ, all covariances count;
//! beyond them the variances s alone, axis by axis, where the distance is `(√s − √λ)²` and T is `√(λ / s)`. With r = C
//! that is the distance itself; with r < C the distance of the same Gaussians without those covariances.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, DVector, SymmetricEigen};
use rayon::prelude::*;

/// Eigenvalues below this share of the largest are rounding noise.
const NOISE: f64 = 1e-13;

/// Columns of a product that are one piece of work.
const COLUMNS: usize = 64;

/// The target of a distance.
pub(super) struct Transport {
    /// X, columns by falling eigenvalues.
    axes: DMatrix<f64>,
    /// Xᵀ.
    transposed_axes: DMatrix<f64>,
    /// λ.
    variances: DVector<f64>,
    /// r.
    leading: usize,
}

/// A distance from the target.
pub(super) struct Bures {
    /// The squared distance.
    pub value: f64,
    /// T.
    pub transport: DMatrix<f64>,
}

impl Transport {
    /// To Σₜ, symmetric and positive, with covariances between the first `directions` axes, at
    /// least 1.
    pub fn new(covariance: DMatrix<f64>, directions: usize) -> Self {
        let SymmetricEigen { eigenvalues, eigenvectors } = SymmetricEigen::new(covariance);
        let smallest = NOISE * eigenvalues.max();
        let mut order: Vec<usize> = (0..eigenvalues.len()).collect();
        order.sort_by(|&a, &b| eigenvalues[b].total_cmp(&eigenvalues[a]));
        let axes = eigenvectors.select_columns(&order);
        Transport {
            transposed_axes: axes.transpose(),
            axes,
            variances: DVector::from_iterator(
                order.len(),
                order.iter().map(|&index| eigenvalues[index].max(smallest)),
            ),
            leading: directions.min(order.len()),
        }
    }

    /// From Σ, symmetric and positive.
    pub fn from(&self, covariance: &DMatrix<f64>) -> Bures {
        let (channels, leading) = (self.variances.len(), self.leading);
        let turned = product(covariance, &self.axes);
        let axes = self.axes.columns(0, leading);
        let roots = self.variances.rows(0, leading).map(f64::sqrt);
        // λ^½ Xᵀ Σ X λ^½
        let between = scaled(axes.tr_mul(&turned.columns(0, leading)), &roots);
        let (squares, inverse_root) = inverse_root(between.clone());
        let trace = between.diagonal().component_div(&self.variances.rows(0, leading)).sum();
        let mut value = trace + self.variances.rows(0, leading).sum() - 2.0 * squares.map(f64::sqrt).sum();

        let mut moved = self.axes.clone();
        moved.columns_mut(0, leading).copy_from(&(axes * scaled(inverse_root, &roots)));
        for axis in leading..channels {
            let variance = turned.column(axis).dot(&self.axes.column(axis)).max(f64::MIN_POSITIVE);
            value += (variance.sqrt() - self.variances[axis].sqrt()).powi(2);
            moved.column_mut(axis).scale_mut((self.variances[axis] / variance).sqrt());
        }
        Bures { value, transport: product(&moved, &self.transposed_axes) }
    }
}

/// `a · b`, some columns after others on all threads: for the widest layer, which has most of the work of all.
fn product(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    let (rows, depth) = a.shape();
    let mut result = DMatrix::zeros(rows, b.ncols());
    let columns = b.as_slice().par_chunks(depth * COLUMNS);
    result.as_mut_slice().par_chunks_mut(rows * COLUMNS).zip(columns).for_each(|(to, b)| {
        let count = b.len() / depth;
        let b = DMatrixView::from_slice(b, depth, count);
        DMatrixViewMut::from_slice(to, rows, count).gemm(1.0, a, &b, 0.0);
    });
    result
}

/// The matrix with rows and columns multiplied by `factors`.
fn scaled(mut matrix: DMatrix<f64>, factors: &DVector<f64>) -> DMatrix<f64> {
    for (mut column, &factor) in matrix.column_iter_mut().zip(factors) {
        column.component_mul_assign(factors);
        column.scale_mut(factor);
    }
    matrix
}

/// The eigenvalues of a symmetric positive matrix, and its inverse root.
fn inverse_root(matrix: DMatrix<f64>) -> (DVector<f64>, DMatrix<f64>) {
    let SymmetricEigen { mut eigenvalues, eigenvectors } = SymmetricEigen::new(matrix);
    let smallest = (NOISE * eigenvalues.max()).max(f64::MIN_POSITIVE);
    eigenvalues.apply(|value| *value = value.max(smallest));
    let mut columns = eigenvectors.clone();
    for (mut column, &value) in columns.column_iter_mut().zip(&eigenvalues) {
        column.scale_mut(1.0 / value.sqrt());
    }
    (eigenvalues, columns * eigenvectors.transpose())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covariance(seed: f64) -> DMatrix<f64> {
        let root = DMatrix::from_fn(5, 5, |row, column| {
            (seed + 1.7 * row as f64 + 3.1 * (row * column) as f64).sin()
        });
        &root * root.transpose() + DMatrix::identity(5, 5) * 0.1
    }

    #[test]
    fn the_transport_matrix_moves_one_covariance_to_the_other() {
        let (from, to) = (covariance(1.0), covariance(2.0));
        let Bures { value, transport } = Transport::new(to.clone(), 5).from(&from);
        assert!((&transport * &from * &transport - &to).norm() < 1e-10 * to.norm());
        assert!((transport.clone() - transport.transpose()).norm() < 1e-10);
        // What moves F by T moves it by tr((T − I) Σ (T − I)) in the mean.
        let shift = transport - DMatrix::identity(5, 5);
        assert!((value - (&shift * &from * &shift).trace()).abs() < 1e-10 * value);
    }

    #[test]
    fn covariances_in_proportion_have_the_distance_of_their_roots() {
        let to = covariance(1.0);
        for directions in [1, 2, 5] {
            let Bures { value, .. } = Transport::new(to.clone(), directions).from(&(&to * 4.0));
            assert!((value - to.trace()).abs() < 1e-10, "{directions} directions: {value}");
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences_for_any_number_of_directions() {
        let (from, to, step) = (covariance(1.0), covariance(2.0), covariance(3.0) * 1e-5);
        for directions in [1, 2, 5] {
            let transport = Transport::new(to.clone(), directions);
            let difference = transport.from(&(&from + &step)).value - transport.from(&(&from - &step)).value;
            let gradient = DMatrix::identity(5, 5) - transport.from(&from).transport;
            let product = 2.0 * gradient.dot(&step);
            assert!((difference / product - 1.0).abs() < 1e-5, "{directions}: {difference} and {product}");
        }
    }
}
