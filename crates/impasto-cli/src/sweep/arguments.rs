//! The flags of `impasto sweep`: its own, and those of `impasto transfer`, of which some take lists here.
//!
//! The flags of a painting are not declared again. They are taken from the definition of
//! `impasto transfer`, so that help, names and conflicts are the same, and kept as the words that were typed;
//! the words of each cell are then read as a command line of `impasto transfer`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStr, Resettable, StyledStr, ValueParser};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::transfer::TransferArguments;

/// Flags of a painting that take a list of values here.
pub const SWEPT: [&str; 34] = [
    "preset",
    "look",
    "strength",
    "stroke-size",
    "colors",
    "color-strength",
    "effort",
    "size",
    "start",
    "seed",
    "style-scale",
    "style-blend",
    "method",
    "content-weight",
    "style-weight",
    "style-ratio",
    "tv-weight",
    "content-layers",
    "style-layers",
    "patch-size",
    "patch-rotations",
    "patch-scales",
    "patch-stride",
    "semantic-weight",
    "variety",
    "match-every",
    "map-colors",
    "map-match",
    "iterations",
    "stop-at-progress",
    "optimizer",
    "learning-rate",
    "lbfgs-memory",
    "pooling",
];

/// Flags of a painting that say what is written of it: a cell of a grid goes onto the sheet.
const LEFT_OUT: [&str; 9] =
    ["output", "bit-depth", "quality", "save-every", "report", "snapshots", "json", "dry-run", "quiet"];

const EXAMPLES: &str = "\
Examples:
  How much style, from how many layers, as in figure 3 of Gatys, Ecker and Bethge:
    impasto sweep photo.jpg painting.jpg --style-ratio 1,10,100 \\
      --layers relu1_1,relu2_1,relu3_1,relu4_1 --size 256 -o grid.png
  One row, each picture kept as a file too:
    impasto sweep photo.jpg painting.jpg --strength 0,0.25,0.5,0.75,1 --keep cells
  Sets of layers of one's own, in each of which + stands between the layers:
    impasto sweep photo.jpg painting.jpg --style-layers relu1_1,relu1_1+relu2_1,relu4_1 --seed 1,2 \\
      --start noise";

/// Paint a grid: every value of one option against every value of another.
///
/// One or two of the options of `impasto transfer` get a list of values, with commas between them: the first
/// typed runs along the columns, the second down the rows. Within a value that is itself a list, such as
/// layers, + stands for the comma. All others are as in `impasto transfer`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true)]
pub struct OwnArguments {
    /// Where to write the grid: .png, .jpg, .jpeg, .webp, .tif or .tiff [default: CONTENT-STYLE-sweep.png, in
    /// the current folder]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Also save each picture, whole, in this folder, which is made: style-ratio=10,seed=1.png.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub keep: Option<PathBuf>,

    /// Longest side of a picture in the grid, in pixels, 16 to 4096; larger ones are shrunk.
    #[arg(
        long,
        value_name = "PIXELS",
        default_value_t = 512,
        value_parser = clap::value_parser!(u32).range(16..=4096),
        help_heading = "Output"
    )]
    pub cell: u32,

    /// Say nothing but errors.
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,

    /// One set of style layers after another, each all of these up to one: relu1_1,relu2_1 stands for
    /// --style-layers relu1_1,relu1_1+relu2_1
    #[arg(long, value_name = "LAYERS", conflicts_with = "style_layers", help_heading = "Loss")]
    pub layers: Option<String>,
}

/// What was typed for a sweep.
#[derive(Clone, Debug)]
pub struct SweepArguments {
    /// The flags that only a sweep has.
    pub own: OwnArguments,
    /// CONTENT and STYLEs.
    pub pictures: Vec<OsString>,
    /// The other options of a painting, `--name=value` or `--name`.
    pub options: Vec<OsString>,
    /// The options that may take lists, in the order typed, with the text of their values. `--layers` is
    /// among them.
    pub lists: Vec<(String, String)>,
}

impl Args for SweepArguments {
    fn augment_args(command: Command) -> Command {
        of_transfer().into_iter().map(as_typed).fold(OwnArguments::augment_args(command), Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SweepArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let own = OwnArguments::from_arg_matches(matches)?;
        let (mut pictures, mut options, mut lists) = (Vec::new(), Vec::new(), Vec::new());
        let place = |id: &str| matches.indices_of(id).and_then(|mut places| places.next());
        if let (Some(layers), Some(place)) = (&own.layers, place("layers")) {
            lists.push((place, ("layers".to_owned(), layers.clone())));
        }
        for argument in of_transfer() {
            let id = argument.get_id().as_str();
            let typed = matches.get_raw(id).into_iter().flatten();
            match argument.get_long() {
                None => pictures.extend(typed.map(ToOwned::to_owned)),
                Some(name) if !argument.get_action().takes_values() => {
                    if matches.get_flag(id) {
                        options.push(format!("--{name}").into());
                    }
                }
                Some(name) if SWEPT.contains(&name) => {
                    let values: Vec<_> = typed.map(|value| value.to_string_lossy()).collect();
                    if let (Some(place), false) = (place(id), values.is_empty()) {
                        lists.push((place, (name.to_owned(), values.join(","))));
                    }
                }
                Some(name) => options.extend(typed.map(|value| {
                    let mut word = OsString::from(format!("--{name}="));
                    word.push(value);
                    word
                })),
            }
        }
        lists.sort_by_key(|(place, _)| *place);
        let lists = lists.into_iter().map(|(_, list)| list).collect();
        Ok(SweepArguments { own, pictures, options, lists })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The arguments of `impasto transfer` that a sweep has too.
fn of_transfer() -> Vec<Arg> {
    let transfer = TransferArguments::augment_args(Command::new("transfer"));
    let is_ours = |argument: &&Arg| argument.get_long().is_none_or(|name| !LEFT_OUT.contains(&name));
    transfer.get_arguments().filter(is_ours).cloned().collect()
}

/// The same argument, taking any words: they are checked when a cell is made from them.
fn as_typed(argument: Arg) -> Arg {
    if !argument.get_action().takes_values() {
        return argument;
    }
    let values: Vec<String> =
        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let help = match values.as_slice() {
        [] => help,
        values => format!("{help} [possible values: {}]", values.join(", ")),
    };
    argument
        .help(StyledStr::from(help))
        .value_parser(ValueParser::os_string())
        .value_delimiter(Resettable::Reset)
        .default_value(Resettable::<OsStr>::Reset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_here_is_a_flag_of_transfer() {
        let transfer = TransferArguments::augment_args(Command::new("transfer"));
        let names: Vec<&str> = transfer.get_arguments().filter_map(Arg::get_long).collect();
        for name in SWEPT.iter().chain(&LEFT_OUT) {
            assert!(names.contains(name), "{name}");
        }
    }
}
