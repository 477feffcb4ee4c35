//! Pictures in and out of files, through the public interface.

mod bad_input;
mod color;
mod damage;
mod dithering;
mod jpeg_kinds;
mod metadata;
mod orientation;
mod other_formats;
mod output;
mod png_chunks;
mod resampling;
mod round_trips;
mod tiff_kinds;

use std::path::{Path, PathBuf};

use impasto::picture::{Alpha, Picture, PictureError, ReadOptions, SourcePicture, WriteOptions};

/// The six extensions, and whether the format is without loss.
const EXTENSIONS: [(&str, bool); 6] =
    [("png", true), ("jpg", false), ("jpeg", false), ("webp", true), ("tif", true), ("tiff", true)];

/// A picture with smooth colours and every value a multiple of `1 / steps`.
fn gradient(width: usize, height: usize, steps: u32) -> Picture {
    let value = |index: usize| {
        let (channel, pixel) = (index / (width * height), index % (width * height));
        let (x, y) = (pixel % width, pixel / width);
        let unit = ((x + 1) * (channel + 1) + 2 * y) as f32 / (3 * width + 2 * height) as f32;
        (unit * steps as f32).round() / steps as f32
    };
    Picture::new(width, height, (0..3 * width * height).map(value).collect())
}

/// Opacities of every degree but zero, multiples of `1 / steps`.
fn visible_alpha(width: usize, height: usize, steps: u32) -> Alpha {
    let value = |pixel: usize| (1 + pixel as u32 * 37 % steps) as f32 / steps as f32;
    Alpha::new(width, height, (0..width * height).map(value).collect())
}

/// A path in a folder that goes away with the test.
fn scratch(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

fn read(path: &Path) -> Result<SourcePicture, PictureError> {
    SourcePicture::read(path, &ReadOptions::default())
}

fn decode(bytes: &[u8]) -> Result<SourcePicture, PictureError> {
    SourcePicture::from_bytes("picture", bytes, &ReadOptions::default())
}

fn encode(picture: &Picture, alpha: Option<&Alpha>, extension: &str) -> Vec<u8> {
    picture.encode(format!("a.{extension}"), alpha, &WriteOptions::default()).unwrap()
}

fn largest_difference(a: &Picture, b: &Picture) -> f32 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    a.data().iter().zip(b.data()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
