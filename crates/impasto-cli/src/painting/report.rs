//! The JSON of a run, or of its plan: one object on one line.

use std::io::{self, Write};
use std::path::Path;

use impasto::picture::write_whole_file;
use impasto_jobs::Job;
use impasto_jobs::report::{Ending, Report};

use super::Painting;
use super::arguments::TraceTo;
use crate::failure::Failure;

/// Writes the JSON, if it was asked for, of a run whose picture is in `output`.
pub fn write(painting: &Painting<'_>, job: &Job, output: &Path, ending: Ending<'_>) -> Result<(), Failure> {
    let Some(to) = &painting.flags.json else { return Ok(()) };
    let report = Report::new(job, output.display().to_string(), ending);
    let mut text = serde_json::to_vec(&report).map_err(Failure::world)?;
    text.push(b'\n');
    match to {
        TraceTo::Output => Ok(io::stdout().lock().write_all(&text)?),
        TraceTo::File(path) => Ok(write_whole_file(path, &text)?),
    }
}
