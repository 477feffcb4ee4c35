//! The few vector operations that the kernels are written in, and the instruction sets that have them.

mod portable;
pub(crate) use portable::Portable;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
pub(crate) use self::{avx2::Avx2, avx512::Avx512};

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "aarch64")]
pub(crate) use neon::Neon;

use crate::map::LANES;

/// Vectors in a block of [`LANES`] channels, at most: what arrays of registers have room for. Sets with wider
/// vectors leave the rest unused.
pub(crate) const MAX_VECTORS: usize = 4;

/// Vectors of f32. All functions are `#[inline(always)]` into a caller that enables the instruction set.
///
/// # Safety
/// Every method may be called only where the instruction set is available; `load` and `store` need
/// pointers valid for [`WIDTH`](Simd::WIDTH) elements, of any alignment.
pub(crate) trait Simd: Copy {
    /// A vector.
    type Vector: Copy;
    /// Lanes of a vector; divides [`LANES`].
    const WIDTH: usize;
    /// Vectors in one block of [`LANES`] channels.
    const VECTORS: usize = LANES / Self::WIDTH;
    /// Panels of [`LANES`] output columns that the matrix product's innermost kernel computes at once:
    /// as many as the registers hold beside six rows.
    const PANELS: usize;
    /// Successive k that [`add_products`](Simd::add_products) takes; divides [`LANES`].
    const DEPTH: usize = 1;

    unsafe fn zero() -> Self::Vector;
    unsafe fn splat(value: f32) -> Self::Vector;
    unsafe fn load(from: *const f32) -> Self::Vector;
    unsafe fn store(to: *mut f32, vector: Self::Vector);
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    unsafe fn subtract(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    unsafe fn multiply(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a · b + c`, fused where the set can.
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// The larger of each pair; `b` where one of them is NaN.
    unsafe fn maximum(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Bit i is set where lane i of `a` is greater than that of `b`.
    unsafe fn greater(a: Self::Vector, b: Self::Vector) -> u32;
    /// The lanes whose bit is set; zero elsewhere.
    unsafe fn keep(bits: u32, vector: Self::Vector) -> Self::Vector;

    /// Asks for the cache line at `at`, of any address, ahead of its use. Does nothing where it cannot.
    #[inline(always)]
    fn prefetch(_at: *const f32) {}

    /// The matrix product's innermost step: adds to `sums` of rows and panels what [`DEPTH`](Simd::DEPTH) successive
    /// k give. The factors of a row lie side by side, those of rows [`LANES`] apart from `factors` on; each k has a
    /// block of columns in each panel, panels `panel` apart from `columns` on.
    #[inline(always)]
    unsafe fn add_products<const ROWS: usize, const PANELS: usize>(
        sums: &mut [[[Self::Vector; MAX_VECTORS]; PANELS]; ROWS],
        factors: *const f32,
        columns: *const f32,
        panel: usize,
    ) {
        // SAFETY: the caller promises so many factors and columns.
        unsafe {
            let mut lines = [[Self::zero(); MAX_VECTORS]; PANELS];
            for (p, line) in lines.iter_mut().enumerate() {
                for (v, column) in line.iter_mut().enumerate().take(Self::VECTORS) {
                    *column = Self::load(columns.add(p * panel + v * Self::WIDTH));
                }
            }
            for (r, row_sums) in sums.iter_mut().enumerate() {
                let factor = Self::splat(*factors.add(r * LANES));
                for (panel_sums, line) in row_sums.iter_mut().zip(&lines) {
                    for v in 0..Self::VECTORS {
                        panel_sums[v] = Self::multiply_add(factor, line[v], panel_sums[v]);
                    }
                }
            }
        }
    }

    /// The sum of the lanes, always added in the same order.
    #[inline(always)]
    unsafe fn sum(vector: Self::Vector) -> f32 {
        let mut lanes = [0.0f32; LANES];
        // SAFETY: the array holds LANES >= WIDTH elements.
        unsafe { Self::store(lanes.as_mut_ptr(), vector) };
        lanes[..Self::WIDTH].iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_VECTORS, Simd};
    use crate::isa::{Isa, Kernel};
    use crate::map::LANES;

    const ROWS: usize = 3;
    const PANELS: usize = 2;

    /// Calls a check on every set that this machine has.
    fn on_all_sets<K: Kernel<Output = ()> + Copy>(check: K) {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            // SAFETY: the checks below read and write arrays of their own.
            unsafe { isa.run(check) }
        }
    }

    /// Numbers with every combination of sign, order and NaN in some lane.
    fn pairs() -> ([f32; LANES], [f32; LANES]) {
        let nan = f32::NAN;
        let a = [1.0, 2.0, nan, 3.0, -1.0, 0.0, -0.0, nan, 5.0, -2.0, 4.0, 4.0, -7.0, 1e30, -1e30, 0.5];
        let b = [2.0, 1.0, 3.0, nan, -2.0, -0.0, 0.0, nan, 5.0, -1.0, 4.5, 3.5, 7.0, -1e30, 1e30, 0.25];
        (a, b)
    }

    #[derive(Clone, Copy)]
    struct Comparisons;

    impl Kernel for Comparisons {
        type Output = ();

        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            let (a, b) = pairs();
            for first in (0..LANES).step_by(S::WIDTH) {
                let lanes = first..first + S::WIDTH;
                let mut larger = [0.0f32; LANES];
                // SAFETY: the arrays hold the vectors.
                let bits = unsafe {
                    let (a, b) = (S::load(a[first..].as_ptr()), S::load(b[first..].as_ptr()));
                    S::store(larger.as_mut_ptr(), S::maximum(a, b));
                    S::greater(a, b)
                };
                for (lane, at) in lanes.enumerate() {
                    let expected = if a[at] > b[at] { a[at] } else { b[at] };
                    assert_eq!(larger[lane].to_bits(), expected.to_bits(), "{} and {}", a[at], b[at]);
                    assert_eq!(bits >> lane & 1 == 1, a[at] > b[at], "{} and {}", a[at], b[at]);
                }
                assert_eq!(bits >> S::WIDTH, 0, "bits beyond the lanes");
            }
        }
    }

    #[test]
    fn comparisons_are_those_of_single_numbers() {
        on_all_sets(Comparisons);
    }

    #[derive(Clone, Copy)]
    struct Masks;

    impl Kernel for Masks {
        type Output = ();

        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            let values: [f32; LANES] = std::array::from_fn(|lane| lane as f32 + 1.0);
            // Bits beyond the lanes, which a caller may leave, count for nothing.
            for bits in [0, 1, 0b1010, 0b0110_1001, 0xffff, 0xa5c3, 0x1_0000, u32::MAX] {
                let mut kept = [0.0f32; LANES];
                // SAFETY: the arrays hold a vector.
                unsafe { S::store(kept.as_mut_ptr(), S::keep(bits, S::load(values.as_ptr()))) };
                for lane in 0..S::WIDTH {
                    let expected = if bits >> lane & 1 == 1 { values[lane] } else { 0.0 };
                    assert_eq!(kept[lane], expected, "lane {lane} of {bits:#x}");
                }
            }
        }
    }

    #[test]
    fn lanes_are_kept_by_their_bits() {
        on_all_sets(Masks);
    }

    #[derive(Clone, Copy)]
    struct Products;

    impl Kernel for Products {
        type Output = ();

        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            // Whole numbers, so that neither order nor fusing changes a sum.
            let factors: [f32; ROWS * LANES] = std::array::from_fn(|index| (index % 11) as f32 - 5.0);
            let columns: [f32; PANELS * LANES * LANES] =
                std::array::from_fn(|index| (index % 13) as f32 - 6.0);
            let panel = LANES * LANES;
            // SAFETY: as many factors and columns as a step reads are in the arrays.
            unsafe {
                let mut sums = [[[S::splat(0.5); MAX_VECTORS]; PANELS]; ROWS];
                S::add_products(&mut sums, factors.as_ptr(), columns.as_ptr(), panel);
                for (r, p) in (0..ROWS).flat_map(|r| (0..PANELS).map(move |p| (r, p))) {
                    let mut found = [0.0f32; LANES];
                    for v in 0..S::VECTORS {
                        S::store(found.as_mut_ptr().add(v * S::WIDTH), sums[r][p][v]);
                    }
                    let product = |lane: usize, k: usize| {
                        factors[r * LANES + k] * columns[p * panel + k * LANES + lane]
                    };
                    let expected: [f32; LANES] = std::array::from_fn(|lane| {
                        0.5 + (0..S::DEPTH).map(|k| product(lane, k)).sum::<f32>()
                    });
                    assert_eq!(found, expected, "row {r} of panel {p}");
                }
            }
        }
    }

    #[test]
    fn a_step_of_the_product_adds_every_k_once() {
        on_all_sets(Products);
    }
}
