//! Painting: what `impasto transfer`, `impasto doodle` and `impasto texture` share.
//!
//! | step | file |
//! | --- | --- |
//! | flags as they are typed | `arguments/`, `values.rs` |
//! | what a command asks for | `request.rs` |
//! | what its flags change | `basis.rs`, `like.rs` |
//! | flags become settings | `settings.rs`, `blend.rs` |
//! | files become pictures and regions | `reading.rs`, `maps/` |
//! | a checked run, and what to know of it | `job.rs`, `smallest_size.rs`, `published.rs`, `notes.rs` |
//! | the run, watched | `paint.rs`, `painter.rs`, `progress.rs`, `workload.rs` |
//! | the result, its metadata, the JSON | `output.rs`, `files.rs`, `tiling.rs`, `recipe.rs`, `report.rs` |
//! | or only what a run would take | `dry_run.rs`, `estimate.rs` |

pub mod arguments;
mod basis;
mod blend;
mod dry_run;
mod estimate;
mod files;
mod job;
mod like;
mod maps;
mod notes;
mod output;
mod paint;
mod painter;
mod progress;
mod published;
mod reading;
mod recipe;
mod report;
mod request;
mod settings;
mod smallest_size;
mod tiling;
pub mod values;
mod workload;

pub use files::{is_same_file, stem};
pub use job::Job;
pub use reading::unreadable;
pub use recipe::file_name;
pub use request::{MapFiles, Maps, Request};
pub use workload::Workload;

use crate::failure::Failure;
use crate::report_page::Recorder;
use crate::{machine, threads};

/// Paints, or tells what painting would take.
pub fn run(request: &Request<'_>) -> Result<(), Failure> {
    let isa = machine::instruction_set(request.shared.machine.isa)?;
    let output = &request.shared.output;
    threads::pool(request.shared.machine.threads)?.install(|| {
        let job = Job::new(request, isa)?;
        let recorder = Recorder::new(&output.report, &job.plan)?;
        if output.dry_run { dry_run::run(request, job) } else { paint::run(request, job, recorder) }
    })
}
