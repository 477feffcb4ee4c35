//! `impasto doodle`: paints from a few coloured strokes in the style of a painting.

use std::path::PathBuf;

use clap::Args;
use impasto::Preset;

use crate::failure::Failure;
use crate::painting::arguments::{ContentArguments, MapArguments, SharedArguments};
use crate::painting::{self, MapFiles, Maps, Request};

const EXAMPLES: &str = "\
Examples:
  A new picture from strokes in doodle.png; the colours of painting-map.png say what they are:
    impasto doodle --style painting.jpg --style-map painting-map.png --map doodle.png -o new.png
  From two paintings, one with the sky and the other with the water:
    impasto doodle --style a.jpg --style-map a-map.png --style b.jpg --style-map b-map.png \\
      --map doodle.png
  Over a photograph, whose shapes are kept:
    impasto doodle --style painting.jpg --style-map painting-map.png --map photo-map.png \\
      --content photo.jpg
  The colours of the strokes are not quite those of the map of the painting:
    impasto doodle --style painting.jpg --style-map painting-map.jpg --map doodle.jpg \\
      --map-colors 5 --map-match nearest
  The picture after these iterations, as doodle-painting-00005.png and so on:
    impasto doodle --style painting.jpg --style-map painting-map.png --map doodle.png \\
      --snapshots 5,10,20,50";

/// Paint from a few coloured strokes in the style of a painting.
///
/// Draw over PAINTING a map of its parts, each in a flat colour: sky, water, trees. Draw another map, DOODLE,
/// with the same colours where these parts are to be in a new picture. The new picture has the shape of
/// DOODLE, and the textures of PAINTING where its map has their colours. Black is a colour like any other.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true)]
#[command(mut_arg("preset", |preset| preset.default_value(DEFAULT_PRESET.name())))]
pub struct DoodleArguments {
    /// The painting to take the style from; for several the flag repeated.
    #[arg(long = "style", required = true, value_name = "PAINTING", help_heading = "Pictures")]
    pub styles: Vec<PathBuf>,

    /// The map of the parts of PAINTING, one for each, in their order.
    #[arg(long, required = true, value_name = "MAP", help_heading = "Pictures")]
    pub style_map: Vec<PathBuf>,

    /// The map of the parts of the new picture.
    #[arg(long, value_name = "DOODLE", help_heading = "Pictures")]
    pub map: PathBuf,

    /// A photograph whose shapes are kept as well.
    #[arg(long, value_name = "PHOTO", help_heading = "Pictures")]
    pub content: Option<PathBuf>,

    #[command(flatten)]
    pub maps: MapArguments,

    #[command(flatten)]
    pub keeping: ContentArguments,

    #[command(flatten)]
    pub shared: SharedArguments,
}

/// What a doodle is painted by unless told otherwise.
const DEFAULT_PRESET: Preset = Preset::Doodle;

/// Paints, or tells what painting would take.
pub fn run(arguments: &DoodleArguments) -> Result<(), Failure> {
    let files = MapFiles::Colors { picture: &arguments.map, styles: &arguments.style_map };
    painting::run(&Request {
        shared: &arguments.shared,
        keeping: Some(&arguments.keeping),
        content: arguments.content.as_deref(),
        styles: &arguments.styles,
        maps: Maps::new(&arguments.maps, Some(files), "--map and --style-map")?,
        seamless: None,
        preview: None,
    })
}
