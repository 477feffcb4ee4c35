//! Draws the sample pictures in `assets/`: two contents, four styles, and a painting with two maps for
//! doodles.
//!
//! ```text
//! cargo run --release -p sample-pictures -- [OUT_DIR] [--check]
//! ```
//!
//! The pictures come out the same bit for bit on every machine and with any number of threads: all
//! randomness is hashed from positions, and functions beyond `+ − × ÷ √` come from the `libm` crate, as
//! the standard library's differ between platforms. `--check` draws them again and compares them, pixel
//! by pixel, with the files in OUT_DIR (default: `assets`), writing nothing.

mod brush;
mod canvas;
mod colour;
mod dab;
mod doodle;
mod harbour;
mod mosaic;
mod noise;
mod pointillism;
mod solid;
mod still_life;
mod swirls;
mod vector;
mod woodcut;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use canvas::Canvas;
use rayon::prelude::*;

type Draw = fn() -> Canvas;

/// Every picture's file within OUT_DIR, and the function that draws it.
const PICTURES: [(&str, Draw); 9] = [
    ("content/harbour.png", harbour::draw),
    ("content/still_life.png", still_life::draw),
    ("doodle/painting.png", doodle::draw_painting),
    ("doodle/painting-map.png", doodle::draw_painting_map),
    ("doodle/map.png", doodle::draw_map),
    ("style/swirls.png", swirls::draw),
    ("style/pointillism.png", pointillism::draw),
    ("style/woodcut.png", woodcut::draw),
    ("style/mosaic.png", mosaic::draw),
];

/// Writes a picture, making its folder if need be.
fn write(path: &Path, canvas: &Canvas) -> Result<(), Box<dyn Error + Send + Sync>> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    canvas.save(path)?;
    Ok(())
}

/// Fails unless a file holds exactly this picture.
fn compare(path: &Path, canvas: &Canvas) -> Result<(), Box<dyn Error + Send + Sync>> {
    let stored = image::open(path)?.into_rgb8();
    let size = (canvas.width as u32, canvas.height as u32);
    if stored.dimensions() != size {
        return Err(format!("is {:?} pixels, drawn again {size:?}", stored.dimensions()).into());
    }
    let different = stored.as_raw().iter().zip(canvas.bytes()).filter(|(a, b)| **a != *b).count();
    if different > 0 {
        return Err(format!("differs from the picture drawn again in {different} values").into());
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut folder = PathBuf::from("assets");
    let mut check = false;
    for argument in std::env::args_os().skip(1) {
        if argument == "--check" {
            check = true;
        } else if argument.to_string_lossy().starts_with('-') {
            eprintln!("unknown option {argument:?}: expected [OUT_DIR] [--check]");
            return ExitCode::from(2);
        } else {
            folder = PathBuf::from(argument);
        }
    }
    let failures: usize = PICTURES
        .par_iter()
        .map(|(name, draw)| {
            let path = folder.join(name);
            let canvas = draw();
            let result = if check { compare(&path, &canvas) } else { write(&path, &canvas) };
            match &result {
                Ok(()) => println!("{}: {}", path.display(), if check { "same" } else { "written" }),
                Err(error) => eprintln!("{}: {error}", path.display()),
            }
            result.is_err()
        })
        .filter(|&failed| failed)
        .count();
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
