//! The objective as the optimiser sees it: a loss of variables, with their gradient.

use std::mem;

use impasto_network::{Engine, EngineError};

use crate::canvas::Canvas;
use crate::objective::Objective;
use crate::optimizers::{Optimizer, Step, StepError};
use crate::{Control, Culprit, Observer, TermLoss, Trace, TracedEvaluation, TracedStage, TransferError};

/// Why there are no more evaluations.
pub(crate) enum Halt {
    /// The observer wants none.
    Stopped,
    /// The engine has failed.
    Failed(EngineError),
}

/// The objective of one stage at work.
pub(crate) struct Evaluator<'r, 'e, E: Engine> {
    engine: &'e mut E,
    objective: Objective<'e, E>,
    canvas: &'r Canvas,
    observer: &'r mut dyn Observer,
    trace: &'r mut Trace,
    stage: usize,
    iteration: usize,
    /// Scratch: what the variables stand for.
    picture: Vec<f32>,
    /// Scratch: the gradient by it.
    picture_gradient: Vec<f32>,
    /// The variables that a step last started from and in whose evaluation all was finite; the start of the
    /// stage before the first. Trials of line searches do not count: they may lie far off.
    last_good: Vec<f32>,
    /// Whether the next evaluation is of the variables that the step starts from.
    is_at_start: bool,
    /// What was not finite in the latest evaluation.
    culprit: Option<Culprit>,
}

/// What the evaluations so far have come to.
pub(crate) struct Found<'f, 'e, E: Engine> {
    /// The losses of the latest.
    pub losses: &'f [TermLoss],
    /// Their sum.
    pub total: f64,
    /// The objective after them.
    pub objective: &'f Objective<'e, E>,
    /// All of them.
    pub trace: &'f Trace,
    /// The variables of the picture that an error would show.
    pub last_good: &'f [f32],
}

impl<'r, 'e, E: Engine> Evaluator<'r, 'e, E> {
    pub fn new(
        engine: &'e mut E,
        objective: Objective<'e, E>,
        canvas: &'r Canvas,
        start: &[f32],
        observer: &'r mut dyn Observer,
        trace: &'r mut Trace,
        stage: usize,
    ) -> Self {
        let values = 3 * canvas.size().height * canvas.size().width;
        let (picture, picture_gradient, last_good) = (vec![0.0; values], vec![0.0; values], start.to_vec());
        let (iteration, is_at_start, culprit) = (0, true, None);
        Evaluator {
            engine,
            objective,
            canvas,
            observer,
            trace,
            stage,
            iteration,
            picture,
            picture_gradient,
            last_good,
            is_at_start,
            culprit,
        }
    }

    /// One iteration of the optimiser.
    pub fn step(
        &mut self,
        optimizer: &mut dyn Optimizer<Halt>,
        variables: &mut [f32],
        iteration: usize,
    ) -> Result<Step, StepError<Halt>> {
        self.iteration = iteration;
        let step =
            optimizer.step(variables, &mut |variables, gradient| self.evaluate(variables, gradient))?;
        // A line search evaluates the point that it ends at, and the next step starts from there unseen.
        let is_known = self.culprit.is_none() && self.has_just_evaluated(variables);
        if is_known {
            self.last_good.copy_from_slice(variables);
        }
        self.is_at_start = !is_known;
        Ok(step)
    }

    /// Goes on where another has reached `variables` and had this [`last_good`](Found::last_good).
    pub fn resume(&mut self, variables: &[f32], last_good: &[f32]) {
        self.last_good.copy_from_slice(last_good);
        self.is_at_start = last_good != variables;
    }

    /// The observer, and what there is to tell it.
    pub fn found(&mut self) -> (&mut dyn Observer, Found<'_, 'e, E>) {
        let latest = self.trace.evaluations.last();
        let (losses, total) = latest.map_or((&[][..], 0.0), |latest| (&latest.losses, latest.total));
        let (objective, trace, last_good) = (&self.objective, &*self.trace, &self.last_good[..]);
        (self.observer, Found { losses, total, objective, trace, last_good })
    }

    /// Notes how the stage ended.
    pub fn end_stage(&mut self, stage: TracedStage) {
        self.trace.stages.push(stage);
    }

    /// The error of an evaluation that was not finite. Takes the trace with it.
    pub fn not_finite(&mut self) -> TransferError {
        TransferError::NotFinite {
            culprit: self.culprit.clone().unwrap_or(Culprit::Gradient),
            size: self.canvas.size(),
            iteration: self.iteration,
            picture: Box::new(self.canvas.finished(&self.last_good)),
            trace: mem::take(self.trace),
        }
    }

    /// The error of an engine that has failed. Takes the trace with it.
    pub fn failed(&mut self, source: EngineError) -> TransferError {
        TransferError::EngineFailed {
            source: Box::new(source),
            size: self.canvas.size(),
            iteration: self.iteration,
            picture: Box::new(self.canvas.finished(&self.last_good)),
            trace: mem::take(self.trace),
        }
    }

    /// Whether the latest evaluation was of these variables.
    fn has_just_evaluated(&self, variables: &[f32]) -> bool {
        self.canvas.picture(variables).data() == self.picture
    }

    fn evaluate(&mut self, variables: &[f32], gradient: &mut [f32]) -> Result<f64, Halt> {
        if self.observer.control() == Control::Stop {
            return Err(Halt::Stopped);
        }
        self.canvas.paint(variables, &mut self.picture);
        let losses = self.objective.evaluate(self.engine, &self.picture, &mut self.picture_gradient);
        let losses = losses.map_err(Halt::Failed)?;
        self.canvas.gradient(&mut self.picture_gradient, gradient);
        let total: f64 = losses.iter().map(|term| term.loss).sum();
        self.culprit = culprit(&losses, gradient);
        let is_at_start = mem::take(&mut self.is_at_start);
        if self.culprit.is_none() {
            if is_at_start {
                self.last_good.copy_from_slice(variables);
            }
            let (stage, iteration) = (self.stage, self.iteration);
            self.trace.evaluations.push(TracedEvaluation { stage, iteration, total, losses });
        }
        Ok(total)
    }
}

/// What is not finite, if anything.
fn culprit(losses: &[TermLoss], gradient: &[f32]) -> Option<Culprit> {
    let loss = losses.iter().find(|term| !term.loss.is_finite());
    let loss = loss.map(|it| Culprit::Loss { term: it.term.clone(), layer: it.layer });
    let finite = gradient.iter().all(|value| value.is_finite());
    loss.or((!finite).then_some(Culprit::Gradient))
}
