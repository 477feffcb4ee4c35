//! Oklab: a space in which equal steps look equal (B. Ottosson, "A perceptual color space for image
//! processing", 2020).
//!
//! ```text
//! [l m s] = M₁ · linear RGB        [L a b] = M₂ · [∛l ∛m ∛s]
//! ```
//!
//! L is lightness, 0 for black to 1 for white; a goes from green to red, b from blue to yellow, and both are 0
//! for greys. The length of (a, b) is the chroma, its direction the hue. Linear RGB is that of sRGB (IEC
//! 61966-2-1).

use rayon::prelude::*;

use crate::Picture;

/// M₁, by the row.
const TO_CONES: [[f64; 3]; 3] = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];

/// M₂.
const TO_LAB: [[f64; 3]; 3] = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];

/// The inverse of M₂.
const FROM_LAB: [[f64; 3]; 3] = [
    [1.0, 0.396_337_777_4, 0.215_803_757_3],
    [1.0, -0.105_561_345_8, -0.063_854_172_8],
    [1.0, -0.089_484_177_5, -1.291_485_548_0],
];

/// The inverse of M₁.
const FROM_CONES: [[f64; 3]; 3] = [
    [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
    [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
    [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701_0],
];

/// How far beyond 0..1 linear light may lie and count as within: less than the matrices are exact to.
const GAMUT_TOLERANCE: f64 = 1e-6;

/// Halvings of the interval in which the greatest chroma is looked for: finer than 16 bits a channel show.
const BISECTIONS: usize = 18;

fn product(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
}

/// Linear light of an encoded value.
fn decoded(encoded: f64) -> f64 {
    if encoded <= 0.04045 { encoded / 12.92 } else { libm::pow((encoded + 0.055) / 1.055, 2.4) }
}

/// The encoded value of linear light.
fn encoded(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * libm::pow(linear, 1.0 / 2.4) - 0.055 }
}

/// Red, green and blue, sRGB-encoded 0..1, as L, a and b.
pub(super) fn from_rgb(color: [f32; 3]) -> [f64; 3] {
    let light = color.map(|value| decoded(f64::from(value)));
    product(&TO_LAB, product(&TO_CONES, light).map(libm::cbrt))
}

/// L, a and b as linear light, which is outside of 0..1 where sRGB has no such colour.
fn to_light(lab: [f64; 3]) -> [f64; 3] {
    product(&FROM_CONES, product(&FROM_LAB, lab).map(|root| root * root * root))
}

/// The colour of this lightness, 0..1, and hue that comes nearest to the chroma and that sRGB has; encoded,
/// 0..1. Clipping red, green and blue one by one would change lightness and hue as well.
pub(super) fn to_rgb([lightness, a, b]: [f64; 3]) -> [f32; 3] {
    let lightness = lightness.clamp(0.0, 1.0);
    let light_at = |share: f64| to_light([lightness, share * a, share * b]);
    let exists = |light: &[f64; 3]| {
        light.iter().all(|value| (-GAMUT_TOLERANCE..=1.0 + GAMUT_TOLERANCE).contains(value))
    };
    let mut light = light_at(1.0);
    if !exists(&light) {
        let (mut inside, mut outside) = (0.0, 1.0);
        for _ in 0..BISECTIONS {
            let middle = 0.5 * (inside + outside);
            if exists(&light_at(middle)) { inside = middle } else { outside = middle }
        }
        light = light_at(inside);
    }
    light.map(|value| encoded(value.clamp(0.0, 1.0)) as f32)
}

/// Lightness alone as a grey, encoded: all greys have a and b of 0, and the same light in all channels.
pub(super) fn gray(lightness: f64) -> f32 {
    let root = lightness.clamp(0.0, 1.0);
    encoded(root * root * root) as f32
}

/// The planes L, a and b, `[3, H, W]`, of a picture.
pub(super) fn planes(picture: &Picture) -> Vec<f32> {
    let (red, rest) = picture.data().split_at(picture.width() * picture.height());
    let (green, blue) = rest.split_at(red.len());
    let lab = |index: usize| from_rgb([red[index], green[index], blue[index]]).map(|value| value as f32);
    planar((0..red.len()).into_par_iter().map(lab))
}

/// Three planes, one after another, from the three values of each pixel.
pub(super) fn planar(pixels: impl IndexedParallelIterator<Item = [f32; 3]>) -> Vec<f32> {
    let pixels: Vec<[f32; 3]> = pixels.collect();
    (0..3).flat_map(|channel| pixels.iter().map(move |pixel| pixel[channel])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colors() -> impl Iterator<Item = [f32; 3]> {
        (0..9 * 9 * 9).map(|index| [index % 9, index / 9 % 9, index / 81].map(|value| value as f32 / 8.0))
    }

    #[test]
    fn known_colors_have_their_published_values() {
        // The primaries as CSS Color 4 gives them, and white.
        for (color, expected) in [
            ([1.0, 0.0, 0.0], [0.62796, 0.22486, 0.12585]),
            ([0.0, 1.0, 0.0], [0.86644, -0.23389, 0.17950]),
            ([0.0, 0.0, 1.0], [0.45201, -0.03246, -0.31153]),
            ([1.0, 1.0, 1.0], [1.0, 0.0, 0.0]),
            ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        ] {
            let found = from_rgb(color);
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-5), "{color:?}: {found:?}");
        }
    }

    #[test]
    fn every_color_comes_back() {
        for color in colors() {
            let again = to_rgb(from_rgb(color));
            assert!(again.iter().zip(color).all(|(a, b)| (a - b).abs() < 2e-5), "{color:?}: {again:?}");
        }
    }

    #[test]
    fn a_color_that_does_not_exist_loses_chroma_and_keeps_lightness_and_hue() {
        for color in colors() {
            let [_, a, b] = from_rgb(color).map(|value| 1.7 * value);
            assert!(to_rgb([0.0, a, b]).iter().all(|value| *value < 2e-3), "{color:?}");
            for lightness in [0.1, 0.5, 0.9, 1.0] {
                let [found, found_a, found_b] = from_rgb(to_rgb([lightness, a, b]));
                assert!((found - lightness).abs() < 1e-3, "{color:?} at {lightness}: {found}");
                let (chroma, kept) = (a.hypot(b), found_a.hypot(found_b));
                assert!(kept <= chroma + 1e-3, "{color:?}");
                let turned = a * found_b - b * found_a;
                assert!(turned.abs() <= 1e-3 * chroma.max(1e-3) + 1e-4, "{color:?}: {turned}");
            }
        }
    }

    #[test]
    fn a_gray_has_the_lightness_asked_for() {
        for lightness in [0.0, 0.2, 0.5, 0.99, 1.0] {
            let [found, a, b] = from_rgb([gray(lightness); 3]);
            assert!((found - lightness).abs() < 1e-6 && a.abs() < 1e-6 && b.abs() < 1e-6, "{lightness}");
        }
    }
}
