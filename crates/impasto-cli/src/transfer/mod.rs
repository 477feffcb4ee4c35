//! `impasto transfer`: repaints a picture in the style of others.

use clap::Args;
use impasto_jobs::Order;
use impasto_jobs::order::{ContentChoices, MapChoices, Task, Transfer};

use crate::failure::Failure;
use crate::painting::{self, SharedArguments};

const EXAMPLES: &str = "\
Examples:
  Paint a photograph; the result is harbour-swirls.png in the current folder:
    impasto transfer assets/content/harbour.png assets/style/swirls.png
  Larger, with coarser strokes, closer to the photograph:
    impasto transfer assets/content/harbour.png assets/style/swirls.png -o out.png \\
      --size 1024 --style-scale 1.5 --content-weight 0.3
  Two styles, one part of the first to two of the second, in the colours of the photograph:
    impasto transfer photo.jpg a.jpg b.jpg --style-blend 1,2 --colors content -o out.jpg
  Paint the background alone: face.png is black where the photograph is to stay, white elsewhere:
    impasto transfer photo.jpg painting.jpg --strength-map face.png
  Sky like sky and water like water: the colours of two maps say which is which:
    impasto transfer photo.jpg painting.jpg --content-map photo-map.png --style-map painting-map.png
  The method of Gatys, Ecker and Bethge with VGG-19, its losses kept as JSON:
    impasto transfer photo.jpg painting.jpg --preset gatys --weights vgg19.safetensors \\
      --json=trace.json
  A page on the run to send to a colleague, with the pictures after these iterations:
    impasto transfer photo.jpg painting.jpg --report run --snapshots 0,5,10,20,50
  Another photograph just as a picture was painted before, with other noise:
    impasto transfer other.jpg painting.jpg --like out.png --seed 3 -o again.png
  What a run would do, need and take, without running it:
    impasto transfer photo.jpg painting.jpg --size 2048 --dry-run";

/// Repaint a picture in the style of another.
///
/// CONTENT keeps its shapes and takes on the strokes and colours of STYLE. PNG, JPEG, WebP, TIFF,
/// GIF, BMP, PPM, QOI and TGA are read, by what they hold and not by name. Ctrl-C, SIGTERM and, on Linux,
/// SIGHUP finish the step and save what there is; a second Ctrl-C quits at once.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true)]
pub struct TransferArguments {
    #[command(flatten)]
    pub pictures: Transfer,

    #[command(flatten)]
    pub maps: MapChoices,

    #[command(flatten)]
    pub keeping: ContentChoices,

    #[command(flatten)]
    pub shared: SharedArguments,
}

/// Paints, or tells what painting would take.
pub fn run(arguments: &TransferArguments) -> Result<(), Failure> {
    let TransferArguments { pictures, maps, keeping, shared } = arguments;
    let order = Order {
        maps: maps.clone(),
        content: keeping.clone(),
        ..shared.order(Task::Transfer(pictures.clone()))
    };
    painting::run(&order, &shared.output, None)
}
