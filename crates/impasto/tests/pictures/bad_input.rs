//! Bad input gets one clear line that names the file, and says whose mistake it is.

use std::fs;
use std::time::{Duration, Instant};

use impasto::picture::{PictureError, ReadOptions, SourcePicture};

use super::{encode, gradient, read, scratch};

/// One line that contains the file's name and `words`.
fn assert_message(error: &PictureError, words: &[&str]) {
    let message = error.to_string();
    assert!(!message.contains('\n'), "{message}");
    for word in words {
        assert!(message.contains(word), "{message:?} lacks {word:?}");
    }
}

#[test]
fn missing_empty_and_foreign_files_are_told_apart() {
    let (folder, path) = scratch("photo.png");
    let error = read(&path).unwrap_err();
    assert!(matches!(error, PictureError::Missing { .. }) && error.is_callers_mistake());
    assert_message(&error, &["photo.png", "no such file"]);

    fs::write(&path, b"").unwrap();
    let error = read(&path).unwrap_err();
    assert!(matches!(error, PictureError::Empty { .. }) && error.is_callers_mistake());
    assert_message(&error, &["photo.png", "empty"]);

    fs::write(&path, "Dear diary,\nnothing today").unwrap();
    let error = read(&path).unwrap_err();
    assert!(matches!(error, PictureError::NotAPicture { .. }) && error.is_callers_mistake());
    assert_message(&error, &["photo.png", "Dear diary", "PNG, JPEG, WebP, TIFF"]);

    for (bytes, words) in [
        (&b"\0\0\0\x1cftypheic"[..], ["an HEIC picture", "heif-convert"]),
        (b"\0\0\0\x1cftypavif", ["an AVIF picture", "avifdec"]),
        (b"\xff\x0a\0\0", ["a JPEG XL picture", "djxl"]),
        (b"\0\0\0\x18ftypcrx ", ["a camera raw file (Canon CR3)", "raw converter"]),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_message(&read(&path).unwrap_err(), &words);
    }

    assert_message(&read(folder.path()).unwrap_err(), &["a folder"]);
}

#[test]
fn the_name_of_an_input_does_not_matter() {
    let (_folder, path) = scratch("really-a-jpeg.png");
    fs::write(&path, encode(&gradient(9, 9, 255), None, "jpg")).unwrap();
    assert_eq!(read(&path).unwrap().format, impasto::picture::PictureFormat::Jpeg);
}

/// A PNG whose header claims a size that its data does not have.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut file = encode(&gradient(1, 1, 255), None, "png");
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc(&file[12..29]);
    file[29..33].copy_from_slice(&crc.to_be_bytes());
    file
}

/// The checksum of PNG chunks (PNG specification, annex D).
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(
            crc ^ u32::from(byte),
            |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ crc >> 1 } else { crc >> 1 },
        )
    })
}

#[test]
fn absurd_sizes_are_refused_before_memory_is_taken() {
    let (_folder, path) = scratch("huge.png");
    for (width, height) in [(60_000, 60_000), (i32::MAX as u32, i32::MAX as u32), (10_001, 10_000)] {
        fs::write(&path, claiming(width, height)).unwrap();
        let start = Instant::now();
        let error = read(&path).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(1));
        assert!(matches!(error, PictureError::TooLarge { .. }), "{error}");
        assert!(error.is_callers_mistake());
        assert_message(&error, &["huge.png", &format!("{width}x{height}"), "100.0", "raise"]);
    }
}

#[test]
fn absurd_sizes_are_refused_in_other_formats() {
    let too_large = |file: &[u8]| {
        let start = Instant::now();
        let error = super::decode(file).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(1));
        assert!(matches!(error, PictureError::TooLarge { .. }), "{error}");
    };
    // The frame header of a JPEG is `FF C0`, length, depth, height, width.
    let mut jpeg = encode(&gradient(8, 8, 255), None, "jpg");
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    too_large(&jpeg);

    // The first entry of our TIFF is the width; its value stands 8 bytes into the entry. A greater
    // height would contradict the number of strips.
    let mut tiff = encode(&gradient(8, 8, 255), None, "tif");
    let directory = u32::from_le_bytes(tiff[4..8].try_into().unwrap()) as usize;
    tiff[directory + 10..directory + 14].copy_from_slice(&u32::MAX.to_le_bytes());
    too_large(&tiff);

    // An extended WebP header claims up to 2²⁴ a side, less one, in 3 bytes each.
    let mut webp = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    webp.extend_from_slice(&[0xff, 0x7f, 0, 0xff, 0x7f, 0]);
    webp.extend_from_slice(b"VP8L\x05\0\0\0\x2f\xff\xdf\xff\x17\0");
    too_large(&webp);
}

#[test]
fn the_limit_can_be_raised_and_lowered() {
    let (_folder, path) = scratch("a.png");
    fs::write(&path, encode(&gradient(30, 20, 255), None, "png")).unwrap();
    assert!(SourcePicture::read(&path, &ReadOptions { max_pixels: 600 }).is_ok());
    let error = SourcePicture::read(&path, &ReadOptions { max_pixels: 599 }).unwrap_err();
    assert!(matches!(error, PictureError::TooLarge { width: 30, height: 20, limit: 599, .. }));
    // Above the default the header passes and the missing rows are what is wrong.
    fs::write(&path, claiming(10_001, 10_000)).unwrap();
    let error = SourcePicture::read(&path, &ReadOptions { max_pixels: 200_000_000 }).unwrap_err();
    assert!(matches!(error, PictureError::Damaged { .. }), "{error}");
}

#[test]
fn files_longer_than_any_picture_are_refused() {
    let (_folder, path) = scratch("long.jpg");
    let file = fs::File::create(&path).unwrap();
    file.set_len(20 << 20).unwrap();
    let error = SourcePicture::read(&path, &ReadOptions { max_pixels: 1000 }).unwrap_err();
    assert!(matches!(error, PictureError::FileTooLong { bytes: 20_971_520, .. }), "{error}");
    assert_message(&error, &["long.jpg", "raise"]);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_do_not_block() {
    let error = read(std::path::Path::new("/dev/zero")).unwrap_err();
    assert_message(&error, &["/dev/zero", "not a regular file"]);
}
