//! Watches a run: shows it, saves pictures along the way, and stops it at Ctrl-C.

use impasto::{Control, Observer, Progress};

use super::output::Output;
use super::progress::Display;
use super::recipe::Recipe;
use super::workload::Workload;
use crate::failure::Failure;
use crate::interrupt;

/// The observer of a run.
pub struct Painter<'a> {
    display: Display,
    workload: Workload,
    output: &'a Output,
    recipe: &'a Recipe,
    save_every: Option<u64>,
    iterations_done: u64,
    /// Pictures along the way that could not be saved.
    unsaved: u64,
}

impl<'a> Painter<'a> {
    /// An observer that saves the picture every so many iterations.
    pub fn new(
        display: Display,
        workload: Workload,
        output: &'a Output,
        recipe: &'a Recipe,
        save_every: Option<u32>,
    ) -> Self {
        let save_every = save_every.map(u64::from);
        Painter { display, workload, output, recipe, save_every, iterations_done: 0, unsaved: 0 }
    }

    /// Ends the display. Returns the iterations done over all sizes, which a converged stage shortens, and
    /// how many pictures along the way could not be saved.
    pub fn finish(self) -> (u64, u64) {
        self.display.finish();
        (self.iterations_done, self.unsaved)
    }
}

impl Observer for Painter<'_> {
    fn progress(&mut self, progress: &Progress<'_>) -> Control {
        self.iterations_done = self.workload.iterations_done(progress.stage, progress.iteration);
        self.display.update(progress);
        if self.save_every.is_some_and(|every| self.iterations_done.is_multiple_of(every)) {
            let saved = self.output.save_numbered(&progress.picture(), self.recipe, self.iterations_done);
            // The run is worth more than a picture along its way.
            if let Err(Failure::Mistake(line) | Failure::World(line)) = saved {
                self.display.error(&line);
                self.unsaved += 1;
            }
        }
        self.control()
    }

    fn control(&mut self) -> Control {
        if interrupt::requested() { Control::Stop } else { Control::Continue }
    }
}
