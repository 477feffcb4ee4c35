//! `impasto texture`: more of the texture of a picture.

use clap::Args;
use impasto::Preset;
use impasto_jobs::order::{Task, Texture};
use impasto_jobs::tiling::Grid;

use crate::failure::Failure;
use crate::help;
use crate::painting::{self, SharedArguments};

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
#[command(defer(|command| help::arranged(command, Preset::Texture)))]
#[command(mut_arg("preset", |preset| preset.default_value(Preset::Texture.name())))]
#[command(mut_arg("size", |size| size.value_name("SIZE").help(SIZE_HELP)))]
pub struct TextureArguments {
    #[command(flatten)]
    pub pictures: Texture,

    /// Also write FILE-tiled.png and so on, which shows the result side by side so many times, such as 2x2.
    #[arg(long, value_name = "COLUMNSxROWS", value_parser = grid, help_heading = "Output")]
    pub tile: Option<Grid>,

    #[command(flatten)]
    pub shared: SharedArguments,
}

const SIZE_HELP: &str = "Pixels of each side, 512, or width and height, 640x480, each 1 to 65536 \
                         [default: 512]";

/// Paints, or tells what painting would take.
pub fn run(arguments: &TextureArguments) -> Result<(), Failure> {
    let TextureArguments { pictures, tile, shared } = arguments;
    painting::run(&shared.order(Task::Texture(pictures.clone())), &shared.output, *tile)
}

/// Reads how often a picture is repeated, `2x2`.
fn grid(text: &str) -> Result<Grid, String> {
    let number = |text: &str| text.parse().ok().filter(|number| (1..=16).contains(number));
    let both = text.split_once('x').and_then(|(columns, rows)| number(columns).zip(number(rows)));
    both.map(|(columns, rows)| Grid { columns, rows })
        .ok_or_else(|| "expected columns and rows, each 1..=16, as in 2x2".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tilings_have_columns_and_rows() {
        assert_eq!(grid("3x2"), Ok(Grid { columns: 3, rows: 2 }));
        assert!(grid("0x2").is_err() && grid("2").is_err() && grid("17x1").is_err());
    }
}
