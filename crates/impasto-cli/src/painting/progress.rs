//! What a run shows on its way: a bar on a terminal, a line now and then elsewhere, or nothing.

use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use impasto::{Progress, StageEnd, TermLoss};
use impasto_jobs::figures::duration;
use impasto_jobs::{Pace, Workload};
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::say;

/// Between two plain lines of one stage.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// Length of the bar: of so many parts.
const BAR: f64 = 10_000.0;

/// Shows a run on standard error.
pub struct Display {
    form: Form,
    workload: Workload,
    pace: Pace,
    /// When the last iteration ended, or the run began.
    last: Instant,
}

enum Form {
    Quiet,
    Plain { last: Instant },
    Bar(ProgressBar),
}

impl Display {
    /// A display in the form that suits standard error.
    pub fn new(quiet: bool, workload: Workload) -> Self {
        let form = if quiet {
            Form::Quiet
        } else if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{prefix} [{wide_bar:.cyan}]\n{msg}")
                .expect("the template is sound, as every run on a terminal shows")
                .progress_chars("=> ");
            Form::Bar(ProgressBar::new(BAR as u64).with_style(style))
        } else {
            Form::Plain { last: Instant::now() }
        };
        Display { form, workload, pace: Pace::default(), last: Instant::now() }
    }

    /// An iteration is done.
    pub fn update(&mut self, progress: &Progress<'_>) {
        self.pace.add(&self.workload, progress, self.last.elapsed().as_secs_f64());
        self.last = Instant::now();
        let (seconds, left) = (self.pace.seconds(), self.pace.time_left(&self.workload, progress));
        match &mut self.form {
            Form::Quiet => {}
            Form::Plain { last } => {
                if progress.end.is_some() || last.elapsed() >= PLAIN_INTERVAL {
                    *last = Instant::now();
                    say(format_args!(
                        "{}: {}; {}",
                        place(progress),
                        losses(progress.losses, progress.total),
                        pace(seconds, left)
                    ));
                }
            }
            Form::Bar(bar) => {
                bar.set_prefix(format!("{}, {}", place(progress), pace(seconds, left)));
                bar.set_message(losses(progress.losses, progress.total));
                bar.set_position((BAR * self.workload.passed(progress) / self.workload.total()) as u64);
            }
        }
    }

    /// Something went wrong that does not end the run: said whatever the form, above the bar.
    pub fn error(&self, line: &str) {
        match &self.form {
            Form::Quiet | Form::Plain { .. } => say(format_args!("error: {line}")),
            Form::Bar(bar) => bar.suspend(|| say(format_args!("error: {line}"))),
        }
    }

    /// Leaves the terminal as it was.
    pub fn finish(self) {
        if let Form::Bar(bar) = self.form {
            bar.finish_and_clear();
        }
    }
}

/// `362x272 (size 4 of 5), iteration 31 of 60`, and why it is the last if it is not the 60th.
fn place(progress: &Progress<'_>) -> String {
    let Progress { stage, stages, size, iteration, iterations, end, .. } = progress;
    let early =
        end.and_then(StageEnd::reason).map_or(String::new(), |reason| format!(", the last: {reason}"));
    format!(
        "{}x{} (size {stage} of {stages}), iteration {iteration} of {iterations}{early}",
        size.width, size.height
    )
}

/// Each term over all its layers, and the total.
fn losses(losses: &[TermLoss], total: f64) -> String {
    let mut terms: Vec<(&str, f64)> = Vec::new();
    for loss in losses {
        match terms.iter_mut().find(|(term, _)| loss.term == *term) {
            Some((_, sum)) => *sum += loss.loss,
            None => terms.push((&loss.term, loss.loss)),
        }
    }
    let mut text = String::new();
    for (term, sum) in terms {
        let _ = write!(text, "{} {}, ", term.replace('_', " "), figures(sum));
    }
    text + "total " + &figures(total)
}

fn pace(seconds: f64, left: Duration) -> String {
    let left =
        if left.is_zero() { String::new() } else { format!(", {} left", duration(left.as_secs_f64())) };
    format!("{seconds:.2} s each{left}")
}

/// Four figures of a number.
fn figures(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-3..1e6).contains(&size) => format!("{value:.3e}"),
        size => format!("{value:.0$}", (3 - size.log10().floor() as i32).max(0) as usize),
    }
}

#[cfg(test)]
mod tests {
    use impasto_network::{Layer, Size};

    use super::*;

    #[test]
    fn a_stage_that_ends_early_says_why() {
        let size = Size { height: 272, width: 362 };
        let told = |iteration, end| place(&Progress::new(size, (4, 5), (iteration, 60), end));
        assert_eq!(told(31, None), "362x272 (size 4 of 5), iteration 31 of 60");
        assert_eq!(told(60, Some(StageEnd::Iterations)), "362x272 (size 4 of 5), iteration 60 of 60");
        let early = told(31, Some(StageEnd::Progress));
        assert_eq!(
            early,
            "362x272 (size 4 of 5), iteration 31 of 60, the last: the loss hardly falls any more"
        );
    }

    #[test]
    fn numbers_keep_four_figures() {
        let shown = [0.0, 0.123456, 12.3456, 123456.7, 1.5e7, 2.5e-5, 1.0].map(figures);
        assert_eq!(shown, ["0", "0.1235", "12.35", "123457", "1.500e7", "2.500e-5", "1.000"]);
    }

    #[test]
    fn layers_of_a_term_are_summed() {
        let of = |term: &'static str, layer, loss| TermLoss { term: term.into(), layer, loss };
        let list = [
            of("gram", Some(Layer::relu(1, 1)), 0.5),
            of("total_variation", None, 2.0),
            of("gram", Some(Layer::relu(2, 1)), 0.25),
        ];
        assert_eq!(losses(&list, 2.75), "gram 0.7500, total variation 2.000, total 2.750");
    }
}
