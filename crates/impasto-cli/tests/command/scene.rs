//! A folder with two small pictures, and the program run in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use image::{Rgb, RgbImage, Rgba, RgbaImage};
use tempfile::TempDir;

/// A folder of its own with `content.png`, 64x48, and `style.png`, 60x60.
pub struct Scene {
    folder: TempDir,
}

impl Scene {
    pub fn new() -> Self {
        let scene = Scene { folder: tempfile::tempdir().unwrap() };
        let hill = |x: u32, y: u32| if y > 20 + x / 4 { [60, 120, 50] } else { [140, 180, 230] };
        RgbImage::from_fn(64, 48, |x, y| Rgb(hill(x, y))).save(scene.path("content.png")).unwrap();
        let stripes = |x: u32, y: u32| if (x + y) % 8 < 4 { [200, 80, 20] } else { [40, 30, 90] };
        RgbImage::from_fn(60, 60, |x, y| Rgb(stripes(x, y))).save(scene.path("style.png")).unwrap();
        scene
    }

    /// Adds `alpha.png`: left half opaque, right half not visible.
    pub fn with_alpha(self) -> Self {
        let alpha = |x: u32| if x < 32 { 255 } else { 0 };
        RgbaImage::from_fn(64, 48, |x, y| Rgba([x as u8, y as u8, 90, alpha(x)]))
            .save(self.path("alpha.png"))
            .unwrap();
        self
    }

    /// Adds `map.png`, 64x48, and `style-map.png`, 60x60: three quarters red, the rest on the right blue.
    pub fn with_maps(self) -> Self {
        self.map(64, 48).save(self.path("map.png")).unwrap();
        self.map(60, 60).save(self.path("style-map.png")).unwrap();
        self
    }

    /// A map of that kind.
    pub fn map(&self, width: u32, height: u32) -> RgbImage {
        let color = |x: u32| if 4 * x < 3 * width { [255, 0, 0] } else { [0, 0, 255] };
        RgbImage::from_fn(width, height, |x, _| Rgb(color(x)))
    }

    /// Makes the style bright where its map is red, and dark where it is blue.
    pub fn split_style(&self) {
        let level = |x: u32, y: u32| if x < 45 { 200 + (x + y) % 8 * 5 } else { 20 + (x + y) % 8 * 5 };
        RgbImage::from_fn(60, 60, |x, y| Rgb([level(x, y) as u8; 3])).save(self.path("style.png")).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn picture(&self, name: &str) -> RgbaImage {
        image::open(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}")).to_rgba8()
    }

    /// Names of all files.
    pub fn files(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The program with `words` as its arguments, to be run in the folder.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("impasto"));
        command.args(words.split_whitespace()).current_dir(self.folder.path());
        // No weights of the user who runs the tests.
        command.env("IMPASTO_CACHE", self.path("cache"));
        command
    }

    pub fn run(&self, words: &str) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs what must succeed, and returns its standard output and standard error.
    pub fn succeed(&self, words: &str) -> (String, String) {
        let output = self.run(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "impasto {words}: {}\n{said}", output.status);
        (String::from_utf8(output.stdout).unwrap(), said)
    }
}
