//! Optimisers: what turns the gradient of a loss into steps of its variables.
//!
//! The variables are a flat slice of f32 in whatever unit the loss wants; nothing here knows that they are
//! pixels. One [`Optimizer::step`] is one iteration as the published programs count them. The caller owns
//! the loop: it counts the steps, and sees and may stop every evaluation from inside its closure.
//!
//! | optimiser | evaluations in a step | vectors kept besides the variables |
//! | --- | --- | --- |
//! | [`Lbfgs`], [`LbfgsRule::Torch`] | 1, but 2 in the first; up to 26 where a step is taken back | 2 · memory + 4 |
//! | [`Lbfgs`], [`LbfgsRule::StrongWolfe`] | 1 to 25, mostly 1 | 2 · memory + 4 |
//! | [`Adam`] | 1 | 3 |
//!
//! All vectors are allocated in the first step. Sums run over fixed blocks in a fixed order, so a step
//! gives the same bits for any number of threads.

mod adam;
mod average;
mod bounds;
mod inverse_hessian;
mod lbfgs;
mod state;
mod strong_wolfe;
mod vector;

use std::sync::Arc;

use impasto_network::StepHistoryPlace;

pub use adam::{Adam, AdamOptions};
pub use average::Average;
pub(crate) use lbfgs::FEWEST_STEPS;
pub use lbfgs::{Lbfgs, LbfgsOptions, LbfgsRule};
pub use state::{InvalidState, State};

/// Computes a loss: reads the variables, overwrites the second slice with the gradient by them, and
/// returns the loss. An error ends the step; this is how a caller cancels a run.
pub type Evaluate<'a, E> = dyn FnMut(&[f32], &mut [f32]) -> Result<f64, E> + 'a;

/// Brings one value per variable to another number of variables: a picture to another size.
pub type Resample<'a> = dyn FnMut(&[f32]) -> Vec<f32> + 'a;

/// An iterative minimiser of a loss whose evaluation can fail with `E`.
///
/// Between two steps the variables must stay as the first of them left them, or the optimiser be told by
/// [`reset`](Optimizer::reset) or [`resample`](Optimizer::resample).
pub trait Optimizer<E>: Send {
    /// Evaluates the loss and moves `variables`: one iteration.
    ///
    /// # Errors
    /// [`StepError::Evaluation`] if `evaluate` fails, [`StepError::NotFinite`] if it yields an infinite or
    /// undefined loss or gradient. Either way `variables` are as before the call, and the step can be
    /// tried again.
    ///
    /// # Panics
    /// If the number of variables differs from that of the last step.
    fn step(&mut self, variables: &mut [f32], evaluate: &mut Evaluate<'_, E>) -> Result<Step, StepError<E>>;

    /// Forgets all earlier steps; the settings stay.
    fn reset(&mut self);

    /// Carries what was learnt over to another number of variables. `first` resamples quantities that are
    /// linear in the gradient, `second` those that are quadratic in it. An optimiser that keeps neither
    /// forgets all earlier steps.
    fn resample(&mut self, first: &mut Resample<'_>, second: &mut Resample<'_>);

    /// Whether a step may end at variables whose loss it has evaluated, so that the next step does not evaluate it anew.
    fn evaluates_its_end(&self) -> bool;

    /// Keeps earlier steps at another place from the next first step, or the next state that is resumed, on; `None` is
    /// the memory of the computer. For optimisers that remember many.
    fn keep_steps_at(&mut self, _place: Option<Arc<dyn StepHistoryPlace>>) {}

    /// Bytes that a run with this many variables allocates, the variables themselves not counted.
    fn memory_needed(&self, variables: usize) -> u64;

    /// What the next step depends on besides the settings, for a checkpoint.
    fn state(&self) -> State<'_>;

    /// Continues from the [`state`](Optimizer::state) of an optimiser with the same settings: the evaluations and
    /// steps that follow are the same bit for bit.
    ///
    /// # Errors
    /// If `state` cannot be of such an optimiser. This one is then reset.
    fn resume(&mut self, state: State<'_>) -> Result<(), InvalidState>;
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Loss at the variables that the step started from.
    pub loss: f64,
    /// Sum of the absolute values of the gradient there.
    pub gradient_norm: f64,
    /// Evaluations of the loss in this step.
    pub evaluations: usize,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The variables moved.
    Moved,
    /// The gradient is zero: the variables stay, and would stay in all further steps.
    Stationary,
    /// No point that a line search tried has a loss low enough: the variables stay. In practice the loss
    /// is at its minimum as far as f32 can tell.
    Stalled,
}

/// Why a step was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError<E> {
    /// The evaluation failed or was stopped.
    #[error(transparent)]
    Evaluation(E),
    /// The loss or an element of its gradient is infinite or undefined.
    #[error("the loss ({loss}) or its gradient (sum of absolute values {gradient_norm}) is not finite")]
    NotFinite {
        /// The loss.
        loss: f64,
        /// Sum of the absolute values of the gradient.
        gradient_norm: f64,
    },
}

/// A setting outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{optimizer}: {name} is {value}, but must be {allowed}")]
pub struct InvalidSetting {
    optimizer: &'static str,
    name: &'static str,
    value: f64,
    allowed: &'static str,
}

/// `Ok` if a setting `holds` to its range.
fn require(
    holds: bool,
    optimizer: &'static str,
    name: &'static str,
    value: f64,
    allowed: &'static str,
) -> Result<(), InvalidSetting> {
    if holds { Ok(()) } else { Err(InvalidSetting { optimizer, name, value, allowed }) }
}

/// `Ok` for a learning rate whose product with a gradient cannot be undefined.
fn require_learning_rate(optimizer: &'static str, value: f64) -> Result<(), InvalidSetting> {
    require(value > 0.0 && value <= 1e9, optimizer, "learning rate", value, "above 0 and at most 1e9")
}

/// Evaluates and returns the loss and the sum of the absolute values of the gradient, both finite.
fn evaluate_finite<E>(
    variables: &[f32],
    gradient: &mut [f32],
    evaluate: &mut Evaluate<'_, E>,
) -> Result<(f64, f64), StepError<E>> {
    let loss = evaluate(variables, gradient).map_err(StepError::Evaluation)?;
    let gradient_norm = vector::absolute_sum(gradient);
    if loss.is_finite() && gradient_norm.is_finite() {
        Ok((loss, gradient_norm))
    } else {
        Err(StepError::NotFinite { loss, gradient_norm })
    }
}
