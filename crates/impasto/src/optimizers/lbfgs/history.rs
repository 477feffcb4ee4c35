//! What L-BFGS remembers of earlier steps, and how it finds the next one by it.

use std::mem;

use impasto_network::StepHistory;

use super::super::bounds::Bounds;
use super::super::strong_wolfe::{self, Trial};
use super::super::{Evaluate, StepError, evaluate_finite, vector};
use super::LbfgsRule;

/// Widest change of a variable, in its own unit, that the line search takes for none: PyTorch's
/// `tolerance_change`.
const LEAST_CHANGE: f64 = 1e-9;

/// A pair of step s and change y of the gradient is learnt if `y·s` exceeds this, the absolute bound of Torch7 and PyTorch.
/// It keeps H positive definite; being absolute, it also drops very short steps.
const LEAST_CURVATURE: f64 = 1e-10;

/// A step by Torch's rule after which the loss is more than this many times that before it is taken back.
/// PyTorch's descents were seen to rise up to twelvefold and to go on well; steps made of rounding rise a hundred
/// to a hundred thousand times (neural-style with VGG-19 at 128 to 256 pixels).
const MOST_RISE: f64 = 100.0;

/// What earlier steps left behind. All vectors have one element for each variable.
#[derive(Debug)]
pub(super) struct History {
    rule: LbfgsRule,
    bounds: Option<Bounds>,
    pub(super) hessian: Box<dyn StepHistory>,
    /// Loss at the variables, if the last step ended with its evaluation; then `gradient` is theirs.
    pub(super) known_loss: Option<f64>,
    /// Scratch between steps, unless `known_loss` is there.
    pub(super) gradient: Vec<f32>,
    /// Gradient where the last step started.
    pub(super) previous_gradient: Vec<f32>,
    /// The last step; while one is sought, its direction.
    pub(super) displacement: Vec<f32>,
    /// Where the step started.
    start: Vec<f32>,
    /// Steps since the history was last empty.
    pub(super) moves: u64,
    /// Whether `previous_gradient` and `displacement` are yet to be learnt from.
    pub(super) unlearnt: bool,
}

/// A direction of descent is in `displacement`.
pub(super) struct Direction {
    /// Directional derivative of the loss, below 0.
    pub(super) slope: f64,
    /// Length to try first.
    pub(super) length: f64,
    /// Whether it is the negative gradient.
    pub(super) is_steepest: bool,
}

/// Takes in a step and the change of the gradient over it. Returns false, and changes nothing, if they lack positive
/// curvature.
pub(super) fn learn(hessian: &mut dyn StepHistory, step: &[f32], change: &[f32]) -> bool {
    let curvature = vector::dot(change, step);
    // Written so that an undefined curvature is refused, too.
    let is_sound = curvature > LEAST_CURVATURE && curvature.is_finite();
    if is_sound {
        hessian.learn(step, change, curvature, vector::dot(change, change));
    }
    is_sound
}

impl History {
    pub(super) fn new(
        rule: LbfgsRule,
        hessian: Box<dyn StepHistory>,
        variables: usize,
        bounds: Option<Bounds>,
    ) -> Self {
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
    pub(super) fn learn(&mut self) {
        if mem::take(&mut self.unlearnt) {
            vector::subtract_from(&mut self.previous_gradient, &self.gradient);
            learn(&mut *self.hessian, &self.displacement, &self.previous_gradient);
        }
        mem::swap(&mut self.gradient, &mut self.previous_gradient);
    }

    /// The direction `−H g`, or that of steepest descent where there is none better.
    pub(super) fn direction(
        &mut self,
        variables: &[f32],
        gradient_norm: f64,
        learning_rate: f64,
    ) -> Direction {
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
    pub(super) fn hold(&mut self, variables: &[f32]) {
        if let Some(bounds) = self.bounds {
            bounds.hold(variables, &self.previous_gradient, &mut self.displacement);
        }
    }

    /// Empties the history; the direction is `−g`. Its slope is 0 only where bounds hold all of it.
    pub(super) fn steepest_descent(
        &mut self,
        variables: &[f32],
        gradient_norm: f64,
        learning_rate: f64,
    ) -> Direction {
        self.hessian.forget();
        self.moves = 0;
        vector::set_scaled(&mut self.displacement, -1.0, &self.previous_gradient);
        self.hold(variables);
        let slope = vector::dot(&self.previous_gradient, &self.displacement);
        Direction { slope, length: (1.0 / gradient_norm).min(1.0) * learning_rate, is_steepest: true }
    }

    /// Goes `length` times the direction, as far as the bounds allow.
    pub(super) fn move_by(&mut self, length: f64, variables: &mut [f32]) {
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
    pub(super) fn go<E>(
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
    use super::super::super::inverse_hessian::InverseHessian;
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
