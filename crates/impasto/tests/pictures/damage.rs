//! Cut and damaged files give an error or a picture, never a panic.

use impasto::picture::{Picture, ReadOptions, ReadWarning, SourcePicture, read_settings};
use proptest::prelude::*;

use super::{decode, encode, gradient, scratch, visible_alpha};

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let picture = gradient(40, 23, 255);
    let alpha = visible_alpha(40, 23, 255);
    let mut files: Vec<_> = ["png", "jpg", "webp", "tif"]
        .iter()
        .map(|&extension| (extension, encode(&picture, Some(&alpha), extension)))
        .collect();
    let options = impasto::picture::WriteOptions {
        depth: impasto::picture::BitDepth::Sixteen,
        settings: Some("{\"seed\":1}".to_owned()),
        ..Default::default()
    };
    files.push(("png", picture.encode("a.png", Some(&alpha), &options).unwrap()));
    files.push(("tif", picture.encode("a.tif", Some(&alpha), &options).unwrap()));
    files
}

fn planes(picture: &Picture) -> impl Iterator<Item = &[f32]> {
    picture.data().chunks_exact(picture.width() * picture.height())
}

#[test]
fn every_truncation_is_an_error_or_told() {
    for (extension, file) in samples() {
        let whole = decode(&file).unwrap();
        for length in 0..file.len() {
            match decode(&file[..length]) {
                Err(error) => {
                    let message = error.to_string();
                    assert!(message.contains("picture") && !message.contains('\n'), "{message}");
                    assert!(error.is_callers_mistake(), "{message}");
                }
                // What is cut may not be needed: the trailer of a PNG, padding or metadata behind
                // the pixels. Then the picture must be whole. Of a JPEG rows may be missing, and told.
                Ok(cut) => {
                    let told = cut.warnings.iter().find_map(|warning| match *warning {
                        ReadWarning::RowsMissing { missing, height } => Some((missing, height)),
                        _ => None,
                    });
                    let sound = told.map_or(whole.picture.height(), |(missing, height)| height - missing);
                    assert!(2 * sound >= whole.picture.height());
                    for (plane, whole) in planes(&cut.picture).zip(planes(&whole.picture)) {
                        let values = sound * cut.picture.width();
                        assert!(plane[..values] == whole[..values], "{extension} cut to {length}");
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn damage_never_panics(
        which in 0usize..6,
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let (_, mut file) = FILES.with(|files| files[which].clone());
        for (at, value) in hits {
            let at = at.index(file.len());
            file[at] = value;
        }
        // A header may claim any size: the limit keeps the test quick.
        let options = ReadOptions { max_pixels: 1 << 20 };
        if let Ok(source) = SourcePicture::from_bytes("damaged", &file, &options) {
            prop_assert!(source.picture.data().iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }

    #[test]
    fn damaged_profiles_never_panic(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        use image::ImageEncoder;
        let mut profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
        for (at, value) in hits {
            let at = at.index(profile.len());
            profile[at] = value;
        }
        let mut file = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
        encoder.set_icc_profile(profile).unwrap();
        encoder.write_image(&[200, 100, 50], 1, 1, image::ExtendedColorType::Rgb8).unwrap();
        let source = decode(&file).unwrap();
        prop_assert!(source.picture.data().iter().all(|value| (0.0..=1.0).contains(value)));
    }
}

thread_local! {
    static FILES: Vec<(&'static str, Vec<u8>)> = samples();
}

#[test]
fn settings_of_damaged_files_do_not_panic() {
    for (extension, file) in samples() {
        let (_folder, path) = scratch(&format!("a.{extension}"));
        for length in (1..file.len()).step_by(13) {
            std::fs::write(&path, &file[..length]).unwrap();
            let _ = read_settings(&path);
        }
    }
}
