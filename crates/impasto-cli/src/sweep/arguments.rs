//! The flags of `impasto sweep`: its own, and the choices of a painting, of which some take lists here.
//!
//! The choices are not declared again. They are those of an order, so that help, names, conflicts and what values may
//! be are the same; a list is checked value by value, and kept as it was typed for the grid.

use std::path::PathBuf;

use clap::builder::{OsStr, Resettable};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use impasto::Preset;
use impasto_jobs::order::{
    ContentChoices, EngineChoices, MachineChoices, MapChoices, MemoryChoices, NetworkChoices,
    OptimizerChoices, PatchChoices, PictureChoices, StyleChoices, Task, Transfer, VARIED, parsers,
};
use impasto_jobs::{Order, defaults};

use crate::help;

/// What `-h` shows.
const FIRST_EXAMPLES: &str = "\
Examples:
  How much style, from how many layers:
    impasto sweep photo.jpg painting.jpg --style-ratio 1,10,100 --layers relu1_1,relu2_1,relu3_1
  One row, each picture kept as a file too:
    impasto sweep photo.jpg painting.jpg --strength 0,0.25,0.5,0.75,1 --keep cells
All options, those that take lists among them: impasto sweep --help";

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
#[command(after_help = FIRST_EXAMPLES, after_long_help = EXAMPLES, allow_negative_numbers = true)]
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

    /// Replace a file that is there already, even one that the sweep reads; without it, a terminal asks.
    #[arg(long, help_heading = "Output")]
    pub force: bool,

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
    /// The painting, but for the choices in the lists.
    pub order: Order,
    /// The choices that may take lists, in the order typed, with the text of their values. `layers` is among them.
    pub lists: Vec<(String, String)>,
}

impl Args for SweepArguments {
    fn augment_args(command: Command) -> Command {
        let command =
            choices().into_iter().map(as_list).fold(OwnArguments::augment_args(command), Command::arg);
        help::arranged_for_sweep(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SweepArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let own = OwnArguments::from_arg_matches(matches)?;
        let order = Order {
            picture: PictureChoices::from_arg_matches(matches)?,
            content: ContentChoices::from_arg_matches(matches)?,
            style: StyleChoices::from_arg_matches(matches)?,
            patches: PatchChoices::from_arg_matches(matches)?,
            maps: MapChoices::from_arg_matches(matches)?,
            optimizer: OptimizerChoices::from_arg_matches(matches)?,
            network: NetworkChoices::from_arg_matches(matches)?,
            engine: EngineChoices::from_arg_matches(matches)?,
            memory: MemoryChoices::from_arg_matches(matches)?,
            machine: MachineChoices::from_arg_matches(matches)?,
            ..Order::new(Task::Transfer(Transfer::from_arg_matches(matches)?))
        };
        let mut lists = Vec::new();
        for field in VARIED.into_iter().chain(["layers"]) {
            let place = matches.indices_of(field).and_then(|mut places| places.next());
            let typed = matches.get_raw(field).into_iter().flatten();
            let values: Vec<_> = typed.map(|value| value.to_string_lossy()).collect();
            if let Some(place) = place {
                lists.push((place, (field.to_owned(), values.join(","))));
            }
        }
        lists.sort_by_key(|(place, _)| *place);
        let lists = lists.into_iter().map(|(_, list)| list).collect();
        Ok(SweepArguments { own, order, lists })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The arguments of `impasto transfer` that make its order.
fn choices() -> Vec<Arg> {
    let groups = [
        Transfer::augment_args,
        MapChoices::augment_args,
        ContentChoices::augment_args,
        PictureChoices::augment_args,
        StyleChoices::augment_args,
        PatchChoices::augment_args,
        OptimizerChoices::augment_args,
        NetworkChoices::augment_args,
        EngineChoices::augment_args,
        MemoryChoices::augment_args,
        MachineChoices::augment_args,
    ];
    let command = groups.into_iter().fold(Command::new("transfer"), |command, augment| augment(command));
    let defaults = defaults(Preset::Impasto);
    command.get_arguments().cloned().map(|argument| help::with_defaults(argument, &defaults)).collect()
}

/// The same argument, taking a list where a sweep may vary it. What it is without the flag is said by `impasto
/// transfer --help`.
fn as_list(argument: Arg) -> Arg {
    if !argument.get_action().takes_values() {
        return argument;
    }
    let argument = help::with_values(argument);
    let field = argument.get_id().to_string();
    if !VARIED.contains(&field.as_str()) {
        return argument;
    }
    let argument = argument.value_delimiter(',').default_value(Resettable::<OsStr>::Reset);
    match parsers::swept_list(&field) {
        Some(parser) => argument.value_parser(parser),
        None => argument,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::command_line::{self, CommandLine};

    fn typed(flags: &str) -> Result<SweepArguments, String> {
        let words = ["impasto", "sweep", "a.png", "b.png"].into_iter().chain(flags.split_whitespace());
        let line = CommandLine::try_parse_from(words).map_err(|error| error.to_string())?;
        let command_line::Command::Sweep(arguments) = line.command else { unreachable!("sweep was typed") };
        Ok(*arguments)
    }

    #[test]
    fn what_varies_is_a_choice_of_transfer() {
        let choices = choices();
        let names: Vec<&str> = choices.iter().map(|argument| argument.get_id().as_str()).collect();
        assert!(VARIED.iter().all(|field| names.contains(field)), "{names:?}");
    }

    #[test]
    fn lists_are_kept_in_the_order_typed() {
        let arguments = typed("--seed 1,2 --threads 1 --style-layers relu1_1:2+relu2_1,relu3_1").unwrap();
        let lists = [("seed", "1,2"), ("style_layers", "relu1_1:2+relu2_1,relu3_1")];
        assert_eq!(arguments.lists, lists.map(|(field, list)| (field.to_owned(), list.to_owned())));
        assert_eq!(arguments.order.machine.threads, Some(1));
        assert_eq!(arguments.order.picture.preset, None);
    }

    #[test]
    fn every_value_of_a_list_is_checked() {
        for (flags, words) in [
            ("--seed 1,x", "'x' for '--seed <N>'"),
            ("--method gram,oil", "'oil' for '--method <NAME>'"),
            ("--style-layers relu1_1+relu0_1", "relu0_1"),
            ("--layers relu1_1,relu2_1 --style-layers relu1_1", "cannot be used with"),
        ] {
            let error = typed(flags).unwrap_err();
            assert!(error.contains(words), "{flags}: {error}");
        }
    }
}
