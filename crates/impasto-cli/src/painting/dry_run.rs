//! `--dry-run`: what a run would do, need and take.

use std::io::{self, Write};

use impasto::terms::{Content, Gram, Nearest, Patches, TotalVariation, WeightedLayers};
use impasto::{OptimizerSettings, Settings, Start};

use super::estimate::estimate;
use super::job::Job;
use super::progress::duration;
use super::report::{self, Ending};
use super::request::Request;
use crate::failure::{Failure, say};

/// Prints the plan, in words or as JSON.
pub fn run(request: &Request<'_>, mut job: Job) -> Result<(), Failure> {
    let flags = &request.shared.output;
    let estimated_seconds = estimate(&mut job)?;
    if !flags.quiet {
        job.notes.iter().for_each(say);
    }
    if flags.json.is_some() {
        return report::write(request, &job, Ending::Planned { estimated_seconds });
    }
    let (output, threads) = (job.output.path().display(), rayon::current_num_threads());
    let settings = job.recipe.settings();
    let mut out = io::stdout().lock();
    let preset = request.shared.picture.preset;
    writeln!(out, "preset      {preset}: {}", preset.description())?;
    writeln!(out, "network     {} on {}, {threads} threads", job.recipe.network(), job.recipe.engine())?;
    for line in terms(settings, request.content.is_some()) {
        writeln!(out, "loss        {line}")?;
    }
    writeln!(out, "optimiser   {}", optimizer(&settings.optimizer))?;
    writeln!(out, "start       {}", start(&settings.schedule.start))?;
    if let Some(regions) = &job.regions {
        writeln!(out, "maps        {} regions", regions.of_picture.count())?;
    }
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
    let replaced = if job.output.replaces() { " (replaces the file of that name)" } else { "" };
    writeln!(out, "output      {output}{replaced}; nothing written yet")?;
    Ok(())
}

/// The terms in use, one line each. Without a content picture there is no content to keep.
fn terms(settings: &Settings, has_content: bool) -> Vec<String> {
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
    let content = settings.term::<Content>().filter(|_| has_content);
    let content = content.map(|term| on_maps("content", term.weight, &term.layers));
    let gram = settings.term::<Gram>().map(|term| on_maps("gram", term.weight, &term.layers));
    let patches = settings.term::<Patches>().map(|term| on_maps("patches", term.weight, &term.layers));
    let nearest = settings.term::<Nearest>().map(|term| on_maps("nearest", term.weight, &term.layers));
    let variation = settings
        .term::<TotalVariation>()
        .map(|term| (term.weight, format!("total variation {}", term.weight)));
    let all = [content, gram, patches, nearest, variation].into_iter().flatten();
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
        Start::Picture => "the picture given",
        Start::NormalNoise { .. } | Start::UniformNoise { .. } => "noise",
        Start::Content => "the content",
        Start::SmoothContent { .. } => "the content without its finest detail",
    }
}
