//! A run: stage after stage, iteration after iteration, to the painted picture.

use std::time::Instant;

use impasto_network::{Engine, Size, TiledEngine};

use crate::canvas::{Canvas, Hold};
use crate::evaluator::{Evaluator, Halt};
use crate::optimizers::{Average, Optimizer, Outcome as StepOutcome, StepError};
use crate::picture::Filter;
use crate::stopping::Watch;
use crate::{
    Control, Observer, Picture, Plan, Progress, Stage, StageEnd, Trace, TracedStage, Transfer, TransferError,
    Variables,
};

/// What a run ended with.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The painted picture, 0..1, at the size of the last stage; if the run was stopped, of the stage it
    /// was in.
    pub picture: Picture,
    /// What the evaluations found.
    pub trace: Trace,
    /// Whether the run came to its end: false if the observer stopped it.
    pub completed: bool,
}

/// A run on its way.
pub(crate) struct Run<'a> {
    transfer: &'a Transfer,
    plan: &'a Plan,
    observer: &'a mut dyn Observer,
    optimizer: Box<dyn Optimizer<Halt>>,
    average: Option<Average>,
    trace: Trace,
}

/// What a stage came to.
struct Painted {
    /// As the next stage starts from it: not clamped.
    picture: Picture,
    /// As a result.
    finished: Picture,
    completed: bool,
}

impl<'a> Run<'a> {
    pub fn new(
        transfer: &'a Transfer,
        plan: &'a Plan,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, TransferError> {
        let settings = transfer.settings();
        let (optimizer, average) = (settings.optimizer.build()?, settings.new_average()?);
        Ok(Run { transfer, plan, observer, optimizer, average, trace: Trace::default() })
    }

    pub fn paint<E: Engine>(mut self, engine: &mut TiledEngine<'_, E>) -> Result<Outcome, TransferError> {
        let plan = self.plan;
        let mut picture = self.transfer.first_picture(plan.stages[0].size)?;
        self.observer.started(&picture);
        for (index, stage) in plan.stages.iter().enumerate() {
            if index > 0 {
                let before = plan.stages[index - 1].size;
                if before != stage.size {
                    let Size { height, width } = stage.size;
                    picture = match self.transfer.settings().seamless {
                        true => picture.resized_seamless(width, height, Filter::CatmullRom),
                        false => picture.resized(width, height, Filter::CatmullRom),
                    };
                }
                match self.transfer.settings().variables {
                    Variables::Pixels => self.enlarge_optimizer(before, stage.size),
                    Variables::LaplacianPyramid { .. } => self.optimizer.reset(),
                }
            }
            let end = self.stage(engine, index + 1, stage, picture)?;
            if !end.completed || index + 1 == plan.stages.len() {
                return Ok(Outcome { picture: end.finished, trace: self.trace, completed: end.completed });
            }
            picture = end.picture;
        }
        unreachable!("the last stage returns")
    }

    /// Carries what the optimiser has learnt to the next size, as Crowson (2021) does: means cubically,
    /// mean squares linearly, so that they stay positive.
    fn enlarge_optimizer(&mut self, from: Size, to: Size) {
        let resize = |values: &[f32], filter| {
            let planes = Picture::new(from.width, from.height, values.to_vec());
            planes.resized(to.width, to.height, filter).data().to_vec()
        };
        self.optimizer.resample(&mut |values| resize(values, Filter::CatmullRom), &mut |values| {
            resize(values, Filter::Bilinear)
        });
    }

    /// One stage, from `picture`.
    fn stage<E: Engine>(
        &mut self,
        engine: &mut TiledEngine<'_, E>,
        number: usize,
        stage: &Stage,
        picture: Picture,
    ) -> Result<Painted, TransferError> {
        let sources = self.transfer.sources(stage)?;
        let mut stop = || self.observer.control() == Control::Stop;
        let objective = self.transfer.objective(engine, stage, &sources, &picture, &mut stop)?;
        let strength = self.transfer.strength_at(stage.size);
        let hold = sources.content.zip(strength).map(|(content, strength)| Hold::new(content, &strength));
        let canvas = Canvas::new(self.transfer.settings(), stage.size, sources.photograph, hold);
        let mut variables = canvas.variables(&picture);
        let Some(objective) = objective else {
            let finished = canvas.finished(&variables);
            return Ok(Painted { picture, finished, completed: false });
        };
        drop(picture);
        let mut evaluator =
            Evaluator::new(engine, objective, &canvas, &variables, self.observer, &mut self.trace, number);
        if let Some(average) = &mut self.average {
            average.reset();
            if self.transfer.settings().average_counts_start {
                average.add(&variables);
            }
        }
        let work = self.plan.work() as f64;
        let before: u64 = self.plan.stages[..number - 1].iter().map(Stage::work).sum();
        let mut watch = Watch::new(self.transfer.settings().schedule.stop);
        let mut completed = true;
        for iteration in 1..=stage.iterations {
            let start = Instant::now();
            let step = match evaluator.step(&mut *self.optimizer, &mut variables, iteration) {
                Ok(step) => step,
                Err(StepError::NotFinite { .. }) => return Err(evaluator.not_finite()),
                Err(StepError::Evaluation(Halt::Failed(error))) => return Err(evaluator.failed(error)),
                Err(StepError::Evaluation(Halt::Stopped)) => {
                    completed = false;
                    break;
                }
            };
            if let Some(average) = &mut self.average {
                average.add(&variables);
            }
            let end = match step.outcome {
                StepOutcome::Stationary | StepOutcome::Stalled => Some(StageEnd::Minimum),
                StepOutcome::Moved if iteration == stage.iterations => Some(StageEnd::Iterations),
                StepOutcome::Moved => watch.is_over(step.loss).then_some(StageEnd::Progress),
            };
            // A stage that ends leaves none of its work.
            let place = if end.is_some() { stage.iterations } else { iteration };
            let done = (before + stage.evaluation_work() * place as u64) as f64;
            let seconds = start.elapsed().as_secs_f64();
            let paint = || canvas.finished(&averaged(self.average.as_ref(), &variables));
            let control = evaluator.report(|losses, total| Progress {
                stage: number,
                stages: self.plan.stages.len(),
                size: stage.size,
                iteration,
                iterations: stage.iterations,
                end,
                losses,
                total,
                seconds,
                done: done / work,
                seconds_left: (work - done) * seconds / stage.evaluation_work() as f64,
                paint: &paint,
            });
            if control == Control::Stop {
                completed = false;
                break;
            }
            if let Some(end) = end {
                evaluator.end_stage(TracedStage { iterations: iteration, end });
                break;
            }
        }
        let result = averaged(self.average.as_ref(), &variables);
        if !result.iter().all(|value| value.is_finite()) {
            return Err(evaluator.not_finite());
        }
        Ok(Painted { picture: canvas.unheld(&result), finished: canvas.finished(&result), completed })
    }
}

/// The average, if there is one and it has taken in anything; else the variables.
fn averaged(average: Option<&Average>, variables: &[f32]) -> Vec<f32> {
    let mut result = variables.to_vec();
    if let Some(average) = average {
        average.read(&mut result);
    }
    result
}
