//! `impasto man`: the manual pages, made from the same definitions as `--help`.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use crate::command_line::CommandLine;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  impasto man transfer | man -l -                    read one page
  impasto man --out ~/.local/share/man/man1          install all pages";

/// Print a manual page, or write all of them into a folder.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ManArguments {
    /// The command whose page is printed [default: the page of the program].
    #[arg(conflicts_with = "out")]
    command: Option<String>,

    /// Write all pages into this folder, which must be there: impasto.1, impasto-transfer.1 and so on.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Prints or writes the pages.
pub fn run(arguments: &ManArguments) -> Result<(), Failure> {
    let mut program = CommandLine::command();
    if let Some(folder) = &arguments.out {
        if !fs::metadata(folder).is_ok_and(|metadata| metadata.is_dir()) {
            return Err(Failure::mistake(format_args!(
                "--out {}: there is no such folder",
                folder.display()
            )));
        }
        return clap_mangen::generate_to(program, folder)
            .map_err(|error| Failure::world(format_args!("{}: {error}", folder.display())));
    }
    // Building fills in the full names of the commands, `impasto transfer`.
    program.build();
    let page = match &arguments.command {
        None => Man::new(program),
        Some(name) => {
            let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
            let found = program.find_subcommand(name).ok_or_else(|| {
                Failure::mistake(format_args!("there is no command {name:?}: expected {}", names.join(", ")))
            })?;
            Man::new(found.clone())
        }
    };
    let mut roff = Vec::new();
    page.render(&mut roff)?;
    Ok(io::stdout().lock().write_all(&roff)?)
}
