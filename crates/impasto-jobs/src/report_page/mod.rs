//! The page on a run, and pictures along the way: what is kept of a run besides its result.
//!
//! A [`Recorder`] is shown the inputs before a run, the start and every iteration during it, and what came of
//! it at the end. It says which pictures along the way are to be kept (`snapshots.rs`), and makes a page of
//! HTML that holds everything and needs nothing (`page.rs`, `curves.rs`, `chart.rs`, `table.rs`).

mod chart;
mod curves;
mod html;
mod page;
mod snapshots;
mod table;
mod training;

use std::path::Path;

use html::InlinePicture;
use impasto::picture::{ReadOptions, SourcePicture};
use impasto::{Picture, Plan, Progress, Trace};
use serde::Serialize;
use snapshots::Snapshots;
pub use training::{TrainingChart, TrainingPage};

use crate::files::file_name;
use crate::order::SnapshotChoices;
use crate::refusal::Refusal;

/// Longest sides, in pixels, of the copies of pictures in the page: the result, all others.
const LONGEST_RESULT: usize = 2048;
const LONGEST_OTHER: usize = 768;

/// Keeps what is asked for of one run.
#[derive(Debug)]
pub struct Recorder {
    snapshots: Snapshots,
    /// What the page will show, if there is to be one.
    record: Option<Record>,
}

/// What the page shows that is known before the end.
#[derive(Debug, Default)]
struct Record {
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
    /// The command that paints the picture, if it was one.
    pub command: Option<String>,
}

impl Recorder {
    /// A recorder of a run by this plan, with a page to be made of it or none.
    ///
    /// # Errors
    /// If a picture is asked for that the run does not come by.
    pub fn new(choices: &SnapshotChoices, for_page: bool, plan: &Plan) -> Result<Self, Refusal> {
        let snapshots = Snapshots::new(choices.snapshots.as_deref(), for_page, plan)?;
        let seconds = vec![Vec::new(); plan.stages.len()];
        let record = for_page.then(|| Record { seconds, ..Record::default() });
        Ok(Recorder { snapshots, record })
    }

    /// Takes in a picture file that the run was given, if there is to be a page.
    ///
    /// # Errors
    /// If it cannot be read any more.
    pub fn input(&mut self, role: &str, path: &Path, max_pixels: u64) -> Result<(), Refusal> {
        let Some(record) = &mut self.record else { return Ok(()) };
        let SourcePicture { picture, alpha, .. } = SourcePicture::read(path, &ReadOptions { max_pixels })?;
        let picture = InlinePicture::new(&picture, alpha.as_ref(), LONGEST_OTHER)?;
        record.inputs.push(Input { role: role.to_owned(), name: file_name(path), picture });
        Ok(())
    }

    /// The run starts from this picture. Returns whether it has to be saved to a file.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn started(&mut self, picture: &Picture) -> Result<bool, Refusal> {
        Ok(self.snapshots.is_due(0) && self.keep(0, &picture.clone().clamped())?)
    }

    /// An iteration is done, the last of `iterations_done` over all sizes. Returns whether its picture has to
    /// be saved to a file.
    ///
    /// # Errors
    /// If its picture cannot be kept.
    pub fn progress(&mut self, progress: &Progress<'_>, iterations_done: u64) -> Result<bool, Refusal> {
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
    fn keep(&mut self, iterations_done: u64, picture: &Picture) -> Result<bool, Refusal> {
        let Some(record) = &mut self.record else { return Ok(true) };
        let picture = InlinePicture::new(picture, None, LONGEST_OTHER)?;
        record.snapshots.push(Snapshot { iterations_done, picture });
        Ok(false)
    }

    /// The page as HTML, if there is to be one.
    ///
    /// # Errors
    /// If the picture has values that are not finite.
    pub fn page(&self, ending: &Ending<'_, impl Serialize>) -> Result<Option<String>, Refusal> {
        let Some(record) = &self.record else { return Ok(None) };
        let result = InlinePicture::new(ending.picture, None, LONGEST_RESULT)?;
        page::page(record, ending, &result).map(Some)
    }
}
