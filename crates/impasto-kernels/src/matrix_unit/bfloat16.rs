//! Rounding to bfloat16, the upper half of an f32.

/// The nearest bfloat16, the even one of two; NaN stays NaN.
pub(crate) fn rounded(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        // Some bit of the upper half must be left.
        return (bits >> 16) as u16 | 0x40;
    }
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// A value as the sum of two bfloat16, exact to 16 bits: what is nearest, and what is left, rounded.
pub(crate) fn in_two_parts(value: f32) -> [u16; 2] {
    let upper = rounded(value);
    [upper, rounded(value - f32::from_bits(u32::from(upper) << 16))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(bits: u16) -> f32 {
        f32::from_bits(u32::from(bits) << 16)
    }

    #[test]
    fn rounds_to_the_nearest_and_keeps_what_is_not_finite() {
        assert_eq!(value(rounded(1.0)), 1.0);
        // Between 1 and 1 + 1/128: the halfway point falls to the even one.
        assert_eq!(value(rounded(1.0 + 1.0 / 256.0)), 1.0);
        assert_eq!(value(rounded(1.0 + 1.1 / 256.0)), 1.0 + 1.0 / 128.0);
        assert_eq!(value(rounded(-1.0 - 3.0 / 256.0)), -1.0 - 2.0 / 128.0);
        assert_eq!(value(rounded(f32::INFINITY)), f32::INFINITY);
        assert!(value(rounded(f32::NAN)).is_nan());
        assert!(value(rounded(f32::from_bits(0x7f80_0001))).is_nan());
    }

    #[test]
    fn two_parts_are_exact_to_sixteen_bits() {
        for number in [1.234_567_9f32, -98.765_43, 3.0e-5, 0.0] {
            let [upper, lower] = in_two_parts(number).map(value);
            assert!((upper + lower - number).abs() <= number.abs() / 65536.0, "{number}");
        }
    }
}
