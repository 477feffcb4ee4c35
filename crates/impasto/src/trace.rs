//! The trace: what the evaluations of a run found.

use std::borrow::Cow;

use impasto_network::Layer;
use serde::{Deserialize, Serialize};

use crate::serialize;

/// The loss of one term at one layer, its weight included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermLoss {
    /// Name of the term: `content`, `gram`, `total_variation`.
    pub term: Cow<'static, str>,
    /// Where; `None` for a term on pixels.
    #[serde(with = "serialize::displayed_if_any")]
    pub layer: Option<Layer>,
    /// Weighted, so that all of them add up to the total.
    pub loss: f64,
}

/// The evaluations of a run in order, but for those that were not finite. The first is that of the start
/// picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Those of line searches are included.
    pub evaluations: Vec<TracedEvaluation>,
    /// The stages that came to their end, in order.
    #[serde(default)]
    pub stages: Vec<TracedStage>,
}

impl Trace {
    /// The same up to this stage and iteration, with the stage that ends there, if one does. What an iteration has
    /// evaluated before it failed is evaluated again by the run that goes on.
    pub(crate) fn after(&self, stage: usize, iteration: usize, ended: Option<TracedStage>) -> Self {
        let mut trace = self.clone();
        trace.evaluations.retain(|evaluation| (evaluation.stage, evaluation.iteration) <= (stage, iteration));
        trace.stages.extend(ended);
        trace
    }
}

/// A stage that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TracedStage {
    /// Iterations that it had.
    pub iterations: usize,
    /// Why it had no more.
    pub end: StageEnd,
}

/// Why a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageEnd {
    /// All its iterations are done.
    Iterations,
    /// Its loss fell by less than [`StopAtProgress`](crate::StopAtProgress) asks for.
    Progress,
    /// The optimiser found no way down: the loss is at a minimum, as far as f32 can tell.
    Minimum,
}

impl StageEnd {
    /// What to tell of a stage that ended before all its iterations; `None` of one that had them all.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            StageEnd::Iterations => None,
            StageEnd::Progress => Some("the loss hardly falls any more"),
            StageEnd::Minimum => Some("the loss is at a minimum"),
        }
    }
}

/// One evaluation of the objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TracedEvaluation {
    /// The stage, from 1.
    pub stage: usize,
    /// The iteration of the optimiser within the stage, from 1. A line search has several evaluations in
    /// one.
    pub iteration: usize,
    /// Sum of all losses.
    pub total: f64,
    /// Each loss alone.
    pub losses: Vec<TermLoss>,
}
