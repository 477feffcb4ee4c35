//! `--report` and `--snapshots`: what is kept of a run besides its result.
//!
//! A [`Recorder`] is shown the inputs before a run, the start and every iteration during it, and what came of
//! it at the end. It says which pictures along the way are to be kept (`snapshots.rs`), and writes a page of
//! HTML that holds everything and needs nothing (`page.rs`, `curves.rs`, `chart.rs`, `table.rs`).

mod arguments;
mod chart;
mod command;
mod curves;
mod folder;
mod html;
mod page;
mod snapshots;
mod table;
mod training;

use std::path::{Path, PathBuf};

pub use arguments::ReportArguments;
pub use folder::{check_folder, page_in};
use html::InlinePicture;
use impasto::picture::{ReadOptions, SourcePicture, write_whole_file};
use impasto::{Picture, Plan, Progress, Trace};
use serde::Serialize;
use snapshots::Snapshots;
pub use training::{TrainingChart, TrainingPage};

use crate::failure::Failure;

/// Longest sides, in pixels, of the copies of pictures in the page: the result, all others.
const LONGEST_RESULT: usize = 2048;
const LONGEST_OTHER: usize = 768;

/// Keeps what `--report` and `--snapshots` ask for of one run.
#[derive(Debug)]
pub struct Recorder {
    snapshots: Snapshots,
    /// What the page will show, if there is to be one.
    record: Option<Record>,
}

/// What the page shows that is known before the end.
#[derive(Debug, Default)]
struct Record {
    folder: PathBuf,
    inputs: Vec<Input>,
    snapshots: Vec<Snapshot>,
    /// Seconds of each iteration, stage by stage.
    seconds: Vec<Vec<f64>>,
}

/// A picture that the run was given.
#[derive(Debug)]
struct Input {
    /// What it is for: `content`, `style map`.
    role: String,
    /// Name of the file.
    name: String,
    picture: InlinePicture,
}

/// A picture along the way.
#[derive(Debug)]
struct Snapshot {
    /// Iterations over all sizes that were done.
    iterations_done: u64,
    picture: InlinePicture,
}

/// What came of a run.
pub struct Ending<'a, R> {
    /// What was painted, in words: `harbour in the style of swirls`.
    pub title: String,
    /// The result, or the picture that the run stopped at.
    pub picture: &'a Picture,
    /// The file that it was saved in.
    pub output: &'a Path,
    /// Why there is no better one, if the run did not come to its end.
    pub stopped: Option<String>,
    /// Everything the picture depends on: an object of values and, as `settings`, the settings.
    pub recipe: &'a R,
    /// Sizes and iterations.
    pub plan: &'a Plan,
    /// All evaluations.
    pub trace: &'a Trace,
    /// From the start of the run to its end.
    pub seconds: f64,
}

impl Recorder {
    /// A recorder of a run by this plan. Writes nothing yet.
    ///
    /// # Errors
    /// If a picture is asked for that the run does not come by, or the page could not be written.
    pub fn new(arguments: &ReportArguments, plan: &Plan) -> Result<Self, Failure> {
        let snapshots = Snapshots::new(arguments, plan)?;
        let record = match &arguments.report {
            None => None,
            Some(folder) => {
                check_folder(folder)?;
                let seconds = vec![Vec::new(); plan.stages.len()];
                Some(Record { folder: folder.clone(), seconds, ..Record::default() })
            }
        };
        Ok(Recorder { snapshots, record })
    }

    /// Takes in a picture file that the run was given, if there is to be a page.
    ///
    /// # Errors
    /// If it cannot be read any more.
    pub fn input(&mut self, role: &str, path: &Path, max_pixels: u64) -> Result<(), Failure> {
        let Some(record) = &mut self.record else { return Ok(()) };
        let SourcePicture { picture, alpha, .. } = SourcePicture::read(path, &ReadOptions { max_pixels })?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let picture = InlinePicture::new(&picture, alpha.as_ref(), LONGEST_OTHER)?;
        record.inputs.push(Input { role: role.to_owned(), name, picture });
        Ok(())
    }

    /// The run starts from this picture. Returns whether it has to be saved to a file.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn started(&mut self, picture: &Picture) -> Result<bool, Failure> {
        Ok(self.snapshots.is_due(0) && self.keep(0, &picture.clone().clamped())?)
    }

    /// An iteration is done, the last of `iterations_done` over all sizes. Returns whether its picture has to
    /// be saved to a file.
    ///
    /// # Errors
    /// If its picture cannot be kept.
    pub fn progress(&mut self, progress: &Progress<'_>, iterations_done: u64) -> Result<bool, Failure> {
        if let Some(record) = &mut self.record {
            record.seconds[progress.stage - 1].push(progress.seconds);
        }
        let is_due = self.snapshots.is_due(iterations_done);
        match self.record {
            Some(_) if is_due => self.keep(iterations_done, &progress.picture()),
            _ => Ok(is_due),
        }
    }

    /// Keeps a picture for the page, or tells that there is none.
    fn keep(&mut self, iterations_done: u64, picture: &Picture) -> Result<bool, Failure> {
        let Some(record) = &mut self.record else { return Ok(true) };
        let picture = InlinePicture::new(picture, None, LONGEST_OTHER)?;
        record.snapshots.push(Snapshot { iterations_done, picture });
        Ok(false)
    }

    /// Writes the page, if there is to be one. Makes its folder.
    ///
    /// # Errors
    /// If the folder or the file cannot be written.
    pub fn write(&self, ending: &Ending<'_, impl Serialize>) -> Result<(), Failure> {
        let Some(record) = &self.record else { return Ok(()) };
        let result = InlinePicture::new(ending.picture, None, LONGEST_RESULT)?;
        let page = page::page(record, ending, &result, &command::this_command())?;
        folder::make(&record.folder)?;
        Ok(write_whole_file(&page_in(&record.folder), page.as_bytes())?)
    }
}
