//! `impasto doodle`: paints from a few coloured strokes in the style of a painting.

use clap::Args;
use impasto::Preset;
use impasto_jobs::Order;
use impasto_jobs::order::{ContentChoices, Doodle, MapChoices, Task};

use crate::failure::Failure;
use crate::help;
use crate::painting::{self, SharedArguments};

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
#[command(defer(|command| help::arranged(command, Preset::Doodle)))]
#[command(mut_arg("preset", |preset| preset.default_value(Preset::Doodle.name())))]
pub struct DoodleArguments {
    #[command(flatten)]
    pub pictures: Doodle,

    #[command(flatten)]
    pub maps: MapChoices,

    #[command(flatten)]
    pub keeping: ContentChoices,

    #[command(flatten)]
    pub shared: SharedArguments,
}

/// Paints, or tells what painting would take.
pub fn run(arguments: &DoodleArguments) -> Result<(), Failure> {
    let DoodleArguments { pictures, maps, keeping, shared } = arguments;
    let order = Order {
        maps: maps.clone(),
        content: keeping.clone(),
        ..shared.order(Task::Doodle(pictures.clone()))
    };
    painting::run(&order, &shared.output, None)
}
