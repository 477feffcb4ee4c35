//! Bounds: the same range for all variables, kept by projection (Bertsekas 1982, Projected Newton methods for
//! optimization problems with simple constraints).
//!
//! A variable at a bound that the gradient pushes outward is held: its part of the direction is 0. The others
//! move along `x(t) = clamp(x + t d)`, and the derivative of the loss along this path counts those that move.
//! L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995) looks along a projected path first to tell which are held; both
//! come to rest at the same points.

/// Lowest and highest value of every variable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) lowest: f32,
    pub(super) highest: f32,
}

impl Bounds {
    /// Brings all variables within the bounds.
    pub(super) fn clamp(self, variables: &mut [f32]) {
        variables.iter_mut().for_each(|value| *value = self.within(*value));
    }

    /// Sets to 0 what of `direction` leads, or follows a `gradient` that leads, out of the bounds.
    pub(super) fn hold(self, variables: &[f32], gradient: &[f32], direction: &mut [f32]) {
        for ((direction, &value), &gradient) in direction.iter_mut().zip(variables).zip(gradient) {
            if self.leaves(value, *direction) || self.leaves(value, -gradient) {
                *direction = 0.0;
            }
        }
    }

    /// Derivative of the loss along the path at `variables`, where it has `gradient`.
    pub(super) fn slope(self, variables: &[f32], gradient: &[f32], direction: &[f32]) -> f64 {
        let moving = variables.iter().zip(gradient).zip(direction);
        let moving = moving.filter(|((value, _), direction)| !self.leaves(**value, **direction));
        moving.map(|((_, &gradient), &direction)| f64::from(gradient) * f64::from(direction)).sum()
    }

    /// Adds `displacement` to the variables as far as the bounds allow, and makes it what was added.
    pub(super) fn add(self, variables: &mut [f32], displacement: &mut [f32]) {
        for (value, displacement) in variables.iter_mut().zip(displacement) {
            let moved = self.within(*value + *displacement);
            *displacement = moved - *value;
            *value = moved;
        }
    }

    /// What is not a number stays so, to be found.
    fn within(self, value: f32) -> f32 {
        value.clamp(self.lowest, self.highest)
    }

    fn leaves(self, value: f32, direction: f32) -> bool {
        (value <= self.lowest && direction < 0.0) || (value >= self.highest && direction > 0.0)
    }
}
