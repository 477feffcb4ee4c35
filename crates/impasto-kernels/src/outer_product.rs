//! Sums of outer products over positions, `S[i][o] += Σ_p a_p[i] · b_p[o]`: what the gradients of weights are made
//! of.

use crate::map::LANES;
use crate::simd::{MAX_VECTORS, Simd};

/// Adds the products of the sixteen lanes at `rows` with those at `columns`, summed over `run` blocks of either, to
/// the sixteen rows of sixteen at `to`.
///
/// # Safety
/// `rows` and `columns` must be valid for `run` blocks, `to` for sixteen blocks that overlap neither, and `S`
/// available.
#[inline(always)]
pub(crate) unsafe fn add_outer_products<S: Simd>(
    rows: *const f32,
    columns: *const f32,
    run: usize,
    to: *mut f32,
) {
    // As many rows at a time as leave the registers full of sums: their number hides the latency of a sum.
    // SAFETY: every part is within the sixteen rows.
    unsafe {
        if S::VECTORS == 1 {
            add_rows::<S, 16>(rows, columns, run, to);
        } else {
            add_rows::<S, 6>(rows, columns, run, to);
            add_rows::<S, 5>(rows.add(6), columns, run, to.add(6 * LANES));
            add_rows::<S, 5>(rows.add(11), columns, run, to.add(11 * LANES));
        }
    }
}

/// The same for `ROWS` of the lanes at `rows`.
///
/// # Safety
/// As [`add_outer_products`].
#[inline(always)]
unsafe fn add_rows<S: Simd, const ROWS: usize>(
    rows: *const f32,
    columns: *const f32,
    run: usize,
    to: *mut f32,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut sums = [[S::zero(); MAX_VECTORS]; ROWS];
        for (row, sums) in sums.iter_mut().enumerate() {
            for (v, sum) in sums.iter_mut().enumerate().take(S::VECTORS) {
                *sum = S::load(to.add(row * LANES + v * S::WIDTH));
            }
        }
        for position in 0..run {
            let mut line = [S::zero(); MAX_VECTORS];
            for (v, line) in line.iter_mut().enumerate().take(S::VECTORS) {
                *line = S::load(columns.add(position * LANES + v * S::WIDTH));
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = S::splat(*rows.add(position * LANES + row));
                for v in 0..S::VECTORS {
                    sums[v] = S::multiply_add(factor, line[v], sums[v]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (v, &sum) in sums.iter().enumerate().take(S::VECTORS) {
                S::store(to.add(row * LANES + v * S::WIDTH), sum);
            }
        }
    }
}
