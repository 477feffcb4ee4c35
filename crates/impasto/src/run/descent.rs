//! The iterations of a stage.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use impasto_network::Engine;

use super::{Begin, Resumed, Run, averaged};
use crate::canvas::Canvas;
use crate::checkpoint::StageSizes;
use crate::evaluator::{Evaluator, Halt, Log};
use crate::objective::Objective;
use crate::optimizers::{Average, Outcome, StepError};
use crate::stopping::Watch;
use crate::{Checkpoint, Control, Progress, Stage, StageEnd, TracedStage, TransferError};

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
                Err(StepError::Evaluation(Halt::Failed(error))) => return Err(evaluator.failed(error)),
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
            let checkpoint = || Checkpoint {
                notes: BTreeMap::new(),
                settings: settings.clone(),
                own_terms: self.transfer.own_records(),
                stages: StageSizes::of(self.plan),
                stage: number,
                iteration,
                start: begin.start.as_ref().map(Cow::Borrowed),
                variables: Cow::Borrowed(&*variables),
                last_good: Cow::Borrowed(found.last_good),
                is_end_known: found.is_end_known,
                optimizer: self.optimizer.state(),
                average: self.average.as_ref().map(Average::state),
                watched: watch.losses(),
                memories: found.objective.memories(),
                trace: found.trace.after(ended),
            };
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
