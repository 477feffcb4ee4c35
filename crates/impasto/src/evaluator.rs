//! The objective as the optimiser sees it: a loss of variables, with their gradient.

use std::mem;

use impasto_network::{Engine, EngineError};

use crate::canvas::Canvas;
use crate::last_good::LastGood;
use crate::objective::Objective;
use crate::optimizers::{Optimizer, Step, StepError};
use crate::{
    Control, Culprit, Observer, Precision, TermLoss, Trace, TracedEvaluation, TracedStage, TransferError,
};

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
    /// Scratch: what the variables stand for and the gradient by it, `[3, H, W]`; `None` if that is what the variables
    /// and their gradient are.
    scratch: Option<[Vec<f32>; 2]>,
    /// The variables that were last evaluated, for an optimiser whose steps may end at such.
    latest: Option<Vec<f32>>,
    /// The variables that a step last started from and in whose evaluation all was finite; the start of the
    /// stage before the first. Trials of line searches do not count: they may lie far off.
    last_good: LastGood,
    /// Whether the next evaluation is of the variables that the step starts from.
    is_at_start: bool,
    /// What was not finite in the latest evaluation.
    culprit: Option<Culprit>,
}

/// Who is told of evaluations, and where they are noted.
pub(crate) struct Log<'r> {
    pub observer: &'r mut dyn Observer,
    pub trace: &'r mut Trace,
    /// The stage that they belong to, from 1.
    pub stage: usize,
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
    pub last_good: &'f LastGood,
    /// Whether the variables that the latest step ended at have been evaluated.
    pub is_end_known: bool,
}

impl<'r, 'e, E: Engine> Evaluator<'r, 'e, E> {
    pub fn new(
        engine: &'e mut E,
        objective: Objective<'e, E>,
        canvas: &'r Canvas,
        start: &[f32],
        (evaluates_ends, precision): (bool, Precision),
        Log { observer, trace, stage }: Log<'r>,
    ) -> Self {
        let values = 3 * canvas.size().height * canvas.size().width;
        let scratch = (!canvas.is_plain()).then(|| [vec![0.0; values], vec![0.0; values]]);
        let latest = evaluates_ends.then(|| vec![0.0; start.len()]);
        let last_good = LastGood::new(start, precision);
        let (iteration, is_at_start, culprit) = (0, true, None);
        Evaluator {
            engine,
            objective,
            canvas,
            observer,
            trace,
            stage,
            iteration,
            scratch,
            latest,
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
        let has_evaluated = self.latest.as_ref().is_some_and(|latest| latest == variables);
        let is_known = self.culprit.is_none() && has_evaluated;
        if is_known {
            self.last_good.set(variables);
        }
        self.is_at_start = !is_known;
        Ok(step)
    }

    /// Goes on where another [has found](Found) this.
    pub fn resume(&mut self, last_good: LastGood, is_end_known: bool) {
        (self.last_good, self.is_at_start) = (last_good, !is_end_known);
    }

    /// The observer, and what there is to tell it.
    pub fn found(&mut self) -> (&mut dyn Observer, Found<'_, 'e, E>) {
        let latest = self.trace.evaluations.last();
        let (losses, total) = latest.map_or((&[][..], 0.0), |latest| (&latest.losses, latest.total));
        let (objective, trace, last_good) = (&self.objective, &*self.trace, &self.last_good);
        let is_end_known = !self.is_at_start;
        (self.observer, Found { losses, total, objective, trace, last_good, is_end_known })
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
            picture: Box::new(self.canvas.finished(&self.last_good.variables())),
            trace: mem::take(self.trace),
        }
    }

    /// The error of an engine that has failed. Takes the trace with it.
    pub fn failed(&mut self, source: EngineError) -> TransferError {
        TransferError::EngineFailed {
            source: Box::new(source),
            size: self.canvas.size(),
            iteration: self.iteration,
            picture: Box::new(self.canvas.finished(&self.last_good.variables())),
            trace: mem::take(self.trace),
        }
    }

    fn evaluate(&mut self, variables: &[f32], gradient: &mut [f32]) -> Result<f64, Halt> {
        if self.observer.control() == Control::Stop {
            return Err(Halt::Stopped);
        }
        let losses = match &mut self.scratch {
            None => self.objective.evaluate(self.engine, variables, gradient),
            Some([picture, by_picture]) => {
                self.canvas.paint(variables, picture);
                let losses = self.objective.evaluate(self.engine, picture, by_picture);
                self.canvas.gradient(by_picture, gradient);
                losses
            }
        };
        let losses = losses.map_err(Halt::Failed)?;
        if let Some(latest) = &mut self.latest {
            latest.copy_from_slice(variables);
        }
        let total: f64 = losses.iter().map(|term| term.loss).sum();
        self.culprit = culprit(&losses, gradient);
        let is_at_start = mem::take(&mut self.is_at_start);
        if self.culprit.is_none() {
            if is_at_start {
                self.last_good.set(variables);
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
