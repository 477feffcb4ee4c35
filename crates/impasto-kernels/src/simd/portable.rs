//! Plain arrays: the compiler vectorises these loops for whatever the target offers.

use super::Simd;

/// Lanes of a portable vector: two NEON or SSE registers.
const WIDTH: usize = 8;

/// The portable set.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

#[inline(always)]
fn zip(a: [f32; WIDTH], b: [f32; WIDTH], combine: impl Fn(f32, f32) -> f32) -> [f32; WIDTH] {
    std::array::from_fn(|lane| combine(a[lane], b[lane]))
}

impl Simd for Portable {
    type Vector = [f32; WIDTH];
    const WIDTH: usize = WIDTH;
    const PANELS: usize = 1;

    #[inline(always)]
    unsafe fn zero() -> Self::Vector {
        [0.0; WIDTH]
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::Vector {
        [value; WIDTH]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::Vector {
        // SAFETY: the caller promises WIDTH readable elements.
        unsafe { from.cast::<Self::Vector>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: Self::Vector) {
        // SAFETY: the caller promises WIDTH writable elements.
        unsafe { to.cast::<Self::Vector>().write_unaligned(vector) }
    }

    #[inline(always)]
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn subtract(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn multiply(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        // Not f32::mul_add: without the instruction it is a library call. On AArch64 it always has one.
        if cfg!(target_arch = "aarch64") {
            std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
        } else {
            std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
        }
    }

    #[inline(always)]
    unsafe fn maximum(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        zip(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    unsafe fn greater(a: Self::Vector, b: Self::Vector) -> u32 {
        (0..WIDTH).fold(0, |bits, lane| bits | (u32::from(a[lane] > b[lane]) << lane))
    }

    #[inline(always)]
    unsafe fn keep(bits: u32, vector: Self::Vector) -> Self::Vector {
        std::array::from_fn(|lane| if bits >> lane & 1 == 1 { vector[lane] } else { 0.0 })
    }
}
