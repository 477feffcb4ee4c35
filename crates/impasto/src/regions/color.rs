//! Colours of maps: how they are written, and how far apart the eye sees them.
//!
//! Distances are Euclidean in CIE 1976 L*a*b* (CIE 15:2004, section 8.2.1) of sRGB (IEC 61966-2-1) under its
//! white D65: about 2.3 is just noticeable (Mahy, Van Eycken and Oosterlinck 1994). Unlike newer spaces it
//! is linear near black, so that the noise of a JPEG file in a black region stays small.

use std::fmt;
use std::sync::LazyLock;

/// A colour as messages write it: `#ff331f`.
pub(super) struct Hex(pub [u8; 3]);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A colour in L*a*b*: lightness 0..100, then green to red and blue to yellow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lab(pub [f64; 3]);

/// Linear light, 0..1, of an encoded value.
static LINEAR: LazyLock<[f64; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let encoded = value as f64 / 255.0;
        if encoded <= 0.04045 { encoded / 12.92 } else { libm::pow((encoded + 0.055) / 1.055, 2.4) }
    })
});

/// From linear red, green and blue to X, Y and Z, each relative to that of white.
const TO_XYZ: [[f64; 3]; 3] = [
    [0.412_456_4 / 0.950_47, 0.357_576_1 / 0.950_47, 0.180_437_5 / 0.950_47],
    [0.212_672_9, 0.715_152_2, 0.072_175_0],
    [0.019_333_9 / 1.088_83, 0.119_192_0 / 1.088_83, 0.950_304_1 / 1.088_83],
];

impl From<[u8; 3]> for Lab {
    fn from(color: [u8; 3]) -> Self {
        let light = color.map(|value| LINEAR[usize::from(value)]);
        let [x, y, z] = TO_XYZ.map(|row| {
            let part = row[0] * light[0] + row[1] * light[1] + row[2] * light[2];
            if part > 216.0 / 24389.0 { libm::cbrt(part) } else { (24389.0 / 27.0 * part + 16.0) / 116.0 }
        });
        Lab([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])
    }
}

impl Lab {
    /// The square of the distance.
    pub fn squared_distance(self, other: Lab) -> f64 {
        self.0.iter().zip(other.0).map(|(a, b)| (a - b) * (a - b)).sum()
    }

    /// The index of the nearest of some colours, the first of equals, and the square of its distance.
    pub fn nearest(self, colors: &[Lab]) -> Option<(usize, f64)> {
        colors
            .iter()
            .map(|&color| self.squared_distance(color))
            .enumerate()
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colors_have_their_published_coordinates() {
        // Lindbloom's calculator, sRGB and D65.
        for (color, expected) in [
            ([255, 255, 255], [100.0, 0.0, 0.0]),
            ([0, 0, 0], [0.0, 0.0, 0.0]),
            ([255, 0, 0], [53.24, 80.09, 67.20]),
            ([0, 0, 255], [32.30, 79.19, -107.86]),
        ] {
            let Lab(found) = Lab::from(color);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 0.02, "{color:?}: {found} and {expected}");
            }
        }
    }

    #[test]
    fn colors_are_written_in_hexadecimal() {
        assert_eq!(Hex([255, 51, 0]).to_string(), "#ff3300");
    }
}
