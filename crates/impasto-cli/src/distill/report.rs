//! The page on a distillation.

use impasto_jobs::figures::duration;
use impasto_jobs::report_page::{TrainingChart, TrainingPage};
use impasto_train::distillation::{Distillation, TAPS};

use super::DistillArguments;
use crate::failure::Failure;
use crate::report_folder::write_page;
use crate::this_command::this_command;

/// Most rows of the table.
const ROWS: usize = 20;

/// Writes the page, if there is to be one.
pub fn write(
    arguments: &DistillArguments,
    distillation: &Distillation<'_>,
    is_interrupted: bool,
) -> Result<(), Failure> {
    let teacher = arguments.teacher_name();
    let Some(folder) = &arguments.run.report else { return Ok(()) };
    let history = distillation.history();
    let (steps, seconds) = distillation.progress();
    let lines = TAPS.iter().enumerate().map(|(index, tap)| {
        let points = history.iter().map(|(step, unexplained)| (*step as f64, unexplained[index]));
        (tap.to_string(), points.collect())
    });
    let thinned = history.len().div_ceil(ROWS).max(1);
    let rows = history
        .iter()
        .enumerate()
        .filter(|(index, _)| (index + 1).is_multiple_of(thinned) || index + 1 == history.len());
    let rows = rows.map(|(_, (step, unexplained))| {
        std::iter::once(step.to_string())
            .chain(unexplained.iter().map(|share| format!("{share:.3}")))
            .collect()
    });
    let page = TrainingPage {
        title: format!("Distillation of {} from {}", arguments.network, teacher),
        summary: format!(
            "{steps} of {} steps · {} · impasto {}",
            arguments.steps,
            duration(seconds),
            env!("CARGO_PKG_VERSION")
        ),
        stopped: is_interrupted.then(|| "interrupted".to_owned()),
        charts: vec![TrainingChart {
            title: "share of the teacher's variance that is not explained, running means".to_owned(),
            lines: lines.collect(),
        }],
        across: "step",
        length: steps.max(1),
        table: (
            std::iter::once("step".to_owned()).chain(TAPS.map(|tap| tap.to_string())).collect(),
            rows.collect(),
        ),
        settings: distillation.settings(),
        command: Some(this_command()),
    };
    write_page(folder, &page.html()?)
}
