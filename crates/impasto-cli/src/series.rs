//! A series of runs, as it is shown on its way: which of them is painted, and the time left for all.

use std::io::{self, IsTerminal};
use std::time::Instant;

use impasto::{Control, Observer, Plan, Progress};
use impasto_jobs::Workload;
use impasto_jobs::features::SeriesObserver;
use impasto_jobs::figures::duration;
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::say;
use crate::interrupt;

/// Length of the bar: of so many parts.
const BAR: f64 = 10_000.0;

/// Bytes of what the runs of a series may keep of their styles for those after them, if there is room.
pub const STYLE_CACHE: u64 = 256_000_000;

/// Shows a series of runs on standard error, and stops the current one when it is interrupted.
pub struct Series {
    bar: Option<ProgressBar>,
    quiet: bool,
    /// Of all runs, stage after stage.
    workload: Workload,
    started: Instant,
    /// Stages of each run.
    stages: Vec<usize>,
    names: Vec<String>,
    /// The run that is painted.
    run: usize,
    /// Stages of the runs before it.
    stages_before: usize,
    iterations_done: u64,
}

impl Series {
    /// A series of runs with these names and plans.
    pub fn new(quiet: bool, names: Vec<String>, plans: &[Plan]) -> Self {
        let workload = Workload::of_series(plans);
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{msg}\n[{wide_bar:.cyan}] {prefix}")
                .expect("the template is sound, as every series on a terminal shows")
                .progress_chars("=> ");
            ProgressBar::new(BAR as u64).with_style(style)
        });
        Series {
            bar,
            quiet,
            workload,
            started: Instant::now(),
            stages: plans.iter().map(|plan| plan.stages.len()).collect(),
            names,
            run: 0,
            stages_before: 0,
            iterations_done: 0,
        }
    }

    /// Iterations of the current run that are done.
    pub fn iterations_done(&self) -> u64 {
        self.iterations_done
    }

    /// Prints what `print` has to say above the bar.
    pub fn suspended<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Leaves the terminal as it was.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    /// The work of all runs before this one.
    fn work_before(&self) -> f64 {
        self.workload.done(self.stages_before + 1, 0)
    }

    /// In words, by the pace so far.
    fn time_left(&self, done: f64) -> Option<String> {
        let elapsed = self.started.elapsed().as_secs_f64();
        let left = (self.workload.total() - done).max(0.0) / done * elapsed;
        (done > 0.0).then(|| format!("{} left", duration(left)))
    }
}

impl Observer for Series {
    fn progress(&mut self, progress: &Progress<'_>) -> Control {
        self.iterations_done += 1;
        let done = self.workload.passed_in_series(self.stages_before, progress);
        if let Some(bar) = &self.bar {
            bar.set_position((BAR * done / self.workload.total()) as u64);
            bar.set_prefix(self.time_left(done).unwrap_or_default());
        }
        self.control()
    }

    fn control(&mut self) -> Control {
        if interrupt::requested() { Control::Stop } else { Control::Continue }
    }
}

impl SeriesObserver for Series {
    fn begin(&mut self, run: usize) {
        (self.run, self.iterations_done) = (run, 0);
        self.stages_before = self.stages[..run].iter().sum();
        let line = format!("{} of {}: {}", run + 1, self.names.len(), self.names[run]);
        match &self.bar {
            Some(bar) => bar.set_message(line),
            None if self.quiet => {}
            None => match self.time_left(self.work_before()) {
                Some(left) => say(format_args!("{line}; {left}")),
                None => say(line),
            },
        }
    }
}
