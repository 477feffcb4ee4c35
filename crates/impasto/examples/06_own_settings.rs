//! Changes what is minimised, and how: broader strokes, more of the painting, fewer iterations by L-BFGS.
//!
//! `cargo run --release -p impasto --example 06_own_settings`

use std::error::Error;

use impasto::network::{CpuEngine, Weights};
use impasto::picture::{PictureError, ReadOptions, SourcePicture, WriteOptions};
use impasto::terms::{Content, Moments};
use impasto::{Control, OptimizerSettings, Picture, Preset, Transfer};

fn read(path: &str) -> Result<Picture, PictureError> {
    Ok(SourcePicture::read(path, &ReadOptions::default())?.picture)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut settings = Preset::Impasto.settings();
    settings.schedule.size = 384;
    settings.schedule.iterations = 40;
    settings.schedule.style_scale = 1.6;
    settings.optimizer = OptimizerSettings::lbfgs(20);
    settings.average = None;
    settings.term_mut::<Content>().expect("the preset has a content").weight = 0.06;
    settings.term_mut::<Moments>().expect("the preset has moments").directions = Some(32);
    // Every choice as text, to be kept or sent; `serde_json::from_str` reads it again.
    println!("{}", serde_json::to_string_pretty(&settings)?);

    let mut engine = CpuEngine::new(Weights::compact());
    let transfer = Transfer::new(settings)
        .content(read("assets/content/harbour.png")?)
        .style(read("assets/style/woodcut.png")?, 1.0);
    let outcome = transfer.run(&mut engine, |_| Control::Continue)?;
    outcome.picture.write("own_settings.png", None, &WriteOptions::default())?;
    Ok(())
}
