//! Repaints a photograph in the style of a painting, in one call.
//!
//! `cargo run --release -p impasto --example 01_transfer -- photo.jpg painting.jpg painted.png`

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [photo, painting, painted] = &paths[..] else { return Err("PHOTO PAINTING PAINTED".into()) };
    let picture = impasto::paint(image::open(photo)?, image::open(painting)?)?;
    image::DynamicImage::from(&picture).save(painted)?;
    Ok(())
}
