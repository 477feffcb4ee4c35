//! Kinds of JPEG that viewers read: sampling, scans and restarts of every sort, and files without an end.
//!
//! The files in `data/` were written by libjpeg-turbo's `cjpeg`, the PNG beside each by its decoder.

use std::path::{Path, PathBuf};

use impasto::picture::{PictureError, ReadWarning, SourcePicture};

use super::{decode, encode, gradient, read};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/data").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).unwrap()
}

#[test]
fn every_sampling_and_order_of_scans_is_read_to_the_last_bit() {
    for name in [
        "scans_apart",
        "scans_apart_4x2",
        "coarse_brightness",
        "coarse_brightness_1x2",
        "restarts",
        "progressive_scripted",
        "red_green_blue",
        "thirds",
        "stray_bytes",
    ] {
        let source = read(&data(&format!("{name}.jpg"))).unwrap();
        let reference = read(&data(&format!("{name}.png"))).unwrap();
        assert!(source.picture == reference.picture, "{name}");
        assert!(source.warnings.is_empty(), "{name}: {:?}", source.warnings);
    }
}

#[test]
fn the_true_kind_is_named() {
    let error = read(&data("arithmetic.jpg")).unwrap_err();
    assert!(matches!(error, PictureError::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("arithmetic coding; convert it"), "{error}");

    // The marker of the frame header decides: C3 is lossless.
    let mut lossless = bytes("scans_apart.jpg");
    let frame = lossless.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    lossless[frame + 1] = 0xc3;
    assert!(decode(&lossless).unwrap_err().to_string().contains("lossless JPEG"));
}

#[test]
fn a_missing_end_or_a_trailer_changes_nothing() {
    let whole = bytes("restarts.jpg");
    let reference = decode(&whole).unwrap();
    let trailer = [&whole[..], b"\x00\x01ftypmp42 a short film"].concat();
    for file in [&whole[..whole.len() - 2], &trailer] {
        let source = decode(file).unwrap();
        assert!(source.picture == reference.picture && source.warnings.is_empty(), "{:?}", source.warnings);
    }
}

fn missing(source: &SourcePicture) -> Option<usize> {
    source.warnings.iter().find_map(|warning| match warning {
        ReadWarning::RowsMissing { missing, .. } => Some(*missing),
        _ => None,
    })
}

#[test]
fn missing_rows_are_told_and_most_of_them_refused() {
    let whole = encode(&gradient(64, 160, 255), None, "jpg");
    let scan = whole.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    let cut = |share: f64| decode(&whole[..scan + ((whole.len() - scan) as f64 * share) as usize]);
    let three_quarters = cut(0.75).unwrap();
    assert!((16..80).contains(&missing(&three_quarters).unwrap()), "{:?}", three_quarters.warnings);
    let error = cut(0.2).unwrap_err();
    assert!(error.to_string().contains("of 160 rows are missing"), "{error}");
}

#[test]
fn damage_ends_at_the_next_restart() {
    let whole = bytes("restarts.jpg");
    let reference = decode(&whole).unwrap().picture;
    let markers: Vec<usize> = (0..whole.len() - 1)
        .filter(|&at| whole[at] == 0xff && (0xd0..=0xd7).contains(&whole[at + 1]))
        .collect();
    // The third interval, and the marker before it, are lost: two of the three units in the second row.
    let (start, end) = (markers[1], markers[2]);
    let damaged = [&whole[..start], &whole[end..]].concat();
    let source = decode(&damaged).unwrap();
    assert_eq!(missing(&source), Some(8));
    let last = reference.data().len() / 3 - 1;
    assert_eq!(source.picture.data()[last], reference.data()[last]);
}

#[test]
fn a_progressive_file_that_ends_early_is_told() {
    let whole = bytes("progressive_scripted.jpg");
    let scans: Vec<usize> =
        (0..whole.len() - 1).filter(|&at| whole[at] == 0xff && whole[at + 1] == 0xda).collect();
    let source = decode(&whole[..scans[scans.len() - 1]]).unwrap();
    assert_eq!(source.warnings, [ReadWarning::DetailMissing]);
    let reference = decode(&whole).unwrap();
    let differences = source.picture.data().iter().zip(reference.picture.data()).map(|(a, b)| (a - b).abs());
    assert!(differences.sum::<f32>() / (source.picture.data().len() as f32) < 0.06);
}

#[test]
fn frames_of_motion_jpeg_have_the_usual_tables() {
    let whole = bytes("restarts.jpg");
    let mut file = whole.clone();
    while let Some(start) = file.windows(2).position(|pair| pair == [0xff, 0xc4]) {
        let length = usize::from(u16::from_be_bytes([file[start + 2], file[start + 3]]));
        file.drain(start..start + 2 + length);
    }
    assert!(file.len() + 400 < whole.len());
    assert!(decode(&file).unwrap().picture == decode(&whole).unwrap().picture);
}
