//! The flags of the report and of pictures along the way, the same for every painting command.

use std::path::PathBuf;

use clap::Args;

/// What to keep of a run besides its result.
#[derive(Clone, Debug, Default, Args)]
pub struct ReportArguments {
    /// Write a page on the run, DIR/index.html: inputs, settings, loss curves, pictures along the way, times
    /// and the command. It needs no other file and no network to be read.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub report: Option<PathBuf>,

    /// Keep the pictures after these iterations, counted over all sizes, 0 for the start: 0,5,10,20,50.
    /// They go into the report or, without one, to FILE-00005.png and so on [default: about six in a report]
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Output")]
    pub snapshots: Option<Vec<u64>>,
}
