//! Samples in the bytes of a row.

use super::layout::{Kind, Layout};

/// Undoes what a row was prepared with to compress better, and leaves its samples in the byte order of the file,
/// highest byte first for floating point. False if the predictor is none for such samples.
pub(super) fn undo_prediction(row: &mut [u8], layout: &Layout, is_big_endian: bool) -> bool {
    let (bytes, stride) = (layout.bits / 8, layout.samples_in_chunk());
    match layout.predictor {
        1 => true,
        // Differences to the pixel on the left (TIFF 6.0, section 14).
        2 if layout.bits.is_multiple_of(8) => {
            for at in (stride * bytes..row.len() / bytes * bytes).step_by(bytes) {
                // Byte by byte with a carry, whatever the width.
                let mut carry = 0;
                for digit in 0..bytes {
                    let place = if is_big_endian { bytes - 1 - digit } else { digit };
                    let sum =
                        u16::from(row[at + place]) + u16::from(row[at + place - stride * bytes]) + carry;
                    row[at + place] = sum as u8;
                    carry = sum >> 8;
                }
            }
            true
        }
        // Differences of bytes, all highest bytes of the row first (Adobe Photoshop TIFF Technical Note 3).
        3 if layout.kind == Kind::Float => {
            for at in stride..row.len() {
                row[at] = row[at].wrapping_add(row[at - stride]);
            }
            let count = row.len() / bytes;
            let planes = row.to_vec();
            for (index, sample) in row.chunks_exact_mut(bytes).enumerate() {
                for (byte, value) in sample.iter_mut().enumerate() {
                    *value = planes[byte * count + index];
                }
            }
            true
        }
        _ => false,
    }
}

/// The samples of a row as numbers: without a sign as they are, others as the bits of an f32.
pub(super) fn numbers(row: &[u8], layout: &Layout, is_big_endian: bool, numbers: &mut Vec<u32>) {
    numbers.clear();
    // The floating-point predictor has put the highest byte first.
    let is_big_endian = is_big_endian || layout.predictor == 3;
    let bits = layout.bits;
    if !bits.is_multiple_of(8) {
        let count = row.len() * 8 / bits;
        let bit = |at: usize| u32::from(row[at / 8] >> (7 - at % 8) & 1);
        numbers.extend(
            (0..count).map(|index| (0..bits).fold(0, |value, place| value << 1 | bit(index * bits + place))),
        );
        return;
    }
    let join = |bytes: &[u8]| {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if is_big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    };
    let samples = row.chunks_exact(bits / 8).map(join);
    match (layout.kind, bits) {
        (Kind::Signed, _) => {
            let unused = 64 - bits as u32;
            numbers.extend(samples.map(|sample| (((sample << unused) as i64 >> unused) as f32).to_bits()));
        }
        (Kind::Unsigned, _) => numbers.extend(samples.map(|sample| sample as u32)),
        (Kind::Float, 16) => {
            numbers.extend(samples.map(|sample| small_float(sample as u32, 5, 10).to_bits()))
        }
        (Kind::Float, 24) => {
            numbers.extend(samples.map(|sample| small_float(sample as u32, 7, 16).to_bits()))
        }
        (Kind::Float, 64) => numbers.extend(samples.map(|sample| (f64::from_bits(sample) as f32).to_bits())),
        (Kind::Float, _) => numbers.extend(samples.map(|sample| sample as u32)),
    }
}

/// A float of fewer bits: one for the sign, then those of the exponent and of the fraction.
fn small_float(bits: u32, exponent_bits: u32, fraction_bits: u32) -> f32 {
    let exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
    let fraction = (bits & ((1 << fraction_bits) - 1)) as f32 / (1u32 << fraction_bits) as f32;
    let bias = (1i32 << (exponent_bits - 1)) - 1;
    let size = match exponent {
        0 => fraction * f32::powi(2.0, 1 - bias),
        it if it == (1 << exponent_bits) - 1 => {
            if fraction == 0.0 {
                f32::INFINITY
            } else {
                f32::NAN
            }
        }
        it => (1.0 + fraction) * f32::powi(2.0, it as i32 - bias),
    };
    if bits >> (exponent_bits + fraction_bits) & 1 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_mean_what_they_should() {
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (1, 5.960_464_5e-8), (0, 0.0)]
        {
            assert_eq!(small_float(bits, 5, 10), value);
        }
        assert_eq!(small_float(0x7c00, 5, 10), f32::INFINITY);
        assert!(small_float(0x7e00, 5, 10).is_nan());
        assert_eq!(small_float(63 << 16, 7, 16), 1.0);
    }
}
