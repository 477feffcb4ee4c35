//! A run, or its plan, as JSON: one object.

use impasto::{Plan, Trace};
use serde::Serialize;

use crate::job::Job;
use crate::recipe::Recipe;

/// All that there is to tell of a run, or of its plan.
#[derive(Serialize)]
pub struct Report<'a> {
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

/// What only a run, or only a plan, has.
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

impl<'a> Report<'a> {
    /// Tells of a job whose result goes to `output`.
    pub fn new(job: &'a Job, output: String, ending: Ending<'a>) -> Self {
        Report {
            recipe: &job.recipe,
            threads: rayon::current_num_threads(),
            output,
            plan: &job.plan,
            memory_bytes: job.plan.memory(),
            ending,
        }
    }
}
