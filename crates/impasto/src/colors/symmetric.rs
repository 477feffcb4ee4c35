//! Functions of symmetric matrices 3×3: of their eigenvalues, in the frame of their eigenvectors.
//!
//! ```text
//! f(V diag(λ) Vᵀ) = V diag(f(λ)) Vᵀ
//! ```
//!
//! Eigenvectors are found by Jacobi's rotations (Golub and Van Loan, "Matrix Computations", section 8.5), which
//! need no special case for equal eigenvalues.

/// A matrix, by the row.
pub(super) type Matrix = [[f64; 3]; 3];

/// Rotations of each pair of axes: a matrix 3×3 is diagonal to the last bit after about five.
const SWEEPS: usize = 12;

/// The pairs of axes.
const PAIRS: [(usize, usize); 3] = [(0, 1), (0, 2), (1, 2)];

/// The product of two matrices.
pub(super) fn product(one: &Matrix, other: &Matrix) -> Matrix {
    std::array::from_fn(|row| {
        std::array::from_fn(|column| (0..3).map(|inner| one[row][inner] * other[inner][column]).sum())
    })
}

/// f of a symmetric matrix.
pub(super) fn function(matrix: &Matrix, f: impl Fn(f64) -> f64) -> Matrix {
    let (values, vectors) = eigen(matrix);
    let values = values.map(f);
    std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            (0..3).map(|index| vectors[row][index] * values[index] * vectors[column][index]).sum()
        })
    })
}

/// Eigenvalues, and the eigenvectors as columns.
fn eigen(matrix: &Matrix) -> ([f64; 3], Matrix) {
    let mut current = *matrix;
    let mut vectors = std::array::from_fn(|row| std::array::from_fn(|column| f64::from(row == column)));
    for (p, q) in PAIRS.into_iter().cycle().take(SWEEPS * PAIRS.len()) {
        if current[p][q] == 0.0 {
            continue;
        }
        let theta = (current[q][q] - current[p][p]) / (2.0 * current[p][q]);
        let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
        let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
        let mut rotation: Matrix =
            std::array::from_fn(|row| std::array::from_fn(|column| f64::from(row == column)));
        (rotation[p][p], rotation[q][q]) = (cosine, cosine);
        (rotation[p][q], rotation[q][p]) = (tangent * cosine, -tangent * cosine);
        let transposed = std::array::from_fn(|row| std::array::from_fn(|column| rotation[column][row]));
        current = product(&transposed, &product(&current, &rotation));
        vectors = product(&vectors, &rotation);
    }
    (std::array::from_fn(|index| current[index][index]), vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_times_itself_is_the_matrix() {
        for matrix in [
            [[2.0, -0.5, 0.3], [-0.5, 1.0, 0.2], [0.3, 0.2, 0.5]],
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]],
            [[0.0; 3]; 3],
        ] {
            let root = function(&matrix, |value| value.max(0.0).sqrt());
            let again = product(&root, &root);
            for (found, expected) in again.as_flattened().iter().zip(matrix.as_flattened()) {
                assert!((found - expected).abs() < 1e-7, "{again:?}");
            }
        }
    }
}
