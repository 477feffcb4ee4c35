//! Formats that are read and not written, and damage to files of every format.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use impasto::picture::{PictureFormat, ReadOptions, ReadWarning, SourcePicture};

use super::read;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/data")
}

#[test]
fn every_format_holds_the_same_picture() {
    let reference = read(&data().join("small.png")).unwrap().picture;
    for (name, format) in [
        ("palette.gif", PictureFormat::Gif),
        ("palette.bmp", PictureFormat::Bmp),
        ("true_color.bmp", PictureFormat::Bmp),
        ("runs.tga", PictureFormat::Tga),
        ("palette.tga", PictureFormat::Tga),
        ("plain.ppm", PictureFormat::Pnm),
        ("plain.qoi", PictureFormat::Qoi),
        ("lossless.webp", PictureFormat::WebP),
    ] {
        let source = read(&data().join(name)).unwrap();
        assert_eq!(source.format, format, "{name}");
        assert!(source.picture == reference, "{name}");
        assert!(source.warnings.is_empty(), "{name}: {:?}", source.warnings);
    }
    let animation = read(&data().join("animation.gif")).unwrap();
    assert_eq!(animation.warnings, [ReadWarning::Animated]);
    assert!(animation.picture == reference);
}

/// Numbers that look random, the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// A file that is cut, has bits flipped, or claims huge numbers.
fn damaged(file: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut file = file.to_vec();
    match numbers.below(4) {
        0 => file.truncate(numbers.below(file.len())),
        1 => {
            for _ in 0..=numbers.below(8) {
                let at = numbers.below(file.len());
                file[at] ^= 1 << numbers.below(8);
            }
        }
        2 => {
            // Mostly in the header, where sizes stand.
            let at = numbers.below(file.len().min(200));
            let end = file.len().min(at + 1 + numbers.below(4));
            file[at..end].fill(0xff);
        }
        _ => {
            let (from, to) = (numbers.below(file.len()), numbers.below(file.len()));
            let length = numbers.below(file.len() - from.max(to)).min(64);
            file.copy_within(from..from + length, to);
        }
    }
    file
}

#[test]
fn three_hundred_damaged_files_of_every_format_do_no_harm() {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(data()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut numbers = Numbers(7);
    for extension in ["jpg", "png", "tif", "webp", "gif", "bmp", "ppm", "qoi", "tga"] {
        let files: Vec<Vec<u8>> = names
            .iter()
            .filter(|name| name.extension().is_some_and(|it| it == extension))
            .map(|name| std::fs::read(name).unwrap())
            .collect();
        assert!(!files.is_empty(), "{extension}");
        let start = Instant::now();
        let mut refused = 0;
        for index in 0..300 {
            let file = damaged(&files[index % files.len()], &mut numbers);
            let name = format!("{index}.{extension}");
            match SourcePicture::from_bytes(&name, &file, &ReadOptions { max_pixels: 1 << 16 }) {
                Ok(source) => {
                    let pixels = source.picture.width() * source.picture.height();
                    assert!(pixels <= 1 << 16, "{name}: {pixels} pixels");
                    assert!(source.picture.data().iter().all(|value| (0.0..=1.0).contains(value)), "{name}");
                }
                Err(error) => {
                    let message = error.to_string();
                    assert!(message.starts_with(&name) && !message.contains('\n'), "{message}");
                    assert!(error.is_callers_mistake(), "{message}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 20, "{extension}: {refused}");
        assert!(start.elapsed() < Duration::from_secs(60), "{extension}: {:?}", start.elapsed());
    }
}
