//! `--dry-run`: what a run would do, need and take.

use std::io::{self, Write};

use impasto::terms::{Content, Gram, TotalVariation, WeightedLayers};
use impasto::{
    Control, OptimizerSettings, Picture, Progress, Pyramid, Settings, Start, Transfer, TransferError,
};
use impasto_network::Size;

use super::arguments::TransferArguments;
use super::job::Job;
use super::progress::duration;
use super::report::Ending;
use super::workload::{Workload, pixels};
use super::write_report;
use crate::failure::Failure;

/// Longest side, in pixels, of the run that is timed, if the network takes it.
const TIMED_SIZE: usize = 256;

/// Iterations of the run that is timed; the fastest counts.
const TIMED_ITERATIONS: usize = 3;

/// What a forward pass takes of an iteration: targets are learnt by one.
const FORWARD_SHARE: f64 = 0.5;

/// Prints the plan, in words or as JSON.
pub fn run(arguments: &TransferArguments, mut job: Job) -> Result<(), Failure> {
    let estimated_seconds = estimate(&mut job)?;
    if arguments.json.is_some() {
        return write_report(arguments, &job, Ending::Planned { estimated_seconds });
    }
    let (output, threads) = (job.output.path().display(), rayon::current_num_threads());
    let settings = job.recipe.settings();
    let mut out = io::stdout().lock();
    writeln!(out, "preset      {}: {}", arguments.preset, arguments.preset.description())?;
    writeln!(out, "network     {} on {}, {threads} threads", job.recipe.network(), job.recipe.engine())?;
    for line in terms(settings) {
        writeln!(out, "loss        {line}")?;
    }
    writeln!(out, "optimiser   {}", optimizer(&settings.optimizer))?;
    writeln!(out, "start       {}", start(&settings.schedule.start))?;
    for stage in &job.plan.stages {
        let styles: Vec<String> =
            stage.styles.iter().map(|size| format!("{}x{}", size.width, size.height)).collect();
        writeln!(
            out,
            "size        {}x{}, style {}: {} iterations, {:.0} MB",
            stage.size.width,
            stage.size.height,
            styles.join(" and "),
            stage.iterations,
            stage.memory as f64 / 1e6
        )?;
    }
    writeln!(out, "memory      about {:.0} MB", job.plan.memory() as f64 / 1e6)?;
    writeln!(out, "time        about {}, by a short run on this machine", duration(estimated_seconds))?;
    let replaced = if job.output.path().exists() { " (replaces the file of that name)" } else { "" };
    writeln!(out, "output      {output}{replaced}; nothing written yet")?;
    Ok(())
}

/// Seconds that the run will take: a few iterations are timed, and the cost grows with the pixels.
fn estimate(job: &mut Job) -> Result<f64, Failure> {
    let longest = job.recipe.settings().schedule.size;
    let for_a_pixel = match time(job, longest.min(TIMED_SIZE)) {
        // A long and narrow picture may be too small for the network at this size.
        Err(TransferError::Engine { .. }) => time(job, longest),
        timed => timed,
    }?;
    let sizes = job.plan.stages.iter().flat_map(|stage| stage.styles.iter().chain([&stage.size]));
    let targets: usize = sizes.map(|size| size.width * size.height).sum();
    Ok(for_a_pixel * (Workload::new(&job.plan).total() as f64 + FORWARD_SHARE * targets as f64))
}

/// Seconds of an iteration for each pixel, measured at one size on noise: speed does not depend on values.
fn time(job: &mut Job, longest: usize) -> Result<f64, TransferError> {
    let mut settings = job.recipe.settings().clone();
    let schedule = &mut settings.schedule;
    (schedule.size, schedule.pyramid, schedule.iterations) = (longest, Pyramid::One, TIMED_ITERATIONS);
    schedule.start = Start::Content;
    let stage = job.plan.stages.last().expect("a plan has stages or is an error");
    let Size { height, width } = fitted(stage.size, longest);
    let noise = Picture::uniform_noise(width, height, 0.0..1.0, 0);
    let transfer = Transfer::new(settings).content(noise.clone()).style(noise, 1.0);
    let timed = transfer.plan(&job.engine)?;
    let mut fastest = f64::INFINITY;
    let mut observer = |progress: &Progress<'_>| {
        fastest = fastest.min(progress.seconds);
        Control::Continue
    };
    transfer.run(&mut job.engine, &mut observer)?;
    Ok(timed.stages.first().map_or(0.0, |stage| fastest / pixels(stage) as f64))
}

/// The size of the same aspect whose longest side is `longest`.
fn fitted(size: Size, longest: usize) -> Size {
    let scale = longest as f64 / size.width.max(size.height) as f64;
    let side = |side: usize| ((side as f64 * scale).round() as usize).max(1);
    Size { height: side(size.height), width: side(size.width) }
}

/// The terms in use, one line each.
fn terms(settings: &Settings) -> Vec<String> {
    let on_maps = |name: &str, weight: f64, layers: &WeightedLayers| {
        let layers: Vec<String> =
            layers
                .layers
                .iter()
                .map(|it| {
                    if it.weight == 1.0 {
                        it.layer.to_string()
                    } else {
                        format!("{}:{}", it.layer, it.weight)
                    }
                })
                .collect();
        (weight, format!("{name} {weight} at {}", layers.join(", ")))
    };
    let content = settings.term::<Content>().map(|term| on_maps("content", term.weight, &term.layers));
    let style = settings.term::<Gram>().map(|term| on_maps("style", term.weight, &term.layers));
    let variation = settings
        .term::<TotalVariation>()
        .map(|term| (term.weight, format!("total variation {}", term.weight)));
    let all = [content, style, variation].into_iter().flatten();
    all.filter(|(weight, _)| *weight > 0.0).map(|(_, line)| line).collect()
}

fn optimizer(settings: &OptimizerSettings) -> String {
    match settings {
        OptimizerSettings::Lbfgs(options) => format!("L-BFGS, {} steps remembered", options.memory),
        OptimizerSettings::Adam(options) => format!("Adam, learning rate {}", options.learning_rate),
    }
}

fn start(start: &Start) -> &'static str {
    match start {
        Start::Content => "the content",
        Start::SmoothContent { .. } => "the content without its finest detail",
        Start::Picture => "the picture given",
        Start::NormalNoise { .. } | Start::UniformNoise { .. } => "noise",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_timed_has_the_size_that_is_timed() {
        let size = |width, height| Size { height, width };
        assert_eq!(fitted(size(4096, 3072), 256), size(256, 192));
        assert_eq!(fitted(size(30, 3000), 256), size(3, 256));
        assert_eq!(fitted(size(5000, 3), 256), size(256, 1));
        assert_eq!(fitted(size(333, 512), 512), size(333, 512));
    }
}
