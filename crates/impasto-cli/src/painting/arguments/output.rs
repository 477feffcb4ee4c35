//! Flags: what is written, and where.

use std::path::PathBuf;

use clap::Args;
use impasto::picture::BitDepth;

use super::super::values::{self, TraceTo};
use crate::report_page::ReportArguments;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArguments {
    /// Where to write the result: .png, .jpg, .jpeg, .webp, .tif or .tiff [default: a PNG in the current
    /// folder, named after the pictures]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Bits a channel, 8 or 16; 16 for PNG and TIFF only [default: 8]
    #[arg(long, value_name = "BITS", value_parser = values::bit_depth())]
    pub bit_depth: Option<BitDepth>,

    /// Quality of a JPEG, 1 to 100 [default: 95]
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub quality: Option<u8>,

    /// Also save the picture every N iterations, as FILE-00050.png and so on.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub save_every: Option<u32>,

    #[command(flatten)]
    pub report: ReportArguments,

    /// Write settings, plan and the losses of every evaluation as JSON to FILE or, without one, to standard
    /// output.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "-",
        value_parser = values::trace_to
    )]
    pub json: Option<TraceTo>,

    /// Print what the run would do, need and take, and write nothing. Times a short run to know.
    #[arg(long)]
    pub dry_run: bool,

    /// Overwrite even pictures that the run reads.
    #[arg(long)]
    pub force: bool,

    /// Say nothing but errors.
    #[arg(short, long)]
    pub quiet: bool,
}
