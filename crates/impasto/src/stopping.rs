//! Early stopping: a stage ends once its loss hardly falls any more.
//!
//! With the losses ℓ of the last N iterations, and a and b the means of their first and of their second half, whose
//! middles are N/2 iterations apart:
//!
//! ```text
//! fall over N iterations = 2 (a − b) / a        the stage ends when fall < share
//! ```
//!
//! Ruder, Dosovitskiy and Brox (artistic-videos, 2016) compare the loss with the one N = 50 iterations before, at a
//! share of 1e-4. Means of halves tell the same of a loss that falls evenly, and are not misled by the noise of single
//! iterations, which Adam's losses have.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::SettingsError;
use crate::error::require;

/// When a stage ends before all of its iterations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopAtProgress {
    /// The stage ends when its loss falls by less than this part of itself over `interval` iterations, above 0 and
    /// below 1. More ends it sooner.
    pub share: f64,
    /// Iterations that the fall is measured over, 2 to 10 000; no stage ends earlier by it. Default: 50.
    pub interval: usize,
}

impl StopAtProgress {
    /// Stops below this share over 50 iterations, the interval of artistic-videos, whose share is 1e-4.
    pub fn below(share: f64) -> Self {
        StopAtProgress { share, interval: 50 }
    }

    /// Names the first setting that is outside its range.
    pub(crate) fn validate(&self) -> Result<(), SettingsError> {
        let StopAtProgress { share, interval } = *self;
        require(share > 0.0 && share < 1.0, "share to stop at", share, "above 0 and below 1")?;
        require((2..=10_000).contains(&interval), "interval to stop by", interval, "2 to 10000")
    }
}

/// Watches the losses of one stage.
pub(crate) struct Watch {
    rule: Option<StopAtProgress>,
    /// Those of the last iterations, oldest first, at most `interval` of them.
    losses: VecDeque<f64>,
}

impl Watch {
    /// Of a stage that has not begun. Without a rule it never ends.
    pub fn new(rule: Option<StopAtProgress>) -> Self {
        Watch { rule, losses: VecDeque::new() }
    }

    /// Of a stage whose last iterations had these [`losses`](Watch::losses).
    pub fn resumed(rule: Option<StopAtProgress>, losses: &[f64]) -> Self {
        Watch { rule, losses: losses.iter().copied().collect() }
    }

    /// What it remembers, for a checkpoint.
    pub fn losses(&self) -> Vec<f64> {
        self.losses.iter().copied().collect()
    }

    /// Takes in the loss of an iteration. Returns whether the stage is to end.
    pub fn is_over(&mut self, loss: f64) -> bool {
        let Some(StopAtProgress { share, interval }) = self.rule else { return false };
        if self.losses.len() == interval {
            self.losses.pop_front();
        }
        self.losses.push_back(loss);
        if self.losses.len() < interval {
            return false;
        }
        // Of an odd number the one in the middle is in neither half.
        let half = interval / 2;
        let mean = |losses: &mut dyn Iterator<Item = &f64>| losses.sum::<f64>() / half as f64;
        let first = mean(&mut self.losses.iter().take(half));
        let second = mean(&mut self.losses.iter().skip(interval - half));
        2.0 * (first - second) < share * first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The iteration after which a stage of so many ends, from 1.
    fn end(share: f64, interval: usize, iterations: usize, loss: impl Fn(f64) -> f64) -> Option<usize> {
        let mut watch = Watch::new(Some(StopAtProgress { share, interval }));
        (1..=iterations).find(|&iteration| watch.is_over(loss(iteration as f64)))
    }

    /// Noise of −1..1 that no seed is needed for.
    fn noise(iteration: f64) -> f64 {
        (iteration * 12.9898).sin() * (iteration * 78.233).cos()
    }

    #[test]
    fn without_a_rule_nothing_ends() {
        let mut watch = Watch::new(None);
        assert!(!(0..1000).any(|_| watch.is_over(1.0)));
    }

    #[test]
    fn a_loss_that_stands_still_ends_its_stage_after_one_interval() {
        for interval in [2, 3, 20, 51] {
            assert_eq!(end(1e-4, interval, 1000, |_| 7.0), Some(interval));
        }
        // One that rises is no better.
        assert_eq!(end(1e-4, 50, 1000, |iteration| iteration), Some(50));
    }

    #[test]
    fn a_share_is_of_the_fall_over_the_interval() {
        // A loss that falls evenly by 1 % of itself in 50 iterations.
        let falling = |iteration: f64| 0.99_f64.powf(iteration / 50.0);
        assert_eq!(end(0.0098, 50, 2000, falling), None);
        assert_eq!(end(0.0102, 50, 2000, falling), Some(50));
        // What is left of a loss of 1/t falls by about 50/t in 50 iterations.
        let slowing = end(0.01, 50, 20_000, |iteration| 1.0 / iteration).unwrap();
        assert!((4900..5100).contains(&slowing), "{slowing}");
    }

    #[test]
    fn noise_neither_ends_a_stage_that_makes_progress_nor_keeps_one_that_does_not() {
        let falling = |iteration: f64| 1.0 / (1.0 + iteration / 30.0) + 0.5;
        let smooth = end(0.01, 50, 5000, falling).unwrap();
        let noisy = end(0.01, 50, 5000, |it| falling(it) * (1.0 + 0.01 * noise(it))).unwrap();
        assert!((noisy as f64 - smooth as f64).abs() < 0.3 * smooth as f64, "{noisy} {smooth}");
        // Compared one by one, losses as noisy as that would end it at once.
        let single = (51..5000).find(|&it| {
            let loss = |it: usize| falling(it as f64) * (1.0 + 0.01 * noise(it as f64));
            loss(it - 50) - loss(it) < 0.01 * loss(it - 50)
        });
        assert!(single.unwrap() < noisy, "{single:?} {noisy}");
        assert!(end(0.01, 50, 5000, |it| 1.0 + 0.01 * noise(it)).unwrap() < 100);
    }

    #[test]
    fn scale_does_not_matter() {
        let falling = |iteration: f64| 1.0 / (1.0 + iteration / 30.0) + 0.5;
        let ends = [1e-12, 1.0, 1e12].map(|scale| end(0.01, 50, 5000, |it| scale * falling(it)));
        assert_eq!(ends, [ends[1]; 3]);
    }

    #[test]
    fn ranges_are_checked() {
        assert_eq!(StopAtProgress::below(1e-4).validate(), Ok(()));
        for (share, interval, words) in [
            (0.0, 50, "share to stop at is 0, but must be above 0 and below 1"),
            (1.0, 50, "share to stop at is 1"),
            (f64::NAN, 50, "share to stop at is NaN"),
            (1e-4, 1, "interval to stop by is 1, but must be 2 to 10000"),
            (1e-4, 10_001, "interval to stop by is 10001"),
        ] {
            let error = StopAtProgress { share, interval }.validate().unwrap_err().to_string();
            assert!(error.starts_with(words), "{error}");
        }
    }
}
