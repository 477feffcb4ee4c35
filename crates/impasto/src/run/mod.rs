//! A run: stage after stage, iteration after iteration, to the painted picture.

mod descent;

use std::borrow::Cow;
use std::mem;

use impasto_network::{Engine, Size, TiledEngine};

use crate::canvas::{Canvas, Hold};
use crate::evaluator::Halt;
use crate::last_good::LastGood;
use crate::objective::Objective;
use crate::optimizers::{Average, InvalidState, Optimizer};
use crate::picture::Filter;
use crate::terms::Memory;
use crate::transfer::Sources;
use crate::{
    Checkpoint, Control, Observer, Picture, Plan, ResumeError, Settings, Stage, Trace, Transfer,
    TransferError, Variables,
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

/// Where a stage begins.
struct Begin {
    /// The stage, from 1.
    number: usize,
    /// The picture that it starts from; no longer there once the variables are, unless a term learns from it.
    start: Option<Picture>,
    /// What to go on from in its middle, or from its end.
    resumed: Option<Resumed>,
}

/// What a stage goes on from.
struct Resumed {
    iteration: usize,
    variables: Vec<f32>,
    last_good: LastGood,
    is_end_known: bool,
    watched: Vec<f64>,
    memories: Vec<Option<Memory>>,
    ends_stage: bool,
}

/// What a stage came to.
enum Painted {
    /// The result of the run.
    Result(Outcome),
    /// What the next stage starts from: not clamped.
    Start(Picture),
}

impl<'a> Run<'a> {
    pub fn new(
        transfer: &'a Transfer,
        plan: &'a Plan,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, TransferError> {
        let settings = transfer.settings();
        let optimizer = optimizer(settings, &plan.stages[0])?;
        Ok(Run {
            transfer,
            plan,
            observer,
            optimizer,
            average: settings.new_average()?,
            trace: Trace::default(),
        })
    }

    pub fn paint<E: Engine>(self, engine: &mut TiledEngine<'_, E>) -> Result<Outcome, TransferError> {
        let picture = self.transfer.first_picture(self.plan.stages[0].size)?;
        self.observer.started(&picture);
        self.stages(engine, Begin { number: 1, start: Some(picture), resumed: None })
    }

    /// Goes on from a checkpoint of a run with the same settings and plan.
    pub fn resume<E: Engine>(
        mut self,
        engine: &mut TiledEngine<'_, E>,
        checkpoint: Checkpoint<'_>,
    ) -> Result<Outcome, TransferError> {
        let unfit = |error: InvalidState| ResumeError::Unfit(error.to_string());
        let (number, ends_stage) = (checkpoint.stage, checkpoint.ends_stage());
        self.optimizer = optimizer(self.transfer.settings(), &self.plan.stages[number - 1])?;
        self.optimizer.keep_steps_at(engine.step_history());
        self.optimizer.resume(checkpoint.optimizer).map_err(unfit)?;
        match (&mut self.average, checkpoint.average) {
            (None, None) => {}
            (Some(average), Some(state)) => average.resume(state).map_err(unfit)?,
            (Some(_), None) | (None, Some(_)) => {
                return Err(ResumeError::Unfit("only one of both averages".to_owned()).into());
            }
        }
        self.trace = checkpoint.trace;
        let resumed = Resumed {
            iteration: checkpoint.iteration,
            variables: checkpoint.variables.into_owned(),
            last_good: checkpoint.last_good.into_owned(),
            is_end_known: checkpoint.is_end_known,
            watched: checkpoint.watched,
            memories: checkpoint.memories,
            ends_stage,
        };
        let start = checkpoint.start.map(Cow::into_owned);
        self.stages(engine, Begin { number, start, resumed: Some(resumed) })
    }

    /// This stage and those after it.
    fn stages<E: Engine>(
        mut self,
        engine: &mut TiledEngine<'_, E>,
        mut begin: Begin,
    ) -> Result<Outcome, TransferError> {
        loop {
            let number = begin.number;
            let picture = match self.stage(engine, begin)? {
                Painted::Result(outcome) => return Ok(outcome),
                Painted::Start(picture) => picture,
            };
            let (before, next) = (&self.plan.stages[number - 1], &self.plan.stages[number]);
            let start = self.enlarge(picture, before.size, next.size);
            if next.steps_remembered != before.steps_remembered {
                self.optimizer = optimizer(self.transfer.settings(), next)?;
            }
            begin = Begin { number: number + 1, start: Some(start), resumed: None };
        }
    }

    /// Brings the result of a stage, and what the optimiser has learnt, to the size of the next.
    fn enlarge(&mut self, picture: Picture, from: Size, to: Size) -> Picture {
        let settings = self.transfer.settings();
        match settings.variables {
            Variables::Pixels => self.enlarge_optimizer(from, to),
            Variables::LaplacianPyramid { .. } => self.optimizer.reset(),
        }
        match settings.seamless {
            _ if from == to => picture,
            true => picture.resized_seamless(to.width, to.height, Filter::CatmullRom),
            false => picture.resized(to.width, to.height, Filter::CatmullRom),
        }
    }

    /// Carries what the optimiser has learnt to the next size, as Crowson (2021) does: means cubically,
    /// mean squares linearly, so that they stay positive.
    fn enlarge_optimizer(&mut self, from: Size, to: Size) {
        let resize = |values: &[f32], filter| {
            let planes = Picture::new(from.width, from.height, values.to_vec());
            planes.resized(to.width, to.height, filter).into_data()
        };
        self.optimizer.resample(&mut |values| resize(values, Filter::CatmullRom), &mut |values| {
            resize(values, Filter::Bilinear)
        });
    }

    /// One stage.
    fn stage<E: Engine>(
        &mut self,
        engine: &mut TiledEngine<'_, E>,
        mut begin: Begin,
    ) -> Result<Painted, TransferError> {
        let (stage, is_last) = (&self.plan.stages[begin.number - 1], begin.number == self.plan.stages.len());
        if begin.resumed.is_none()
            && let Some(average) = &mut self.average
        {
            average.reset();
        }
        self.optimizer.keep_steps_at(engine.step_history());
        let sources = self.transfer.sources(stage)?;
        let is_over = begin.resumed.as_ref().is_some_and(|it| it.ends_stage);
        let objective = match is_over {
            true => None,
            false => {
                self.objective(engine, &begin, &sources).map_err(|error| self.with_start(error, &begin))?
            }
        };
        let Sources { content, photograph, styles, .. } = sources;
        drop(styles);
        let strength = self.transfer.strength_at(stage.size);
        let hold = content.zip(strength).map(|(content, strength)| Hold::new(content, &strength));
        let canvas = Canvas::new(self.transfer.settings(), stage.size, photograph, hold);
        let mut variables = match &mut begin.resumed {
            Some(resumed) => mem::take(&mut resumed.variables),
            None => {
                let keeps = self.transfer.learns_start()?;
                let start = if keeps { begin.start.clone() } else { begin.start.take() };
                canvas.variables(start.expect("a stage that is not resumed has a start"))
            }
        };
        let completed = match objective {
            None => is_over,
            Some(objective) => self.descend(engine, objective, &canvas, begin, &mut variables)?,
        };
        engine.release();
        let result = averaged(self.average.as_ref(), variables);
        if completed && !is_last {
            return Ok(Painted::Start(canvas.unheld(&result)));
        }
        let (picture, trace) = (canvas.finished(&result), mem::take(&mut self.trace));
        Ok(Painted::Result(Outcome { picture, trace, completed }))
    }

    /// The error of an engine that has failed before the first iteration of a stage, with the result of the stage before
    /// if there is one.
    fn with_start(&mut self, error: TransferError, begin: &Begin) -> TransferError {
        match (error, &begin.start) {
            (TransferError::Engine { source, .. }, Some(start)) if begin.number > 1 => {
                TransferError::EngineFailed {
                    source: Box::new(source),
                    size: self.plan.stages[begin.number - 1].size,
                    iteration: 0,
                    picture: Box::new(start.clone().clamped()),
                    trace: mem::take(&mut self.trace),
                }
            }
            (error, _) => error,
        }
    }

    /// What a stage minimises; `None` if the observer stops it.
    fn objective<'e, E: Engine>(
        &mut self,
        engine: &mut TiledEngine<'e, E>,
        begin: &Begin,
        sources: &Sources,
    ) -> Result<Option<Objective<'e, TiledEngine<'e, E>>>, TransferError> {
        let stage = &self.plan.stages[begin.number - 1];
        let mut stop = || self.observer.control() == Control::Stop;
        let start = begin.start.as_ref();
        let mut objective = self.transfer.objective(engine, stage, sources, start, &mut stop)?;
        if let (Some(objective), Some(resumed)) = (&mut objective, &begin.resumed) {
            objective.recall(engine, &resumed.memories)?;
        }
        Ok(objective)
    }
}

/// The optimiser of a stage, before its first step.
fn optimizer(settings: &Settings, stage: &Stage) -> Result<Box<dyn Optimizer<Halt>>, TransferError> {
    Ok(settings.optimizer.remembering(stage.steps_remembered).build()?)
}

/// The average, if there is one and it has taken in anything; else the variables.
pub(crate) fn averaged(average: Option<&Average>, mut variables: Vec<f32>) -> Vec<f32> {
    if let Some(average) = average {
        average.read(&mut variables);
    }
    variables
}
