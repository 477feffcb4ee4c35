//! Watches a run: shows it, saves pictures along the way, and stops it when it is interrupted.

use impasto::{Checkpoint, Control, Observer, Picture, Progress};
use impasto_jobs::report_page::Recorder;
use impasto_jobs::{Extent, Recipe, Refusal, ResultFile, Workload};
use impasto_network::WholeFileError;

use super::checkpoints::Checkpoints;
use super::output::Output;
use super::progress::Display;
use crate::failure::flag;
use crate::interrupt;

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
pub struct Watcher<'a> {
    display: Display,
    workload: Workload,
    output: &'a Output,
    file: &'a ResultFile,
    recipe: &'a Recipe,
    save_every: Option<u64>,
    recorder: &'a mut Recorder,
    checkpoints: &'a mut Checkpoints,
    seen: Seen,
    /// Whether no iteration of the size at hand is done, so that an interruption need not wait for the end of one.
    is_before_first: bool,
}

impl<'a> Watcher<'a> {
    /// Creates the observer. It saves the picture every `save_every` iterations and where the recorder wants it, and writes
    /// checkpoints. `before` counts the iterations done before a resume.
    pub fn new(
        workload: Workload,
        quiet: bool,
        output: &'a Output,
        (file, recipe): (&'a ResultFile, &'a Recipe),
        save_every: Option<u32>,
        (recorder, checkpoints): (&'a mut Recorder, &'a mut Checkpoints),
        before: u64,
    ) -> Self {
        let save_every = save_every.map(u64::from);
        let display = Display::new(quiet, workload.clone());
        let seen = Seen { iterations_done: before, ..Seen::default() };
        let is_before_first = true;
        Watcher {
            display,
            workload,
            output,
            file,
            recipe,
            save_every,
            recorder,
            checkpoints,
            seen,
            is_before_first,
        }
    }

    /// Ends the display.
    pub fn finish(self) -> Seen {
        self.display.finish();
        self.seen
    }
}

impl Watcher<'_> {
    /// Saves a picture along the way.
    fn save(&mut self, picture: &Picture) {
        let Seen { iterations_done, number, .. } = self.seen;
        let extent = Extent { iterations_done, completed: false };
        let saved = self.file.write(&self.output.numbered(number), picture, self.recipe, extent);
        self.checked(saved);
    }

    /// Says why a checkpoint is not written.
    fn told(&self, kept: Result<(), WholeFileError>) {
        if let Err(error) = kept {
            self.display.error(&format!("the checkpoint is not written: {error}"));
        }
    }

    /// Says why a picture along the way is not saved: the run is worth more than it.
    fn checked<T>(&mut self, kept: Result<T, Refusal>) -> Option<T> {
        if let Err(refusal) = &kept {
            self.display.error(&refusal.line(flag));
            self.seen.unsaved += 1;
        }
        kept.ok()
    }
}

impl Observer for Watcher<'_> {
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
        self.is_before_first = progress.end.is_some();
        let control = if interrupt::requested() { Control::Stop } else { Control::Continue };
        let kept = self.checkpoints.keep(progress, control == Control::Stop);
        self.told(kept);
        control
    }

    fn engine_failed<'a>(&mut self, last: &'a dyn Fn() -> Checkpoint<'a>) {
        let kept = self.checkpoints.keep_last(last());
        self.told(kept);
    }

    fn control(&mut self) -> Control {
        // An iteration in the middle is finished first: only between iterations a checkpoint can be made.
        if interrupt::requested() && self.is_before_first { Control::Stop } else { Control::Continue }
    }
}
