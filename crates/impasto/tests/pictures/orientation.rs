//! EXIF orientation: the picture stands upright whatever the camera wrote.

use image::ImageEncoder;

use super::decode;

/// A 2×3 picture stored as the eight EXIF orientations say, grey values by letter.
///
/// Upright it is   a b
///                 c d
///                 e f
const STORED: [(u16, &str, u32); 8] = [
    (1, "abcdef", 2),
    // Mirrored left to right.
    (2, "badcfe", 2),
    // Turned by half.
    (3, "fedcba", 2),
    // Mirrored top to bottom.
    (4, "efcdab", 2),
    // Row 0 of the file is the left side, column 0 the top.
    (5, "acebdf", 3),
    // Row 0 is the right side, column 0 the top.
    (6, "bdface", 3),
    // Row 0 is the right side, column 0 the bottom.
    (7, "fdbeca", 3),
    // Row 0 is the left side, column 0 the bottom.
    (8, "ecafdb", 3),
];

/// An EXIF block with nothing but an orientation, of either byte order.
fn exif(orientation: u16, big_endian: bool) -> Vec<u8> {
    let mut block = Vec::new();
    let mut put = |value: u32, bytes: usize| match big_endian {
        true => block.extend_from_slice(&value.to_be_bytes()[4 - bytes..]),
        false => block.extend_from_slice(&value.to_le_bytes()[..bytes]),
    };
    put(if big_endian { 0x4d4d } else { 0x4949 }, 2);
    for (value, bytes) in [(42, 2), (8, 4), (1, 2), (0x112, 2), (3, 2), (1, 4)] {
        put(value, bytes);
    }
    put(orientation.into(), 2);
    put(0, 2);
    put(0, 4);
    block
}

fn grey(letter: u8) -> u8 {
    (letter - b'a') * 50
}

/// Each stored pixel as a block of 8×8, so that JPEG keeps it nearly exact.
fn blocks(stored: &str, columns: u32) -> (Vec<u8>, u32, u32) {
    let (width, height) = (8 * columns, 8 * (6 / columns));
    let pixel = |y: u32, x: u32| grey(stored.as_bytes()[((y / 8) * columns + x / 8) as usize]);
    let samples = (0..height).flat_map(|y| (0..width).flat_map(move |x| [pixel(y, x); 3])).collect();
    (samples, width, height)
}

fn assert_upright(file: &[u8], what: &str) {
    let picture = decode(file).unwrap().picture;
    assert_eq!((picture.width(), picture.height()), (16, 24), "{what}");
    for (index, letter) in (b'a'..=b'f').enumerate() {
        let (row, column) = (8 * (index / 2) + 4, 8 * (index % 2) + 4);
        let value = picture.data()[row * 16 + column] * 255.0;
        assert!((value - f32::from(grey(letter))).abs() < 4.0, "{what}: {} is {value}", letter as char);
    }
}

#[test]
fn all_eight_orientations_stand_upright() {
    for (orientation, stored, columns) in STORED {
        for big_endian in [false, true] {
            let (samples, width, height) = blocks(stored, columns);
            let color = image::ExtendedColorType::Rgb8;
            let block = exif(orientation, big_endian);

            let mut jpeg = Vec::new();
            let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 98);
            encoder.set_exif_metadata(block.clone()).unwrap();
            encoder.write_image(&samples, width, height, color).unwrap();
            assert_upright(&jpeg, &format!("JPEG {orientation}"));

            let mut png = Vec::new();
            let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
            encoder.set_exif_metadata(block.clone()).unwrap();
            encoder.write_image(&samples, width, height, color).unwrap();
            assert_upright(&png, &format!("PNG {orientation}"));

            for prefix in [&b""[..], b"Exif\0\0"] {
                let mut webp = Vec::new();
                let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut webp);
                encoder.set_exif_metadata([prefix, &block].concat()).unwrap();
                encoder.write_image(&samples, width, height, color).unwrap();
                assert_upright(&webp, &format!("WebP {orientation}"));
            }
        }
    }
}

#[test]
fn tiff_orientations_stand_upright() {
    for (orientation, stored, columns) in STORED {
        let (samples, width, height) = blocks(stored, columns);
        let mut file = std::io::Cursor::new(Vec::new());
        let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).unwrap();
        let mut image = encoder.new_image::<tiff::encoder::colortype::RGB8>(width, height).unwrap();
        image.encoder().write_tag(tiff::tags::Tag::Orientation, orientation).unwrap();
        image.write_data(&samples).unwrap();
        assert_upright(file.get_ref(), &format!("TIFF {orientation}"));
    }
}

#[test]
fn an_orientation_that_does_not_exist_turns_nothing() {
    let (samples, width, height) = blocks(STORED[0].1, 2);
    let mut png = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.set_exif_metadata(exif(9, false)).unwrap();
    encoder.write_image(&samples, width, height, image::ExtendedColorType::Rgb8).unwrap();
    assert_upright(&png, "PNG 9");
}
