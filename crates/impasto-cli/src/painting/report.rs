//! The JSON of a run, or of its plan: one object on one line.

use std::io::{self, Write};

use impasto::picture::write_whole_file;
use impasto::{Plan, Trace};
use impasto_jobs::{Job, Recipe};
use serde::Serialize;

use super::Painting;
use super::arguments::TraceTo;
use crate::failure::Failure;

/// Writes the JSON, if it was asked for.
pub fn write(painting: &Painting<'_>, job: &Job, ending: Ending<'_>) -> Result<(), Failure> {
    let Some(to) = &painting.flags.json else { return Ok(()) };
    let report = Report {
        recipe: &job.recipe,
        threads: rayon::current_num_threads(),
        output: painting.output.path().display().to_string(),
        plan: &job.plan,
        memory_bytes: job.plan.memory(),
        ending,
    };
    let mut text = serde_json::to_vec(&report).map_err(Failure::world)?;
    text.push(b'\n');
    match to {
        TraceTo::Output => Ok(io::stdout().lock().write_all(&text)?),
        TraceTo::File(path) => Ok(write_whole_file(path, &text)?),
    }
}

/// The fields of the object.
#[derive(Serialize)]
struct Report<'a> {
    /// What the picture is made from and how.
    #[serde(flatten)]
    recipe: &'a Recipe,
    /// Threads that compute.
    threads: usize,
    /// The file of the result.
    output: String,
    /// Sizes, iterations and memory.
    plan: &'a Plan,
    /// Bytes at the peak of the run, by the plan.
    memory_bytes: u64,
    /// What came of it, or might.
    #[serde(flatten)]
    ending: Ending<'a>,
}

/// The fields that only a run, or only a plan, has.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Ending<'a> {
    /// Of a dry run.
    Planned {
        /// By a short timed run.
        estimated_seconds: f64,
    },
    /// Of a run.
    Painted {
        /// False if it was interrupted, or stopped where a loss was not finite.
        completed: bool,
        /// From the start of the run until the picture was saved; reading and checking the files came before.
        seconds: f64,
        /// `evaluations`: for each that was finite its stage, iteration, total, and losses by term and layer; `stages`: for
        /// each that came to its end its iterations, and why it had no more.
        #[serde(flatten)]
        trace: &'a Trace,
    },
}
