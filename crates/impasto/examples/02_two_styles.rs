//! Repaints the harbour in a blend of two styles: one part of the first, two of the second.
//!
//! `cargo run --release -p impasto --example 02_two_styles`

use std::error::Error;

use impasto::network::{CpuEngine, Weights};
use impasto::picture::{PictureError, ReadOptions, SourcePicture, WriteOptions};
use impasto::{Control, Picture, Preset, Transfer};

fn read(path: &str) -> Result<Picture, PictureError> {
    Ok(SourcePicture::read(path, &ReadOptions::default())?.picture)
}

fn main() -> Result<(), Box<dyn Error>> {
    let settings = Preset::Impasto.settings();
    let mut engine = CpuEngine::new(Weights::compact());
    let transfer = Transfer::new(settings)
        .content(read("assets/content/harbour.png")?)
        .style(read("assets/style/swirls.png")?, 1.0)
        .style(read("assets/style/pointillism.png")?, 2.0);
    let outcome = transfer.run(&mut engine, |_| Control::Continue)?;
    outcome.picture.write("two_styles.png", None, &WriteOptions::default())?;
    Ok(())
}
