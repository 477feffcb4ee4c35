//! The `impasto` program: reads flags, runs one command, turns its outcome into an exit code.
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | done; also when whoever reads the output closed it |
//! | 1 | the world refused: a disk, a permission, a thread |
//! | 2 | the caller's mistake: a flag, a file, a value out of range |
//! | 130 | interrupted (Ctrl-C, SIGTERM, on Linux SIGHUP), after saving what there was |

#![forbid(unsafe_code)]

mod bench;
mod command_line;
mod completions;
mod distill;
mod doodle;
mod failure;
mod features;
mod help;
mod info;
mod interrupt;
mod man;
mod painting;
mod report_folder;
mod resume;
mod series;
mod show;
mod sweep;
mod texture;
mod this_command;
mod train;
mod training;
mod transfer;
mod weights;

use std::iter;
use std::process::ExitCode;

use clap::Parser;
use command_line::{Command, CommandLine};
use failure::Failure;

fn main() -> ExitCode {
    let outcome = CommandLine::try_parse().map_err(Failure::from).and_then(|line| run(line.command));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Transfer(arguments) => transfer::run(&arguments),
        Command::Doodle(arguments) => doodle::run(&arguments),
        Command::Texture(arguments) => texture::run(&arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Features(arguments) => features::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Distill(arguments) => distill::run(&arguments),
        Command::Weights(arguments) => weights::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Info(arguments) => info::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::Resume(arguments) => {
            let (interrupted, words) = resume::open(&arguments)?;
            let words = iter::once("impasto".to_owned()).chain(words);
            let mut command = CommandLine::try_parse_from(words)?.command;
            let flags = match &mut command {
                Command::Transfer(arguments) => &mut arguments.shared.output,
                Command::Doodle(arguments) => &mut arguments.shared.output,
                Command::Texture(arguments) => &mut arguments.shared.output,
                _ => return Err(Failure::mistake("this checkpoint is not one of a painting")),
            };
            flags.interrupted = Some(interrupted);
            run(command)
        }
    }
}
