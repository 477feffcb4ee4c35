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
//! by Torch's rule that multiplies the loss by more than [`MOST_RISE`] is taken back, and its length is sought by
//! the line search of the other rule. All other steps are those of the references. The step that is learnt from
//! is the one that the variables made, after rounding.
//!
//! Where `d` does not point downhill or overflows, the optimiser forgets its history and starts again as
//! in the first step. The references stop there. Bounds of the variables, if there are any, are kept as
//! `bounds.rs` says.

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;

use impasto_network::{StepHistory, StepHistoryPlace};
use serde::{Deserialize, Serialize};

use super::bounds::Bounds;
use super::inverse_hessian::InverseHessian;
use super::strong_wolfe::{self, Trial};
use super::{
    Evaluate, InvalidSetting, InvalidState, Optimizer, Outcome, Resample, State, Step, StepError,
    evaluate_finite, require, require_learning_rate, vector,
};

/// The name in messages.
const NAME: &str = "L-BFGS";

/// Widest change of a variable, in its own unit, that the line search takes for none: PyTorch's
/// `tolerance_change`.
const LEAST_CHANGE: f64 = 1e-9;

/// Fewer steps than Nocedal and Wright (2006) call the least that is of use are not remembered for want of memory.
pub(crate) const FEWEST_STEPS: usize = 3;

/// A pair of step s and change y of the gradient is learnt if `y·s` exceeds this, the absolute bound of Torch7 and PyTorch.
/// It keeps H positive definite; being absolute, it also drops very short steps.
const LEAST_CURVATURE: f64 = 1e-10;

/// A step by Torch's rule after which the loss is more than this many times that before it is taken back.
/// PyTorch's descents were seen to rise up to twelvefold and to go on well; steps made of rounding rise a hundred
/// to a hundred thousand times (neural-style with VGG-19 at 128 to 256 pixels).
const MOST_RISE: f64 = 100.0;

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

/// What earlier steps left behind. All vectors have one element for each variable.
#[derive(Debug)]
struct History {
    rule: LbfgsRule,
    bounds: Option<Bounds>,
    hessian: Box<dyn StepHistory>,
    /// Loss at the variables, if the last step ended with its evaluation; then `gradient` is theirs.
    known_loss: Option<f64>,
    /// Scratch between steps, unless `known_loss` is there.
    gradient: Vec<f32>,
    /// Gradient where the last step started.
    previous_gradient: Vec<f32>,
    /// The last step; while one is sought, its direction.
    displacement: Vec<f32>,
    /// Where the step started.
    start: Vec<f32>,
    /// Steps since the history was last empty.
    moves: u64,
    /// Whether `previous_gradient` and `displacement` are yet to be learnt from.
    unlearnt: bool,
}

/// A direction of descent is in `displacement`.
struct Direction {
    /// Directional derivative of the loss, below 0.
    slope: f64,
    /// Length to try first.
    length: f64,
    /// Whether it is the negative gradient.
    is_steepest: bool,
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

/// Takes in a step and the change of the gradient over it. Returns false, and changes nothing, if they lack positive
/// curvature.
fn learn(hessian: &mut dyn StepHistory, step: &[f32], change: &[f32]) -> bool {
    let curvature = vector::dot(change, step);
    // Written so that an undefined curvature is refused, too.
    let is_sound = curvature > LEAST_CURVATURE && curvature.is_finite();
    if is_sound {
        hessian.learn(step, change, curvature, vector::dot(change, change));
    }
    is_sound
}

impl History {
    fn new(rule: LbfgsRule, hessian: Box<dyn StepHistory>, variables: usize, bounds: Option<Bounds>) -> Self {
        History {
            rule,
            bounds,
            hessian,
            known_loss: None,
            gradient: vec![0.0; variables],
            previous_gradient: vec![0.0; variables],
            displacement: vec![0.0; variables],
            start: vec![0.0; variables],
            moves: 0,
            unlearnt: false,
        }
    }

    /// Takes in the last step, now that `gradient` is that at its end, and makes it the previous one.
    fn learn(&mut self) {
        if mem::take(&mut self.unlearnt) {
            vector::subtract_from(&mut self.previous_gradient, &self.gradient);
            learn(&mut *self.hessian, &self.displacement, &self.previous_gradient);
        }
        mem::swap(&mut self.gradient, &mut self.previous_gradient);
    }

    /// The direction `−H g`, or that of steepest descent where there is none better.
    fn direction(&mut self, variables: &[f32], gradient_norm: f64, learning_rate: f64) -> Direction {
        if self.moves > 0 {
            vector::set_scaled(&mut self.displacement, -1.0, &self.previous_gradient);
            self.hold(variables);
            self.hessian.apply(&mut self.displacement);
            self.hold(variables);
            let slope = vector::dot(&self.previous_gradient, &self.displacement);
            // An element that overflowed makes the slope infinite or undefined.
            if slope < 0.0 && slope.is_finite() {
                return Direction { slope, length: learning_rate, is_steepest: false };
            }
        }
        self.steepest_descent(variables, gradient_norm, learning_rate)
    }

    /// Keeps the direction within the bounds of `variables`.
    fn hold(&mut self, variables: &[f32]) {
        if let Some(bounds) = self.bounds {
            bounds.hold(variables, &self.previous_gradient, &mut self.displacement);
        }
    }

    /// Empties the history; the direction is `−g`. Its slope is 0 only where bounds hold all of it.
    fn steepest_descent(&mut self, variables: &[f32], gradient_norm: f64, learning_rate: f64) -> Direction {
        self.hessian.forget();
        self.moves = 0;
        vector::set_scaled(&mut self.displacement, -1.0, &self.previous_gradient);
        self.hold(variables);
        let slope = vector::dot(&self.previous_gradient, &self.displacement);
        Direction { slope, length: (1.0 / gradient_norm).min(1.0) * learning_rate, is_steepest: true }
    }

    /// Goes `length` times the direction, as far as the bounds allow.
    fn move_by(&mut self, length: f64, variables: &mut [f32]) {
        vector::scale(&mut self.displacement, length as f32);
        match self.bounds {
            Some(bounds) => bounds.add(variables, &mut self.displacement),
            None => vector::add_moved(variables, &mut self.displacement),
        }
        self.moves += 1;
        self.unlearnt = true;
    }

    /// Goes along `direction` from `variables`, where the loss is `loss`, as far as the rule says. Returns whether
    /// they moved.
    fn go<E>(
        &mut self,
        direction: &Direction,
        loss: f64,
        variables: &mut [f32],
        evaluate: &mut Evaluate<'_, E>,
    ) -> Result<bool, StepError<E>> {
        self.start.copy_from_slice(variables);
        let at_start = Trial { length: 0.0, loss, slope: direction.slope };
        let narrowest = LEAST_CHANGE / f64::from(vector::largest(&self.displacement));
        let mut last = at_start;
        let mut failure = None;
        let mut trial = |length: f64| {
            variables.copy_from_slice(&self.start);
            vector::add_scaled(variables, length as f32, &self.displacement);
            if let Some(bounds) = self.bounds {
                bounds.clamp(variables);
            }
            last = match evaluate_finite(variables, &mut self.gradient, evaluate) {
                Ok((loss, _)) => {
                    let slope = match self.bounds {
                        Some(bounds) => bounds.slope(variables, &self.gradient, &self.displacement),
                        None => vector::dot(&self.gradient, &self.displacement),
                    };
                    Trial { length, loss, slope }
                }
                Err(StepError::NotFinite { loss, gradient_norm }) => {
                    failure = Some(StepError::NotFinite { loss, gradient_norm });
                    Trial { length, loss: f64::INFINITY, slope: f64::NAN }
                }
                Err(stopped) => return Err(stopped),
            };
            Ok(last)
        };
        let found = trial(direction.length).and_then(|first| {
            let is_sound = first.loss - loss <= (MOST_RISE - 1.0) * loss.abs();
            if self.rule == LbfgsRule::Torch && is_sound {
                return Ok(first);
            }
            strong_wolfe::search(at_start, first, narrowest, &mut trial)
        });

        let stays = match found {
            Ok(found) if found.length > 0.0 => {
                self.known_loss = (found == last).then_some(found.loss);
                variables.copy_from_slice(&self.start);
                self.move_by(found.length, variables);
                return Ok(true);
            }
            // Where no point will do, one that is not finite is the more telling reason.
            Ok(_) => failure.filter(|_| direction.is_steepest).map_or(Ok(false), Err),
            Err(stopped) => Err(stopped),
        };
        variables.copy_from_slice(&self.start);
        if stays.is_err() {
            mem::swap(&mut self.gradient, &mut self.previous_gradient);
            self.known_loss = Some(loss);
        }
        stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_without_positive_curvature_are_refused() {
        let mut hessian = InverseHessian::new(2, 2);
        for change in [[-1.0, 0.0], [0.0, 1.0], [9e-11, 0.0], [f32::NAN, 0.0], [f32::INFINITY, 0.0]] {
            assert!(!learn(&mut hessian, &[1.0, 0.0], &change), "{change:?}");
        }
        let mut q = [3.0, 5.0];
        hessian.apply(&mut q);
        assert_eq!(q, [3.0, 5.0]);
        assert!(learn(&mut hessian, &[1.0, 0.0], &[1.1e-10, 0.0]));
    }
}
