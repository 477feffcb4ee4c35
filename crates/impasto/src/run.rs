//! A run: stage after stage, iteration after iteration, to the painted picture.
//!
//! The optimiser moves the variables `v = scale · picture`; a gradient by them is the gradient by the
//! picture divided by `scale`.

use std::time::Instant;

use impasto_network::{Engine, Size};

use crate::objective::Objective;
use crate::optimizers::{Average, Optimizer, Outcome as StepOutcome, StepError};
use crate::picture::Filter;
use crate::{
    Control, Culprit, Observer, Picture, Plan, Progress, Stage, TermLoss, Trace, TracedEvaluation, Transfer,
    TransferError,
};

/// What a run ended with.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The painted picture, 0..1, at the size of the last stage; if the run was stopped, of the stage it
    /// was in.
    pub picture: Picture,
    /// What every evaluation found.
    pub trace: Trace,
    /// Whether the run came to its end: false if the observer stopped it.
    pub completed: bool,
}

/// The observer wants no more evaluations.
struct Stopped;

/// A run on its way.
pub(crate) struct Run<'a> {
    transfer: &'a Transfer,
    plan: &'a Plan,
    observer: &'a mut dyn Observer,
    optimizer: Box<dyn Optimizer<Stopped>>,
    average: Option<Average>,
    trace: Trace,
}

/// How a stage ended.
struct StageEnd {
    /// Not clamped.
    picture: Picture,
    /// At the size of the stage.
    content: Picture,
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

    pub fn paint<E: Engine>(mut self, engine: &mut E) -> Result<Outcome, TransferError> {
        let plan = self.plan;
        let mut picture = self.transfer.first_picture(plan.stages[0].size)?;
        for (index, stage) in plan.stages.iter().enumerate() {
            if index > 0 {
                picture = picture.resized(stage.size.width, stage.size.height, Filter::CatmullRom);
                self.enlarge_optimizer(plan.stages[index - 1].size, stage.size);
            }
            let end = self.stage(engine, index + 1, stage, picture)?;
            if !end.completed || index + 1 == plan.stages.len() {
                let picture = self.transfer.finish(end.picture, &end.content);
                return Ok(Outcome { picture, trace: self.trace, completed: end.completed });
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

    fn stage<E: Engine>(
        &mut self,
        engine: &mut E,
        number: usize,
        stage: &Stage,
        picture: Picture,
    ) -> Result<StageEnd, TransferError> {
        let transfer = self.transfer;
        let (objective, content) = transfer.objective(engine, stage)?;
        let scale = transfer.settings().units.scale();
        let as_picture = |variables: &[f32]| {
            let data = variables.iter().map(|value| value / scale).collect();
            Picture::new(stage.size.width, stage.size.height, data)
        };
        let mut variables: Vec<f32> = picture.data().iter().map(|value| value * scale).collect();
        let mut evaluator = Evaluator {
            engine,
            objective,
            scale,
            stage: number,
            iteration: 0,
            last_good: variables.clone(),
            picture: picture.data().to_vec(),
            culprit: None,
            observer: &mut *self.observer,
            trace: &mut self.trace,
        };
        drop(picture);
        if let Some(average) = &mut self.average {
            average.reset();
        }
        let not_finite = |evaluator: &Evaluator<'_, '_, E>| TransferError::NotFinite {
            culprit: evaluator.culprit.unwrap_or(Culprit::Gradient),
            size: stage.size,
            iteration: evaluator.iteration,
            picture: Box::new(transfer.finish(as_picture(&evaluator.last_good), &content)),
        };
        let mut completed = true;
        for iteration in 1..=stage.iterations {
            let start = Instant::now();
            evaluator.iteration = iteration;
            let mut evaluate =
                |variables: &[f32], gradient: &mut [f32]| evaluator.evaluate(variables, gradient);
            let step = match self.optimizer.step(&mut variables, &mut evaluate) {
                Ok(step) => step,
                Err(StepError::NotFinite { .. }) => return Err(not_finite(&evaluator)),
                Err(StepError::Evaluation(Stopped)) => {
                    completed = false;
                    break;
                }
            };
            if let Some(average) = &mut self.average {
                average.add(&variables);
            }
            let average = self.average.as_ref();
            let paint = || transfer.finish(as_picture(&averaged(average, &variables)), &content);
            let latest = evaluator.trace.evaluations.last();
            let progress = Progress {
                stage: number,
                stages: self.plan.stages.len(),
                size: stage.size,
                iteration,
                iterations: stage.iterations,
                losses: latest.map_or(&[], |evaluation| &evaluation.losses),
                total: latest.map_or(0.0, |evaluation| evaluation.total),
                seconds: start.elapsed().as_secs_f64(),
                paint: &paint,
            };
            if evaluator.observer.progress(&progress) == Control::Stop {
                completed = false;
                break;
            }
            if step.outcome != StepOutcome::Moved {
                break;
            }
        }
        let result = averaged(self.average.as_ref(), &variables);
        if !result.iter().all(|value| value.is_finite()) {
            return Err(not_finite(&evaluator));
        }
        Ok(StageEnd { picture: as_picture(&result), content, completed })
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

/// The objective as the optimiser sees it.
struct Evaluator<'r, 'e, E: Engine> {
    engine: &'e mut E,
    objective: Objective<'e, E>,
    scale: f32,
    stage: usize,
    iteration: usize,
    /// The variables of the last evaluation in which all was finite.
    last_good: Vec<f32>,
    /// Scratch: what the variables stand for.
    picture: Vec<f32>,
    /// What was not finite in the latest evaluation.
    culprit: Option<Culprit>,
    observer: &'r mut dyn Observer,
    trace: &'r mut Trace,
}

impl<E: Engine> Evaluator<'_, '_, E> {
    fn evaluate(&mut self, variables: &[f32], gradient: &mut [f32]) -> Result<f64, Stopped> {
        if self.observer.control() == Control::Stop {
            return Err(Stopped);
        }
        for (value, variable) in self.picture.iter_mut().zip(variables) {
            *value = variable / self.scale;
        }
        let losses = self.objective.evaluate(self.engine, &self.picture, gradient);
        gradient.iter_mut().for_each(|value| *value /= self.scale);
        let total: f64 = losses.iter().map(|term| term.loss).sum();
        self.culprit = culprit(&losses, gradient);
        if self.culprit.is_none() {
            self.last_good.copy_from_slice(variables);
            let (stage, iteration) = (self.stage, self.iteration);
            self.trace.evaluations.push(TracedEvaluation { stage, iteration, total, losses });
        }
        Ok(total)
    }
}

/// What is not finite, if anything.
fn culprit(losses: &[TermLoss], gradient: &[f32]) -> Option<Culprit> {
    let loss = losses.iter().find(|term| !term.loss.is_finite());
    let loss = loss.map(|&TermLoss { term, layer, .. }| Culprit::Loss { term, layer });
    let finite = gradient.iter().all(|value| value.is_finite());
    loss.or((!finite).then_some(Culprit::Gradient))
}
