//! What is written comes back, in every format and depth.

use impasto::picture::{Alpha, BitDepth, Picture, PictureFormat, SourcePicture, WriteOptions, read_settings};

use super::{EXTENSIONS, decode, encode, gradient, largest_difference, read, scratch, visible_alpha};

const SIZES: [(usize, usize); 3] = [(1, 1), (17, 9), (64, 33)];

#[test]
fn eight_bits_come_back() {
    for (extension, lossless) in EXTENSIONS {
        for (width, height) in SIZES {
            let picture = gradient(width, height, 255);
            let back = decode(&encode(&picture, None, extension)).unwrap();
            let allowed = if lossless { 0.0 } else { 0.04 };
            assert!(largest_difference(&picture, &back.picture) <= allowed, "{extension} {width}x{height}");
            assert_eq!((back.alpha, back.depth), (None, BitDepth::Eight), "{extension}");
            assert!(back.warnings.is_empty(), "{extension}: {:?}", back.warnings);
        }
    }
}

#[test]
fn alpha_comes_back_beside_untouched_colors() {
    for (extension, _) in EXTENSIONS.iter().filter(|(extension, _)| !extension.starts_with('j')) {
        for (width, height) in SIZES {
            let (picture, alpha) = (gradient(width, height, 255), visible_alpha(width, height, 255));
            let back = decode(&encode(&picture, Some(&alpha), extension)).unwrap();
            assert_eq!(back.picture, picture, "{extension}");
            // A single opaque pixel leaves no alpha to keep.
            let expected = alpha.data().iter().any(|&value| value < 1.0).then_some(alpha);
            assert_eq!(back.alpha, expected, "{extension}");
        }
    }
}

#[test]
fn sixteen_bits_come_back_to_the_last() {
    let options = WriteOptions { depth: BitDepth::Sixteen, ..WriteOptions::default() };
    for extension in ["png", "tif", "tiff"] {
        for with_alpha in [false, true] {
            let picture = gradient(31, 30, 65535);
            let alpha = with_alpha.then(|| visible_alpha(31, 30, 65535));
            let file = picture.encode(format!("a.{extension}"), alpha.as_ref(), &options).unwrap();
            let back = decode(&file).unwrap();
            assert_eq!((back.depth, &back.picture, &back.alpha), (BitDepth::Sixteen, &picture, &alpha));
            let again = back.picture.encode(format!("a.{extension}"), back.alpha.as_ref(), &options).unwrap();
            assert!(again == file, "{extension}: the same picture gives another file");
        }
    }
}

#[test]
fn every_sixteen_bit_value_survives() {
    let options = WriteOptions { depth: BitDepth::Sixteen, ..WriteOptions::default() };
    let samples: Vec<u16> = (0..=u16::MAX).flat_map(|v| [v, v.reverse_bits(), u16::MAX - v]).collect();
    let image = image::ImageBuffer::<image::Rgb<u16>, _>::from_raw(256, 256, samples).unwrap();
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let back = decode(file.get_ref()).unwrap();
    let written = back.picture.encode("a.png", None, &options).unwrap();
    let again = image::load_from_memory(&written).unwrap().into_rgb16();
    assert!(again == image);
}

#[test]
fn jpeg_lies_over_white() {
    let picture = Picture::new(16, 16, vec![0.0; 3 * 256]);
    let alpha = Alpha::new(16, 16, vec![0.25; 256]);
    let back = decode(&encode(&picture, Some(&alpha), "jpg")).unwrap();
    assert_eq!(back.alpha, None);
    assert!(back.picture.data().iter().all(|value| (value - 0.75).abs() < 0.01));
}

#[test]
fn settings_come_back() {
    let settings = r#"{"seed":7,"style":"Große Welle 🌊.jpg","weights":[1,0.5]}"#;
    for (extension, _) in EXTENSIONS {
        let (_folder, path) = scratch(&format!("a.{extension}"));
        let options = WriteOptions { settings: Some(settings.to_owned()), ..WriteOptions::default() };
        let alpha = visible_alpha(8, 8, 255);
        gradient(8, 8, 255).write(&path, Some(&alpha), &options).unwrap();
        let back = read_settings(&path).unwrap().unwrap();
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&back), parse(settings), "{extension}");
        if matches!(extension, "png" | "jpg" | "jpeg") {
            assert_eq!(back, settings);
        }
        assert!(read(&path).unwrap().warnings.is_empty());

        gradient(8, 8, 255).write(&path, None, &WriteOptions::default()).unwrap();
        assert_eq!(read_settings(&path).unwrap(), None, "{extension}");
    }
}

#[test]
fn settings_of_other_programs_are_not_ours() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 1, 1);
    encoder.add_text_chunk("Software".to_owned(), "another".to_owned()).unwrap();
    encoder.write_header().unwrap().write_image_data(&[0]).unwrap();
    let (_folder, path) = scratch("other.png");
    std::fs::write(&path, file).unwrap();
    assert_eq!(read_settings(&path).unwrap(), None);
}

/// The PNG that `configure` describes, of one row of samples.
fn png_row(
    width: u32,
    data: &[u8],
    configure: impl FnOnce(&mut png::Encoder<&mut Vec<u8>>),
) -> SourcePicture {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, 1);
    configure(&mut encoder);
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    decode(&file).unwrap()
}

#[test]
fn grey_and_palette_become_three_planes() {
    let grey = png_row(2, &[0, 51], |_| ());
    assert_eq!(grey.picture.data(), [0.0, 0.2, 0.0, 0.2, 0.0, 0.2]);

    let bits = png_row(2, &[0b0100_0000], |encoder| encoder.set_depth(png::BitDepth::One));
    assert_eq!(bits.picture.data(), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);

    let palette = png_row(2, &[1, 0], |encoder| {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(vec![255, 0, 0, 0, 51, 255]);
        encoder.set_trns(vec![51, 255]);
    });
    assert_eq!(palette.picture.data(), [0.0, 1.0, 0.2, 0.0, 1.0, 0.0]);
    assert_eq!(palette.alpha.unwrap().data(), [1.0, 0.2]);

    let deep = png_row(1, &[0x33, 0x33, 0x80, 0x00], |encoder| {
        encoder.set_color(png::ColorType::GrayscaleAlpha);
        encoder.set_depth(png::BitDepth::Sixteen);
    });
    assert_eq!((deep.picture.data(), deep.depth), (&[0.2; 3][..], BitDepth::Sixteen));
    assert_eq!(deep.alpha.unwrap().data(), [32768.0 / 65535.0]);
}

#[test]
fn floating_point_tiff_is_read_and_clamped() {
    let file = float_tiff(&[-0.5, 0.25, 1.5]);
    let back = decode(&file).unwrap();
    assert_eq!((back.picture.data(), back.format), (&[0.0, 0.25, 1.0][..], PictureFormat::Tiff));
    assert!(decode(&float_tiff(&[0.0, f32::NAN, 0.0])).unwrap_err().to_string().contains("finite"));
}

fn float_tiff(pixel: &[f32; 3]) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    tiff::encoder::TiffEncoder::new(&mut file)
        .unwrap()
        .write_image::<tiff::encoder::colortype::RGB32Float>(1, 1, pixel)
        .unwrap();
    file.into_inner()
}

#[test]
fn premultiplied_tiff_is_made_straight() {
    let mut file = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).unwrap();
    let mut image = encoder.new_image::<tiff::encoder::colortype::RGBA8>(1, 1).unwrap();
    image.encoder().write_tag(tiff::tags::Tag::ExtraSamples, &[1u16][..]).unwrap();
    image.write_data(&[102, 51, 0, 102]).unwrap();
    let back = decode(file.get_ref()).unwrap();
    assert_eq!(back.picture.data(), [1.0, 0.5, 0.0]);
    assert_eq!(back.alpha.unwrap().data(), [0.4]);
}

#[test]
fn hidden_garbage_is_replaced_and_seen_colors_kept() {
    let (width, height) = (24, 16);
    let alpha: Vec<f32> = (0..384).map(|i| if i % 24 < 12 { 0.0 } else { 1.0 }).collect();
    let mut picture = Picture::new(width, height, vec![0.2; 3 * 384]);
    for (index, value) in picture.data_mut().iter_mut().enumerate() {
        if alpha[index % 384] == 0.0 {
            *value = (index % 2) as f32;
        }
    }
    let back = decode(&encode(&picture, Some(&Alpha::new(width, height, alpha)), "png")).unwrap();
    assert!(back.picture.data().iter().all(|value| (value - 0.2).abs() < 1e-5));
}
