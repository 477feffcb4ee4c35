//! Asks for the objective and its gradient at a picture, and takes the steps itself: plain descent along the signs.
//!
//! `cargo run --release -p impasto --example 07_gradient`

use std::error::Error;

use impasto::network::{CpuEngine, Weights};
use impasto::picture::{Filter, PictureError, ReadOptions, SourcePicture, WriteOptions};
use impasto::{Picture, Preset, Pyramid, Transfer};

fn read(path: &str) -> Result<Picture, PictureError> {
    Ok(SourcePicture::read(path, &ReadOptions::default())?.picture)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut settings = Preset::Impasto.settings();
    settings.schedule.size = 192;
    settings.schedule.pyramid = Pyramid::One;
    let mut engine = CpuEngine::new(Weights::compact());
    let content = read("assets/content/harbour.png")?;
    let (width, height) = content.fit_longest_side(settings.schedule.size);
    let mut picture = content.resized(width, height, Filter::Lanczos3).clamped();
    let transfer = Transfer::new(settings).content(content).style(read("assets/style/swirls.png")?, 1.0);
    for step in 0..30 {
        // Targets are learnt anew each time: for long runs, `Transfer::run` is the faster way.
        let evaluation = transfer.evaluate(&mut engine, &picture)?;
        println!("{step}: {:.4}", evaluation.total);
        for (value, slope) in picture.data_mut().iter_mut().zip(&evaluation.gradient) {
            *value = (*value - 0.01 * slope.signum()).clamp(0.0, 1.0);
        }
    }
    picture.write("gradient.png", None, &WriteOptions::default())?;
    Ok(())
}
