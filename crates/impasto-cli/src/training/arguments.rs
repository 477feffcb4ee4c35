//! Flags of long runs.

use std::path::PathBuf;

use clap::Args;

/// What is kept of a long run, and how it goes on after an interruption.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Run")]
pub struct RunArguments {
    /// Where the state of the run is kept [default: the output with the extension .checkpoint]
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,

    /// Minutes between two checkpoints, 0 to 1440; 0 saves after every step. One is saved at an interruption too.
    #[arg(long, value_name = "MINUTES", default_value = "5", value_parser = minutes)]
    pub checkpoint_every: f64,

    /// Go on from the checkpoint of a run that was interrupted. It ends with the same weights as one that was
    /// not.
    #[arg(long)]
    pub resume: bool,

    /// Start anew, whatever checkpoint there is.
    #[arg(long, conflicts_with = "resume")]
    pub restart: bool,

    /// Keep the checkpoint when all is done.
    #[arg(long)]
    pub keep_checkpoint: bool,

    /// Write a page on the run, DIR/index.html: curves, numbers, settings and the command. It is written anew
    /// as the run goes on.
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,

    /// Write the numbers of the curves, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// Say nothing but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse().ok().filter(|minutes| (0.0..=1440.0).contains(minutes));
    minutes.ok_or_else(|| "expected minutes, 0 to 1440".to_owned())
}
