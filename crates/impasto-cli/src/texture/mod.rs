//! `impasto texture`: more of the texture of a picture.

use std::path::PathBuf;

use clap::Args;
use impasto::Preset;

use crate::failure::Failure;
use crate::painting::arguments::SharedArguments;
use crate::painting::values::{self, Grid};
use crate::painting::{self, Request};

const EXAMPLES: &str = "\
Examples:
  A square of 512 pixels of the same stones:
    impasto texture gravel.jpg -o stones.png
  A tile whose borders meet, and beside it stones-tiled.png, which shows four of them:
    impasto texture gravel.jpg --size 256 --seamless --tile 2x2 -o stones.png
  A strip that mixes two textures, with finer detail:
    impasto texture moss.jpg bark.jpg --size 1024x256 --style-scale 0.5";

/// Paint more of the texture of a picture, in any size.
///
/// The result looks made of the same stuff as STYLE, but shows nothing that STYLE shows: no content picture
/// gives it shapes. With --seamless its borders meet, so that it tiles.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true)]
#[command(mut_arg("preset", |preset| preset.default_value(DEFAULT_PRESET.name())))]
#[command(mut_arg("size", |size| size.value_name("SIZE").help(SIZE_HELP)))]
pub struct TextureArguments {
    /// The pictures to take the texture from, one or more.
    #[arg(required = true, value_name = "STYLE")]
    pub styles: Vec<PathBuf>,

    /// Make opposite borders meet, so that the result tiles.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Picture")]
    pub seamless: Option<bool>,

    /// Also write FILE-tiled.png and so on, which shows the result side by side so many times, such as 2x2.
    #[arg(long, value_name = "COLUMNSxROWS", value_parser = values::grid, help_heading = "Output")]
    pub tile: Option<Grid>,

    #[command(flatten)]
    pub shared: SharedArguments,
}

/// What a texture is painted by unless told otherwise.
const DEFAULT_PRESET: Preset = Preset::Texture;

const SIZE_HELP: &str = "Pixels of each side, 512, or width and height, 640x480, each 1 to 65536 \
                         [default: 512]";

/// Paints, or tells what painting would take.
pub fn run(arguments: &TextureArguments) -> Result<(), Failure> {
    painting::run(&Request {
        shared: &arguments.shared,
        keeping: None,
        content: None,
        styles: &arguments.styles,
        maps: None,
        seamless: arguments.seamless,
        preview: arguments.tile,
    })
}
