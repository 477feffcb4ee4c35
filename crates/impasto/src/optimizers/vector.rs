//! Arithmetic on long f32 vectors, on all threads of the current rayon pool.
//!
//! Sums are f64. A vector is halved at multiples of [`BLOCK`] until the parts are no longer than that,
//! whatever the number of threads, so every sum is the same tree of additions and has the same bits.

use rayon::prelude::*;

/// Elements that one task works on: two blocks of 64 KiB fit the second-level cache of a core, and a
/// block takes long enough, several microseconds, to be worth handing to another thread.
pub(super) const BLOCK: usize = 16_384;

/// Partial sums of a block, so that the compiler can keep them in vector registers.
const LANES: usize = 8;

/// `Σ aᵢ bᵢ`, the products and the sum in f64.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    sum(a, b, &|a, b| f64::from(a) * f64::from(b))
}

/// `Σ |aᵢ|`; finite if and only if every element is.
pub(super) fn absolute_sum(a: &[f32]) -> f64 {
    sum(a, a, &|a, _| f64::from(a.abs()))
}

/// The largest `|aᵢ|`.
pub(super) fn largest(a: &[f32]) -> f32 {
    let largest_of = |block: &[f32]| block.iter().fold(0.0_f32, |largest, a| largest.max(a.abs()));
    a.par_chunks(BLOCK).map(largest_of).reduce(|| 0.0, f32::max)
}

/// `a ← a + factor · b`.
pub(super) fn add_scaled(a: &mut [f32], factor: f32, b: &[f32]) {
    update(a, b, |a, b| a + factor * b);
}

/// `a ← factor · b`.
pub(super) fn set_scaled(a: &mut [f32], factor: f32, b: &[f32]) {
    update(a, b, |_, b| factor * b);
}

/// `a ← a + b`, and `b` becomes by how much `a` changed, which rounding makes another number where `b` is small
/// beside `a`.
pub(super) fn add_moved(a: &mut [f32], b: &mut [f32]) {
    debug_assert_eq!(a.len(), b.len());
    a.par_chunks_mut(BLOCK).zip(b.par_chunks_mut(BLOCK)).for_each(|(a, b)| {
        for (a, b) in a.iter_mut().zip(b) {
            let moved = *a + *b;
            *b = moved - *a;
            *a = moved;
        }
    });
}

/// `a ← b − a`.
pub(super) fn subtract_from(a: &mut [f32], b: &[f32]) {
    update(a, b, |a, b| b - a);
}

/// `a ← factor · a`.
pub(super) fn scale(a: &mut [f32], factor: f32) {
    a.par_chunks_mut(BLOCK).for_each(|block| block.iter_mut().for_each(|a| *a *= factor));
}

/// `aᵢ ← f(aᵢ, bᵢ)`.
pub(super) fn update(a: &mut [f32], b: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) {
    debug_assert_eq!(a.len(), b.len());
    a.par_chunks_mut(BLOCK).zip(b.par_chunks(BLOCK)).for_each(|(a, b)| {
        for (a, &b) in a.iter_mut().zip(b) {
            *a = f(*a, b);
        }
    });
}

fn sum(a: &[f32], b: &[f32], term: &(impl Fn(f32, f32) -> f64 + Sync)) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    if a.len() <= BLOCK {
        return sum_of_block(a, b, term);
    }
    let middle = a.len().div_ceil(BLOCK).div_ceil(2) * BLOCK;
    let ((a_low, a_high), (b_low, b_high)) = (a.split_at(middle), b.split_at(middle));
    let (low, high) = rayon::join(|| sum(a_low, b_low, term), || sum(a_high, b_high, term));
    low + high
}

fn sum_of_block(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f64) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += term(a[lane], b[lane]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(&a, &b)| term(a, b)).sum();
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(length: usize, frequency: f32) -> Vec<f32> {
        (0..length).map(|index| (index as f32 * frequency).sin()).collect()
    }

    #[test]
    fn sums_agree_with_the_plain_loop_at_every_kind_of_length() {
        for length in [0, 1, 7, 8, 9, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 3] {
            let (a, b) = (wave(length, 0.37), wave(length, 0.11));
            let product: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            assert!((dot(&a, &b) - product).abs() <= 1e-9, "dot of {length} elements");
            let absolute: f64 = a.iter().map(|a| f64::from(a.abs())).sum();
            assert!((absolute_sum(&a) - absolute).abs() <= 1e-9, "absolute sum of {length} elements");
            assert_eq!(largest(&a), a.iter().map(|a| a.abs()).fold(0.0, f32::max), "{length} elements");
        }
    }

    #[test]
    fn one_bad_element_makes_the_absolute_sum_infinite_or_undefined() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut values = wave(3 * BLOCK, 0.5);
            values[2 * BLOCK + 17] = bad;
            assert!(!absolute_sum(&values).is_finite());
        }
        assert!(absolute_sum(&[f32::MAX; 100]).is_finite());
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_bit() {
        let (a, b) = (wave(7 * BLOCK + 5, 0.37), wave(7 * BLOCK + 5, 0.11));
        let sums: Vec<u64> = [1, 2, 3, 8]
            .map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| dot(&a, &b)).to_bits()
            })
            .to_vec();
        assert!(sums.iter().all(|bits| *bits == sums[0]), "{sums:x?}");
    }
}
