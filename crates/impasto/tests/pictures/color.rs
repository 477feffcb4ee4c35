//! Embedded colour profiles are converted to sRGB.

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use impasto::picture::{BitDepth, ReadWarning, SourcePicture};
use moxcms::ColorProfile;

use super::decode;

fn tagged(samples: &[u8], color: ExtendedColorType, profile: Vec<u8>) -> SourcePicture {
    let mut file = Vec::new();
    let mut encoder = PngEncoder::new(&mut file);
    encoder.set_icc_profile(profile).unwrap();
    let pixel = usize::from(color.bits_per_pixel() / 8);
    encoder.write_image(samples, (samples.len() / pixel) as u32, 1, color).unwrap();
    decode(&file).unwrap()
}

/// The first pixel in 0..255.
fn pixel(source: &SourcePicture) -> [f32; 3] {
    let data = source.picture.data();
    let plane = data.len() / 3;
    [data[0], data[plane], data[2 * plane]].map(|value| value * 255.0)
}

fn assert_near(actual: [f32; 3], expected: [f32; 3], tolerance: f32) {
    for (a, e) in actual.iter().zip(expected) {
        assert!((a - e).abs() <= tolerance, "{actual:?}, expected {expected:?}");
    }
}

#[test]
fn display_p3_is_converted() {
    let profile = || ColorProfile::new_display_p3().encode().unwrap();
    // Linear sRGB = M · linear P3 with the primaries of both and white D65; same transfer curve.
    let converted = tagged(&[100, 150, 120], ExtendedColorType::Rgb8, profile());
    assert_near(pixel(&converted), p3_to_srgb([100.0, 150.0, 120.0]), 0.7);
    assert!(converted.warnings.is_empty());
    // Beyond sRGB: the greenest green of P3 is cut to the greenest of sRGB.
    let green = tagged(&[0, 255, 0], ExtendedColorType::Rgb8, profile());
    assert_near(pixel(&green), [0.0, 255.0, 0.0], 0.7);
    // Greys stay grey.
    let grey = tagged(&[128, 128, 128], ExtendedColorType::Rgb8, profile());
    assert_near(pixel(&grey), [128.0; 3], 0.5);
}

/// By the matrix that CSS Color 4 prints (P3 to XYZ times XYZ to sRGB).
fn p3_to_srgb(color: [f32; 3]) -> [f32; 3] {
    let linear = color.map(|v| match v / 255.0 {
        v if v <= 0.04045 => v / 12.92,
        v => ((v + 0.055) / 1.055).powf(2.4),
    });
    let matrix =
        [[1.2249402, -0.2249402, 0.0], [-0.0420570, 1.042057, 0.0], [-0.0196376, -0.0786360, 1.0982736]];
    matrix.map(|row| {
        let v: f32 = row.iter().zip(linear).map(|(m, v)| m * v).sum();
        255.0 * if v <= 0.0031308 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
    })
}

#[test]
fn swapped_primaries_swap_the_channels() {
    let mut profile = ColorProfile::new_srgb();
    std::mem::swap(&mut profile.red_colorant, &mut profile.blue_colorant);
    profile.cicp = None;
    let source = tagged(&[200, 100, 50], ExtendedColorType::Rgb8, profile.encode().unwrap());
    assert_near(pixel(&source), [50.0, 100.0, 200.0], 0.5);
}

#[test]
fn srgb_passes_bit_for_bit() {
    let profile = || ColorProfile::new_srgb().encode().unwrap();
    let samples: Vec<u16> = (0..=u16::MAX).step_by(5).flat_map(|v| [v, v ^ 0x5555, !v]).collect();
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_ne_bytes()).collect();
    let source = tagged(&bytes, ExtendedColorType::Rgb16, profile());
    assert_eq!(source.depth, BitDepth::Sixteen);
    let plane = samples.len() / 3;
    for (index, sample) in samples.iter().enumerate() {
        assert_eq!(source.picture.data()[index % 3 * plane + index / 3], f32::from(*sample) / 65535.0);
    }
}

#[test]
fn srgb_as_another_maker_rounds_it_passes_too() {
    let mut profile = ColorProfile::new_srgb();
    profile.cicp = None;
    profile.red_colorant.x += 1e-4;
    profile.green_colorant.y -= 1e-4;
    let source = tagged(&[15, 255, 0], ExtendedColorType::Rgb8, profile.encode().unwrap());
    assert_eq!(source.picture.data(), [15.0 / 255.0, 1.0, 0.0]);
}

#[test]
fn grey_profiles_apply_to_grey() {
    let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let source = tagged(&[55, 255, 0], ExtendedColorType::L8, linear);
    // 55/255 of the light of white is sRGB 128.
    assert_near(pixel(&source), [128.0; 3], 1.0);
    let data = source.picture.data();
    assert!((data[1] - 1.0).abs() < 1e-3 && data[2] < 1e-3);
    assert!(source.warnings.is_empty());
}

#[test]
fn alpha_is_no_color() {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let source = tagged(&[100, 150, 120, 77], ExtendedColorType::Rgba8, profile);
    assert_near(pixel(&source), p3_to_srgb([100.0, 150.0, 120.0]), 0.7);
    assert_eq!(source.alpha.unwrap().data(), [77.0 / 255.0]);
}

#[test]
fn unusable_profiles_warn_and_leave_the_colors() {
    for profile in [b"no profile".to_vec(), {
        let mut cut = ColorProfile::new_display_p3().encode().unwrap();
        cut.truncate(200);
        cut
    }] {
        let source = tagged(&[10, 20, 30], ExtendedColorType::Rgb8, profile);
        assert_near(pixel(&source), [10.0, 20.0, 30.0], 1e-3);
        assert!(matches!(source.warnings[..], [ReadWarning::ProfileDamaged(_)]), "{:?}", source.warnings);
    }
    let grey = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let source = tagged(&[10, 20, 30], ExtendedColorType::Rgb8, grey);
    assert_near(pixel(&source), [10.0, 20.0, 30.0], 1e-3);
    assert!(matches!(source.warnings[..], [ReadWarning::ProfileForeign(_)]));
}

#[test]
fn inks_go_through_the_table_of_a_press() {
    for (name, profile) in [
        ("press_table", &include_bytes!("data/press_table.icc")[..]),
        ("press_stages", include_bytes!("data/press_stages.icc")),
    ] {
        let lines = include_str!("data/press_colors.txt").lines().filter(|line| line.starts_with(name));
        let numbers: Vec<Vec<f32>> = lines
            .map(|line| line.split(' ').skip(1).map(|number| number.parse().unwrap()).collect())
            .collect();
        let inks: Vec<u16> = numbers.iter().flat_map(|line| &line[..4]).map(|&ink| ink as u16).collect();
        let source = decode(&inked_tiff(&inks, profile)).unwrap();
        assert!(source.warnings.is_empty(), "{name}: {:?}", source.warnings);
        assert_eq!(numbers.len(), 150);
        for (index, line) in numbers.iter().enumerate() {
            let color = [0, 1, 2].map(|channel| 255.0 * source.picture.data()[channel * 150 + index]);
            // Steps of 8 bits: 0.25 is far below what is seen.
            assert_near(color, [line[4], line[5], line[6]].map(|value| 255.0 * value), 0.25);
        }
    }
}

#[test]
fn damaged_profiles_of_a_press_warn_or_are_read() {
    let inks = [0, 65535, 20000, 300].repeat(8);
    for sound in [&include_bytes!("data/press_table.icc")[..], include_bytes!("data/press_stages.icc")] {
        for at in (0..sound.len()).step_by(61) {
            let mut damaged = sound.to_vec();
            damaged[at] ^= 0xff;
            for profile in [&damaged[..], &sound[..at]] {
                let source = decode(&inked_tiff(&inks, profile)).unwrap();
                assert!(source.picture.data().iter().all(|value| (0.0..=1.0).contains(value)), "{at}");
            }
        }
        let cut = decode(&inked_tiff(&inks, &sound[..3000])).unwrap();
        assert!(matches!(cut.warnings[..], [ReadWarning::ProfileDamaged(_)]), "{:?}", cut.warnings);
    }
}

/// A row of pixels of four inks.
fn inked_tiff(inks: &[u16], profile: &[u8]) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).unwrap();
    let width = inks.len() as u32 / 4;
    let mut image = encoder.new_image::<tiff::encoder::colortype::CMYK16>(width, 1).unwrap();
    image.encoder().write_tag(tiff::tags::Tag::IccProfile, profile).unwrap();
    image.write_data(inks).unwrap();
    file.into_inner()
}
