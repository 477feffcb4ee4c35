//! Watches a run: shows it, saves pictures along the way, and stops it when it is interrupted.

use impasto::{Control, Observer, Picture, Progress};

use super::output::Output;
use super::progress::Display;
use super::recipe::Recipe;
use super::workload::Workload;
use crate::failure::Failure;
use crate::interrupt;
use crate::report_page::Recorder;

/// What an observer saw of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Iterations done over all sizes.
    pub iterations_done: u64,
    /// The last of them as it was planned: what a stage that ended early has left out is counted too.
    number: u64,
    /// The stage of the last of them, from 1.
    pub stage: usize,
    /// Pictures along the way that could not be saved.
    pub unsaved: u64,
}

/// The observer of a run.
pub struct Painter<'a> {
    display: Display,
    workload: Workload,
    output: &'a Output,
    recipe: &'a Recipe,
    save_every: Option<u64>,
    recorder: &'a mut Recorder,
    seen: Seen,
}

impl<'a> Painter<'a> {
    /// An observer that saves the picture every so many iterations, and where the recorder wants it.
    pub fn new(
        display: Display,
        workload: Workload,
        output: &'a Output,
        recipe: &'a Recipe,
        save_every: Option<u32>,
        recorder: &'a mut Recorder,
    ) -> Self {
        let save_every = save_every.map(u64::from);
        Painter { display, workload, output, recipe, save_every, recorder, seen: Seen::default() }
    }

    /// Ends the display.
    pub fn finish(self) -> Seen {
        self.display.finish();
        self.seen
    }
}

impl Painter<'_> {
    /// Saves a picture along the way.
    fn save(&mut self, picture: &Picture) {
        let Seen { iterations_done, number, .. } = self.seen;
        let saved = self.output.save_numbered(picture, self.recipe, number, iterations_done);
        self.checked(saved);
    }

    /// Says why a picture along the way is not saved: the run is worth more than it.
    fn checked<T>(&mut self, kept: Result<T, Failure>) -> Option<T> {
        if let Err(Failure::Mistake(line) | Failure::World(line)) = &kept {
            self.display.error(line);
            self.seen.unsaved += 1;
        }
        kept.ok()
    }
}

impl Observer for Painter<'_> {
    fn started(&mut self, picture: &Picture) {
        let wanted = self.recorder.started(picture);
        if self.checked(wanted).unwrap_or(false) {
            self.save(picture);
        }
    }

    fn progress(&mut self, progress: &Progress<'_>) -> Control {
        self.seen.iterations_done += 1;
        self.seen.number = self.workload.number(progress);
        self.seen.stage = progress.stage;
        self.display.update(progress);
        let wanted = self.recorder.progress(progress, self.seen.number);
        let wanted = self.checked(wanted).unwrap_or(false);
        if wanted || self.save_every.is_some_and(|every| self.seen.number.is_multiple_of(every)) {
            self.save(&progress.picture());
        }
        self.control()
    }

    fn control(&mut self) -> Control {
        if interrupt::requested() { Control::Stop } else { Control::Continue }
    }
}
