//! A job in a few lines: what it minimises, by what, from where, at which sizes.

use impasto::terms::{LayerWeight, Term};
use impasto::{OptimizerSettings, Settings, Stage, Start};

use crate::job::Job;

/// A line of a summary: what it is about, and what there is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about: `loss`, `size`. Several lines may be about the same.
    pub about: &'static str,
    /// What there is to say.
    pub text: String,
}

/// The lines of a job.
pub fn summary(job: &Job) -> Vec<Line> {
    let (settings, recipe, threads) = (job.recipe.settings(), &job.recipe, rayon::current_num_threads());
    let mut lines = Vec::new();
    let mut line = |about, text| lines.push(Line { about, text });
    if let Some(preset) = recipe.preset() {
        line("preset", format!("{preset}: {}", preset.description()));
    }
    line("network", format!("{} on {}, {threads} threads", recipe.network(), recipe.engine()));
    terms(settings, recipe.has_content()).into_iter().for_each(|term| line("loss", term));
    line("optimiser", optimizer(&settings.optimizer));
    line("start", start(&settings.schedule.start).to_owned());
    if let Some((of_picture, _)) = job.transfer.given_regions() {
        line("maps", format!("{} regions", of_picture.count()));
    }
    let at_most = at_most(job);
    job.plan.stages.iter().for_each(|of| line("size", stage(of, at_most)));
    line("memory", format!("about {:.0} MB", job.plan.memory() as f64 / 1e6));
    let on_device = job.plan.stages.iter().map(|stage| stage.device_memory).max().unwrap_or(0);
    if on_device > 0 {
        line("", format!("about {:.0} MB on the graphics card", on_device as f64 / 1e6));
    }
    lines
}

/// What stands before iterations and times that a run may not need.
pub fn at_most(job: &Job) -> &'static str {
    if job.plan.may_end_early() { "at most " } else { "" }
}

fn stage(stage: &Stage, at_most: &str) -> String {
    let styles: Vec<String> =
        stage.styles.iter().map(|size| format!("{}x{}", size.width, size.height)).collect();
    let tiles = if stage.tiles > 1 { format!(" in {} tiles", stage.tiles) } else { String::new() };
    format!(
        "{}x{}, style {}: {at_most}{} iterations, {:.0} MB{tiles}",
        stage.size.width,
        stage.size.height,
        styles.join(" and "),
        stage.iterations,
        stage.memory as f64 / 1e6
    )
}

/// The terms in use, one line each. Without a content picture there is none to learn from.
pub(crate) fn terms(settings: &Settings, has_content: bool) -> Vec<String> {
    let in_use = settings.terms.iter().filter(|term| term.weight() > 0.0);
    in_use.filter(|term| has_content || !term.learns_content()).map(told).collect()
}

/// `gram 10 at relu1_1, relu2_1:0.5`
fn told(term: &Term) -> String {
    let layers: Vec<String> = term.layers().iter().map(layer).collect();
    let at = if layers.is_empty() { "" } else { " at " };
    format!("{} {}{at}{}", term.name().replace('_', " "), term.weight(), layers.join(", "))
}

/// `relu4_2`, or `relu4_2:0.5`
pub(crate) fn layer(it: &LayerWeight) -> String {
    match it.weight {
        1.0 => it.layer.to_string(),
        weight => format!("{}:{weight}", it.layer),
    }
}

/// What moves the pixels, in words.
pub(crate) fn optimizer(settings: &OptimizerSettings) -> String {
    match settings {
        OptimizerSettings::Lbfgs(options) => format!("L-BFGS, {} steps remembered", options.memory),
        OptimizerSettings::Adam(options) => format!("Adam, learning rate {}", options.learning_rate),
    }
}

/// Where a run starts, in words.
pub(crate) fn start(start: &Start) -> &'static str {
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
