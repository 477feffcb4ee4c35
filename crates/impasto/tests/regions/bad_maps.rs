//! Maps that are not what was meant: an error that says so, or a stated meaning.

use std::io::Cursor;

use image::{ExtendedColorType, ImageEncoder, RgbaImage, codecs};
use impasto::Picture;
use impasto::picture::{ReadOptions, SourcePicture};
use impasto::regions::{RegionOptions, Regions, flattened, read_color_maps};

use super::{BLACK, BLUE, GREEN, RED, assert_masks_add_up_to, map, stripes, summary};

fn read(bytes: &[u8]) -> SourcePicture {
    SourcePicture::from_bytes("map", bytes, &ReadOptions::default()).unwrap()
}

/// Every pixel of another colour.
fn noise(width: usize, height: usize) -> Picture {
    Picture::uniform_noise(width, height, 0.0..1.0, 7)
}

#[test]
fn one_color_is_one_region_that_guides_nothing() {
    for color in [RED, BLACK, [255; 3]] {
        let (regions, styles) = read_color_maps(
            &stripes(5, &[(color, 6)]),
            &[stripes(2, &[(color, 3)])],
            &RegionOptions::default(),
        )
        .unwrap();
        assert_eq!((regions.count(), styles[0].count()), (1, 1));
        assert_eq!(regions.masks(), Regions::whole(6, 5).masks());
    }
}

#[test]
fn black_is_a_color() {
    let black = stripes(4, &[(BLACK, 6)]);
    let error = read_color_maps(&black, &[stripes(4, &[(RED, 2)])], &RegionOptions::default()).unwrap_err();
    assert!(error.to_string().contains("the map of the picture has #000000 (24 pixels)"), "{error}");
}

#[test]
fn thousands_of_colors_need_a_number() {
    let error = read_color_maps(&noise(90, 80), &[], &RegionOptions::default()).unwrap_err().to_string();
    assert!(
        error.starts_with("the map of the picture has 7") && error.contains("how many regions"),
        "{error}"
    );
    let options = RegionOptions { colors: Some(5), ..RegionOptions::default() };
    let (regions, styles) = read_color_maps(&noise(90, 80), &[noise(64, 50)], &options).unwrap();
    assert_eq!(regions.count(), 5);
    for regions in [&regions, &styles[0]] {
        assert_masks_add_up_to(regions, 1.0);
        assert!(regions.regions().iter().all(|region| region.pixels > 100), "{:?}", summary(regions));
    }
}

#[test]
fn a_seed_gives_the_same_regions_on_any_number_of_threads() {
    let options = RegionOptions { colors: Some(6), seed: 3, ..RegionOptions::default() };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| read_color_maps(&noise(61, 47), &[noise(33, 50)], &options).unwrap())
    };
    assert_eq!(on(1), on(3));
    let other =
        read_color_maps(&noise(61, 47), &[noise(33, 50)], &RegionOptions { seed: 4, ..options.clone() });
    assert_ne!(on(1), other.unwrap());
}

#[test]
fn jpeg_noise_is_no_color() {
    let picture = map(96, 80, |x, y| {
        if y < 20 + x / 4 {
            BLUE
        } else if x < 50 {
            GREEN
        } else {
            RED
        }
    });
    let bytes: Vec<u8> = (0..96 * 80)
        .flat_map(|index| (0..3).map(move |c| (c, index)))
        .map(|(c, index)| (255.0 * picture.data()[c * 96 * 80 + index]) as u8)
        .collect();
    for quality in [95, 75, 40] {
        let mut file = Vec::new();
        codecs::jpeg::JpegEncoder::new_with_quality(&mut file, quality)
            .write_image(&bytes, 96, 80, ExtendedColorType::Rgb8)
            .unwrap();
        let (regions, styles) =
            read_color_maps(&picture, &[read(&file).picture], &RegionOptions::default()).unwrap();
        assert_eq!(regions.count(), 3);
        for (exact, found) in regions.regions().iter().zip(styles[0].regions()) {
            let share = found.pixels as f64 / exact.pixels as f64;
            assert!((share - 1.0).abs() < 0.03, "{quality}: {exact:?} and {found:?}");
        }
    }
}

#[test]
fn a_palette_file_is_read_by_its_colors() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 4, 2);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Two);
    encoder.set_palette([BLUE, RED, GREEN].concat());
    encoder.write_header().unwrap().write_image_data(&[0b00_00_01_10, 0b00_00_01_01]).unwrap();
    let (regions, _) = read_color_maps(&read(&file).picture, &[], &RegionOptions::default()).unwrap();
    let expected = [("#0000ff", 4), ("#ff0000", 3), ("#00ff00", 1)];
    assert_eq!(summary(&regions), expected.map(|(name, pixels)| (name.to_owned(), pixels)));
}

#[test]
fn transparency_is_white_in_a_map_and_black_in_a_mask() {
    // Opaque red, opaque white, white and blue hidden under transparency.
    let pixels = [[255, 0, 0, 255], [255, 255, 255, 255], [255, 255, 255, 0], [0, 0, 255, 0]];
    let image = RgbaImage::from_raw(4, 1, pixels.concat()).unwrap();
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let source = read(file.get_ref());
    let (regions, _) = read_color_maps(&flattened(&source, 1.0), &[], &RegionOptions::default()).unwrap();
    assert_eq!(summary(&regions), [("#ffffff".to_owned(), 3), ("#ff0000".to_owned(), 1)]);
    let mask = Regions::from_gray_mask(&flattened(&source, 0.0));
    assert!((mask.mask(0)[0] - 0.299).abs() < 1e-6);
    assert_eq!(mask.mask(0)[1..], [1.0, 0.0, 0.0]);
}

#[test]
fn a_map_without_transparency_is_left_as_it_is() {
    let bytes = [255u8, 0, 0, 255].repeat(6);
    let image = RgbaImage::from_raw(3, 2, bytes).unwrap();
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let source = read(file.get_ref());
    assert_eq!(flattened(&source, 1.0), stripes(2, &[(RED, 3)]));
}

#[test]
fn values_that_are_no_numbers_make_no_masks_that_are_none() {
    let mut data = vec![f32::NAN; 12];
    data[..4].copy_from_slice(&[2.0, -1.0, f32::INFINITY, f32::NEG_INFINITY]);
    let (regions, _) = read_color_maps(&Picture::new(2, 2, data), &[], &RegionOptions::default()).unwrap();
    assert_masks_add_up_to(&regions, 1.0);
    assert_eq!(summary(&regions), [("#000000".to_owned(), 2), ("#ff0000".to_owned(), 2)]);
}
