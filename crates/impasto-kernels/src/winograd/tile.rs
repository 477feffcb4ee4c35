//! The one-dimensional transforms Bᵀ, Aᵀ and G of F(4, 3) and F(6, 3).
//!
//! Interpolation points 0, ±1, ±2, ∞ for F(4, 3) and 0, ±1, ±2, ±1/2, ∞ for F(6, 3) (Lavin and Gray 2016,
//! §4.3; Barabasz et al. 2020 for the error). Even and odd parts of pairs ±p are shared.

use crate::simd::Simd;

/// Most places α of a transformed row.
pub(crate) const MAX_INPUT: usize = 8;

/// Output pixels of a Winograd tile's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileSize {
    /// F(4×4, 3×3).
    Four,
    /// F(6×6, 3×3).
    Six,
}

/// What transforming the weights costs, in the products of so many tiles.
const WEIGHTS: usize = 8;

impl TileSize {
    /// The cheaper size for an output of `height` × `width`, whose last tiles may reach beyond it: by its products, and by
    /// the transform of the weights, which counts where there are few tiles.
    pub fn cheapest(height: usize, width: usize) -> TileSize {
        let cost = |m: usize| (height.div_ceil(m) * width.div_ceil(m) + WEIGHTS) * (m + 2) * (m + 2);
        if cost(6) < cost(4) { TileSize::Six } else { TileSize::Four }
    }
}

/// One F(m, 3).
///
/// # Safety
/// Every function may be called only where `S` is available.
pub(crate) trait Tile {
    /// Output pixels m of a row.
    const OUTPUT: usize;
    /// Input pixels α = m + 2 of a row.
    const INPUT: usize;

    /// `Bᵀ d` in place on the first α elements.
    unsafe fn input<S: Simd>(d: &mut [S::Vector; MAX_INPUT]);
    /// `Aᵀ m` in place: reads the first α elements, leaves the result in the first m.
    unsafe fn output<S: Simd>(m: &mut [S::Vector; MAX_INPUT]);
    /// `A y` in place, the adjoint of [`output`](Tile::output): reads the first m elements, writes the first α.
    unsafe fn output_adjoint<S: Simd>(y: &mut [S::Vector; MAX_INPUT]);
    /// `G g`, the first α elements.
    unsafe fn weight<S: Simd>(g: [S::Vector; 3]) -> [S::Vector; MAX_INPUT];
    /// `Gᵀ u`, the adjoint of [`weight`](Tile::weight), of the first α elements.
    unsafe fn weight_adjoint<S: Simd>(u: [S::Vector; MAX_INPUT]) -> [S::Vector; 3];
}

/// F(4, 3).
pub(crate) struct Four;

/// F(6, 3).
pub(crate) struct Six;

/// `a · factor + b`.
///
/// # Safety
/// `S` must be available.
#[inline(always)]
unsafe fn scaled_sum<S: Simd>(a: S::Vector, factor: f32, b: S::Vector) -> S::Vector {
    // SAFETY: the instruction set is available, as every caller promises.
    unsafe { S::multiply_add(a, S::splat(factor), b) }
}

/// `a + b` and `a − b`.
///
/// # Safety
/// `S` must be available.
#[inline(always)]
unsafe fn sum_and_difference<S: Simd>(a: S::Vector, b: S::Vector) -> (S::Vector, S::Vector) {
    // SAFETY: as in `scaled_sum`.
    unsafe { (S::add(a, b), S::subtract(a, b)) }
}

impl Tile for Four {
    const OUTPUT: usize = 4;
    const INPUT: usize = 6;

    #[inline(always)]
    unsafe fn input<S: Simd>(d: &mut [S::Vector; MAX_INPUT]) {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            let first = scaled_sum::<S>(d[2], -5.0, scaled_sum::<S>(d[0], 4.0, d[4]));
            let last = scaled_sum::<S>(d[3], -5.0, scaled_sum::<S>(d[1], 4.0, d[5]));
            // ±1: (d4 − 4 d2) ± (d3 − 4 d1)
            let even = scaled_sum::<S>(d[2], -4.0, d[4]);
            let odd = scaled_sum::<S>(d[1], -4.0, d[3]);
            let (one, minus_one) = sum_and_difference::<S>(even, odd);
            // ±2: (d4 − d2) ± 2 (d3 − d1)
            let even = S::subtract(d[4], d[2]);
            let odd = S::subtract(d[3], d[1]);
            let two = scaled_sum::<S>(odd, 2.0, even);
            let minus_two = scaled_sum::<S>(odd, -2.0, even);
            (d[0], d[1], d[2], d[3], d[4], d[5]) = (first, one, minus_one, two, minus_two, last);
        }
    }

    #[inline(always)]
    unsafe fn output<S: Simd>(m: &mut [S::Vector; MAX_INPUT]) {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            let (sum_one, difference_one) = sum_and_difference::<S>(m[1], m[2]);
            let (sum_two, difference_two) = sum_and_difference::<S>(m[3], m[4]);
            m[0] = S::add(S::add(m[0], sum_one), sum_two);
            m[1] = scaled_sum::<S>(difference_two, 2.0, difference_one);
            m[2] = scaled_sum::<S>(sum_two, 4.0, sum_one);
            m[3] = S::add(scaled_sum::<S>(difference_two, 8.0, difference_one), m[5]);
        }
    }

    #[inline(always)]
    unsafe fn weight<S: Simd>(g: [S::Vector; 3]) -> [S::Vector; MAX_INPUT] {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            let times = |vector, factor: f32| S::multiply(vector, S::splat(factor));
            let outer = S::add(g[0], g[2]);
            let (one, minus_one) = sum_and_difference::<S>(outer, g[1]);
            let even = scaled_sum::<S>(g[2], 4.0, g[0]);
            let two = scaled_sum::<S>(g[1], 2.0, even);
            let minus_two = scaled_sum::<S>(g[1], -2.0, even);
            let zero = S::zero();
            [
                times(g[0], 1.0 / 4.0),
                times(one, -1.0 / 6.0),
                times(minus_one, -1.0 / 6.0),
                times(two, 1.0 / 24.0),
                times(minus_two, 1.0 / 24.0),
                g[2],
                zero,
                zero,
            ]
        }
    }

    #[inline(always)]
    unsafe fn output_adjoint<S: Simd>(y: &mut [S::Vector; MAX_INPUT]) {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            let (one, minus_one) = sum_and_difference::<S>(S::add(y[0], y[2]), S::add(y[1], y[3]));
            let even = scaled_sum::<S>(y[2], 4.0, y[0]);
            let odd = scaled_sum::<S>(y[3], 4.0, y[1]);
            let two = scaled_sum::<S>(odd, 2.0, even);
            let minus_two = scaled_sum::<S>(odd, -2.0, even);
            (y[1], y[2], y[3], y[4], y[5]) = (one, minus_one, two, minus_two, y[3]);
        }
    }

    #[inline(always)]
    unsafe fn weight_adjoint<S: Simd>(u: [S::Vector; MAX_INPUT]) -> [S::Vector; 3] {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            let times = |vector, factor: f32| S::multiply(vector, S::splat(factor));
            let (sum_one, difference_one) = sum_and_difference::<S>(u[1], u[2]);
            let (sum_two, difference_two) = sum_and_difference::<S>(u[3], u[4]);
            let (sum_one, difference_one) = (times(sum_one, -1.0 / 6.0), times(difference_one, -1.0 / 6.0));
            [
                scaled_sum::<S>(sum_two, 1.0 / 24.0, scaled_sum::<S>(u[0], 1.0 / 4.0, sum_one)),
                scaled_sum::<S>(difference_two, 1.0 / 12.0, difference_one),
                scaled_sum::<S>(sum_two, 1.0 / 6.0, S::add(sum_one, u[5])),
            ]
        }
    }
}

impl Tile for Six {
    const OUTPUT: usize = 6;
    const INPUT: usize = 8;

    #[inline(always)]
    unsafe fn input<S: Simd>(d: &mut [S::Vector; MAX_INPUT]) {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            let first = scaled_sum::<S>(S::subtract(d[4], d[2]), 21.0 / 4.0, S::subtract(d[0], d[6]));
            let last = scaled_sum::<S>(S::subtract(d[3], d[5]), 21.0 / 4.0, S::subtract(d[7], d[1]));
            // ±1: (d2 + d6 − 17/4 d4) ± (d1 + d5 − 17/4 d3)
            let even = scaled_sum::<S>(d[4], -17.0 / 4.0, S::add(d[2], d[6]));
            let odd = scaled_sum::<S>(d[3], -17.0 / 4.0, S::add(d[1], d[5]));
            let (one, minus_one) = sum_and_difference::<S>(even, odd);
            // ±2: (d6 + 1/4 d2 − 5/4 d4) ± (1/2 d1 − 5/2 d3 + 2 d5)
            let even = scaled_sum::<S>(d[4], -5.0 / 4.0, scaled_sum::<S>(d[2], 1.0 / 4.0, d[6]));
            let odd = scaled_sum::<S>(d[1], 1.0 / 4.0, scaled_sum::<S>(d[3], -5.0 / 4.0, d[5]));
            let two = scaled_sum::<S>(odd, 2.0, even);
            let minus_two = scaled_sum::<S>(odd, -2.0, even);
            // ±1/2: (d6 + 4 d2 − 5 d4) ± (2 d1 − 5/2 d3 + 1/2 d5)
            let even = scaled_sum::<S>(scaled_sum::<S>(d[4], -5.0 / 4.0, d[2]), 4.0, d[6]);
            let odd = scaled_sum::<S>(d[5], 1.0 / 4.0, scaled_sum::<S>(d[3], -5.0 / 4.0, d[1]));
            let half = scaled_sum::<S>(odd, 2.0, even);
            let minus_half = scaled_sum::<S>(odd, -2.0, even);
            *d = [first, one, minus_one, two, minus_two, half, minus_half, last];
        }
    }

    #[inline(always)]
    unsafe fn output<S: Simd>(m: &mut [S::Vector; MAX_INPUT]) {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            let (sum_one, difference_one) = sum_and_difference::<S>(m[1], m[2]);
            let (sum_two, difference_two) = sum_and_difference::<S>(m[3], m[4]);
            let (sum_half, difference_half) = sum_and_difference::<S>(m[5], m[6]);
            let combine = |one, two, by_two: f32, half, by_half: f32| {
                scaled_sum::<S>(two, by_two, scaled_sum::<S>(half, by_half, one))
            };
            let last = m[7];
            m[0] = S::add(S::add(m[0], sum_one), S::add(sum_two, sum_half));
            m[1] = combine(difference_one, difference_two, 2.0, difference_half, 1.0 / 2.0);
            m[2] = combine(sum_one, sum_two, 4.0, sum_half, 1.0 / 4.0);
            m[3] = combine(difference_one, difference_two, 8.0, difference_half, 1.0 / 8.0);
            m[4] = combine(sum_one, sum_two, 16.0, sum_half, 1.0 / 16.0);
            m[5] = S::add(combine(difference_one, difference_two, 32.0, difference_half, 1.0 / 32.0), last);
        }
    }

    #[inline(always)]
    unsafe fn weight<S: Simd>(g: [S::Vector; 3]) -> [S::Vector; MAX_INPUT] {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            let times = |vector, factor: f32| S::multiply(vector, S::splat(factor));
            let (one, minus_one) = sum_and_difference::<S>(S::add(g[0], g[2]), g[1]);
            let even = scaled_sum::<S>(g[2], 4.0, g[0]);
            let two = scaled_sum::<S>(g[1], 2.0, even);
            let minus_two = scaled_sum::<S>(g[1], -2.0, even);
            let even = scaled_sum::<S>(g[0], 4.0, g[2]);
            let half = scaled_sum::<S>(g[1], 2.0, even);
            let minus_half = scaled_sum::<S>(g[1], -2.0, even);
            [
                g[0],
                times(one, -2.0 / 9.0),
                times(minus_one, -2.0 / 9.0),
                times(two, 1.0 / 90.0),
                times(minus_two, 1.0 / 90.0),
                times(half, 8.0 / 45.0),
                times(minus_half, 8.0 / 45.0),
                g[2],
            ]
        }
    }

    #[inline(always)]
    unsafe fn output_adjoint<S: Simd>(y: &mut [S::Vector; MAX_INPUT]) {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            // Even and odd parts of the polynomial with coefficients y at ±p.
            let even = |p: f32| scaled_sum::<S>(scaled_sum::<S>(y[4], p * p, y[2]), p * p, y[0]);
            let odd = |p: f32| scaled_sum::<S>(scaled_sum::<S>(y[5], p * p, y[3]), p * p, y[1]);
            let (one, minus_one) = sum_and_difference::<S>(even(1.0), odd(1.0));
            let (even_two, odd_two) = (even(2.0), odd(2.0));
            let (even_half, odd_half) = (even(0.5), odd(0.5));
            *y = [
                y[0],
                one,
                minus_one,
                scaled_sum::<S>(odd_two, 2.0, even_two),
                scaled_sum::<S>(odd_two, -2.0, even_two),
                scaled_sum::<S>(odd_half, 0.5, even_half),
                scaled_sum::<S>(odd_half, -0.5, even_half),
                y[5],
            ];
        }
    }

    #[inline(always)]
    unsafe fn weight_adjoint<S: Simd>(u: [S::Vector; MAX_INPUT]) -> [S::Vector; 3] {
        // SAFETY: as in `scaled_sum`.
        unsafe {
            let times = |vector, factor: f32| S::multiply(vector, S::splat(factor));
            let (sum_one, difference_one) = sum_and_difference::<S>(u[1], u[2]);
            let (sum_two, difference_two) = sum_and_difference::<S>(u[3], u[4]);
            let (sum_half, difference_half) = sum_and_difference::<S>(u[5], u[6]);
            let (sum_one, difference_one) = (times(sum_one, -2.0 / 9.0), times(difference_one, -2.0 / 9.0));
            let first = scaled_sum::<S>(sum_two, 1.0 / 90.0, S::add(u[0], sum_one));
            let middle = scaled_sum::<S>(difference_two, 2.0 / 90.0, difference_one);
            let last = scaled_sum::<S>(sum_two, 4.0 / 90.0, S::add(u[7], sum_one));
            [
                scaled_sum::<S>(sum_half, 32.0 / 45.0, first),
                scaled_sum::<S>(difference_half, 16.0 / 45.0, middle),
                scaled_sum::<S>(sum_half, 8.0 / 45.0, last),
            ]
        }
    }
}
