//! How long a run will take: a few iterations of a small one are timed.
//!
//! What a stage [costs](impasto::Cost) is known. The small run tells the seconds for it, of learning and of iterations
//! alike, and so does a small refinement if there is one.

use std::time::Instant;

use impasto::optimizers::LbfgsRule;
use impasto::picture::Filter;
use impasto::terms::Patches;
use impasto::{
    Control, Observer, OptimizerSettings, Picture, Progress, Pyramid, Settings, Stage, Start, StyleFit,
    TransferError,
};
use impasto_network::Size;

use crate::job::Job;
use crate::refusal::Refusal;

/// Longest side, in pixels, of the run that is timed, if the picture is no smaller and the network takes it.
const TIMED_SIZE: usize = 362;

/// The same of a picture that is larger than this: a few iterations of this size are little of it.
const LARGEST_TIMED_SIZE: usize = 512;

/// The same of a second run, if the first size of the painting is one of these or beyond: a small picture takes longer
/// for what it costs than a large one.
const SMALL_TIMED_SIZES: [usize; 4] = [32, 64, 128, 256];

/// Iterations that are timed, at least, after one that allocates.
const TIMED_ITERATIONS: usize = 5;

/// Iterations of a refinement that are timed.
const TIMED_REFINEMENTS: usize = 3;

/// Evaluations of an iteration with a line search by the strong Wolfe conditions: it mostly needs one.
const STRONG_WOLFE_EVALUATIONS: f64 = 1.1;

/// Seconds for what a stage costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Rate {
    learning: f64,
    iteration: f64,
}

impl Rate {
    /// Seconds of a stage.
    fn of_stage(self, stage: &Stage) -> f64 {
        self.learning * stage.cost.learning + self.iteration * stage.cost.iteration * stage.iterations as f64
    }
}

/// Seconds that the run will take.
pub(crate) fn estimate(job: &mut Job) -> Result<f64, Refusal> {
    let longest = |stage: &Stage| stage.size.width.max(stage.size.height);
    let (first, last) = match job.plan.stages.as_slice() {
        [first, .., last] => (longest(first), longest(last)),
        [only] => (longest(only), longest(only)),
        [] => return Ok(0.0),
    };
    let mut timed = Vec::new();
    for size in timed_sizes(first, last) {
        match time(job, size) {
            Ok(rates) => timed.push(rates),
            // A long and narrow picture may be too small for the network at this size.
            Err(TransferError::Engine { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if timed.is_empty() {
        timed.push(time(job, last)?);
    }
    Ok(job.plan.stages.iter().map(|stage| rate_of(stage, &timed).of_stage(stage)).sum())
}

/// The sizes that are timed for stages from `first` to `last`, rising: the largest of them and the next below the first.
fn timed_sizes(first: usize, last: usize) -> Vec<usize> {
    let small = SMALL_TIMED_SIZES.into_iter().rfind(|&size| size <= first);
    let large = match last > LARGEST_TIMED_SIZE {
        true => LARGEST_TIMED_SIZE,
        false => last.min(TIMED_SIZE),
    };
    small.filter(|&small| 2 * small <= large).into_iter().chain([large]).collect()
}

/// The rate of a stage by those of other sizes, rising: between two it is that of a cost for each pixel and one for none,
/// and beyond them that of the next.
fn rate_of(stage: &Stage, timed: &[Rates]) -> Rate {
    let rate = |rates: &Rates| if stage.refines { rates.refining } else { rates.painting };
    let pixels = stage.pixels() as f64;
    let above = timed.iter().position(|rates| rates.pixels >= pixels);
    match above {
        None => timed.last().map(rate).unwrap_or_default(),
        Some(0) => rate(&timed[0]),
        Some(above) => {
            let (small, large) = (&timed[above - 1], &timed[above]);
            let part = (1.0 / small.pixels - 1.0 / pixels) / (1.0 / small.pixels - 1.0 / large.pixels);
            let between = |small: f64, large: f64| small + part * (large - small);
            let (small, large) = (rate(small), rate(large));
            Rate {
                learning: between(small.learning, large.learning),
                iteration: between(small.iteration, large.iteration),
            }
        }
    }
}

/// Iterations from one like it to the next: some terms do not match in each.
fn period(settings: &Settings) -> usize {
    settings.term::<Patches>().map_or(1, |patches| patches.match_every)
}

/// Evaluations of an iteration, on the average.
fn evaluations(settings: &Settings) -> f64 {
    match &settings.optimizer {
        OptimizerSettings::Lbfgs(options) if options.rule == LbfgsRule::StrongWolfe => {
            STRONG_WOLFE_EVALUATIONS
        }
        OptimizerSettings::Lbfgs(_) | OptimizerSettings::Adam(_) => 1.0,
    }
}

/// The rates of noise whose longest side is `longest`: speed does not depend on values.
fn time(job: &mut Job, longest: usize) -> Result<Rates, TransferError> {
    let stage = job.plan.stages.last().expect("a plan has stages or is an error");
    let scale = longest as f64 / stage.size.width.max(stage.size.height) as f64;
    let mut settings = job.transfer.settings().clone();
    let period = period(&settings);
    let evaluations = evaluations(&settings);
    let schedule = &mut settings.schedule;
    (schedule.size, schedule.pyramid) = (longest, Pyramid::One);
    schedule.refinement = schedule.refinement.map(|_| 1 + TIMED_REFINEMENTS);
    schedule.stop = None;
    schedule.iterations = 1 + TIMED_ITERATIONS.max(period.min(4 * TIMED_ITERATIONS));
    schedule.filter = Filter::Bilinear;
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
    let plan = job.engine.plan(&transfer)?;
    let mut watch = Watch::new();
    job.engine.run(&transfer, &mut watch)?;
    let rates: Vec<Rate> = plan
        .stages
        .iter()
        .zip(&watch.stages)
        .map(|(stage, timed)| timed.rate(stage, evaluations, period > 1 && !stage.refines))
        .collect();
    let painting = rates.first().copied().unwrap_or_default();
    let refining = rates.last().copied().unwrap_or(painting);
    Ok(Rates { pixels: plan.stages.first().map_or(0.0, |stage| stage.pixels() as f64), painting, refining })
}

/// What was timed at one size.
#[derive(Clone, Copy, Debug)]
struct Rates {
    pixels: f64,
    painting: Rate,
    /// Of the refinement, if there is one.
    refining: Rate,
}

/// Watches the run that is timed.
struct Watch {
    stages: Vec<Timed>,
    /// When the run began, or its last iteration ended.
    last: Instant,
    /// Passes of the network since then.
    passes: usize,
}

/// What a stage took.
#[derive(Debug, Default)]
struct Timed {
    /// Seconds from the end of the stage before to the end of the first iteration.
    first: f64,
    /// Seconds of each later iteration, and its evaluations.
    later: Vec<(f64, usize)>,
}

impl Watch {
    fn new() -> Self {
        Watch { stages: Vec::new(), last: Instant::now(), passes: 0 }
    }
}

impl Observer for Watch {
    fn progress(&mut self, progress: &Progress<'_>) -> Control {
        match self.stages.get_mut(progress.stage - 1) {
            None => {
                let first = self.last.elapsed().as_secs_f64();
                self.stages.push(Timed { first, later: Vec::new() });
            }
            Some(timed) => timed.later.push((progress.seconds, self.passes.max(1))),
        }
        (self.last, self.passes) = (Instant::now(), 0);
        Control::Continue
    }

    fn control(&mut self) -> Control {
        self.passes += 1;
        Control::Continue
    }
}

impl Timed {
    /// Seconds for what `stage` costs, with so many evaluations in an iteration. The first iteration, which also prepares
    /// what all need, is part of learning, but for what another takes. If not all iterations are alike, they count by
    /// their mean.
    fn rate(&self, stage: &Stage, evaluations: f64, are_unlike: bool) -> Rate {
        let mut each: Vec<f64> =
            self.later.iter().map(|&(seconds, passes)| seconds / passes as f64).collect();
        each.sort_unstable_by(f64::total_cmp);
        let seconds = match are_unlike {
            true => each.iter().sum::<f64>() / each.len().max(1) as f64,
            false => each.get(each.len() / 2).copied().unwrap_or(self.first),
        };
        let learning = (self.first - seconds).max(0.0);
        Rate {
            learning: over(learning, stage.cost.learning),
            iteration: over(evaluations * seconds, stage.cost.iteration),
        }
    }
}

/// A quotient; 0 over 0.
fn over(seconds: f64, cost: f64) -> f64 {
    if cost > 0.0 { seconds / cost } else { 0.0 }
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

    fn stage(learning: f64, iteration: f64, iterations: usize) -> Stage {
        let settings = impasto::Preset::Impasto.settings();
        let picture = || Picture::uniform_noise(64, 64, 0.0..1.0, 0);
        let transfer = impasto::Transfer::new(settings).content(picture()).style(picture(), 1.0);
        let engine = impasto_network::CpuEngine::new(impasto_network::Weights::compact());
        let mut stage = transfer.plan(&engine).unwrap().stages.remove(0);
        (stage.cost, stage.iterations) = (impasto::Cost { learning, iteration }, iterations);
        stage
    }

    #[test]
    fn what_takes_long_once_is_learning() {
        let timed = Timed { first: 9.0, later: vec![(1.0, 1), (4.0, 2), (5.0, 1)] };
        let rate = timed.rate(&stage(14.0, 4.0, 3), 1.0, false);
        // Iterations of 1, 2 and 5 seconds an evaluation.
        assert_eq!(rate, Rate { learning: 0.5, iteration: 0.5 });
        assert_eq!(timed.rate(&stage(14.0, 4.0, 3), 1.5, false).iteration, 0.75);
        let unlike = Timed { first: 4.0, later: vec![(1.0, 1), (1.0, 1), (4.0, 1)] };
        assert_eq!(unlike.rate(&stage(2.0, 1.0, 3), 1.0, true), Rate { learning: 1.0, iteration: 2.0 });
        let alone = Timed { first: 4.0, later: Vec::new() };
        assert_eq!(alone.rate(&stage(0.0, 1.0, 1), 1.0, false), Rate { learning: 0.0, iteration: 4.0 });
    }

    #[test]
    fn small_and_large_sizes_are_timed() {
        assert_eq!((timed_sizes(128, 256), timed_sizes(128, 512)), (vec![128, 256], vec![128, 362]));
        assert_eq!(timed_sizes(128, 1024), [128, 512]);
        assert_eq!(timed_sizes(181, 181), [181]);
        assert_eq!((timed_sizes(300, 300), timed_sizes(500, 500)), (vec![300], vec![362]));
        assert_eq!((timed_sizes(20, 20), timed_sizes(20, 64)), (vec![20], vec![64]));
        assert_eq!((timed_sizes(35, 280), timed_sizes(2000, 4000)), (vec![32, 280], vec![256, 512]));
    }

    #[test]
    fn between_two_sizes_some_seconds_are_for_pixels_and_some_for_none() {
        let rate = |iteration| Rate { learning: 1.0, iteration };
        let rates = |pixels, iteration| Rates { pixels, painting: rate(iteration), refining: rate(9.0) };
        // For P pixels 1 + 400 / P.
        let timed = [rates(100.0, 5.0), rates(10_000.0, 1.04)];
        let of = |width, refines| {
            let size = Size { height: 10, width };
            let mut stage = stage(1.0, 1.0, 1);
            (stage.size, stage.refines) = (size, refines);
            rate_of(&stage, &timed).iteration
        };
        for (width, expected) in [(1, 5.0), (10, 5.0), (40, 2.0), (400, 1.1), (1000, 1.04), (9000, 1.04)] {
            assert!((of(width, false) - expected).abs() < 1e-9, "{width}: {}", of(width, false));
        }
        assert_eq!(of(100, true), 9.0);
    }

    #[test]
    fn a_stage_takes_what_it_costs() {
        let rate = Rate { learning: 2.0, iteration: 3.0 };
        assert_eq!(rate.of_stage(&stage(5.0, 7.0, 11)), 10.0 + 231.0);
    }
}
