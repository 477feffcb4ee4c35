//! A run: stage after stage, iteration after iteration, to the painted picture.

mod descent;

use impasto_network::{Engine, Size, TiledEngine};

use crate::canvas::{Canvas, Hold};
use crate::evaluator::Halt;
use crate::objective::Objective;
use crate::optimizers::{Average, InvalidState, Optimizer};
use crate::picture::Filter;
use crate::transfer::Sources;
use crate::{
    Checkpoint, Control, Observer, Picture, Plan, ResumeError, Trace, Transfer, TransferError, Variables,
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
struct Begin<'c> {
    /// The stage, from 1.
    number: usize,
    /// The picture that it starts from.
    picture: Picture,
    /// What to go on from in its middle, or from its end.
    checkpoint: Option<&'c Checkpoint>,
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

    pub fn paint<E: Engine>(self, engine: &mut TiledEngine<'_, E>) -> Result<Outcome, TransferError> {
        let picture = self.transfer.first_picture(self.plan.stages[0].size)?;
        self.observer.started(&picture);
        self.stages(engine, Begin { number: 1, picture, checkpoint: None })
    }

    /// Goes on from a checkpoint of a run with the same settings and plan.
    pub fn resume<E: Engine>(
        mut self,
        engine: &mut TiledEngine<'_, E>,
        checkpoint: &Checkpoint,
    ) -> Result<Outcome, TransferError> {
        let unfit = |error: InvalidState| ResumeError::Unfit(error.to_string());
        self.optimizer.resume(&checkpoint.optimizer).map_err(unfit)?;
        match (&mut self.average, &checkpoint.average) {
            (None, None) => {}
            (Some(average), Some(state)) => average.resume(state).map_err(unfit)?,
            (Some(_), None) | (None, Some(_)) => {
                return Err(ResumeError::Unfit("only one of both averages".to_owned()).into());
            }
        }
        self.trace = checkpoint.trace.clone();
        let picture = checkpoint.start.clone();
        self.stages(engine, Begin { number: checkpoint.stage, picture, checkpoint: Some(checkpoint) })
    }

    /// This stage and those after it.
    fn stages<E: Engine>(
        mut self,
        engine: &mut TiledEngine<'_, E>,
        mut begin: Begin<'_>,
    ) -> Result<Outcome, TransferError> {
        loop {
            let number = begin.number;
            let end = self.stage(engine, begin)?;
            let (before, next) = (self.plan.stages[number - 1].size, self.plan.stages.get(number));
            let Some(next) = next.filter(|_| end.completed) else {
                return Ok(Outcome { picture: end.finished, trace: self.trace, completed: end.completed });
            };
            let picture = self.enlarge(end.picture, before, next.size);
            begin = Begin { number: number + 1, picture, checkpoint: None };
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
            planes.resized(to.width, to.height, filter).data().to_vec()
        };
        self.optimizer.resample(&mut |values| resize(values, Filter::CatmullRom), &mut |values| {
            resize(values, Filter::Bilinear)
        });
    }

    /// One stage.
    fn stage<E: Engine>(
        &mut self,
        engine: &mut TiledEngine<'_, E>,
        begin: Begin<'_>,
    ) -> Result<Painted, TransferError> {
        let stage = &self.plan.stages[begin.number - 1];
        let sources = self.transfer.sources(stage)?;
        let is_over = begin.checkpoint.is_some_and(Checkpoint::ends_stage);
        let objective = if is_over { None } else { self.objective(engine, &begin, &sources)? };
        let strength = self.transfer.strength_at(stage.size);
        let hold = sources.content.zip(strength).map(|(content, strength)| Hold::new(content, &strength));
        let canvas = Canvas::new(self.transfer.settings(), stage.size, sources.photograph, hold);
        let mut variables = match begin.checkpoint {
            Some(checkpoint) => checkpoint.variables.clone(),
            None => canvas.variables(&begin.picture),
        };
        if begin.checkpoint.is_none()
            && let Some(average) = &mut self.average
        {
            average.reset();
        }
        let completed = match objective {
            None => is_over,
            Some(objective) => self.descend(engine, objective, &canvas, &begin, &mut variables)?,
        };
        let result = averaged(self.average.as_ref(), &variables);
        Ok(Painted { picture: canvas.unheld(&result), finished: canvas.finished(&result), completed })
    }

    /// What a stage minimises; `None` if the observer stops it.
    fn objective<'e, E: Engine>(
        &mut self,
        engine: &mut TiledEngine<'e, E>,
        begin: &Begin<'_>,
        sources: &Sources,
    ) -> Result<Option<Objective<'e, TiledEngine<'e, E>>>, TransferError> {
        let stage = &self.plan.stages[begin.number - 1];
        let mut stop = || self.observer.control() == Control::Stop;
        let mut objective = self.transfer.objective(engine, stage, sources, &begin.picture, &mut stop)?;
        if let (Some(objective), Some(checkpoint)) = (&mut objective, begin.checkpoint) {
            objective.recall(engine, &checkpoint.memories)?;
        }
        Ok(objective)
    }
}

/// The average, if there is one and it has taken in anything; else the variables.
pub(crate) fn averaged(average: Option<&Average>, variables: &[f32]) -> Vec<f32> {
    let mut result = variables.to_vec();
    if let Some(average) = average {
        average.read(&mut result);
    }
    result
}
