//! How long a run will take: a few iterations of a small one are timed.

use impasto::picture::Filter;
use impasto::{Control, Picture, Progress, Pyramid, Stage, Start, StyleFit, Transfer, TransferError};
use impasto_network::Size;

use super::job::Job;
use super::workload::pixels;
use crate::failure::Failure;

/// Longest side, in pixels, of the run that is timed, if the network takes it.
const TIMED_SIZE: usize = 256;

/// Iterations that are not timed: the first allocate.
const WARM_UP: usize = 1;

/// Iterations that are timed; the median counts.
const TIMED_ITERATIONS: usize = 5;

/// What a forward pass takes of an iteration: targets are learnt by one.
const FORWARD_SHARE: f64 = 0.5;

/// Seconds that the run will take: the cost grows with the pixels.
pub fn estimate(job: &mut Job) -> Result<f64, Failure> {
    let last = job.plan.stages.last().expect("a plan has stages or is an error");
    let longest = last.size.width.max(last.size.height);
    let for_a_pixel = match time(job, longest.min(TIMED_SIZE)) {
        // A long and narrow picture may be too small for the network at this size.
        Err(TransferError::Engine { .. }) => time(job, longest),
        timed => timed,
    }?;
    let cost = |stage: &Stage| {
        let targets: usize =
            stage.styles.iter().chain([&stage.size]).map(|size| size.width * size.height).sum();
        (pixels(stage) * stage.iterations as u64) as f64 + FORWARD_SHARE * targets as f64
    };
    Ok(for_a_pixel * job.plan.stages.iter().map(cost).sum::<f64>())
}

/// Seconds of an iteration for each pixel, measured on noise whose longest side is `longest`: speed does not
/// depend on values.
fn time(job: &mut Job, longest: usize) -> Result<f64, TransferError> {
    let stage = job.plan.stages.last().expect("a plan has stages or is an error");
    let scale = longest as f64 / stage.size.width.max(stage.size.height) as f64;
    let mut settings = job.transfer.settings().clone();
    let schedule = &mut settings.schedule;
    (schedule.size, schedule.pyramid, schedule.refinement) = (longest, Pyramid::One, None);
    (schedule.iterations, schedule.filter) = (WARM_UP + TIMED_ITERATIONS, Filter::Bilinear);
    (schedule.start, schedule.style_fit, schedule.style_scale) = (Start::Content, StyleFit::Shrink, 100.0);
    let noise = |size: Size| {
        let Size { height, width } = scaled(size, scale);
        Picture::uniform_noise(width, height, 0.0..1.0, 0)
    };
    let mut transfer = Transfer::new(settings).content(noise(stage.size));
    for style in &stage.styles {
        transfer = transfer.style(noise(*style), 1.0);
    }
    if let Some(regions) = job.regions.clone() {
        transfer = transfer.regions(regions.of_picture, regions.of_styles);
    }
    let timed = transfer.plan(&job.engine)?;
    let mut seconds = Vec::new();
    let mut observer = |progress: &Progress<'_>| {
        seconds.push(progress.seconds);
        Control::Continue
    };
    transfer.run(&mut job.engine, &mut observer)?;
    Ok(timed.stages.first().map_or(0.0, |stage| median(&seconds) / pixels(stage) as f64))
}

/// The median of the seconds of iterations, but for those that warm up where there are others.
fn median(seconds: &[f64]) -> f64 {
    let mut timed = seconds[WARM_UP.min(seconds.len().saturating_sub(1))..].to_vec();
    timed.sort_unstable_by(f64::total_cmp);
    timed.get(timed.len() / 2).copied().unwrap_or(0.0)
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
    }
}
