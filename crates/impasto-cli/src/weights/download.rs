//! What a download shows on its way: a bar on a terminal, a line now and then elsewhere, or nothing.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use impasto_jobs::figures::duration;
use impasto_network::fetch::FetchEvent;
use indicatif::{ProgressBar, ProgressStyle};

use super::megabytes;
use crate::failure::say;

/// Between two plain lines.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// Between two changes of the bar, whose bytes come in thousands of pieces.
const BAR_INTERVAL: Duration = Duration::from_millis(100);

/// Shows a download on standard error.
pub struct Download {
    quiet: bool,
    bar: Option<ProgressBar>,
    /// The mirror that is asked.
    source: String,
    pace: Pace,
    shown: Instant,
}

/// How fast bytes come.
struct Pace {
    since: Instant,
    /// Bytes at hand then.
    first: u64,
    /// Bytes at hand now.
    last: u64,
}

impl Download {
    /// A download of so many bytes.
    pub fn new(quiet: bool, bytes: u64) -> Self {
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("[{wide_bar:.cyan}] {msg}")
                .expect("the template is sound, as every download on a terminal shows")
                .progress_chars("=> ");
            ProgressBar::new(bytes).with_style(style)
        });
        let pace = Pace { since: Instant::now(), first: 0, last: 0 };
        Download { quiet, bar, source: String::new(), pace, shown: Instant::now() }
    }

    /// Shows what happens.
    pub fn show(&mut self, event: &FetchEvent<'_>) {
        match *event {
            FetchEvent::Asking { url } => {
                self.source = url.to_owned();
                self.pace = Pace { since: Instant::now(), first: 0, last: 0 };
            }
            FetchEvent::Received { received, bytes } => self.received(received, bytes),
            FetchEvent::BegunAnew { fault } => {
                self.line(&format!("{} {fault}; it came in pieces, so once more in one go", self.source));
            }
            FetchEvent::Waiting { fault, pause } => {
                let pause = duration(pause.as_secs_f64());
                self.line(&format!("{} {fault}; trying again in {pause}", self.source));
            }
            FetchEvent::GivenUp { url, fault } => self.line(&format!("{url} {fault}")),
        }
    }

    /// Leaves the terminal as it was, and returns the address that was asked last.
    pub fn finish(self) -> String {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.source
    }

    fn received(&mut self, received: u64, bytes: u64) {
        if self.pace.last == 0 || received < self.pace.last {
            self.pace = Pace { since: Instant::now(), first: received, last: received };
        }
        self.pace.last = received;
        let interval = if self.bar.is_some() { BAR_INTERVAL } else { PLAIN_INTERVAL };
        if self.quiet || (received < bytes && self.shown.elapsed() < interval) {
            return;
        }
        self.shown = Instant::now();
        let left = self.pace.seconds_left(bytes).map(|seconds| format!(", {} left", duration(seconds)));
        let line = format!("{} of {}{}", megabytes(received), megabytes(bytes), left.unwrap_or_default());
        match &self.bar {
            None => say(line),
            Some(bar) => {
                bar.set_message(line);
                bar.set_position(received);
            }
        }
    }

    fn line(&self, line: &str) {
        match &self.bar {
            _ if self.quiet => {}
            Some(bar) => bar.println(line),
            None => say(line),
        }
    }
}

impl Pace {
    /// Until all bytes are here, if any came at this pace.
    fn seconds_left(&self, bytes: u64) -> Option<f64> {
        let came = self.last - self.first;
        let each = self.since.elapsed().as_secs_f64() / came as f64;
        (came > 0 && self.last < bytes).then(|| (bytes - self.last) as f64 * each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_goes_by_what_came_in_this_run() {
        let begun = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let left = |first, last| Pace { since: begun, first, last }.seconds_left(1000);
        assert!((left(500, 750).unwrap() - 10.0).abs() < 0.5);
        assert_eq!(left(500, 500), None);
        assert_eq!(left(500, 1000), None);
    }
}
