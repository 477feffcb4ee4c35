//! What a long run shows on its way: a bar on a terminal, a line now and then elsewhere, or nothing.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use impasto_jobs::figures::duration;
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::say;

/// Between two plain lines.
const PLAIN_INTERVAL: Duration = Duration::from_secs(30);

/// Between two changes of the bar.
const BAR_INTERVAL: Duration = Duration::from_millis(200);

/// Shows a run on standard error.
pub struct Display {
    form: Form,
    shown: Option<Instant>,
}

enum Form {
    Quiet,
    Plain,
    Bar(ProgressBar),
}

impl Display {
    /// A display of a run of at most so many steps, in the form that suits standard error.
    pub fn new(quiet: bool, steps: u64) -> Self {
        let form = if quiet {
            Form::Quiet
        } else if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{msg}\n[{wide_bar:.cyan}]")
                .expect("the template is sound, as every run on a terminal shows")
                .progress_chars("=> ");
            Form::Bar(ProgressBar::new(steps).with_style(style))
        } else {
            Form::Plain
        };
        Display { form, shown: None }
    }

    /// So many steps are done; `line` says what there is to say.
    pub fn update(&mut self, done: u64, line: impl FnOnce() -> String) {
        let interval = match self.form {
            Form::Quiet => return,
            Form::Plain => PLAIN_INTERVAL,
            Form::Bar(_) => BAR_INTERVAL,
        };
        if self.shown.is_some_and(|shown| shown.elapsed() < interval) {
            return;
        }
        self.shown = Some(Instant::now());
        match &self.form {
            Form::Bar(bar) => {
                bar.set_message(line());
                bar.set_position(done);
            }
            _ => say(line()),
        }
    }

    /// A line that stays.
    pub fn line(&self, line: &str) {
        match &self.form {
            Form::Quiet => {}
            Form::Plain => say(line),
            Form::Bar(bar) => bar.suspend(|| say(line)),
        }
    }

    /// Leaves the terminal as it was.
    pub fn finish(self) {
        if let Form::Bar(bar) = self.form {
            bar.finish_and_clear();
        }
    }
}

/// Part of the newest step in the running mean of their seconds.
const NEWEST: f64 = 0.05;

/// How fast steps come, and how long the others will take.
#[derive(Default)]
pub struct Pace {
    mean: Option<f64>,
}

impl Pace {
    /// A step took so many seconds.
    pub fn add(&mut self, seconds: f64) {
        let mean = self.mean.unwrap_or(seconds);
        self.mean = Some(mean + NEWEST * (seconds - mean));
    }

    /// Steps a second.
    pub fn rate(&self) -> f64 {
        self.mean.map_or(0.0, |mean| 1.0 / mean.max(1e-9))
    }

    /// `, 23 min 10 s left` for so many steps.
    pub fn left(&self, steps: u64) -> String {
        match self.mean {
            Some(mean) if steps > 0 => format!(", {} left", duration(steps as f64 * mean)),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_that_of_steps_at_the_pace_of_the_last() {
        let mut pace = Pace::default();
        assert_eq!(pace.left(10), "");
        (0..500).for_each(|step| pace.add(if step == 0 { 60.0 } else { 0.5 }));
        assert!((pace.rate() - 2.0).abs() < 0.01);
        assert_eq!((pace.left(240), pace.left(0)), (", 2 min 0 s left".to_owned(), String::new()));
    }
}
