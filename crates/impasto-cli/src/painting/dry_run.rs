//! `--dry-run`: what a run would do, need and take.

use std::io::{self, Write};

use impasto::terms::{LayerWeight, Term};
use impasto::{OptimizerSettings, Settings, Start};

use super::estimate::estimate;
use super::job::Job;
use super::report::{self, Ending};
use super::request::Request;
use crate::failure::{Failure, say};
use crate::words::duration;

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
    if let Some(file) = &request.shared.picture.like {
        writeln!(out, "like        {}", file.display())?;
    }
    if let Some(preset) = job.recipe.preset() {
        writeln!(out, "preset      {preset}: {}", preset.description())?;
    }
    writeln!(out, "network     {} on {}, {threads} threads", job.recipe.network(), job.recipe.engine())?;
    for line in terms(settings, request.content.is_some()) {
        writeln!(out, "loss        {line}")?;
    }
    writeln!(out, "optimiser   {}", optimizer(&settings.optimizer))?;
    writeln!(out, "start       {}", start(&settings.schedule.start))?;
    if let Some(regions) = &job.regions {
        writeln!(out, "maps        {} regions", regions.of_picture.count())?;
    }
    let at_most = if job.plan.may_end_early() { "at most " } else { "" };
    for stage in &job.plan.stages {
        let styles: Vec<String> =
            stage.styles.iter().map(|size| format!("{}x{}", size.width, size.height)).collect();
        writeln!(
            out,
            "size        {}x{}, style {}: {at_most}{} iterations, {:.0} MB",
            stage.size.width,
            stage.size.height,
            styles.join(" and "),
            stage.iterations,
            stage.memory as f64 / 1e6
        )?;
    }
    writeln!(out, "memory      about {:.0} MB", job.plan.memory() as f64 / 1e6)?;
    writeln!(
        out,
        "time        {at_most}about {}, by a short run on this machine",
        duration(estimated_seconds)
    )?;
    let replaced = if job.output.replaces() { " (replaces the file of that name)" } else { "" };
    writeln!(out, "output      {output}{replaced}; nothing written yet")?;
    Ok(())
}

/// The terms in use, one line each. Without a content picture there is none to learn from.
fn terms(settings: &Settings, has_content: bool) -> Vec<String> {
    let in_use = settings.terms.iter().filter(|term| term.weight() > 0.0);
    in_use.filter(|term| has_content || !term.learns_content()).map(told).collect()
}

/// `gram 10 at relu1_1, relu2_1:0.5`
fn told(term: &Term) -> String {
    let layer = |it: &LayerWeight| match it.weight {
        1.0 => it.layer.to_string(),
        weight => format!("{}:{weight}", it.layer),
    };
    let layers: Vec<String> = term.layers().iter().map(layer).collect();
    let at = if layers.is_empty() { "" } else { " at " };
    format!("{} {}{at}{}", term.name().replace('_', " "), term.weight(), layers.join(", "))
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

#[cfg(test)]
mod tests {
    use impasto::Preset;

    use super::*;

    #[test]
    fn terms_of_all_presets_are_told() {
        for preset in Preset::ALL {
            let settings = preset.settings();
            let lines = terms(&settings, true);
            assert!(!lines.is_empty() && lines.len() <= settings.terms.len(), "{preset}: {lines:?}");
        }
        let lines = terms(&Preset::Impasto.settings(), false);
        assert!(lines[0].starts_with("moments ") && lines[0].contains(" at relu1_1"), "{lines:?}");
        assert!(lines[1].starts_with("total variation "), "{lines:?}");
    }
}
