//! The command line as a whole: the program, its commands, and values that several of them take.

use clap::{Parser, Subcommand};

use crate::bench::BenchArguments;
use crate::completions::CompletionsArguments;
use crate::distill::DistillArguments;
use crate::doodle::DoodleArguments;
use crate::features::FeaturesArguments;
use crate::info::InfoArguments;
use crate::man::ManArguments;
use crate::resume::ResumeArguments;
use crate::show::ShowArguments;
use crate::sweep::SweepArguments;
use crate::texture::TextureArguments;
use crate::train::TrainArguments;
use crate::transfer::TransferArguments;
use crate::weights::WeightsArguments;

const EXAMPLES: &str = "\
Start with:
  impasto transfer photo.jpg painting.jpg -o painted.png
  impasto transfer --help

Exit codes:
  0    done
  1    the system refused: a disk, a permission, a thread
  2    a mistake in what was asked: a flag, a file, a value out of range
  130  interrupted (Ctrl-C, SIGTERM, on Linux SIGHUP), after saving what there was";

/// Repaint a picture in the style of another.
///
/// A photograph and a painting go in, the photograph painted like the painting comes out. Everything runs
/// on this machine; nothing is downloaded but by `impasto weights pull`.
#[derive(Debug, Parser)]
#[command(name = "impasto", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do. What help says of each is the documentation of its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    Transfer(Box<TransferArguments>),
    Doodle(Box<DoodleArguments>),
    Texture(Box<TextureArguments>),
    Resume(ResumeArguments),
    Show(ShowArguments),
    Sweep(Box<SweepArguments>),
    Features(FeaturesArguments),
    Train(Box<TrainArguments>),
    Distill(Box<DistillArguments>),
    Weights(WeightsArguments),
    Info(InfoArguments),
    Bench(BenchArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
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
