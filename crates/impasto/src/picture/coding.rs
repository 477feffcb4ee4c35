//! Colours that a curve and primaries describe, in place of a profile: to sRGB.
//!
//! The numbers are those of ITU-T H.273, which PNG's chunk `cICP` and others use; `gAMA` and `cHRM` of PNG say the
//! same with numbers of their own.

/// How encoded values stand for light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Curve {
    Srgb,
    /// Light is the value to this power.
    Power(f32),
    /// ITU-R BT.709 and BT.2020.
    Video,
    /// SMPTE ST 2084, up to 10,000 candelas per square metre.
    Pq,
    /// Hybrid log-gamma of ITU-R BT.2100, on a display of 1,000 candelas per square metre.
    Hlg,
}

/// Chromaticities `(x, y)` of red, green, blue and white.
pub(super) type Primaries = [(f32, f32); 4];

const D65: (f32, f32) = (0.3127, 0.3290);
const SRGB: Primaries = [(0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65];

/// Light of paper-white in pictures of high dynamic range (ITU-R BT.2408), in candelas per square metre.
const PAPER_WHITE: f32 = 203.0;

/// Light above this, a little beyond white to allow for rounding, is what high dynamic range is for.
const BRIGHT: f32 = 1.01;

/// From this share of white on, light is compressed to make room for what is brighter.
const KNEE: f32 = 0.5;

/// A curve with primaries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coding {
    pub curve: Curve,
    pub primaries: Primaries,
    /// Whether black and white are 0 and 1, rather than 16 and 235 of 255.
    pub is_full_range: bool,
}

impl Coding {
    /// The coding of this curve and these primaries, or sRGB's.
    pub fn new(curve: Option<Curve>, primaries: Option<Primaries>) -> Self {
        let (curve, primaries) = (curve.unwrap_or(Curve::Srgb), primaries.unwrap_or(SRGB));
        Coding { curve, primaries, is_full_range: true }
    }

    /// The coding of the numbers of H.273; `None` if they stand for nothing that is read.
    pub fn of_code_points(primaries: u8, curve: u8, is_full_range: bool) -> Option<Self> {
        let curve = match curve {
            1 | 6 | 14 | 15 => Curve::Video,
            4 => Curve::Power(2.2),
            5 => Curve::Power(2.8),
            8 => Curve::Power(1.0),
            13 => Curve::Srgb,
            16 => Curve::Pq,
            17 => Curve::Power(2.6),
            18 => Curve::Hlg,
            _ => return None,
        };
        let primaries = match primaries {
            1 => SRGB,
            4 => [(0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)],
            5 => [(0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65],
            6 | 7 => [(0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65],
            9 => [(0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65],
            11 => [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)],
            12 => [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65],
            22 => [(0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65],
            _ => return None,
        };
        Some(Coding { curve, primaries, is_full_range })
    }

    /// Whether colours are sRGB already.
    fn is_srgb(&self) -> bool {
        self.curve == Curve::Srgb && self.primaries == SRGB && self.is_full_range
    }

    /// Converts planes `[3, H, W]` to sRGB. Light above white is compressed where the curve is made for it; the
    /// answer says whether there is any.
    pub fn convert(&self, planes: &mut [f32]) -> bool {
        if self.is_srgb() {
            return false;
        }
        // Nearly the primaries of sRGB, as files round them, are its primaries.
        let is_near =
            |(a, b): (&(f32, f32), &(f32, f32))| (a.0 - b.0).abs() < 2e-3 && (a.1 - b.1).abs() < 2e-3;
        let to_xyz = match self.primaries.iter().zip(&SRGB).all(is_near) {
            true => None,
            false => from_rgb(&self.primaries),
        };
        let to_srgb = to_xyz.and_then(|to_xyz| {
            let white = xy_to_xyz(self.primaries[3]);
            let adapt = adaptation(white, xy_to_xyz(D65));
            Some(product(&inverse(&from_rgb(&SRGB)?)?, &product(&adapt, &to_xyz)))
        });
        // Shares of the primaries in luminance, which the curve of a display works on.
        let luminance = from_rgb(&self.primaries).map_or([0.2627, 0.6780, 0.0593], |matrix| matrix[1]);
        let (red, rest) = planes.split_at_mut(planes.len() / 3);
        let (green, blue) = rest.split_at_mut(red.len());
        let mut brightest = 0f32;
        for ((red, green), blue) in red.iter_mut().zip(&mut *green).zip(&mut *blue) {
            let light = self.light([*red, *green, *blue], &luminance);
            brightest = light.into_iter().fold(brightest, f32::max);
            [*red, *green, *blue] = light;
        }
        let is_bright = matches!(self.curve, Curve::Pq | Curve::Hlg) && brightest > BRIGHT;
        for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
            let mut light = [*red, *green, *blue];
            if is_bright {
                compress(&mut light, brightest);
            }
            if let Some(matrix) = &to_srgb {
                light = apply(matrix, light);
            }
            [*red, *green, *blue] = light.map(srgb_of_light);
        }
        is_bright
    }

    /// Light, 1 for white, of an encoded colour.
    fn light(&self, color: [f32; 3], luminance: &[f32; 3]) -> [f32; 3] {
        let color = match self.is_full_range {
            true => color,
            false => color.map(|value| ((value * 255.0 - 16.0) / 219.0).max(0.0)),
        };
        match self.curve {
            Curve::Srgb => color.map(light_of_srgb),
            Curve::Power(power) => color.map(|value| value.max(0.0).powf(power)),
            Curve::Video => color.map(|value| match value {
                value if value < 4.5 * 0.018_053_97 => value / 4.5,
                value => ((value + 0.099_296_83) / 1.099_296_8).powf(1.0 / 0.45),
            }),
            Curve::Pq => color.map(|value| {
                const M1: f32 = 2610.0 / 16384.0;
                const M2: f32 = 2523.0 / 32.0;
                const C1: f32 = 107.0 / 128.0;
                const C2: f32 = 2413.0 / 128.0;
                const C3: f32 = 2392.0 / 128.0;
                let root = value.clamp(0.0, 1.0).powf(1.0 / M2);
                ((root - C1).max(0.0) / (C2 - C3 * root)).powf(1.0 / M1) * 10_000.0 / PAPER_WHITE
            }),
            Curve::Hlg => {
                const A: f32 = 0.178_832_77;
                const B: f32 = 0.284_668_92;
                const C: f32 = 0.559_910_7;
                let scene = color.map(|value| match value.max(0.0) {
                    value if value <= 0.5 => value * value / 3.0,
                    value => (((value - C) / A).exp() + B) / 12.0,
                });
                let sum: f32 = scene.iter().zip(luminance).map(|(value, share)| value * share).sum();
                scene.map(|value| value * sum.max(0.0).powf(0.2) * 1000.0 / PAPER_WHITE)
            }
        }
    }
}

/// Brings light up to `brightest` below white, with its hue: what is dark stays.
fn compress(light: &mut [f32; 3], brightest: f32) {
    let greatest = light.iter().fold(0f32, |most, &value| most.max(value));
    if greatest > KNEE {
        let (above, most) = ((greatest - KNEE) / (1.0 - KNEE), (brightest - KNEE) / (1.0 - KNEE));
        // Reinhard et al. 2002, equation 4, above the knee: slope 1 there, white at the brightest.
        let compressed = KNEE + (1.0 - KNEE) * above * (1.0 + above / (most * most)) / (1.0 + above);
        light.iter_mut().for_each(|value| *value *= compressed / greatest);
    }
}

fn light_of_srgb(value: f32) -> f32 {
    match value {
        value if value <= 0.04045 => value / 12.92,
        value => ((value + 0.055) / 1.055).powf(2.4),
    }
}

fn srgb_of_light(light: f32) -> f32 {
    match light {
        light if light <= 0.003_130_8 => 12.92 * light,
        light => 1.055 * light.powf(1.0 / 2.4) - 0.055,
    }
}

/// sRGB of tristimulus values under the white of print, D50.
pub(super) fn srgb_of_d50(xyz: [f32; 3]) -> [f32; 3] {
    // Inverse of the primaries of sRGB adapted to D50 by Bradford's matrix (IEC 61966-2-1, amendment 1).
    const FROM_D50: Matrix = [
        [3.134_136, -1.617_386, -0.490_662],
        [-0.978_796, 1.916_254, 0.033_442_9],
        [0.071_955_4, -0.228_977, 1.405_386],
    ];
    apply(&FROM_D50, xyz).map(srgb_of_light)
}

/// White of the space that profiles connect in (ICC.1, 7.2.16).
pub(super) const D50: [f32; 3] = [0.9642, 1.0, 0.8249];

/// XYZ of CIE L*a*b*, both with white D50.
pub(super) fn xyz_of_lab(lightness: f32, a: f32, b: f32) -> [f32; 3] {
    let middle = (lightness + 16.0) / 116.0;
    let inverse = |value: f32| match value {
        value if value > 6.0 / 29.0 => value.powi(3),
        value => 3.0 * (6.0f32 / 29.0).powi(2) * (value - 4.0 / 29.0),
    };
    let parts = [middle + a / 500.0, middle, middle - b / 200.0];
    [0, 1, 2].map(|index| D50[index] * inverse(parts[index]))
}

/// Luminance, 1 for white, of a colour of sRGB.
pub(super) fn luminance_of_srgb(color: [f32; 3]) -> f32 {
    let [red, green, blue] = color.map(light_of_srgb);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// An encoded value after light has been stretched so that `black`, a share of white, is none.
pub(super) fn above_black(value: f32, black: f32) -> f32 {
    srgb_of_light((light_of_srgb(value) - black).max(0.0) / (1.0 - black))
}

type Matrix = [[f32; 3]; 3];

fn apply(matrix: &Matrix, vector: [f32; 3]) -> [f32; 3] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    a.map(|row| [0, 1, 2].map(|column| (0..3).map(|k| row[k] * b[k][column]).sum()))
}

/// `None` if there is none.
fn inverse(m: &Matrix) -> Option<Matrix> {
    let cofactor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f32 = (0..3).map(|column| m[0][column] * cofactor(0, column)).sum();
    let is_usable = determinant.is_finite() && determinant.abs() > 1e-9;
    is_usable.then(|| [0, 1, 2].map(|row| [0, 1, 2].map(|column| cofactor(column, row) / determinant)))
}

fn xy_to_xyz((x, y): (f32, f32)) -> [f32; 3] {
    [x / y, 1.0, (1.0 - x - y) / y]
}

/// Tristimulus values of light in these primaries; `None` if they span no plane.
fn from_rgb(primaries: &Primaries) -> Option<Matrix> {
    if primaries.iter().any(|&(x, y)| !(x.is_finite() && y > 1e-6)) {
        return None;
    }
    let columns = [0, 1, 2].map(|index| xy_to_xyz(primaries[index]));
    let matrix = [0, 1, 2].map(|row| [0, 1, 2].map(|column| columns[column][row]));
    let scale = apply(&inverse(&matrix)?, xy_to_xyz(primaries[3]));
    Some(matrix.map(|row| [row[0] * scale[0], row[1] * scale[1], row[2] * scale[2]]))
}

/// Bradford's adaptation from one white to another.
fn adaptation(from: [f32; 3], to: [f32; 3]) -> Matrix {
    const CONES: Matrix = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];
    let (from, to) = (apply(&CONES, from), apply(&CONES, to));
    let scaled = [0, 1, 2].map(|row| CONES[row].map(|value| value * to[row] / from[row]));
    inverse(&CONES).map_or(scaled, |back| product(&back, &scaled))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(coding: Coding, color: [f32; 3]) -> [f32; 3] {
        let mut planes = color;
        coding.convert(&mut planes);
        planes
    }

    fn assert_near(found: [f32; 3], wanted: [f32; 3]) {
        for (found, wanted) in found.into_iter().zip(wanted) {
            assert!((found - wanted).abs() < 2e-3, "{found} {wanted}");
        }
    }

    #[test]
    fn white_is_white_in_every_coding() {
        for primaries in [1, 4, 5, 6, 9, 11, 12, 22] {
            for curve in [1, 4, 5, 8, 13] {
                let coding = Coding::of_code_points(primaries, curve, true).unwrap();
                assert_near(converted(coding, [1.0; 3]), [1.0; 3]);
            }
        }
        assert_near(converted(Coding::of_code_points(1, 13, false).unwrap(), [235.0 / 255.0; 3]), [1.0; 3]);
    }

    #[test]
    fn display_p3_has_a_redder_red() {
        let p3 = Coding::of_code_points(12, 13, true).unwrap();
        // CSS Color 4: color(display-p3 0.5 0.2 0.2) is rgb(55.2% 17.4% 18.3%) of sRGB.
        let [red, green, blue] = converted(p3, [0.5, 0.2, 0.2]);
        assert!(red > 0.53 && green < 0.2 && blue < 0.2, "{red} {green} {blue}");
    }

    #[test]
    fn paper_white_of_high_dynamic_range_is_white() {
        // 203 candelas per square metre are 58 % of PQ and 75 % of HLG (ITU-R BT.2408).
        for (curve, value) in [(16, 0.5807), (18, 0.75)] {
            let coding = Coding::of_code_points(1, curve, true).unwrap();
            let [grey, ..] = converted(coding, [value; 3]);
            assert!((grey - 1.0).abs() < 0.01, "{curve}: {grey}");
        }
    }

    #[test]
    fn bright_light_keeps_its_order_and_its_hue() {
        let mut planes: Vec<f32> = (0..3).flat_map(|_| (0..101).map(|step| step as f32 / 100.0)).collect();
        assert!(Coding::of_code_points(9, 16, true).unwrap().convert(&mut planes));
        assert!(planes[..101].windows(2).all(|pair| pair[0] <= pair[1]));
        assert!((planes[100] - 1.0).abs() < 1e-3 && planes[60] < 0.99);
        let [red, green, blue] = converted(Coding::of_code_points(1, 16, true).unwrap(), [0.7, 0.6, 0.6]);
        assert!(red > green && (green - blue).abs() < 1e-3);
    }
}
