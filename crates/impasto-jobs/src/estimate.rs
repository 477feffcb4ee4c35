//! How long a run will take: a few iterations of a small one are timed.
//!
//! An iteration takes `pixels · (a + b · style pixels)` seconds: the second part is for terms that compare
//! every place of the picture with every place of the styles. It takes runs of two sizes to tell a from b.

use impasto::picture::Filter;
use impasto::terms::{Nearest, Patches};
use impasto::{Control, Picture, Progress, Pyramid, Settings, Stage, Start, StyleFit, TransferError};
use impasto_network::Size;

use crate::job::Job;
use crate::refusal::Refusal;

/// Longest sides, in pixels, of the runs that are timed, if the network takes them. The smaller is for terms
/// that compare places.
const TIMED_SIZE: usize = 256;
const SMALLER_TIMED_SIZE: usize = 160;

/// Iterations that are not timed: the first allocate.
const WARM_UP: usize = 1;

/// Iterations that are timed, at least.
const TIMED_ITERATIONS: usize = 5;

/// What a forward pass takes of an iteration: targets are learnt by one.
const FORWARD_SHARE: f64 = 0.5;

/// What an iteration was found to take.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Timed {
    /// Seconds for each pixel.
    for_a_pixel: f64,
    /// Pixels of the styles.
    style_pixels: f64,
}

/// Seconds of an iteration for each pixel, over the pixels of the styles.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pace {
    constant: f64,
    for_a_style_pixel: f64,
}

impl Pace {
    /// The line through one or two measurements that does not fall.
    fn new(timed: Timed, smaller: Option<Timed>) -> Self {
        let slope = smaller.map_or(0.0, |smaller| {
            (timed.for_a_pixel - smaller.for_a_pixel) / (timed.style_pixels - smaller.style_pixels)
        });
        let steepest = timed.for_a_pixel / timed.style_pixels;
        let slope = if slope.is_finite() { slope.clamp(0.0, steepest) } else { 0.0 };
        Pace { constant: timed.for_a_pixel - slope * timed.style_pixels, for_a_style_pixel: slope }
    }

    /// Seconds of a stage, its targets included.
    fn of_stage(self, stage: &Stage) -> f64 {
        let (picture, styles) = (stage.pixels() as f64, style_pixels(stage));
        let iterations = stage.iterations as f64;
        let compared = picture * self.for_a_style_pixel * styles;
        iterations * (stage.evaluation_work() as f64 * self.constant + compared)
            + FORWARD_SHARE * self.constant * (picture + styles)
    }
}

fn style_pixels(stage: &Stage) -> f64 {
    stage.styles.iter().map(|size| (size.width * size.height) as f64).sum()
}

/// Seconds that the run will take.
pub(crate) fn estimate(job: &mut Job) -> Result<f64, Refusal> {
    let last = job.plan.stages.last().expect("a plan has stages or is an error");
    let longest = last.size.width.max(last.size.height);
    let timed = match time(job, longest.min(TIMED_SIZE)) {
        // A long and narrow picture may be too small for the network at this size.
        Err(TransferError::Engine { .. }) => time(job, longest),
        timed => timed,
    }?;
    let settings = job.transfer.settings();
    let compares = settings.term::<Patches>().is_some() || settings.term::<Nearest>().is_some();
    let smaller =
        if compares && longest > SMALLER_TIMED_SIZE { time(job, SMALLER_TIMED_SIZE).ok() } else { None };
    let pace = Pace::new(timed, smaller);
    Ok(job.plan.stages.iter().map(|stage| pace.of_stage(stage)).sum())
}

/// Iterations from one like it to the next: some terms do not match in each.
fn period(settings: &Settings) -> usize {
    settings.term::<Patches>().map_or(1, |patches| patches.match_every)
}

/// An iteration on noise whose longest side is `longest`: speed does not depend on values.
fn time(job: &mut Job, longest: usize) -> Result<Timed, TransferError> {
    let stage = job.plan.stages.last().expect("a plan has stages or is an error");
    let scale = longest as f64 / stage.size.width.max(stage.size.height) as f64;
    let mut settings = job.transfer.settings().clone();
    let period = period(&settings);
    let timed_iterations = TIMED_ITERATIONS.max(period.min(4 * TIMED_ITERATIONS));
    let schedule = &mut settings.schedule;
    (schedule.size, schedule.pyramid, schedule.refinement) = (longest, Pyramid::One, None);
    schedule.stop = None;
    (schedule.iterations, schedule.filter) = (WARM_UP + timed_iterations, Filter::Bilinear);
    (schedule.start, schedule.style_fit, schedule.style_scale) = (Start::Content, StyleFit::Shrink, 100.0);
    let noise = |size: Size| {
        let Size { height, width } = scaled(size, scale);
        Picture::uniform_noise(width, height, 0.0..1.0, 0)
    };
    let mut transfer = job.transfer.without_pictures(settings).content(noise(stage.size));
    for style in &stage.styles {
        transfer = transfer.style(noise(*style), 1.0);
    }
    if let Some((of_picture, of_styles)) = job.transfer.given_regions() {
        // A stage has only the styles that have a weight.
        let used = of_styles.iter().zip(&job.blend).filter(|(_, weight)| **weight > 0.0);
        transfer = transfer.regions(of_picture.clone(), used.map(|(regions, _)| regions.clone()).collect());
    }
    let timed = job.engine.plan(&transfer)?;
    let mut seconds = Vec::new();
    let mut observer = |progress: &Progress<'_>| {
        seconds.push(progress.seconds);
        Control::Continue
    };
    job.engine.run(&transfer, &mut observer)?;
    let seconds = if period == 1 { median(&seconds) } else { mean(&seconds) };
    let stage = timed.stages.first().expect("a plan has stages or is an error");
    Ok(Timed { for_a_pixel: seconds / stage.pixels() as f64, style_pixels: style_pixels(stage) })
}

/// The median of the seconds of iterations, but for those that warm up where there are others.
fn median(seconds: &[f64]) -> f64 {
    let mut timed = seconds[WARM_UP.min(seconds.len().saturating_sub(1))..].to_vec();
    timed.sort_unstable_by(f64::total_cmp);
    timed.get(timed.len() / 2).copied().unwrap_or(0.0)
}

/// Their mean, as long as the slow ones among them come round.
fn mean(seconds: &[f64]) -> f64 {
    let timed = &seconds[WARM_UP.min(seconds.len().saturating_sub(1))..];
    timed.iter().sum::<f64>() / timed.len().max(1) as f64
}

/// A size, scaled.
fn scaled(size: Size, scale: f64) -> Size {
    let side = |side: usize| ((side as f64 * scale).round() as usize).max(1);
    Size { height: side(size.height), width: side(size.width) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_timed_keeps_its_aspect() {
        let size = |width, height| Size { height, width };
        assert_eq!(scaled(size(4096, 3072), 0.0625), size(256, 192));
        assert_eq!(scaled(size(5000, 3), 0.0512), size(256, 1));
        assert_eq!(scaled(size(333, 512), 1.0), size(333, 512));
    }

    #[test]
    fn the_first_iteration_does_not_count() {
        assert_eq!(median(&[9.0, 1.0, 3.0, 2.0]), 2.0);
        assert_eq!(median(&[9.0]), 9.0);
        assert_eq!(median(&[]), 0.0);
        assert_eq!((mean(&[9.0, 1.0, 3.0]), mean(&[9.0])), (2.0, 9.0));
    }

    #[test]
    fn two_sizes_tell_what_grows_with_the_styles() {
        let timed = |for_a_pixel, style_pixels| Timed { for_a_pixel, style_pixels };
        let pace = Pace::new(timed(5.0, 4.0), Some(timed(3.0, 2.0)));
        assert_eq!(pace, Pace { constant: 1.0, for_a_style_pixel: 1.0 });
        let falling = Pace::new(timed(5.0, 4.0), Some(timed(6.0, 2.0)));
        assert_eq!(falling, Pace { constant: 5.0, for_a_style_pixel: 0.0 });
        assert_eq!(Pace::new(timed(5.0, 4.0), Some(timed(3.0, 4.0))), falling);
        assert_eq!(Pace::new(timed(5.0, 4.0), None), falling);
    }
}
