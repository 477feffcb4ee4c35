//! `impasto resume`: goes on with a painting that was interrupted.

use std::env;
use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::painting::Interrupted;

const EXAMPLES: &str = "\
Example:
  Go on where Ctrl-C ended a run that had the flag --checkpoint run.checkpoint:
    impasto resume run.checkpoint";

/// Go on with a painting that was interrupted.
///
/// The checkpoint holds the command of the run and its state; the pictures are read again, and have to be the same. The
/// picture comes out as if there had been no interruption, bit for bit.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ResumeArguments {
    /// The checkpoint, as `--checkpoint` names it or beside the result of a long run
    #[arg(value_name = "FILE")]
    pub checkpoint: PathBuf,
}

/// The interrupted run and the arguments it had, in whose folder the program is from now on.
///
/// # Errors
/// If there is no such checkpoint, or its folder is gone.
pub fn open(arguments: &ResumeArguments) -> Result<(Interrupted, Vec<String>), Failure> {
    let interrupted = Interrupted::open(&arguments.checkpoint)?;
    let (folder, words) = interrupted.command()?;
    env::set_current_dir(&folder).map_err(|error| {
        Failure::world(format_args!(
            "the run began in {}, which cannot be entered: {error}",
            folder.display()
        ))
    })?;
    Ok((interrupted, words))
}
