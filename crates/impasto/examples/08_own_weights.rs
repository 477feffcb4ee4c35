//! Paints by a published preset with weights from a file, such as `impasto weights path vgg19` names.
//!
//! `cargo run --release -p impasto --example 08_own_weights -- vgg19.safetensors`

use std::error::Error;

use impasto::network::{CpuEngine, Weights};
use impasto::picture::{PictureError, ReadOptions, SourcePicture, WriteOptions};
use impasto::{Control, Picture, Preset, Transfer};

fn read(path: &str) -> Result<Picture, PictureError> {
    Ok(SourcePicture::read(path, &ReadOptions::default())?.picture)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("WEIGHTS")?;
    let mut settings = Preset::StyleTransferPytorch.settings();
    settings.schedule.size = 256;
    let weights = Weights::open(path, None)?;
    println!("{}, which reads {}", weights.architecture().name(), weights.convention());
    let transfer = Transfer::new(settings)
        .content(read("assets/content/harbour.png")?)
        .style(read("assets/style/swirls.png")?, 1.0);
    // The preset's own way to read pixels, and activations of the size that its weights are for.
    let mut engine = CpuEngine::new(transfer.fit_weights(weights));
    let outcome = transfer.run(&mut engine, |_| Control::Continue)?;
    outcome.picture.write("own_weights.png", None, &WriteOptions::default())?;
    Ok(())
}
