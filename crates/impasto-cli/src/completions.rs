//! `impasto completions`: prints a script with which a shell completes commands and flags.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::command_line::CommandLine;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  impasto completions bash > ~/.local/share/bash-completion/completions/impasto
  impasto completions fish > ~/.config/fish/completions/impasto.fish
  impasto completions zsh > ~/.zfunc/_impasto      with ~/.zfunc in $fpath";

/// Print a script with which a shell completes commands and flags.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArguments {
    /// The shell to write for.
    shell: Shell,
}

/// Prints the script.
pub fn run(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), "impasto", &mut script);
    Ok(io::stdout().lock().write_all(&script)?)
}
