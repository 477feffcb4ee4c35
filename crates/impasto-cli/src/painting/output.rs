//! The result on its way to disk: names, what may be overwritten, pictures along the way.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use impasto::Picture;
use impasto::picture::{PictureError, PictureFormat, check_whole_file, check_writable};
use impasto_jobs::tiling::{self, Grid};
use impasto_jobs::{Extent, Job, Order, Recipe, ResultFile, fitting_size, machine};
use impasto_network::Size;

use super::arguments::{OutputArguments, TraceTo};
use super::checkpoints::Interrupted;
use super::existing::{self, Existing, Saved};
use super::files;
use super::made_up::{extension, folder_of, is_folder, made_up_name, made_where};
use super::pipes::{STANDARD, is_standard};
use crate::failure::{Failure, say};
use crate::report_folder::page_in;

/// Where pictures of the run go, and how they are written.
pub struct Output {
    path: PathBuf,
    /// The name made up for the result, if it was taken and `path` is another one.
    taken: Option<PathBuf>,
    /// What may become of a file of that name.
    existing: Existing,
    /// Whether the result goes to standard output, and `path` only tells its format.
    is_standard: bool,
    format: PictureFormat,
    /// The preview of the tiling.
    preview: Option<Grid>,
}

/// Whether a file is what an interrupted run left, and this one goes on with it.
fn is_own(path: &Path, flags: &OutputArguments) -> bool {
    flags.goes_on && existing::is_incomplete(path)
}

/// Settles before a run what becomes of files that have the name of its JSON or of its page. A run that goes on replaces
/// its own; a dry run writes no page.
///
/// # Errors
/// If one is there already, and is not to be replaced.
pub fn settle_beside(flags: &OutputArguments) -> Result<(), Failure> {
    if flags.force || flags.interrupted.is_some() {
        return Ok(());
    }
    let json = match &flags.json {
        Some(TraceTo::File(path)) => Some(path.clone()),
        Some(TraceTo::Output) | None => None,
    };
    let page = flags.report.as_deref().filter(|_| !flags.dry_run).map(page_in);
    // A device or a pipe, such as /dev/null, has nothing to lose.
    let mut taken = json.into_iter().chain(page).filter(|file| file.is_file());
    taken.try_for_each(|file| existing::agree_to_replace(&file, flags.quiet))
}

/// Refuses a quality for a format that has none.
fn check_quality(order: &Order, path: &Path, format: PictureFormat) -> Result<(), Failure> {
    match order.file.quality {
        Some(_) if format != PictureFormat::Jpeg => Err(Failure::mistake(format_args!(
            "--quality is for JPEG, but {} is {format}, which is without loss: leave it out",
            path.display()
        ))),
        _ => Ok(()),
    }
}

impl Output {
    /// Checks that the result, the pictures along the way and the JSON can be written and overwrite nothing
    /// that is read.
    ///
    /// # Errors
    /// If the name, the folder or the flags do not allow it.
    pub fn new(order: &Order, flags: &OutputArguments, preview: Option<Grid>) -> Result<Self, Failure> {
        if flags.output.as_deref().is_some_and(is_standard) {
            return Output::standard(order, flags, preview);
        }
        let interrupted = flags.interrupted.as_ref();
        let named = flags.output.clone().filter(|output| flags.assigned.is_none() && !is_folder(output));
        if let (Some(named), Some(_)) = (&named, &flags.name) {
            return Err(Failure::mistake(format_args!(
                "--name: cannot be used with --output {}; leave one out, or name a folder",
                named.display()
            )));
        }
        if let (Some(named), Some(format)) = (&named, &flags.format) {
            return Err(Failure::mistake(format_args!(
                "--format {format}: the name says the format: {}; leave it out",
                named.display()
            )));
        }
        let named = interrupted.and_then(Interrupted::output).or(named);
        let made_up = flags.assigned.clone().unwrap_or_else(|| made_up_name(order, flags));
        let path = match &named {
            Some(named) => named.clone(),
            None if flags.force || is_own(&made_up, flags) => made_up.clone(),
            None => existing::free(&made_up),
        };
        let taken = (named.is_none() && path != made_up).then_some(made_up);
        let format = match &named {
            Some(_) => check_writable(&path, &order.file.options())?,
            None => check_writable(made_where(&path), &order.file.options())?,
        };
        check_quality(order, &path, format)?;
        let existing = match interrupted {
            _ if flags.force => Existing::Replace,
            Some(_) if existing::is_incomplete(&path) => Existing::Own,
            None if is_own(&path, flags) => Existing::Own,
            _ => Existing::Keep,
        };
        let output = Output { path, taken, existing, is_standard: false, format, preview };
        output.check_inputs(order, flags)?;
        Ok(output)
    }

    /// The result on standard output, where nothing else goes.
    fn standard(order: &Order, flags: &OutputArguments, preview: Option<Grid>) -> Result<Self, Failure> {
        let saves_numbered = flags.report.is_none() && order.snapshots.snapshots.is_some();
        let needs_name = [
            (flags.save_every.is_some(), "--save-every"),
            (saves_numbered, "--snapshots"),
            (preview.is_some(), "--tile"),
            (flags.name.is_some(), "--name"),
        ];
        if let Some((_, flag)) = needs_name.into_iter().find(|(given, _)| *given) {
            return Err(Failure::mistake(format_args!(
                "{flag}: needs a file name, which --output - has not"
            )));
        }
        if flags.json == Some(TraceTo::Output) && !flags.dry_run {
            return Err(Failure::mistake(
                "--json: the picture goes to standard output; name a file: --json=FILE",
            ));
        }
        let path = PathBuf::from(format!("stdout.{}", extension(flags)));
        // The folder that the picture goes to if standard output is closed.
        let format = check_writable(env::temp_dir().join(&path), &order.file.options())?;
        check_quality(order, &path, format)?;
        let existing = Existing::Replace;
        Ok(Output { path, taken: None, existing, is_standard: true, format, preview })
    }

    /// Settles before a run what becomes of a file that has the name of its result.
    ///
    /// # Errors
    /// If it was named, is there already, and is not to be replaced.
    pub fn settle(&mut self, flags: &OutputArguments) -> Result<(), Failure> {
        if self.is_standard {
            if io::stdout().is_terminal() {
                let why = "--output -: standard output is a terminal, not a file or a pipe";
                return Err(Failure::mistake(why));
            }
            return settle_beside(flags);
        }
        if let Some(taken) = self.taken.as_ref().filter(|_| !flags.quiet) {
            let (taken, path) = (taken.display(), self.path.display());
            say(format_args!("{taken} is there already; this picture goes to {path}"));
        }
        if let (Some(folder), false) = (folder_of(flags), flags.interrupted.is_some()) {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::mistake(format_args!("{}: {error}", folder.display())))?;
        }
        // A run that goes on has work to save, under another name if need be.
        let asks = self.existing == Existing::Keep && flags.interrupted.is_none();
        let preview = self.preview.map(|_| self.preview_path());
        let taken = [Some(&self.path), preview.as_ref()].into_iter().flatten().find(|path| path.exists());
        if let Some(taken) = taken.filter(|_| asks) {
            existing::agree_to_replace(taken, flags.quiet)?;
            self.existing = Existing::Replace;
        }
        settle_beside(flags)
    }

    /// Checks that the format holds the pictures of all stages, and that there is memory for the run and the preview.
    ///
    /// # Errors
    /// If one is too large.
    pub fn check_sizes(&self, order: &Order, job: &Job) -> Result<(), Failure> {
        let stages = &job.plan.stages;
        stages.iter().try_for_each(|stage| self.check_size(stage.size))?;
        job.check_memory().map_err(|refusal| match (Failure::from(refusal), fitting_size(order, job)) {
            (Failure::Mistake(why), Some(size)) => {
                Failure::mistake(format_args!("{why}; --size {size} fits"))
            }
            (failure, _) => failure,
        })?;
        let Some((last, grid)) = stages.last().zip(self.preview) else { return Ok(()) };
        let size = job.transfer.settings().schedule.size;
        let memory = job.plan.memory() + tiling::memory(last.size, grid);
        Ok(machine::check_memory(memory, format!("--size {size} with the preview of --tile"))?)
    }

    /// Checks that the format holds a picture of this size, and the preview of its tiling.
    fn check_size(&self, size: Size) -> Result<(), Failure> {
        let (Size { height, width }, format) = (size, self.format);
        let longest = format.longest_side();
        let preview =
            self.preview.map(|grid| (self.preview_path(), width * grid.columns, height * grid.rows));
        let all = [(self.path.clone(), width, height)].into_iter().chain(preview);
        for (path, width, height) in all {
            if width.max(height) > longest {
                return Err(PictureError::SideTooLong { path, format, width, height, longest }.into());
            }
        }
        Ok(())
    }

    /// The file of the result.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the result goes to standard output.
    pub fn is_standard(&self) -> bool {
        self.is_standard
    }

    /// What may become of a file of that name.
    pub fn existing(&self) -> Existing {
        self.existing
    }

    /// Saves the picture of a run after so many iterations, and the preview of its tiling. What is not complete takes
    /// a name of its own where a finished picture has that of the result.
    ///
    /// # Errors
    /// If a file cannot be written. A picture that cannot be written where it was asked for, which may be hours of work,
    /// goes to the temporary folder, and the message names it.
    pub fn save(
        &self,
        file: &ResultFile,
        picture: &Picture,
        recipe: &Recipe,
        extent: Extent,
    ) -> Result<Saved, Failure> {
        if self.is_standard {
            let bytes = file.encode(&self.path.to_string_lossy(), picture, recipe, extent)?;
            let mut out = io::stdout().lock();
            out.write_all(&bytes).and_then(|()| out.flush())?;
            return Ok(Saved { path: PathBuf::from(STANDARD), replaced: false });
        }
        let saved = self.place(extent);
        if let Err(refusal) = file.write(&saved.path, picture, recipe, extent) {
            existing::release(&saved.path);
            let rescued = self.rescue_path();
            return match (file.write(&rescued, picture, recipe, extent), Failure::from(refusal)) {
                (Ok(()), Failure::Mistake(why) | Failure::World(why)) => {
                    Err(Failure::world(format_args!("{why}; the picture is in {}", rescued.display())))
                }
                (_, failure) => Err(failure),
            };
        }
        if let Some(grid) = self.preview {
            file.write(&files::tiled(&saved.path), &tiling::tiled(picture, grid), recipe, extent)?;
        }
        Ok(saved)
    }

    /// The place of a picture: taken now, so that no other run takes it.
    fn place(&self, extent: Extent) -> Saved {
        let path = &self.path;
        // Known now: another run may have finished since this one began.
        let is_there = path.exists();
        let is_whole = is_there && !existing::is_incomplete(path);
        if is_there && self.existing != Existing::Keep && (extent.completed || !is_whole) {
            return Saved { path: path.clone(), replaced: self.existing == Existing::Replace };
        }
        existing::place(path, false, extent.completed || !is_whole)
    }

    /// Where the result goes that cannot be written where it was asked for.
    fn rescue_path(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        env::temp_dir().join(format!("impasto-{}-{name}", process::id()))
    }

    /// The file of the preview.
    fn preview_path(&self) -> PathBuf {
        files::tiled(&self.path)
    }

    /// Where the picture along the way with this number goes.
    pub fn numbered(&self, number: u64) -> PathBuf {
        files::numbered(&self.path, number)
    }

    /// Refuses to overwrite an input without `--force`, and one output by another at all.
    fn check_inputs(&self, order: &Order, flags: &OutputArguments) -> Result<(), Failure> {
        let pictures = order.inputs();
        let others = [order.network.weights.as_deref(), order.picture.like.as_deref()];
        let inputs = pictures.iter().map(|input| input.path).chain(others.into_iter().flatten());
        let mut outputs = vec![self.path.clone()];
        outputs.extend(self.preview.map(|_| self.preview_path()));
        if let Some(TraceTo::File(path)) = &flags.json {
            check_whole_file(path)?;
            if outputs.iter().any(|output| files::is_same_file(path, output)) {
                return Err(Failure::mistake(format_args!(
                    "--json={}: the picture is written there",
                    path.display()
                )));
            }
            outputs.push(path.clone());
        }
        if let Some(folder) = &flags.report {
            let page = page_in(folder);
            if outputs.iter().any(|output| files::is_same_file(&page, output)) {
                return Err(Failure::mistake(format_args!(
                    "--json={0}: the page of --report {1} is written there",
                    page.display(),
                    folder.display()
                )));
            }
            outputs.push(page);
        }
        // A run that goes on writes its checkpoint where it was.
        if let Some(checkpoint) = flags.checkpoint.as_deref().filter(|_| flags.interrupted.is_none()) {
            let name = checkpoint.display();
            if outputs.iter().any(|output| files::is_same_file(checkpoint, output)) {
                return Err(Failure::mistake(format_args!(
                    "--checkpoint {name}: another file of this run is written there"
                )));
            }
            let is_input = order.inputs().iter().any(|input| files::is_same_file(checkpoint, input.path));
            let others = [order.network.weights.as_deref(), order.picture.like.as_deref()];
            let is_other = others.into_iter().flatten().any(|it| files::is_same_file(checkpoint, it));
            if is_input || is_other {
                return Err(Failure::mistake(format_args!(
                    "--checkpoint {name}: is one of the inputs; name another file"
                )));
            }
        }
        let numbers = flags.save_every.is_some() || order.snapshots.snapshots.is_some();
        for input in inputs {
            let numbered = numbers.then(|| self.numbered_like(input)).flatten();
            let overwritten = outputs.iter().find(|output| files::is_same_file(output, input));
            if let Some(output) = overwritten.or(numbered.as_ref()).filter(|_| !flags.force) {
                return Err(Failure::mistake(format_args!(
                    "{}: is one of the inputs; name another file, or overwrite it with --force",
                    output.display()
                )));
            }
        }
        Ok(())
    }

    /// `input` itself, if a picture along the way might be saved under its name.
    fn numbered_like(&self, input: &Path) -> Option<PathBuf> {
        let digits = input.file_stem()?.to_str()?.rsplit_once('-')?.1;
        let numbered = self.numbered(digits.parse().ok()?);
        files::is_same_file(&numbered, input).then_some(numbered)
    }
}
