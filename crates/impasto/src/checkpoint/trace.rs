//! A trace as lists of numbers: a run has many evaluations, and all of a stage have losses of the same names.

use std::borrow::Cow;

use impasto_network::Layer;
use serde::{Deserialize, Serialize};

use super::CheckpointError;
use super::tensors::{Numbers, Tensor, Tensors};
use crate::{TermLoss, Trace, TracedEvaluation, TracedStage, serialize};

/// Stage and iteration of each evaluation, and the place of its [`Names`].
const PLACES: &str = "trace.places";

/// Of each evaluation the total, then the losses.
const LOSSES: &str = "trace.losses";

/// What the numbers of a trace are of.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Legend {
    names: Vec<Names>,
    stages: Vec<TracedStage>,
}

/// The names of the losses of an evaluation.
type Names = Vec<Name>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    term: Cow<'static, str>,
    #[serde(with = "serialize::displayed_if_any")]
    layer: Option<Layer>,
}

/// The trace in numbers, and what they are of.
pub(super) fn tensors(trace: &Trace) -> (Legend, [Tensor<'static>; 2]) {
    let mut names: Vec<Names> = Vec::new();
    let (mut places, mut losses) = (Vec::new(), Vec::new());
    for evaluation in &trace.evaluations {
        let of_loss = |loss: &TermLoss| Name { term: loss.term.clone(), layer: loss.layer };
        let own: Names = evaluation.losses.iter().map(of_loss).collect();
        let place = names.iter().position(|names| *names == own).unwrap_or_else(|| {
            names.push(own);
            names.len() - 1
        });
        places.extend([evaluation.stage as u64, evaluation.iteration as u64, place as u64]);
        losses.push(evaluation.total);
        losses.extend(evaluation.losses.iter().map(|loss| loss.loss));
    }
    let tensors = [
        Tensor::list(PLACES, Numbers::U64(places.into())),
        Tensor::list(LOSSES, Numbers::F64(losses.into())),
    ];
    (Legend { names, stages: trace.stages.clone() }, tensors)
}

/// The trace that such numbers are of.
pub(super) fn read(legend: Legend, tensors: &Tensors<'_>) -> Result<Trace, CheckpointError> {
    let damaged = |reason: &str| CheckpointError::Damaged(format!("the trace {reason}"));
    let (places, losses) = (tensors.u64s(PLACES)?, tensors.f64s(LOSSES)?);
    let (places, rest) = places.as_chunks();
    if !rest.is_empty() {
        return Err(damaged("ends within an evaluation"));
    }
    let mut losses = losses.as_slice();
    let mut evaluations = Vec::new();
    for &[stage, iteration, names] in places {
        let count =
            |number: u64| usize::try_from(number).map_err(|_| damaged("has a count beyond all bounds"));
        let names = legend.names.get(count(names)?).ok_or_else(|| damaged("has losses without a name"))?;
        let own = losses.split_at_checked(1 + names.len());
        let (own, rest) = own.ok_or_else(|| damaged("lacks losses"))?;
        losses = rest;
        let loss =
            |(name, &loss): (&Name, &f64)| TermLoss { term: name.term.clone(), layer: name.layer, loss };
        evaluations.push(TracedEvaluation {
            stage: count(stage)?,
            iteration: count(iteration)?,
            total: own[0],
            losses: names.iter().zip(&own[1..]).map(loss).collect(),
        });
    }
    if losses.is_empty() {
        Ok(Trace { evaluations, stages: legend.stages })
    } else {
        Err(damaged("has losses of no evaluation"))
    }
}
