//! Kinds of TIFF that scanners, cameras and programs write.

use std::path::Path;

use impasto::picture::{PictureError, ReadWarning, SourcePicture};

use super::{decode, read};

const SHORT: u16 = 3;
const LONG: u16 = 4;

/// A directory of a little-endian file: entries `(tag, type, values)` and the pixels of its single strip.
#[derive(Clone)]
struct Page {
    entries: Vec<(u16, u16, Vec<u32>)>,
    pixels: Vec<u8>,
}

impl Page {
    /// A page of `samples` samples of `bits` bits.
    fn new(width: u32, height: u32, photometric: u32, bits: u32, samples: u32, pixels: Vec<u8>) -> Self {
        let entries = vec![
            (256, LONG, vec![width]),
            (257, LONG, vec![height]),
            (258, SHORT, vec![bits; samples as usize]),
            (262, SHORT, vec![photometric]),
            (277, SHORT, vec![samples]),
        ];
        Page { entries, pixels }
    }

    fn with(mut self, tag: u16, kind: u16, values: &[u32]) -> Self {
        self.entries.push((tag, kind, values.to_vec()));
        self
    }

    /// The bytes of the directory and all that it refers to, placed at `start`; `next` says whether one follows.
    fn bytes(&self, start: usize, next: bool) -> Vec<u8> {
        let mut entries = self.entries.clone();
        entries.push((273, LONG, vec![0]));
        entries.push((279, LONG, vec![self.pixels.len() as u32]));
        entries.sort_by_key(|entry| entry.0);
        let mut behind = Vec::new();
        let place = start + 2 + 12 * entries.len() + 4;
        let mut directory = (entries.len() as u16).to_le_bytes().to_vec();
        let value_bytes = |kind: u16, values: &[u32]| -> Vec<u8> {
            let size = match kind {
                1 | 7 => 1,
                SHORT => 2,
                _ => 4,
            };
            values.iter().flat_map(|value| value.to_le_bytes()[..size].to_vec()).collect()
        };
        let long_ones: usize =
            entries.iter().map(|(_, kind, values)| value_bytes(*kind, values).len()).filter(|&l| l > 4).sum();
        for (tag, kind, values) in &mut entries {
            if *tag == 273 {
                values[0] = (place + long_ones) as u32;
            }
            let mut bytes = value_bytes(*kind, values);
            directory.extend(tag.to_le_bytes());
            directory.extend(kind.to_le_bytes());
            directory.extend((values.len() as u32).to_le_bytes());
            if bytes.len() > 4 {
                directory.extend(((place + behind.len()) as u32).to_le_bytes());
                behind.extend(bytes);
            } else {
                bytes.resize(4, 0);
                directory.extend(bytes);
            }
        }
        let end = place + behind.len() + self.pixels.len();
        directory.extend((if next { end as u32 } else { 0 }).to_le_bytes());
        [directory, behind, self.pixels.clone()].concat()
    }
}

fn file(pages: &[Page]) -> Vec<u8> {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    for (index, page) in pages.iter().enumerate() {
        let bytes = page.bytes(file.len(), index + 1 < pages.len());
        file.extend(bytes);
    }
    file
}

fn one(page: Page) -> SourcePicture {
    decode(&file(&[page])).unwrap()
}

/// Red, green and blue of the first pixel, 0 to 255.
fn first(source: &SourcePicture) -> [f32; 3] {
    let pixels = source.picture.width() * source.picture.height();
    [0, 1, 2].map(|channel| source.picture.data()[channel * pixels] * 255.0)
}

fn assert_near(found: [f32; 3], wanted: [f32; 3]) {
    for (found, wanted) in found.into_iter().zip(wanted) {
        assert!((found - wanted).abs() < 0.01, "{found} {wanted}");
    }
}

fn rgb(color: [u8; 3], width: u32, height: u32) -> Page {
    Page::new(width, height, 2, 8, 3, color.repeat((width * height) as usize))
}

#[test]
fn reversed_bits_are_put_right() {
    let reversed = rgb([200, 100, 50].map(u8::reverse_bits), 3, 2).with(266, SHORT, &[2]);
    assert_near(first(&one(reversed)), [200.0, 100.0, 50.0]);
}

#[test]
fn whole_numbers_of_32_bits_are_no_fractions() {
    let page = |values: [u32; 6]| {
        Page::new(2, 1, 2, 32, 3, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    };
    let full = one(page([u32::MAX, 0, u32::MAX / 255 * 51, 0, 0, 0]));
    assert_near(first(&full), [255.0, 0.0, 51.0]);
    assert!(full.warnings.is_empty());
    let eight = one(page([200, 100, 50, 255, 0, 0]));
    assert_near(first(&eight), [200.0, 100.0, 50.0]);
    assert_eq!(eight.warnings, [ReadWarning::Rescaled { white: 255 }]);
}

#[test]
fn numbers_with_a_sign_are_cut_at_black() {
    let bytes = [200i32, -7, 255, 0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let source = one(Page::new(4, 1, 1, 32, 1, bytes).with(339, SHORT, &[2]));
    assert_near(first(&source), [200.0; 3]);
    assert_eq!(source.picture.data()[1], 0.0);
    let told = [ReadWarning::OutOfRange { pixels: 1, of: 4 }, ReadWarning::Rescaled { white: 255 }];
    assert_eq!(source.warnings, told);
    let bytes = [i16::MAX, i16::MIN].iter().flat_map(|value| value.to_le_bytes()).collect();
    let source = one(Page::new(2, 1, 1, 16, 1, bytes).with(339, SHORT, &[2]));
    assert_near(first(&source), [255.0; 3]);
    assert_eq!(source.warnings, [ReadWarning::OutOfRange { pixels: 1, of: 2 }]);
}

#[test]
fn floating_point_beyond_one_is_scaled_or_told() {
    let page = |values: &[f32]| {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Page::new(values.len() as u32, 1, 1, 32, 1, bytes).with(339, SHORT, &[3])
    };
    let eight = one(page(&[200.0, 255.0, 0.0, 17.0]));
    assert_near(first(&eight), [200.0; 3]);
    assert_eq!(eight.warnings, [ReadWarning::Rescaled { white: 255 }]);
    let bright = one(page(&[0.2, 3.7, -0.5, 0.4]));
    assert_near(first(&bright), [51.0; 3]);
    assert_eq!(bright.warnings, [ReadWarning::OutOfRange { pixels: 2, of: 4 }]);
}

#[test]
fn previews_are_not_the_picture() {
    let (small, large) = (rgb([1, 2, 3], 4, 3), rgb([200, 100, 50], 16, 12));
    for pages in [
        [small.clone().with(254, LONG, &[1]), large.clone()],
        // Not declared, but sixteen times smaller.
        [small.clone(), large.clone()],
        [large.clone(), small.clone().with(254, LONG, &[1])],
    ] {
        let source = decode(&file(&pages)).unwrap();
        assert_near(first(&source), [200.0, 100.0, 50.0]);
    }
}

#[test]
fn a_picture_below_its_preview_is_found() {
    let preview = rgb([1, 2, 3], 4, 3).with(254, LONG, &[1]);
    let place = file(&[preview.clone().with(330, LONG, &[0])]).len();
    let mut bytes = file(&[preview.with(330, LONG, &[place as u32])]);
    assert_eq!(bytes.len(), place);
    bytes.extend(rgb([200, 100, 50], 8, 6).bytes(place, false));
    assert_near(first(&decode(&bytes).unwrap()), [200.0, 100.0, 50.0]);
}

#[test]
fn pages_are_told() {
    let pages = [rgb([200, 100, 50], 8, 6), rgb([0; 3], 8, 6), rgb([0; 3], 8, 7)];
    let source = decode(&file(&pages)).unwrap();
    assert_near(first(&source), [200.0, 100.0, 50.0]);
    assert_eq!(source.warnings, [ReadWarning::Pages { count: 3, read: 1 }]);
    assert_eq!(source.warnings[0].to_string(), "3 pages; page 1 is used");
}

#[test]
fn camera_raw_files_are_named() {
    let preview = rgb([1, 2, 3], 4, 3).with(254, LONG, &[1]);
    let sensor = Page::new(16, 12, 32803, 16, 1, vec![0; 384]);
    let make = |name: &str| name.bytes().chain([0]).map(u32::from).collect::<Vec<_>>();
    for (pages, kind) in [
        (vec![preview.clone(), sensor.clone()], "sensor values"),
        (vec![preview.clone().with(50706, 1, &[1, 4, 0, 0]), sensor.clone()], "DNG"),
        (vec![named(preview.clone(), &make("NIKON CORPORATION")), sensor], "Nikon NEF"),
    ] {
        let error = decode(&file(&pages)).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, PictureError::NotAPicture { .. }), "{message}");
        assert!(message.contains("a camera raw file") && message.contains(kind), "{message}");
        assert!(message.contains("raw converter"), "{message}");
    }
}

/// The page with the name of a maker, which is as bytes here.
fn named(page: Page, name: &[u32]) -> Page {
    page.with(271, 7, name)
}

#[test]
fn palettes_greys_and_inks_are_colors() {
    let mut map = vec![0; 3 * 16];
    for (channel, value) in [200, 100, 50].into_iter().enumerate() {
        map[16 * channel + 5] = value * 257;
    }
    let palette = Page::new(2, 1, 3, 4, 1, vec![0x50]).with(320, SHORT, &map);
    assert_near(first(&one(palette)), [200.0, 100.0, 50.0]);

    let grey = Page::new(2, 1, 1, 8, 2, vec![77, 255, 10, 128]).with(338, SHORT, &[2]);
    let source = one(grey);
    assert_near(first(&source), [77.0; 3]);
    assert_eq!(source.alpha.unwrap().data(), [1.0, 128.0 / 255.0]);

    assert_near(first(&one(Page::new(1, 1, 0, 8, 1, vec![55]))), [200.0; 3]);

    let inks = one(Page::new(1, 1, 5, 8, 4, vec![0, 255, 51, 51]));
    assert_near(first(&inks), [204.0, 0.0, 163.2]);
    assert_eq!(inks.warnings, [ReadWarning::InksWithoutProfile]);
}

#[test]
fn other_extra_samples_are_no_opacity() {
    let page = |meaning: &[u32]| Page::new(1, 1, 2, 8, 4, vec![9, 8, 7, 0]).with(338, SHORT, meaning);
    assert!(one(page(&[0])).alpha.is_none());
    assert!(one(page(&[2])).alpha.is_some());
}

#[test]
fn sampled_color_differences_are_spread() {
    // Four brightnesses, then a pair of differences: a grey of 80 on the left, 160 on the right.
    let unit = |y: u8| [y, y, y, y, 128, 128];
    let page = Page::new(3, 2, 6, 8, 3, [unit(80), unit(160)].concat()).with(530, SHORT, &[2, 2]);
    let source = one(page);
    for (pixel, wanted) in [(0, 80.0), (1, 80.0), (2, 160.0), (5, 160.0)] {
        assert!((source.picture.data()[pixel] * 255.0 - wanted).abs() < 0.01, "{pixel}");
    }
}

#[test]
fn what_is_not_read_is_named() {
    let page = || rgb([0; 3], 1, 1);
    for (page, words) in [
        (page().with(259, SHORT, &[34925]), "LZMA; save it with"),
        (Page::new(1, 1, 5, 8, 4, vec![0; 4]).with(339, SHORT, &[2; 4]), "with a sign"),
        (Page::new(1, 1, 32845, 16, 3, vec![0; 6]), "LogLuv"),
        (Page::new(1, 1, 5, 8, 3, vec![0; 3]), "inks other than"),
    ] {
        let error = decode(&file(&[page])).unwrap_err();
        assert!(matches!(error, PictureError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn files_of_other_programs_are_read_to_the_last_bit() {
    // Written by libtiff and tifffile, the PNG by their decoders.
    for (name, reference) in [
        ("fax_runs.tif", "fax.png"),
        ("fax_two_dimensional.tif", "fax.png"),
        ("fax_group_4.tif", "fax.png"),
        ("jpeg_tiles.tif", "jpeg_tiles.png"),
        ("zstd.tif", "photograph.png"),
    ] {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/data");
        let source = read(&data.join(name)).unwrap();
        assert!(source.picture == read(&data.join(reference)).unwrap().picture, "{name}");
        assert!(source.warnings.is_empty(), "{name}: {:?}", source.warnings);
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/data");
    let floats = read(&data.join("float_predictor.tif")).unwrap().picture;
    let exact = read(&data.join("photograph.png")).unwrap().picture;
    // Half floats have eleven bits.
    assert!(super::largest_difference(&floats, &exact) < 3e-4);
}
