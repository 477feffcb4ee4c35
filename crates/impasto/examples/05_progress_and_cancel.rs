//! Shows how a run goes, keeps a picture of each size, and stops after twenty seconds with what there is.
//!
//! `cargo run --release -p impasto --example 05_progress_and_cancel`

use std::error::Error;
use std::time::{Duration, Instant};

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
        .content(read("assets/content/still_life.png")?)
        .style(read("assets/style/mosaic.png")?, 1.0);
    let (start, options) = (Instant::now(), WriteOptions::default());
    let outcome = transfer.run(&mut engine, |progress| {
        println!(
            "{:3.0} %, {:.0} s left: {:.4}",
            100.0 * progress.done,
            progress.seconds_left,
            progress.total
        );
        if progress.end.is_some() {
            let name = format!("progress-{}.png", progress.size.width);
            if let Err(error) = progress.picture().write(&name, None, &options) {
                eprintln!("{name}: {error}");
            }
        }
        if start.elapsed() < Duration::from_secs(20) { Control::Continue } else { Control::Stop }
    })?;
    outcome.picture.write("progress.png", None, &options)?;
    println!("{}", if outcome.completed { "done" } else { "stopped" });
    Ok(())
}
