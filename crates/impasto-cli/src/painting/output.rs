//! The result on its way to disk: names, what may be overwritten, pictures along the way.

use std::path::{Path, PathBuf};
use std::{env, process};

use impasto::Picture;
use impasto::picture::{PictureError, PictureFormat, check_whole_file, check_writable};
use impasto_jobs::tiling::{self, Grid};
use impasto_jobs::{Extent, Job, Order, Recipe, ResultFile, machine};
use impasto_network::Size;

use super::arguments::{OutputArguments, TraceTo};
use super::files;
use crate::failure::Failure;
use crate::report_folder::page_in;

/// Where pictures of the run go, and how they are written.
pub struct Output {
    path: PathBuf,
    /// Whether a file of this name was there before the run.
    replaces: bool,
    format: PictureFormat,
    /// The preview of the tiling.
    preview: Option<Grid>,
}

impl Output {
    /// Checks that the result, the pictures along the way and the JSON can be written and overwrite nothing
    /// that is read.
    ///
    /// # Errors
    /// If the name, the folder or the flags do not allow it.
    pub fn new(order: &Order, flags: &OutputArguments, preview: Option<Grid>) -> Result<Self, Failure> {
        let default = || PathBuf::from(order.name() + ".png");
        let path = flags.output.clone().unwrap_or_else(default);
        let format = check_writable(&path, &order.file.options())?;
        if order.file.quality.is_some() && format != PictureFormat::Jpeg {
            return Err(Failure::mistake(format_args!(
                "--quality is for JPEG, but {} is {format}, which is without loss: leave it out",
                path.display()
            )));
        }
        let output = Output { replaces: path.exists(), path, format, preview };
        output.check_inputs(order, flags)?;
        Ok(output)
    }

    /// Checks that the format holds the pictures of all stages, and that there is memory for the run and the preview.
    ///
    /// # Errors
    /// If one is too large.
    pub fn check_sizes(&self, job: &Job) -> Result<(), Failure> {
        let stages = &job.plan.stages;
        stages.iter().try_for_each(|stage| self.check_size(stage.size))?;
        job.check_memory()?;
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

    /// Whether a file of the result's name was there before the run.
    pub fn replaces(&self) -> bool {
        self.replaces
    }

    /// Saves the picture of a run after so many iterations, and the preview of its tiling.
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
    ) -> Result<(), Failure> {
        if let Err(refusal) = file.write(&self.path, picture, recipe, extent) {
            let rescued = self.rescue_path();
            return match (file.write(&rescued, picture, recipe, extent), Failure::from(refusal)) {
                (Ok(()), Failure::Mistake(why) | Failure::World(why)) => {
                    Err(Failure::world(format_args!("{why}; the picture is in {}", rescued.display())))
                }
                (_, failure) => Err(failure),
            };
        }
        match self.preview {
            Some(grid) => {
                Ok(file.write(&self.preview_path(), &tiling::tiled(picture, grid), recipe, extent)?)
            }
            None => Ok(()),
        }
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
