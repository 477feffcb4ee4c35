//! The inverse discrete cosine transform of 8×8 coefficients, in integers.
//!
//! Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications" (ICASSP 1989), with
//! constants of 13 bits and two more bits kept between columns and rows. These are the numbers that the common
//! decoders use, so samples agree with theirs to the last bit.

const BITS: u32 = 13;

/// Bits that are kept between the two passes, of 8-bit samples and of deeper ones.
const BETWEEN: u32 = 2;
const BETWEEN_DEEP: u32 = 1;

/// Greatest dequantised coefficient, whatever a damaged file says: keeps all sums in range.
const LIMIT: i32 = 1 << 20;

/// `constant · 2¹³`, rounded.
const fn fixed(constant: f64) -> i64 {
    (constant * (1 << BITS) as f64 + 0.5) as i64
}

/// Samples 0 to `2^precision - 1`, row by row, of coefficients in natural order and their quantisation.
pub(super) fn inverse_dct(coefficients: &[i16], quantization: &[u16; 64], precision: u32) -> [u16; 64] {
    let between = if precision > 8 { BETWEEN_DEEP } else { BETWEEN };
    let (center, greatest) = (1i64 << (precision - 1), (1i64 << precision) - 1);
    let dequantized = |place: usize| {
        i64::from((i32::from(coefficients[place]) * i32::from(quantization[place])).clamp(-LIMIT, LIMIT))
    };
    if coefficients[1..].iter().all(|&coefficient| coefficient == 0) {
        let value = ((dequantized(0) + 4) >> 3) + center;
        return [value.clamp(0, greatest) as u16; 64];
    }
    let mut between_passes = [0i64; 64];
    for column in 0..8 {
        let values = transform(std::array::from_fn(|row| dequantized(8 * row + column)));
        for (row, value) in values.into_iter().enumerate() {
            between_passes[8 * row + column] = descale(value, BITS - between);
        }
    }
    let mut samples = [0; 64];
    for (row, samples) in samples.chunks_exact_mut(8).enumerate() {
        let values = transform(std::array::from_fn(|column| between_passes[8 * row + column]));
        for (sample, value) in samples.iter_mut().zip(values) {
            *sample = (descale(value, BITS + between + 3) + center).clamp(0, greatest) as u16;
        }
    }
    samples
}

/// `value / 2^bits`, rounded.
fn descale(value: i64, bits: u32) -> i64 {
    (value + (1 << (bits - 1))) >> bits
}

/// Eight values from eight coefficients, times `√8 · 2¹³`.
fn transform(c: [i64; 8]) -> [i64; 8] {
    // Even part.
    let shared = (c[2] + c[6]) * fixed(0.541196100);
    let (even2, even3) = (shared - c[6] * fixed(1.847759065), shared + c[2] * fixed(0.765366865));
    let (even0, even1) = ((c[0] + c[4]) << BITS, (c[0] - c[4]) << BITS);
    let even = [even0 + even3, even1 + even2, even1 - even2, even0 - even3];
    // Odd part.
    let (sum71, sum53, sum73, sum51) = (c[7] + c[1], c[5] + c[3], c[7] + c[3], c[5] + c[1]);
    let rotated = (sum73 + sum51) * fixed(1.175875602);
    let (sum71, sum53) = (-sum71 * fixed(0.899976223), -sum53 * fixed(2.562915447));
    let (sum73, sum51) = (rotated - sum73 * fixed(1.961570560), rotated - sum51 * fixed(0.390180644));
    let odd = [
        c[1] * fixed(1.501321110) + sum71 + sum51,
        c[3] * fixed(3.072711026) + sum53 + sum73,
        c[5] * fixed(2.053119869) + sum53 + sum51,
        c[7] * fixed(0.298631336) + sum71 + sum73,
    ];
    std::array::from_fn(|place| match place {
        0..4 => even[place] + odd[place],
        _ => even[7 - place] - odd[7 - place],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition (ITU-T T.81, A.3.3).
    fn by_definition(coefficients: &[i16]) -> [f64; 64] {
        let scale = |frequency: usize| if frequency == 0 { 0.5f64.sqrt() } else { 1.0 };
        let wave = |at: usize, frequency: usize| {
            (((2 * at + 1) * frequency) as f64 * std::f64::consts::PI / 16.0).cos() * scale(frequency)
        };
        std::array::from_fn(|place| {
            let (y, x) = (place / 8, place % 8);
            let terms = (0..64).map(|k| f64::from(coefficients[k]) * wave(y, k / 8) * wave(x, k % 8));
            terms.sum::<f64>() / 4.0 + 128.0
        })
    }

    #[test]
    fn it_is_the_definition_but_for_rounding() {
        for seed in 0..200u32 {
            let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
            let coefficients: Vec<i16> = (0..64)
                .map(|place| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ((state >> 16) as i16 % 200) / (1 + place)
                })
                .collect();
            let samples = inverse_dct(&coefficients, &[1; 64], 8);
            for (sample, exact) in samples.into_iter().zip(by_definition(&coefficients)) {
                assert!((f64::from(sample) - exact.clamp(0.0, 255.0)).abs() < 0.6, "{sample} {exact}");
            }
        }
    }

    #[test]
    fn absurd_coefficients_stay_in_range() {
        for extreme in [i16::MIN, i16::MAX] {
            assert!(inverse_dct(&[extreme; 64], &[u16::MAX; 64], 8).iter().all(|&sample| sample <= 255));
        }
    }
}
