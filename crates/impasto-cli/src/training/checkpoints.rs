//! Where the state of a run is kept, when it is saved, and whether a run goes on from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use impasto_network::{WholeFileError, check_whole_file};

use super::RunArguments;
use crate::failure::Failure;
use crate::painting::is_same_file;
use crate::report_folder::check_folder;

/// The checkpoint of a run.
pub struct Checkpoints {
    path: PathBuf,
    resumes: bool,
    keep: bool,
    every: Duration,
    saved: Instant,
}

impl Checkpoints {
    /// The checkpoint of a run that reads `inputs` and whose result goes to `output`. Checks that all files of the
    /// run can be written.
    ///
    /// # Errors
    /// If one cannot, if one is another or an input, if there is a checkpoint and nothing is said about it, or none to go on from.
    pub fn new(arguments: &RunArguments, output: &Path, inputs: &[&Path]) -> Result<Self, Failure> {
        let path = arguments.checkpoint.clone().unwrap_or_else(|| output.with_extension("checkpoint"));
        let files = [output, &path].into_iter().chain(arguments.log.as_deref());
        let files: Vec<&Path> = files.collect();
        for (index, file) in files.iter().enumerate() {
            if let Some(input) = inputs.iter().find(|input| is_same_file(file, input)) {
                return Err(Failure::mistake(format_args!(
                    "{}: is what the run reads, {}",
                    file.display(),
                    input.display()
                )));
            }
            if files[..index].iter().any(|other| is_same_file(file, other)) {
                return Err(Failure::mistake(format_args!(
                    "{}: one file cannot be two of output, checkpoint and log",
                    file.display()
                )));
            }
            check_whole_file(file)?;
        }
        arguments.report.as_deref().map(check_folder).transpose()?;
        let shown = path.display();
        match (path.exists(), arguments.resume, arguments.restart) {
            (true, false, false) => Err(Failure::mistake(format_args!(
                "{shown} is the checkpoint of an earlier run: go on with it with --resume, or start anew with --restart"
            ))),
            (false, true, _) => Err(Failure::mistake(format_args!(
                "--resume: there is no checkpoint {shown}; leave it out to start, or name one with --checkpoint"
            ))),
            _ => Ok(Checkpoints {
                resumes: arguments.resume,
                keep: arguments.keep_checkpoint,
                every: Duration::from_secs_f64(60.0 * arguments.checkpoint_every),
                saved: Instant::now(),
                path,
            }),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the run goes on from it.
    pub fn resumes(&self) -> bool {
        self.resumes
    }

    /// Whether it is time for another.
    pub fn is_due(&self) -> bool {
        self.saved.elapsed() >= self.every
    }

    /// Saves one by `save`.
    ///
    /// # Errors
    /// If that fails; then the one before is as it was, and the error says so.
    pub fn save(&mut self, save: impl FnOnce(&Path) -> Result<(), WholeFileError>) -> Result<(), Failure> {
        let outcome = save(&self.path);
        self.saved = Instant::now();
        outcome.map_err(|error| {
            let before = if self.path.exists() {
                "; the checkpoint before is intact, go on from it with --resume"
            } else {
                ""
            };
            match Failure::from(error) {
                Failure::Mistake(line) => Failure::Mistake(line + before),
                Failure::World(line) => Failure::World(line + before),
                other => other,
            }
        })
    }

    /// All is done and saved: removes the file, unless it is to be kept. Answers whether it is there.
    pub fn finish(self) -> bool {
        if !self.keep {
            // One that stays is no harm: it is of a run that is done.
            let _ = fs::remove_file(&self.path);
        }
        self.path.exists()
    }
}
