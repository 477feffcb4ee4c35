//! The page on a training.

use impasto_jobs::figures::duration;
use impasto_jobs::report_page::{TrainingChart, TrainingPage};
use impasto_train::classifier::{Ending, EpochReport, Training};

use super::TrainArguments;
use crate::failure::Failure;
use crate::report_folder::write_page;
use crate::this_command::this_command;
use crate::training::percent;

/// Writes the page, if there is to be one. `ending` is `None` while the run goes on.
pub fn write(
    arguments: &TrainArguments,
    training: &Training<'_>,
    ending: Option<Ending>,
) -> Result<(), Failure> {
    let (Some(folder), Some(last)) = (&arguments.run.report, training.history().last()) else {
        return Ok(());
    };
    let line = |name: &str, value: fn(&EpochReport) -> f64| {
        let points = training.history().iter().map(|report| (report.epoch as f64, value(report)));
        (name.to_owned(), points.collect())
    };
    let chart = |title: &str, lines| TrainingChart { title: title.to_owned(), lines };
    let heads = ["epoch", "training loss", "training error", "test loss", "test error", "time"];
    let rows = training.history().iter().map(|report| {
        let errors = [report.training_error, report.test_error].map(percent);
        vec![
            report.epoch.to_string(),
            format!("{:.4}", report.training_loss),
            errors[0].clone(),
            format!("{:.4}", report.test_loss),
            errors[1].clone(),
            duration(report.seconds),
        ]
    });
    let page = TrainingPage {
        title: format!("Training of {}", arguments.network),
        summary: format!(
            "test error {} after {} epochs and {} · {} · impasto {}",
            percent(last.test_error),
            last.epoch,
            duration(last.seconds),
            training.data().description(),
            env!("CARGO_PKG_VERSION")
        ),
        stopped: (ending == Some(Ending::Stopped)).then(|| "interrupted".to_owned()),
        charts: vec![
            chart(
                "cross-entropy",
                vec![line("training", |it| it.training_loss), line("test", |it| it.test_loss)],
            ),
            chart(
                "share classified wrongly",
                vec![line("training", |it| it.training_error), line("test", |it| it.test_error)],
            ),
        ],
        across: "epoch",
        length: last.epoch,
        table: (heads.map(str::to_owned).to_vec(), rows.collect()),
        settings: training.settings(),
        command: Some(this_command()),
    };
    write_page(folder, &page.html()?)
}
