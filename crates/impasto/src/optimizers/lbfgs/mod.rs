//! L-BFGS: steps along `d = −H g`, with H from the last few steps (Liu and Nocedal 1989; Nocedal and
//! Wright, Numerical Optimization, 2nd ed. 2006, algorithm 7.5).
//!
//! Vectors are f32, their products f64. The first direction is `−g`, and the first length is
//! `min(1, 1/‖g‖₁)` times the learning rate, so that the first step moves all variables together by at
//! most 1; later ones first try the learning rate itself. This is what Torch7's `optim.lbfgs`, and
//! PyTorch after it, do with their tolerances switched off.
//!
//! That first step is often so short that the gradient changes by its rounding, and by kinks of the loss, alone.
//! What such a pair says of the curvature is chance, and one of the next steps may end anywhere: with VGG-19 at 192
//! pixels, here as in PyTorch, at ten thousand times the loss and more, after which the descent creeps. So a step
//! by Torch's rule that multiplies the loss a hundredfold or more is taken back, and its length is sought by
//! the line search of the other rule. All other steps are those of the references. The step that is learnt from
//! is the one that the variables made, after rounding.
//!
//! Where `d` does not point downhill or overflows, the optimiser forgets its history and starts again as
//! in the first step. The references stop there. Bounds of the variables, if there are any, are kept as
//! `bounds.rs` says.

mod history;

use std::borrow::Cow;
use std::sync::Arc;

use history::{History, learn};
use impasto_network::{StepHistory, StepHistoryPlace};
use serde::{Deserialize, Serialize};

use super::bounds::Bounds;
use super::inverse_hessian::InverseHessian;
use super::{
    Evaluate, InvalidSetting, InvalidState, Optimizer, Outcome, Resample, State, Step, StepError,
    evaluate_finite, require, require_learning_rate, vector,
};

/// The name in messages.
const NAME: &str = "L-BFGS";

/// Fewer steps than Nocedal and Wright (2006) call the least that is of use are not remembered for want of memory.
pub(crate) const FEWEST_STEPS: usize = 3;

/// How far [`Lbfgs`] goes along its direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LbfgsRule {
    /// The learning rate: one evaluation in each step. The rule of Torch7 and of the systems built on it
    /// (Johnson 2015 and others). Losses may rise now and then; where one rises more than a hundredfold, the step is
    /// shortened.
    #[default]
    Torch,
    /// To a point that meets the strong Wolfe conditions: the loss falls in every step, at the price of
    /// an evaluation more here and there.
    StrongWolfe,
}

/// Settings of [`Lbfgs`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LbfgsOptions {
    /// Steps remembered, 1..=100. Each costs two vectors: 25 MB for a megapixel. Default: 10, within the
    /// 3 to 20 that Nocedal and Wright recommend and as Crowson (2021) uses; Johnson (2015) uses 100.
    pub memory: usize,
    /// How far to go. Default: [`LbfgsRule::Torch`].
    pub rule: LbfgsRule,
    /// Factor of every length that is tried first, above 0, at most 1e9. Default: 1.
    pub learning_rate: f64,
    /// Lowest and highest value of every variable, finite, the first below the second; `None` for no bounds.
    /// Champandard (2016) holds pixels within 0..255. Default: `None`.
    pub bounds: Option<(f32, f32)>,
}

impl Default for LbfgsOptions {
    fn default() -> Self {
        LbfgsOptions { memory: 10, rule: LbfgsRule::Torch, learning_rate: 1.0, bounds: None }
    }
}

/// The optimiser of Gatys, Ecker and Bethge (2015).
#[derive(Debug)]
pub struct Lbfgs {
    options: LbfgsOptions,
    bounds: Option<Bounds>,
    /// Where steps are kept; `None` for the memory of the computer.
    place: Option<Arc<dyn StepHistoryPlace>>,
    /// None until the first step.
    history: Option<History>,
}

impl Lbfgs {
    /// An optimiser that has not stepped yet.
    ///
    /// # Errors
    /// If a setting is outside its range.
    pub fn new(options: LbfgsOptions) -> Result<Self, InvalidSetting> {
        let LbfgsOptions { memory, learning_rate, bounds, .. } = options;
        require((1..=100).contains(&memory), NAME, "memory", memory as f64, "1 to 100")?;
        require_learning_rate(NAME, learning_rate)?;
        if let Some((lowest, highest)) = bounds {
            let holds = lowest.is_finite() && highest.is_finite() && lowest < highest;
            require(holds, NAME, "lowest value", lowest.into(), "below the highest, both finite")?;
        }
        let bounds = bounds.map(|(lowest, highest)| Bounds { lowest, highest });
        Ok(Lbfgs { options, bounds, place: None, history: None })
    }

    /// A history without steps. A device that has no memory for all of them keeps as many as fit, or the computer the
    /// fewest that are of use.
    fn new_history(&self, variables: usize) -> History {
        let LbfgsOptions { memory, rule, .. } = self.options;
        let fewest = memory.min(FEWEST_STEPS);
        let hessian = match &self.place {
            None => Box::new(InverseHessian::new(memory, variables)) as Box<dyn StepHistory>,
            Some(place) => std::iter::successors(Some(memory), |steps| Some(steps / 2))
                .take_while(|steps| *steps >= fewest)
                .find_map(|steps| place.make(steps, variables).ok())
                .unwrap_or_else(|| Box::new(InverseHessian::new(fewest, variables))),
        };
        History::new(rule, hessian, variables, self.bounds)
    }
}

impl<E> Optimizer<E> for Lbfgs {
    fn step(&mut self, variables: &mut [f32], evaluate: &mut Evaluate<'_, E>) -> Result<Step, StepError<E>> {
        let (learning_rate, bounds) = (self.options.learning_rate, self.bounds);
        let history = match self.history.take() {
            Some(history) => self.history.insert(history),
            None => {
                let new = self.new_history(variables.len());
                self.history.insert(new)
            }
        };
        assert_eq!(
            history.gradient.len(),
            variables.len(),
            "variables of an optimiser in the middle of a run"
        );

        if let Some(bounds) = bounds {
            bounds.clamp(variables);
        }
        let mut evaluations = 0;
        let (loss, gradient_norm) = match history.known_loss.take() {
            Some(loss) => (loss, vector::absolute_sum(&history.gradient)),
            None => {
                evaluations += 1;
                evaluate_finite(variables, &mut history.gradient, evaluate)?
            }
        };
        let step = |evaluations, outcome| Step { loss, gradient_norm, evaluations, outcome };
        if gradient_norm == 0.0 {
            return Ok(step(evaluations, Outcome::Stationary));
        }
        history.learn();

        let mut direction = history.direction(variables, gradient_norm, learning_rate);
        if direction.slope == 0.0 {
            return Ok(step(evaluations, Outcome::Stationary));
        }
        loop {
            let mut count = |point: &[f32], gradient: &mut [f32]| {
                evaluations += 1;
                evaluate(point, gradient)
            };
            if history.go(&direction, loss, variables, &mut count)? {
                return Ok(step(evaluations, Outcome::Moved));
            }
            if direction.is_steepest {
                return Ok(step(evaluations, Outcome::Stalled));
            }
            direction = history.steepest_descent(variables, gradient_norm, learning_rate);
        }
    }

    fn reset(&mut self) {
        self.history = None;
    }

    /// Forgets all earlier steps: pairs at one size say little about another.
    fn resample(&mut self, _first: &mut Resample<'_>, _second: &mut Resample<'_>) {
        self.history = None;
    }

    fn evaluates_its_end(&self) -> bool {
        true
    }

    fn keep_steps_at(&mut self, place: Option<Arc<dyn StepHistoryPlace>>) {
        self.place = place;
    }

    fn memory_needed(&self, variables: usize) -> u64 {
        let vectors = 2 * self.options.memory + 4;
        (size_of::<f32>() * vectors) as u64 * variables as u64
    }

    /// Counters: steps since the history was last empty, and whether the last one is yet to be learnt
    /// from (1 or 0). Numbers: the loss at the variables, if the last step ended with its evaluation. Vectors:
    /// gradient where the last step started, that step, the gradient that belongs to that loss, if it is there,
    /// then the pairs s and y, oldest first. None of them before the first step, or where a device has lost them.
    fn state(&self) -> State<'_> {
        let known = self.history.as_ref().and_then(|history| Some((history, history.hessian.pairs().ok()?)));
        let Some((history, pairs)) = known else {
            return State { counters: vec![0, 0], ..State::default() };
        };
        let last = [&history.previous_gradient[..], &history.displacement[..]];
        let known = history.known_loss.map(|_| &history.gradient[..]);
        State {
            counters: vec![history.moves, u64::from(history.unlearnt)],
            numbers: history.known_loss.into_iter().collect(),
            vectors: last
                .into_iter()
                .chain(known)
                .map(Cow::Borrowed)
                .chain(pairs.into_iter().flatten())
                .collect(),
        }
    }

    fn resume(&mut self, state: State<'_>) -> Result<(), InvalidState> {
        self.history = None;
        let [moves, unlearnt] = state.checked(NAME)?;
        let known_loss = match state.numbers.as_slice() {
            [] => None,
            &[loss] => Some(loss),
            more => return Err(InvalidState::new(NAME, format!("{} losses of one point", more.len()))),
        };
        let [previous_gradient, displacement, rest @ ..] = state.vectors.as_slice() else {
            let is_fresh = state.vectors.is_empty() && moves == 0 && unlearnt == 0 && known_loss.is_none();
            let incomplete = || InvalidState::new(NAME, "it lacks the last gradient or the last step");
            return is_fresh.then_some(()).ok_or_else(incomplete);
        };
        let (known, pairs) = rest
            .split_at_checked(known_loss.iter().len())
            .ok_or_else(|| InvalidState::new(NAME, "it lacks the gradient that belongs to its loss"))?;
        let memory = self.options.memory;
        if unlearnt > 1 || pairs.len() % 2 != 0 || pairs.len() > 2 * memory {
            let found = format!("{} pair vectors, flag {unlearnt}; memory is {memory}", pairs.len());
            return Err(InvalidState::new(NAME, found));
        }
        let mut history = self.new_history(displacement.len());
        history.previous_gradient.copy_from_slice(previous_gradient);
        history.displacement.copy_from_slice(displacement);
        if let [gradient] = known {
            history.gradient.copy_from_slice(gradient);
        }
        (history.moves, history.unlearnt, history.known_loss) = (moves, unlearnt == 1, known_loss);
        for pair in pairs.chunks_exact(2) {
            if !learn(&mut *history.hessian, &pair[0], &pair[1]) {
                return Err(InvalidState::new(NAME, "a pair without positive curvature"));
            }
        }
        self.history = Some(history);
        Ok(())
    }
}
