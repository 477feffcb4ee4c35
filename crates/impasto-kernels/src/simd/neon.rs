//! NEON, which every AArch64 processor has: 4 lanes, 32 registers.

use std::arch::aarch64::*;

use super::{MAX_VECTORS, Simd};
use crate::map::LANES;

/// The NEON set.
#[derive(Clone, Copy)]
pub(crate) struct Neon;

/// The bit of each lane in a mask.
///
/// # Safety
/// NEON must be available.
#[inline(always)]
unsafe fn lane_bits() -> uint32x4_t {
    // SAFETY: the array holds 4 elements.
    unsafe { vld1q_u32([1, 2, 4, 8].as_ptr()) }
}

/// Adds to `sums` the products of number `K` of each row's `factors` with the columns of that k.
///
/// Vectors of columns come one after another, not all before the first product: 24 sums and 6 rows of factors leave
/// two of the 32 registers for them.
///
/// # Safety
/// `columns` must be valid for a block in each panel, panels `panel` apart.
#[inline(always)]
unsafe fn add_products_of<const K: i32, const ROWS: usize, const PANELS: usize>(
    sums: &mut [[[float32x4_t; MAX_VECTORS]; PANELS]; ROWS],
    factors: &[float32x4_t; ROWS],
    columns: *const f32,
    panel: usize,
) {
    for p in 0..PANELS {
        for v in 0..MAX_VECTORS {
            // SAFETY: the caller's promise; NEON is part of AArch64.
            unsafe {
                let column = vld1q_f32(columns.add(p * panel + v * Neon::WIDTH));
                for (row_sums, &factors) in sums.iter_mut().zip(factors) {
                    row_sums[p][v] = vfmaq_laneq_f32::<K>(row_sums[p][v], column, factors);
                }
            }
        }
    }
}

// SAFETY of every block below: the trait's contract, that NEON is available and pointers are valid for 4
// elements.
impl Simd for Neon {
    type Vector = float32x4_t;
    const WIDTH: usize = 4;
    const PANELS: usize = 1;
    const DEPTH: usize = 4;

    #[inline(always)]
    unsafe fn zero() -> float32x4_t {
        // SAFETY: see above.
        unsafe { vdupq_n_f32(0.0) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: float32x4_t) {
        // SAFETY: see above.
        unsafe { vst1q_f32(to, vector) }
    }

    #[inline(always)]
    unsafe fn add(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn subtract(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn multiply(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    unsafe fn maximum(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // Not vmaxq_f32, which answers NaN where only `a` is.
        // SAFETY: see above.
        unsafe { vbslq_f32(vcgtq_f32(a, b), a, b) }
    }

    #[inline(always)]
    unsafe fn greater(a: float32x4_t, b: float32x4_t) -> u32 {
        // SAFETY: see above.
        unsafe { vaddvq_u32(vandq_u32(vcgtq_f32(a, b), lane_bits())) }
    }

    #[inline(always)]
    unsafe fn keep(bits: u32, vector: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe {
            let chosen = vtstq_u32(vdupq_n_u32(bits), lane_bits());
            vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(vector), chosen))
        }
    }

    /// Loads the factors of four k at once and multiplies by single lanes of them.
    #[inline(always)]
    unsafe fn add_products<const ROWS: usize, const PANELS: usize>(
        sums: &mut [[[float32x4_t; MAX_VECTORS]; PANELS]; ROWS],
        factors: *const f32,
        columns: *const f32,
        panel: usize,
    ) {
        // SAFETY: the caller promises four factors of each row and four blocks of columns in each panel.
        unsafe {
            let mut rows = [Self::zero(); ROWS];
            for (r, row) in rows.iter_mut().enumerate() {
                *row = vld1q_f32(factors.add(r * LANES));
            }
            add_products_of::<0, ROWS, PANELS>(sums, &rows, columns, panel);
            add_products_of::<1, ROWS, PANELS>(sums, &rows, columns.add(LANES), panel);
            add_products_of::<2, ROWS, PANELS>(sums, &rows, columns.add(2 * LANES), panel);
            add_products_of::<3, ROWS, PANELS>(sums, &rows, columns.add(3 * LANES), panel);
        }
    }
}
