//! Turns a painting, a map of its parts and a drawing in the same colours into a new painting.
//!
//! `cargo run --release -p impasto --example 03_doodle`

use std::error::Error;

use impasto::network::{CpuEngine, Weights};
use impasto::picture::{PictureError, ReadOptions, SourcePicture, WriteOptions};
use impasto::regions::{RegionOptions, read_color_maps};
use impasto::{Control, Picture, Preset, Transfer};

fn read(name: &str) -> Result<Picture, PictureError> {
    Ok(SourcePicture::read(format!("assets/doodle/{name}.png"), &ReadOptions::default())?.picture)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (drawing, map_of_painting) = (read("map")?, read("painting-map")?);
    let (of_picture, of_styles) = read_color_maps(&drawing, &[map_of_painting], &RegionOptions::default())?;
    let settings = Preset::Doodle.settings();
    let mut engine = CpuEngine::new(Weights::compact());
    let transfer = Transfer::new(settings).style(read("painting")?, 1.0).regions(of_picture, of_styles);
    let outcome = transfer.run(&mut engine, |_| Control::Continue)?;
    outcome.picture.write("doodle.png", None, &WriteOptions::default())?;
    Ok(())
}
