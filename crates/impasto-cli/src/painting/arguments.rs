//! Flags of painting commands beside the choices of an order: what is written, and where.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use impasto_jobs::Order;
use impasto_jobs::order::{
    EngineChoices, FileChoices, MachineChoices, MemoryChoices, NetworkChoices, OptimizerChoices,
    PatchChoices, PictureChoices, SnapshotChoices, StyleChoices, Task,
};

use super::checkpoints::Interrupted;
use super::name_template::NameTemplate;

/// Where the JSON goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceTo {
    /// To standard output.
    Output,
    /// To a file.
    File(PathBuf),
}

/// The formats that are written, by their extensions.
const FORMATS: [&str; 4] = ["png", "jpg", "webp", "tiff"];

/// What is written, where, and what is said.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArguments {
    /// Where to write the result: .png, .jpg, .jpeg, .webp, .tif or .tiff; a folder, as in out/, which is made; or -,
    /// standard output
    /// [default: a PNG in the current folder, named after the pictures, under a name that is not taken]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// How a result is called that --output does not name; {content}, {style}, {seed} and {preset} stand for what
    /// they say, {seed} for 0 without --seed [default: {content}-{style}.png]
    #[arg(long, value_name = "TEMPLATE")]
    pub name: Option<NameTemplate>,

    /// Whether a picture came from a pipe, so that it cannot be read again.
    #[arg(skip)]
    pub reads_pipes: bool,

    /// Whether what an interrupted run left under the name of the result gives way to it.
    #[arg(skip)]
    pub goes_on: bool,

    /// The name of the result among those of a collection.
    #[arg(skip)]
    pub assigned: Option<PathBuf>,

    #[command(flatten)]
    pub file: FileChoices,

    /// The format of a result on standard output, or of one whose name is made up [default: png]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(FORMATS), conflicts_with = "name")]
    pub format: Option<String>,

    /// Also save the picture every N iterations, as FILE-00050.png and so on.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub save_every: Option<u32>,

    /// Write a page on the run, DIR/index.html, one file: inputs, settings, loss curves, pictures along the way, times
    /// and the command.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub report: Option<PathBuf>,

    #[command(flatten)]
    pub snapshots: SnapshotChoices,

    /// Write settings, plan and the losses of every evaluation as JSON to FILE or, without one, to standard
    /// output.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "-",
        value_parser = trace_to
    )]
    pub json: Option<TraceTo>,

    /// Save the state of the run in FILE, for `impasto resume FILE`: after the first iteration, then every two minutes or,
    /// if it is large, less often, and when interrupted. Deleted when the picture is finished [default: beside the result,
    /// if a run takes over ten minutes]
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,

    /// The run that goes on.
    #[arg(skip)]
    pub interrupted: Option<Interrupted>,

    /// Print what the run would do, need and take, and write nothing. Times a short run to know.
    #[arg(long)]
    pub dry_run: bool,

    /// Replace files that are there, even one that the run reads; else a terminal asks.
    #[arg(long)]
    pub force: bool,

    /// Say nothing but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

/// Reads `-`, or a path.
fn trace_to(text: &str) -> Result<TraceTo, String> {
    match text {
        "" => Err("expected a file, or --json alone for standard output".to_owned()),
        "-" => Ok(TraceTo::Output),
        path => Ok(TraceTo::File(path.into())),
    }
}

/// The flags that every painting command has.
#[derive(Clone, Debug, Args)]
pub struct SharedArguments {
    #[command(flatten)]
    pub picture: PictureChoices,
    #[command(flatten)]
    pub output: OutputArguments,
    #[command(flatten)]
    pub style: StyleChoices,
    #[command(flatten)]
    pub patches: PatchChoices,
    #[command(flatten)]
    pub optimizer: OptimizerChoices,
    #[command(flatten)]
    pub network: NetworkChoices,
    #[command(flatten)]
    pub engine: EngineChoices,
    #[command(flatten)]
    pub memory: MemoryChoices,
    #[command(flatten)]
    pub machine: MachineChoices,
}

impl SharedArguments {
    /// The order of a task with these flags.
    pub fn order(&self, task: Task) -> Order {
        let mut picture = self.picture.clone();
        // The parser fills in the default where the flag was not typed, and does not take it beside these.
        if picture.like.is_some() || picture.look.is_some() {
            picture.preset = None;
        }
        Order {
            picture,
            style: self.style.clone(),
            patches: self.patches.clone(),
            optimizer: self.optimizer.clone(),
            network: self.network.clone(),
            engine: self.engine.clone(),
            memory: self.memory.clone(),
            machine: self.machine.clone(),
            file: self.output.file.clone(),
            snapshots: self.output.snapshots.clone(),
            ..Order::new(task)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::command_line::CommandLine;

    /// Flags that are no choice of an order: what is written and said, where, and whether at all.
    const OUR_OWN: [&str; 14] = [
        "format",
        "output",
        "name",
        "save_every",
        "report",
        "json",
        "checkpoint",
        "dry_run",
        "force",
        "quiet",
        "tile",
        "style",
        "skip_finished",
        "help",
    ];

    #[test]
    fn every_flag_is_a_field_of_an_order_and_every_field_a_flag() {
        let mut program = CommandLine::command();
        program.build();
        let tasks = [
            Task::Transfer(Default::default()),
            Task::Doodle(Default::default()),
            Task::Texture(Default::default()),
        ];
        for (name, task) in ["transfer", "doodle", "texture"].into_iter().zip(tasks) {
            let order = serde_json::to_value(Order::new(task)).unwrap();
            let keys = |value: &serde_json::Value| -> BTreeSet<String> {
                value.as_object().unwrap().keys().cloned().collect()
            };
            let mut fields = keys(&order);
            fields.remove(name);
            fields.extend(keys(&order[name]));
            let command = program.find_subcommand(name).unwrap();
            let flags = command.get_arguments().map(|argument| argument.get_id().to_string());
            let flags: BTreeSet<String> = flags.filter(|flag| !OUR_OWN.contains(&flag.as_str())).collect();
            // A texture has no content picture and no maps.
            let missing: Vec<&String> = flags.difference(&fields).collect();
            assert!(missing.is_empty(), "{name}: {missing:?}");
            if name != "texture" {
                assert_eq!(fields, flags, "{name}");
            }
        }
    }
}
