//! The command line as a whole: the program, its commands, and values that several of them take.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use impasto_kernels::Isa;

use crate::bench::BenchArguments;

/// Repaint a picture in the style of another.
///
/// A photograph and a painting go in, the photograph painted like the painting comes out. Everything runs
/// on this machine; nothing is downloaded.
#[derive(Debug, Parser)]
#[command(name = "impasto", version, arg_required_else_help = true)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure how fast this machine evaluates a network.
    Bench(BenchArguments),
}

/// Reads the name of an instruction set.
pub fn isa_parser() -> impl TypedValueParser<Value = Isa> {
    PossibleValuesParser::new(["portable", "avx2", "avx512"]).try_map(|name| name.parse::<Isa>())
}
