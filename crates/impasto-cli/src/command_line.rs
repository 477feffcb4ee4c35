//! The command line as a whole: the program, its commands, and values that several of them take.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use impasto_kernels::Isa;

use crate::bench::BenchArguments;
use crate::completions::CompletionsArguments;
use crate::info::InfoArguments;
use crate::man::ManArguments;
use crate::transfer::TransferArguments;

const EXAMPLES: &str = "\
Start with:
  impasto transfer assets/content/harbour.png assets/style/swirls.png -o painted.png
  impasto transfer --help";

/// Repaint a picture in the style of another.
///
/// A photograph and a painting go in, the photograph painted like the painting comes out. Everything runs
/// on this machine; nothing is downloaded.
#[derive(Debug, Parser)]
#[command(name = "impasto", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Repaint a picture in the style of another.
    Transfer(Box<TransferArguments>),
    /// List networks, presets and methods, and what this machine offers.
    Info(InfoArguments),
    /// Measure how fast this machine evaluates a network.
    Bench(BenchArguments),
    /// Print a script with which a shell completes commands and flags.
    Completions(CompletionsArguments),
    /// Print a manual page, or write all of them into a folder.
    Man(ManArguments),
}

/// Reads the name of an instruction set.
pub fn isa_parser() -> impl TypedValueParser<Value = Isa> {
    PossibleValuesParser::new(["portable", "avx2", "avx512"]).try_map(|name| name.parse::<Isa>())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        CommandLine::command().debug_assert();
    }
}
