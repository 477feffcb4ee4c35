//! The colour profile that marks our files as sRGB.
//!
//! Put together here, byte for byte the same every time, because the library that reads profiles rounds the white
//! that ICC prescribes, puts the current time into the header, and starts tags where they may not start.

/// Places of a value in the profile: a signed number of 16 bits before and 16 behind the point.
const fn fixed(value: f64) -> u32 {
    (value * 65536.0 + if value < 0.0 { -0.5 } else { 0.5 }) as i32 as u32
}

/// The white that all profiles refer to (ICC.1:2022, 7.2.16), which must be these very numbers.
const D50: [u32; 3] = [0x0000_f6d6, 0x0001_0000, 0x0000_d32d];

/// Red, green and blue of sRGB under that white; they add up to it (IEC 61966-2-1, amendment 1, to five places).
const RED: [u32; 3] = [fixed(0.436_035), fixed(0.222_488), fixed(0.013_916)];
const GREEN: [u32; 3] = [fixed(0.385_117), fixed(0.716_904), fixed(0.097_076)];
const BLUE: [u32; 3] = [D50[0] - RED[0] - GREEN[0], D50[1] - RED[1] - GREEN[1], D50[2] - RED[2] - GREEN[2]];

/// Bradford's adaptation from the white of sRGB to D50 (ICC.1:2022, annex E).
const ADAPTATION: [f64; 9] =
    [1.047_882, 0.022_919, -0.050_201, 0.029_587, 0.990_479, -0.017_059, -0.009_232, 0.015_076, 0.751_678];

/// The curve `((a·x + b)^g` from `d` on, `c·x` before: parameters g, a, b, c, d.
const CURVE: [f64; 5] = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045];

/// 1 January 2000: files of equal pictures are equal whenever they are written.
const DATE: [u16; 6] = [2000, 1, 1, 0, 0, 0];

/// Bytes of the header, and of an entry of the table of tags.
const HEADER: usize = 128;
const ENTRY: usize = 12;

/// The bytes of the profile, version 4.4.
pub(super) fn srgb_profile() -> Vec<u8> {
    let numbers = |signature: &[u8; 4], values: &[u32]| {
        let mut tag = signature.to_vec();
        tag.extend([0; 4]);
        values.iter().for_each(|value| tag.extend(value.to_be_bytes()));
        tag
    };
    let curve = {
        let parameters = CURVE.map(fixed);
        // Kind 3 of parametric curves, in the upper half of a word.
        numbers(b"para", &[&[3 << 16][..], &parameters].concat())
    };
    let tags: [(&[u8; 4], Vec<u8>); 8] = [
        (b"desc", text("sRGB")),
        (b"cprt", text("CC0")),
        (b"wtpt", numbers(b"XYZ ", &D50)),
        (b"chad", numbers(b"sf32", &ADAPTATION.map(fixed))),
        (b"rXYZ", numbers(b"XYZ ", &RED)),
        (b"gXYZ", numbers(b"XYZ ", &GREEN)),
        (b"bXYZ", numbers(b"XYZ ", &BLUE)),
        (b"rTRC", curve),
    ];
    // The curves of green and blue are the one of red.
    let count = tags.len() + 2;
    let mut table = (count as u32).to_be_bytes().to_vec();
    let mut data = Vec::new();
    let start = HEADER + 4 + ENTRY * count;
    for (signature, tag) in &tags {
        let (place, length) = ((start + data.len()) as u32, tag.len() as u32);
        let names: &[&[u8; 4]] =
            if *signature == b"rTRC" { &[b"rTRC", b"gTRC", b"bTRC"] } else { &[signature] };
        for name in names {
            table.extend_from_slice(*name);
            table.extend(place.to_be_bytes());
            table.extend(length.to_be_bytes());
        }
        data.extend_from_slice(tag);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    let mut profile = header((start + data.len()) as u32);
    profile.extend(table);
    profile.extend(data);
    profile
}

/// The header (ICC.1:2022, 7.2): a display with red, green and blue, relative to tristimulus values.
fn header(length: u32) -> Vec<u8> {
    let mut header = length.to_be_bytes().to_vec();
    header.extend([0; 4]);
    header.extend([4, 0x40, 0, 0]);
    header.extend(b"mntrRGB XYZ ");
    DATE.iter().for_each(|part| header.extend(part.to_be_bytes()));
    header.extend(b"acsp");
    // No platform, no flags, no device, perceptual intent.
    header.extend([0; 28]);
    D50.iter().for_each(|value| header.extend(value.to_be_bytes()));
    header.resize(HEADER, 0);
    header
}

/// A text in English.
fn text(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut tag = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS".to_vec();
    tag.extend((units.len() as u32).to_be_bytes());
    tag.extend(28u32.to_be_bytes());
    tag.extend(units);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    #[test]
    fn lengths_places_and_white_are_as_the_standard_wants() {
        let profile = srgb_profile();
        assert_eq!(word(&profile, 0) as usize, profile.len());
        assert!(profile.len().is_multiple_of(4));
        assert_eq!([68, 72, 76].map(|at| word(&profile, at)), [0xf6d6, 0x10000, 0xd32d]);
        let count = word(&profile, HEADER) as usize;
        let entries = (0..count).map(|index| HEADER + 4 + ENTRY * index);
        let mut end = HEADER + 4 + ENTRY * count;
        for entry in entries {
            let (place, length) = (word(&profile, entry + 4) as usize, word(&profile, entry + 8) as usize);
            assert!(place.is_multiple_of(4) && place + length <= profile.len());
            assert!(place <= end.next_multiple_of(4), "a gap before {place}");
            end = end.max(place + length);
        }
        assert_eq!(end.next_multiple_of(4), profile.len());
    }

    #[test]
    fn colors_add_up_to_white() {
        for axis in 0..3 {
            assert_eq!(RED[axis] + GREEN[axis] + BLUE[axis], D50[axis]);
        }
    }

    #[test]
    fn a_reader_takes_it_for_srgb() {
        let profile = moxcms::ColorProfile::new_from_slice(&srgb_profile()).unwrap();
        let transform = profile
            .create_transform_f32(
                moxcms::Layout::Rgb,
                &moxcms::ColorProfile::new_srgb(),
                moxcms::Layout::Rgb,
                moxcms::TransformOptions { prefer_fixed_point: false, ..Default::default() },
            )
            .unwrap();
        let colors: Vec<f32> = (0..3 * 97).map(|index| (index * 37 % 256) as f32 / 255.0).collect();
        let mut converted = vec![0.0; colors.len()];
        transform.transform(&colors, &mut converted).unwrap();
        for (a, b) in colors.iter().zip(&converted) {
            assert!((a - b).abs() < 1.0 / 255.0, "{a} {b}");
        }
    }
}
