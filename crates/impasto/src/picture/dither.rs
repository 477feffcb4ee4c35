//! From values of 0..1 to steps of 8 bits, without bands in what is smooth.
//!
//! Rounded alone, a gradient that is flatter than a step a pixel shows an edge wherever the step changes. Here an offset
//! of less than half a step, another one at each place, is added before: the mean of a neighbourhood keeps what a step
//! cannot tell. Triangular noise, the other common choice, would also hold the variance, but it spreads over two steps, so
//! that an area which lies on a step exactly, as all of a picture of 8 bits does, would become noisy.
//!
//! The offsets are the additive recurrence in two dimensions on the plastic number, `frac(x / φ + y / φ²)` with
//! `φ³ = φ + 1` (M. Roberts, "The Unreasonable Effectiveness of Quasirandom Sequences", 2018): neighbours differ much, so
//! that the pattern is finer than the eye resolves, as of blue noise, and it needs no table and no order of computing.
//! They are the same for red, green and blue, so that grey stays grey.

/// `2³² / φ` and `2³² / φ²`.
const ACROSS: u32 = 3_242_174_889;
const DOWN: u32 = 2_447_445_414;

/// Steps within this distance of a whole one, which rounding of earlier computations may have moved, stay.
const EXACT: f32 = 1.0 / 256.0;

/// The offset at a place, in steps: above -1/2, below 1/2.
pub(super) fn offset(column: usize, row: usize) -> f32 {
    let turns = (column as u32).wrapping_mul(ACROSS).wrapping_add((row as u32).wrapping_mul(DOWN));
    // 24 bits, which a float holds exactly.
    let unit = (turns >> 8) as f32 / (1 << 24) as f32;
    (unit - 0.5) * (1.0 - 2.0 * EXACT)
}

/// The step of 0..=255 of a value of 0..1 with an offset.
pub(super) fn byte(value: f32, offset: f32) -> u8 {
    (value * 255.0 + 0.5 + offset) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_steps_stay_everywhere() {
        let steps = (0..=255u8).flat_map(|step| [-1e-5, 0.0, 1e-5].map(|error| (step, error)));
        for (step, error) in steps {
            let value = (f32::from(step) / 255.0 + error).clamp(0.0, 1.0);
            for place in 0..64 * 64 {
                assert_eq!(byte(value, offset(place % 64, place / 64)), step);
            }
        }
    }

    #[test]
    fn the_mean_of_a_neighbourhood_is_the_value() {
        for tenth in 1..10 {
            let value = (100.0 + tenth as f32 / 10.0) / 255.0;
            for (left, top) in [(0, 0), (1000, 3), (17, 40_000)] {
                let bytes = (0..64).map(|at| byte(value, offset(left + at % 8, top + at / 8)));
                let mean = bytes.map(f32::from).sum::<f32>() / 64.0;
                assert!((mean - value * 255.0).abs() < 0.06, "{value}: {mean}");
            }
        }
    }
}
