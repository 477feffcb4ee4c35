//! The iterations of a stage.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use impasto_network::Engine;

use super::{Begin, Resumed, Run, averaged};
use crate::canvas::Canvas;
use crate::checkpoint::StageSizes;
use crate::evaluator::{Evaluator, Found, Halt, Log};
use crate::objective::Objective;
use crate::optimizers::{Average, Optimizer, Outcome, StepError};
use crate::stopping::Watch;
use crate::{
    Checkpoint, Control, Picture, Plan, Progress, Stage, StageEnd, TracedStage, Transfer, TransferError,
};

impl Run<'_> {
    /// The iterations of a stage. Returns whether it came to its end.
    pub(super) fn descend<E: Engine>(
        &mut self,
        engine: &mut E,
        objective: Objective<'_, E>,
        canvas: &Canvas,
        begin: Begin,
        variables: &mut [f32],
    ) -> Result<bool, TransferError> {
        let (settings, number) = (self.transfer.settings(), begin.number);
        let (stages, stage) = (self.plan.stages.len(), &self.plan.stages[number - 1]);
        let log = Log { observer: &mut *self.observer, trace: &mut self.trace, stage: number };
        let keeps = (self.optimizer.evaluates_its_end(), stage.precision);
        let mut evaluator = Evaluator::new(engine, objective, canvas, variables, keeps, log);
        let (mut watch, first) = match begin.resumed {
            Some(Resumed { last_good, is_end_known, watched, iteration, .. }) => {
                evaluator.resume(last_good, is_end_known);
                (Watch::resumed(settings.schedule.stop, &watched), iteration + 1)
            }
            None => {
                if let Some(average) = self.average.as_mut().filter(|_| settings.average_counts_start) {
                    average.add(variables);
                }
                (Watch::new(settings.schedule.stop), 1)
            }
        };
        let work = self.plan.work();
        let before: f64 = self.plan.stages[..number - 1].iter().map(Stage::work).sum();
        let before = before + stage.cost.learning;
        let mut completed = true;
        for iteration in first..=stage.iterations {
            let start = Instant::now();
            let step = match evaluator.step(&mut *self.optimizer, variables, iteration) {
                Ok(step) => step,
                Err(StepError::NotFinite { .. }) => return Err(evaluator.not_finite()),
                Err(StepError::Evaluation(Halt::Failed(error))) => {
                    if iteration > 1 {
                        let (iteration, start) = (iteration - 1, begin.start.as_ref());
                        let place = Place { plan: self.plan, number, iteration, start, ended: None };
                        let (optimizer, average) = (&*self.optimizer, self.average.as_ref());
                        let state = State { optimizer, average, watch: &watch };
                        let (observer, found) = evaluator.found();
                        observer
                            .engine_failed(&|| checkpoint(self.transfer, &place, &found, variables, &state));
                    }
                    return Err(evaluator.failed(error));
                }
                Err(StepError::Evaluation(Halt::Stopped)) => {
                    completed = false;
                    break;
                }
            };
            if let Some(average) = &mut self.average {
                average.add(variables);
            }
            let end = match step.outcome {
                Outcome::Stationary | Outcome::Stalled => Some(StageEnd::Minimum),
                Outcome::Moved if iteration == stage.iterations => Some(StageEnd::Iterations),
                Outcome::Moved => watch.is_over(step.loss).then_some(StageEnd::Progress),
            };
            let ended = end.map(|end| TracedStage { iterations: iteration, end });
            // A stage that ends leaves none of its work.
            let place = if end.is_some() { stage.iterations } else { iteration };
            let done = before + stage.cost.iteration * place as f64;
            let seconds = start.elapsed().as_secs_f64();
            let (observer, found) = evaluator.found();
            let paint = || canvas.finished(&averaged(self.average.as_ref(), variables.to_vec()));
            let place = Place { plan: self.plan, number, iteration, start: begin.start.as_ref(), ended };
            let state = State { optimizer: &*self.optimizer, average: self.average.as_ref(), watch: &watch };
            let checkpoint = || checkpoint(self.transfer, &place, &found, variables, &state);
            let control = observer.progress(&Progress {
                stage: number,
                stages,
                size: stage.size,
                iteration,
                iterations: stage.iterations,
                end,
                losses: found.losses,
                total: found.total,
                seconds,
                done: (done / work).min(1.0),
                seconds_left: (work - done).max(0.0) * seconds / stage.cost.iteration,
                paint: &paint,
                checkpoint: &checkpoint,
            });
            if control == Control::Stop {
                completed = false;
                break;
            }
            if let Some(ended) = ended {
                evaluator.end_stage(ended);
                break;
            }
        }
        let is_finite = match self.average.as_ref().filter(|average| !average.is_empty()) {
            Some(average) => average.is_finite(),
            None => variables.iter().all(|value| value.is_finite()),
        };
        if is_finite { Ok(completed) } else { Err(evaluator.not_finite()) }
    }
}

/// Where a run is.
struct Place<'a> {
    plan: &'a Plan,
    /// The stage, from 1, and the iteration that is done.
    number: usize,
    iteration: usize,
    start: Option<&'a Picture>,
    /// How the stage has ended, if it has.
    ended: Option<TracedStage>,
}

/// What a run has come to.
struct State<'a> {
    optimizer: &'a dyn Optimizer<Halt>,
    average: Option<&'a Average>,
    watch: &'a Watch,
}

/// All of a run, to go on from later.
fn checkpoint<'a, E: Engine>(
    transfer: &'a Transfer,
    place: &Place<'a>,
    found: &'a Found<'a, '_, E>,
    variables: &'a [f32],
    state: &State<'a>,
) -> Checkpoint<'a> {
    Checkpoint {
        notes: BTreeMap::new(),
        settings: transfer.settings().clone(),
        own_terms: transfer.own_records(),
        stages: StageSizes::of(place.plan),
        stage: place.number,
        iteration: place.iteration,
        start: place.start.map(Cow::Borrowed),
        variables: Cow::Borrowed(variables),
        last_good: Cow::Borrowed(found.last_good),
        is_end_known: found.is_end_known,
        optimizer: state.optimizer.state(),
        average: state.average.map(Average::state),
        watched: state.watch.losses(),
        memories: found.objective.memories(),
        trace: found.trace.after(place.number, place.iteration, place.ended),
    }
}
