//! Painting: what `impasto transfer`, `impasto doodle` and `impasto texture` share. The job itself is made by
//! `impasto-jobs`; here is how a command line goes about it.
//!
//! | step | file |
//! | --- | --- |
//! | flags, and the order that they make | `arguments.rs` |
//! | the run, watched | `paint.rs`, `watcher.rs`, `progress.rs` |
//! | where the result goes, the JSON | `output.rs`, `made_up.rs`, `name_template.rs`, `existing.rs`, `files.rs`, `report.rs` |
//! | the checkpoint that a run can go on from | `checkpoints.rs` |
//! | what may be meant by a file that is not there | `mistyped.rs` |
//! | pictures from pipes | `pipes.rs` |
//! | or only what a run would take | `dry_run.rs` |

mod arguments;
mod checkpoints;
mod dry_run;
pub mod existing;
mod files;
mod made_up;
mod mistyped;
mod name_template;
mod output;
mod paint;
pub mod pipes;
mod progress;
mod report;
mod watcher;

use arguments::TraceTo;
pub use arguments::{OutputArguments, SharedArguments};
pub use checkpoints::Interrupted;
pub use files::is_same_file;
use impasto_jobs::report_page::Recorder;
use impasto_jobs::tiling::Grid;
use impasto_jobs::{Fault, Job, Order, Refusal, threads};
pub use made_up::{is_folder, made_up_name};
pub use output::Output;
use pipes::Pipes;

use crate::failure::Failure;
use crate::report_folder::check_folder;

/// Paints, or tells what painting would take.
pub fn run(order: &Order, flags: &OutputArguments, preview: Option<Grid>) -> Result<(), Failure> {
    let mut pipes = Pipes::default();
    let order = &pipes.filed(order)?;
    let flags = &OutputArguments { reads_pipes: pipes.any(), ..flags.clone() };
    threads::pool(order.machine.threads)?.install(|| {
        let mut output = Output::new(order, flags, preview)?;
        let job = planned(order, flags)?;
        output.check_sizes(order, &job)?;
        let recorder = Recorder::new(&order.snapshots, flags.report.is_some(), &job.plan)?;
        flags.report.as_deref().map(check_folder).transpose()?;
        if flags.dry_run {
            output::settle_beside(flags)?;
            return dry_run::run(&Painting { order, flags, output }, job);
        }
        output.settle(flags)?;
        paint::run(&Painting { order, flags, output }, job, recorder)
    })
}

/// One painting of the command line.
struct Painting<'a> {
    order: &'a Order,
    flags: &'a OutputArguments,
    output: Output,
}

/// The job of an order; of a file that is not there it says what may be meant.
///
/// # Errors
/// As [`Job::planned`].
pub fn planned(order: &Order, flags: &OutputArguments) -> Result<Job, Failure> {
    let limit = flags.interrupted.as_ref().and_then(Interrupted::memory);
    Job::planned_within(order, limit).map_err(|refusal| {
        let tip = refusal.file.as_deref().and_then(mistyped::tip);
        match (unreadable(refusal, flags), tip) {
            (Failure::Mistake(why), Some(tip)) => Failure::mistake(format_args!("{why}; {tip}")),
            (failure, _) => failure,
        }
    })
}

/// Points to the equals sign where `--json FILE` was typed for `--json=FILE`, so that the file counts as a picture.
fn unreadable(refusal: Refusal, flags: &OutputArguments) -> Failure {
    let is_json = |extension: &std::ffi::OsStr| extension.eq_ignore_ascii_case("json");
    let is_picture = refusal.message.field.as_deref() != Some("like");
    let file = refusal.file.as_deref().filter(|file| is_picture && file.extension().is_some_and(is_json));
    match file {
        Some(file) if flags.json == Some(TraceTo::Output) => {
            let why = Failure::from(Refusal { fault: Fault::Order, ..refusal.clone() });
            let Failure::Mistake(why) = why else { return why };
            Failure::mistake(format_args!(
                "{why}; to write the JSON there, use an equals sign: --json={}",
                file.display()
            ))
        }
        _ => refusal.into(),
    }
}
