//! Paints more of a texture, as a square whose opposite borders meet.
//!
//! `cargo run --release -p impasto --example 04_texture`

use std::error::Error;

use impasto::network::{CpuEngine, Weights};
use impasto::picture::{ReadOptions, SourcePicture, WriteOptions};
use impasto::{Control, Preset, Transfer};

fn main() -> Result<(), Box<dyn Error>> {
    let mut settings = Preset::Texture.settings();
    settings.schedule.size = 256;
    settings.seamless = true;
    let mosaic = SourcePicture::read("assets/style/mosaic.png", &ReadOptions::default())?.picture;
    let mut engine = CpuEngine::new(Weights::compact());
    let transfer = Transfer::new(settings).canvas(1, 1).style(mosaic, 1.0);
    let outcome = transfer.run(&mut engine, |_| Control::Continue)?;
    outcome.picture.write("texture.png", None, &WriteOptions::default())?;
    Ok(())
}
