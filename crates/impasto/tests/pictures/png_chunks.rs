//! What PNG files say beside their pixels: colours told by chunks other than a profile, orientation in old places.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use impasto::picture::{ReadWarning, SourcePicture};

use super::bad_input::crc;
use super::decode;

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&kind[..], data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &named, &crc(&named).to_be_bytes()].concat()
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A picture of 16 bits a channel, two columns and one row, with chunks before and behind its pixels.
fn png(pixels: [[u16; 3]; 2], before: &[u8], behind: &[u8]) -> Vec<u8> {
    let header = [&[0, 0, 0, 2, 0, 0, 0, 1][..], &[16, 2, 0, 0, 0]].concat();
    let samples = pixels.iter().flatten().flat_map(|value| value.to_be_bytes());
    let row: Vec<u8> = [0].into_iter().chain(samples).collect();
    let pixels = chunk(b"IDAT", &deflated(&row));
    [b"\x89PNG\r\n\x1a\n", &chunk(b"IHDR", &header)[..], before, &pixels, behind, &chunk(b"IEND", b"")]
        .concat()
}

fn first(source: &SourcePicture) -> [f32; 3] {
    let pixels = source.picture.width() * source.picture.height();
    [0, 1, 2].map(|channel| source.picture.data()[channel * pixels])
}

fn assert_near(found: [f32; 3], wanted: [f32; 3]) {
    for (found, wanted) in found.into_iter().zip(wanted) {
        assert!((found - wanted).abs() < 2e-3, "{found} {wanted}");
    }
}

const HALF: [[u16; 3]; 2] = [[32768; 3], [0; 3]];

#[test]
fn gamma_and_primaries_are_honoured() {
    let gamma = |value: u32| chunk(b"gAMA", &value.to_be_bytes());
    // Half the light is 0.735 of sRGB.
    assert_near(first(&decode(&png(HALF, &gamma(100_000), b"")).unwrap()), [0.7354; 3]);
    // What stands for sRGB changes nothing.
    assert_near(first(&decode(&png(HALF, &gamma(45_455), b"")).unwrap()), [0.5; 3]);
    // The chunk made for sRGB outranks the others.
    let both = [gamma(100_000), chunk(b"sRGB", &[0])].concat();
    assert_near(first(&decode(&png(HALF, &both, b"")).unwrap()), [0.5; 3]);
    // The green of Adobe RGB is beyond sRGB's: red and blue are none.
    let adobe = [31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000u32];
    let primaries = chunk(b"cHRM", &adobe.map(u32::to_be_bytes).concat());
    let green = decode(&png([[0, 40000, 0], [0; 3]], &[gamma(45_455), primaries].concat(), b"")).unwrap();
    let [red, green, blue] = first(&green);
    assert!(red == 0.0 && blue < 0.2 && green > 0.6, "{red} {green} {blue}");
}

#[test]
fn code_points_are_honoured() {
    let coded = |primaries, curve, pixels| {
        decode(&png(pixels, &chunk(b"cICP", &[primaries, curve, 0, 1]), b"")).unwrap()
    };
    let p3 = coded(12, 13, [[32768, 13107, 13107], [0; 3]]);
    assert!(first(&p3)[0] > 0.53 && p3.warnings.is_empty());
    // Paper-white of PQ, and black: nothing is brighter than white.
    let paper = coded(1, 16, [[38057; 3], [0; 3]]);
    assert!((first(&paper)[0] - 1.0).abs() < 0.01 && paper.warnings.is_empty());
    let bright = coded(9, 16, [[38057; 3], [50000; 3]]);
    assert!(first(&bright)[0] < 0.95);
    assert_eq!(bright.warnings, [ReadWarning::HighDynamicRange]);
    let unknown = coded(1, 99, HALF);
    assert_eq!(unknown.warnings, [ReadWarning::CodingUnknown { primaries: 1, curve: 99 }]);
    assert_near(first(&unknown), [0.5; 3]);
}

/// An EXIF block that says that row 0 is the right side; the number is of type SHORT or LONG.
fn quarter_turn(kind: u16) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01".to_vec();
    block.extend(kind.to_le_bytes());
    block.extend([1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    block
}

/// A text as ImageMagick keeps blocks in: a name, the number of bytes, hexadecimal digits.
fn raw_profile(name: &str, block: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let keyword = format!("Raw profile type {name}\0").into_bytes();
    let digits: Vec<String> = block.iter().map(|byte| format!("{byte:02x}")).collect();
    (keyword, format!("\n{name}\n{:8}\n{}\n", block.len(), digits.concat()).into_bytes())
}

#[test]
fn orientation_is_found_wherever_it_stands() {
    for kind in [3, 4] {
        let block = quarter_turn(kind);
        let (keyword, text) = raw_profile("exif", &[b"Exif\0\0", &block[..]].concat());
        let (app1, other) = raw_profile("APP1", &[b"Exif\0\0", &block[..]].concat());
        for chunk in [
            chunk(b"eXIf", &block),
            chunk(b"tEXt", &[keyword.clone(), text.clone()].concat()),
            chunk(b"zTXt", &[&keyword[..], &[0], &deflated(&text)].concat()),
            chunk(b"iTXt", &[&app1[..], &[1, 0, 0, 0], &deflated(&other)].concat()),
        ] {
            for file in [png(HALF, &chunk, b""), png(HALF, b"", &chunk)] {
                let picture = decode(&file).unwrap().picture;
                assert_eq!((picture.width(), picture.height()), (1, 2), "{:?}", &chunk[4..8]);
            }
        }
    }
}
