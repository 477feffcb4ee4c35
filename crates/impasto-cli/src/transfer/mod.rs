//! `impasto transfer`: repaints a picture in the style of others.

mod collection;
mod pictures;

use std::path::PathBuf;

use clap::Args;
use clap::builder::Resettable;
use impasto::Preset;
use impasto_jobs::Order;
use impasto_jobs::order::{ContentChoices, MapChoices, Task, Transfer};

use crate::failure::Failure;
use crate::help;
use crate::painting::pipes::is_standard;
use crate::painting::{self, OutputArguments, SharedArguments, is_folder};
use pictures::Pictures;

/// What `-h` shows, and `impasto transfer` alone.
const FIRST_EXAMPLES: &str = "\
Examples:
  Paint a photograph; the result is photo-painting.png in the current folder:
    impasto transfer photo.jpg painting.jpg
  Every photograph of a folder, in the same style, into another folder:
    impasto transfer photos/ painting.jpg -o out/
All options, and more examples: impasto transfer --help";

const EXAMPLES: &str = "\
Examples:
  Paint a photograph; the result is photo-painting.png in the current folder:
    impasto transfer photo.jpg painting.jpg
  Larger, with coarser strokes, closer to the photograph; --size original is as large as the photograph:
    impasto transfer photo.jpg painting.jpg -o out.png --size 1024 --stroke-size 1.5 --strength 0.4
  Two styles, one part of the first to two of the second, in the colours of the photograph:
    impasto transfer photo.jpg a.jpg b.jpg --style-blend 1,2 --colors content -o out.jpg
  Paint the background alone: face.png is black where the photograph is to stay, white elsewhere:
    impasto transfer photo.jpg painting.jpg --strength-map face.png
  Sky like sky and water like water: the colours of two maps say which is which:
    impasto transfer photo.jpg painting.jpg --content-map photo-map.png --style-map painting-map.png
  The method of Gatys, Ecker and Bethge, its losses kept as JSON:
    impasto transfer photo.jpg painting.jpg --preset gatys --network vgg19 --json=trace.json
  All photographs of a folder, or some by name, each painted in the same style:
    impasto transfer photos/ painting.jpg -o out/
    impasto transfer a.jpg b.jpg --style painting.jpg -o out/ --name '{content}-{seed}.png'
  In a pipe; only the picture goes to standard output:
    curl https://example.org/photo.jpg | impasto transfer - painting.jpg -o - --format jpg > out.jpg
  Another photograph just as a picture was painted before, with other noise:
    impasto transfer other.jpg painting.jpg --like out.png --seed 3 -o again.png";

/// Repaint a picture in the style of another.
///
/// CONTENT keeps its shapes and takes on the strokes and colours of STYLE. PNG, JPEG, WebP, TIFF,
/// GIF, BMP, PPM, QOI and TGA are read, by what they hold and not by name. Of a folder, every picture is painted; with
/// --style, every picture named is; the style is learnt once for all of a size. Ctrl-C, SIGTERM and, on Linux, SIGHUP
/// finish the step and save what there is; a second Ctrl-C quits at once.
#[derive(Debug, Args)]
#[command(after_help = FIRST_EXAMPLES, after_long_help = EXAMPLES)]
#[command(allow_negative_numbers = true, arg_required_else_help = true)]
#[command(defer(|command| help::arranged(command, Preset::Impasto)))]
#[command(mut_arg("content", |content| content.help(CONTENT_HELP).help_heading(Resettable::Reset)))]
#[command(mut_arg("styles", |styles| styles.required(false).help(STYLES_HELP).help_heading(Resettable::Reset)))]
pub struct TransferArguments {
    /// A picture to take the style from; for several the flag repeated. Everything that stands beside it is painted.
    #[arg(long, value_name = "STYLE", help_heading = "Pictures")]
    pub style: Vec<PathBuf>,

    /// Of several pictures, leave out those whose result is there and finished.
    #[arg(long, help_heading = "Pictures")]
    pub skip_finished: bool,

    #[command(flatten)]
    pub shared: SharedArguments,

    #[command(flatten)]
    pub keeping: ContentChoices,

    #[command(flatten)]
    pub pictures: Transfer,

    #[command(flatten)]
    pub maps: MapChoices,
}

const CONTENT_HELP: &str = "The picture to repaint, or a folder of such pictures";

const STYLES_HELP: &str =
    "The pictures to take the style from, up to four; with --style, more pictures to repaint";

/// Paints, or tells what painting would take.
pub fn run(arguments: &TransferArguments) -> Result<(), Failure> {
    let TransferArguments { maps, keeping, shared, .. } = arguments;
    let order = |pictures: Transfer| Order {
        maps: maps.clone(),
        content: keeping.clone(),
        ..shared.order(Task::Transfer(pictures))
    };
    match Pictures::new(arguments)? {
        Pictures::One(_) if arguments.skip_finished => {
            Err(Failure::mistake("--skip-finished: is for several pictures"))
        }
        Pictures::One(pictures) => painting::run(&order(pictures), &shared.output, None),
        Pictures::Several(pictures) => {
            let flags = of_collection(arguments, pictures.len())?;
            let orders: Vec<Order> = pictures.into_iter().map(order).collect();
            collection::run(&orders, &flags, arguments.skip_finished)
        }
    }
}

/// The flags of output for so many pictures, whose output is a folder.
fn of_collection(arguments: &TransferArguments, count: usize) -> Result<OutputArguments, Failure> {
    let TransferArguments { pictures, keeping, shared, .. } = arguments;
    let of_one = [
        (pictures.content_map.is_some(), "--content-map"),
        (pictures.content_mask.is_some(), "--content-mask"),
        (keeping.strength_map.is_some(), "--strength-map"),
    ];
    if let Some((_, flag)) = of_one.into_iter().find(|(given, _)| *given) {
        return Err(Failure::mistake(format_args!("{flag}: is for one picture, not for {count}")));
    }
    let mut flags = shared.output.clone();
    if let Some(output) = flags.output.as_mut().filter(|output| !is_folder(output)) {
        if output.extension().is_some() || is_standard(output) {
            return Err(Failure::mistake(format_args!(
                "--output {}: {count} pictures do not go into one file; name a folder, as in out/",
                output.display()
            )));
        }
        // Ends as a folder from now on, whether or not it is there.
        output.push("");
    }
    Ok(flags)
}
