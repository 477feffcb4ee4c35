//! Writes checkpoints, and checks that a resumed run has the same inputs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use impasto::{Checkpoint, Progress};
use impasto_jobs::{Job, Order};
use impasto_kernels::MappedFile;
use impasto_network::checksum::Checksum;
use impasto_network::{WholeFile, WholeFileError, check_whole_file};

use super::Painting;
use crate::failure::{Failure, say};

/// Time from one writing to the next.
const INTERVAL: Duration = Duration::from_secs(120);

/// Runs that take longer have a checkpoint without being asked for it.
const LONG_RUN: Duration = Duration::from_secs(600);

/// Names of notes in a checkpoint.
const ARGUMENTS: &str = "arguments";
const FOLDER: &str = "folder";
const ENGINE: &str = "engine";
const MEMORY: &str = "memory";
const NETWORK: &str = "network";
const PROGRAM: &str = "program";
const OUTPUT: &str = "output";

/// Where the checkpoint goes, and when.
pub struct Checkpoints {
    path: PathBuf,
    /// Whether there is one however short the run.
    is_asked: bool,
    notes: BTreeMap<String, String>,
    started: Instant,
    written: Option<Instant>,
    /// Time that the last writing took.
    took: Duration,
    exists: bool,
}

/// A run that was interrupted.
#[derive(Clone, Debug)]
pub struct Interrupted {
    /// Where its checkpoint is.
    path: PathBuf,
    notes: BTreeMap<String, String>,
    /// Iterations that are done over all sizes.
    iterations_done: u64,
}

impl Checkpoints {
    /// Of a run that has not begun, or of one that goes on.
    ///
    /// # Errors
    /// If the file cannot be written, an input cannot be read, or one is not what the interrupted run had.
    pub fn new(painting: &Painting<'_>, job: &Job) -> Result<Self, Failure> {
        let Painting { order, flags, output } = painting;
        let interrupted = flags.interrupted.as_ref();
        let asked = flags.checkpoint.clone().or(interrupted.map(|it| it.path.clone()));
        let is_asked = asked.is_some();
        let path = asked.unwrap_or_else(|| beside(output.path()));
        if is_asked {
            check_whole_file(&path).map_err(Failure::world)?;
        }
        if interrupted.is_none() && is_asked && !flags.force && path.exists() {
            let file = path.display();
            return Err(Failure::mistake(format_args!(
                "--checkpoint {file}: is there already: go on with impasto resume {file}, or begin anew with --force"
            )));
        }
        let mut notes = of_inputs(order)?;
        notes.insert(NETWORK.to_owned(), job.network_checksum());
        if let Some(interrupted) = interrupted {
            interrupted.require(&notes, &path)?;
            interrupted.warn(job, flags.quiet);
        }
        if let Some(bytes) = job.memory_limit {
            notes.insert(MEMORY.to_owned(), bytes.to_string());
        }
        notes.insert(ENGINE.to_owned(), engine(job));
        notes.insert(PROGRAM.to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        if let Some(output) = output.path().to_str().filter(|_| !output.is_standard()) {
            notes.insert(OUTPUT.to_owned(), output.to_owned());
        }
        let folder =
            env::current_dir().map_err(|error| Failure::world(format_args!("this folder: {error}")))?;
        notes.insert(FOLDER.to_owned(), folder.to_string_lossy().into_owned());
        if is_asked && flags.reads_pipes {
            return Err(Failure::mistake("--checkpoint: a picture from a pipe cannot be read again"));
        }
        let arguments = interrupted.and_then(|it| it.notes.get(ARGUMENTS).cloned());
        let arguments = arguments.or_else(|| {
            let words = env::args_os().skip(1).map(|word| word.into_string().ok());
            serde_json::to_string(&words.collect::<Option<Vec<String>>>()?).ok()
        });
        // Nobody looks for a file that was not asked for beside standard output.
        let may_be_kept = is_asked || !(flags.reads_pipes || output.is_standard());
        match arguments.filter(|_| may_be_kept) {
            Some(arguments) => _ = notes.insert(ARGUMENTS.to_owned(), arguments),
            None if is_asked => {
                return Err(Failure::mistake("--checkpoint: an argument of this run is no text to be kept"));
            }
            None => {}
        }
        // A file that was asked for is there from the first iteration on.
        let now = Instant::now();
        let written = (!is_asked).then_some(now);
        let (took, exists) = (Duration::ZERO, interrupted.is_some());
        Ok(Checkpoints { path, is_asked, notes, started: now, written, took, exists })
    }

    /// Writes one if it is time, at the end of a size, or if the run `stops`.
    ///
    /// # Errors
    /// If the file cannot be written; the next time is as soon as if it were.
    pub fn keep(&mut self, progress: &Progress<'_>, stops: bool) -> Result<(), WholeFileError> {
        if !self.notes.contains_key(ARGUMENTS) {
            return Ok(());
        }
        let left = Duration::try_from_secs_f64(progress.seconds_left).unwrap_or(Duration::MAX);
        let is_long = self.started.elapsed().saturating_add(left) > LONG_RUN;
        // While the next size learns its targets, there is nothing to make a checkpoint of.
        let is_time = stops || self.is_due(progress);
        if !is_time || !(self.is_asked || is_long) {
            return Ok(());
        }
        self.write(progress.checkpoint())
    }

    /// Writes the last one of a run whose engine has failed, however short the run.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn keep_last(&mut self, checkpoint: Checkpoint<'_>) -> Result<(), WholeFileError> {
        match self.notes.contains_key(ARGUMENTS) {
            true => self.write(checkpoint),
            false => Ok(()),
        }
    }

    fn write(&mut self, mut checkpoint: Checkpoint<'_>) -> Result<(), WholeFileError> {
        let begun = Instant::now();
        self.written = Some(begun);
        checkpoint.notes = self.notes.clone();
        // Written piece by piece: as bytes it would take its memory once more.
        let mut file = WholeFile::create(&self.path)?;
        checkpoint.write(&mut file).map_err(|error| file.not_writable(error))?;
        file.commit()?;
        (self.took, self.written, self.exists) = (begun.elapsed(), Some(Instant::now()), true);
        Ok(())
    }

    fn is_due(&self, progress: &Progress<'_>) -> bool {
        let ends_size = progress.end.is_some() && progress.stage < progress.stages;
        // However large they are, checkpoints take a twentieth of the time at most.
        let interval = INTERVAL.max(20 * self.took);
        ends_size || self.written.is_none_or(|written| written.elapsed() >= interval)
    }

    /// Removes what a finished run needs no more.
    pub fn finish(&self) {
        if self.exists {
            // A file that stays does no harm.
            _ = fs::remove_file(&self.path);
        }
    }

    /// The file, if there is one to go on from.
    pub fn path(&self) -> Option<&Path> {
        self.exists.then_some(&self.path)
    }
}

impl Interrupted {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// If the file cannot be read or is no checkpoint of a painting.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let checkpoint = read(path)?;
        let ended = &checkpoint.trace().stages;
        let of_stage = if ended.len() < checkpoint.stage() { checkpoint.iteration() } else { 0 };
        let iterations = ended.iter().map(|stage| stage.iterations).sum::<usize>() + of_stage;
        let path = fs::canonicalize(path)
            .map_err(|error| Failure::world(format_args!("{}: {error}", path.display())))?;
        let notes = checkpoint.notes;
        Ok(Interrupted { path, notes, iterations_done: iterations as u64 })
    }

    /// Where the run goes on from: read when it is needed, since it may be many times larger than the picture.
    ///
    /// # Errors
    /// As [`open`](Interrupted::open).
    pub fn checkpoint(&self) -> Result<Checkpoint<'static>, Failure> {
        read(&self.path)
    }

    /// The folder of the run, and the arguments that it had there.
    ///
    /// # Errors
    /// If the checkpoint does not tell.
    pub fn command(&self) -> Result<(PathBuf, Vec<String>), Failure> {
        let notes = &self.notes;
        let arguments = notes.get(ARGUMENTS).and_then(|words| serde_json::from_str(words).ok());
        let (Some(folder), Some(arguments)) = (notes.get(FOLDER), arguments) else {
            let path = self.path.display();
            return Err(Failure::mistake(format_args!("{path}: this checkpoint does not tell its command")));
        };
        Ok((folder.into(), arguments))
    }

    /// Where the result of the run goes, in its folder: the name that was chosen when it began.
    pub fn output(&self) -> Option<PathBuf> {
        self.notes.get(OUTPUT).map(PathBuf::from)
    }

    /// Iterations that are done over all sizes.
    pub fn iterations_done(&self) -> u64 {
        self.iterations_done
    }

    /// Bytes that the run could take when it began: it goes on within the same, so that it is cut into the same tiles.
    pub fn memory(&self) -> Option<u64> {
        self.notes.get(MEMORY)?.parse().ok()
    }

    /// Refuses other inputs than the run had.
    fn require(&self, inputs: &BTreeMap<String, String>, path: &Path) -> Result<(), Failure> {
        for (name, checksum) in inputs {
            if self.notes.get(name) != Some(checksum) {
                let (path, what) = match name == NETWORK {
                    true => (path.display(), "the network is not the one".to_owned()),
                    false => (path.display(), format!("{name} is not the file")),
                };
                return Err(Failure::mistake(format_args!("{path}: {what} that the run began with")));
            }
        }
        Ok(())
    }

    /// Says what may change the bits.
    fn warn(&self, job: &Job, quiet: bool) {
        let before = self.notes.get(ENGINE).map_or("another engine", String::as_str);
        let now = engine(job);
        if before != now && !quiet {
            let bits = "rounding differs, so strokes may fall elsewhere";
            say(format_args!("warning: the run began on {before} and goes on on {now}: {bits}"));
        }
    }
}

fn read(path: &Path) -> Result<Checkpoint<'static>, Failure> {
    let about = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = MappedFile::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::mistake(about(&"there is no such file")),
        _ => Failure::world(about(&error)),
    })?;
    Checkpoint::from_bytes(&bytes).map_err(|error| Failure::mistake(about(&error)))
}

/// Where the checkpoint of a picture goes that nobody has named: beside it, and not where another one is.
fn beside(picture: &Path) -> PathBuf {
    let name = |number: usize| {
        let mut name = picture.file_name().unwrap_or_default().to_owned();
        name.push(if number == 1 { ".checkpoint".to_owned() } else { format!(".{number}.checkpoint") });
        picture.with_file_name(name)
    };
    (1..).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(1))
}

/// What the bits of the picture depend on besides its inputs: the engine, and the tiles of each size.
fn engine(job: &Job) -> String {
    let tiles: Vec<String> = job.plan.stages.iter().map(|stage| stage.tiles.to_string()).collect();
    match tiles.iter().all(|tiles| tiles == "1") {
        true => job.recipe.engine().to_owned(),
        false => format!("{} in {} tiles", job.recipe.engine(), tiles.join(", ")),
    }
}

/// The checksum of each file that the run reads, by its use and name.
fn of_inputs(order: &Order) -> Result<BTreeMap<String, String>, Failure> {
    let pictures = order.inputs().into_iter().map(|input| (input.role, input.path));
    let weights = order.network.weights.as_deref().map(|path| ("weights", path));
    let like = order.picture.like.as_deref().map(|path| ("settings", path));
    pictures
        .chain(weights)
        .chain(like)
        .map(|(role, path)| {
            let unreadable = |error| Failure::world(format_args!("{}: {error}", path.display()));
            let checksum = Checksum::Sha256([0; 32]).of_file(path).map_err(unreadable)?;
            Ok((format!("{role} {}", path.display()), checksum.to_string()))
        })
        .collect()
}
