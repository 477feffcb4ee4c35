//! The few vector operations that the kernels are written in, and the instruction sets that have them.

mod portable;
pub(crate) use portable::Portable;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
pub(crate) use self::{avx2::Avx2, avx512::Avx512};

use crate::map::LANES;

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

    /// The sum of the lanes, always added in the same order.
    #[inline(always)]
    unsafe fn sum(vector: Self::Vector) -> f32 {
        let mut lanes = [0.0f32; LANES];
        // SAFETY: the array holds LANES >= WIDTH elements.
        unsafe { Self::store(lanes.as_mut_ptr(), vector) };
        lanes[..Self::WIDTH].iter().sum()
    }
}
