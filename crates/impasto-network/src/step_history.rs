//! The memory of L-BFGS, for engines that keep it where their maps are.

use std::borrow::Cow;
use std::fmt::Debug;

use crate::EngineError;

/// The last few steps of a descent and what they did to the gradient, as L-BFGS multiplies vectors by them (Nocedal and
/// Wright, Numerical Optimization, 2nd ed. 2006, algorithm 7.4).
///
/// A device that fails tells so at the next call of its engine that can fail; until then products are undefined.
pub trait StepHistory: Debug + Send {
    /// Takes in a step s and the change y of the gradient over it, in place of the oldest pair when full. `curvature` is
    /// `y·s`, above 0, and `squared_change` is `y·y`.
    fn learn(&mut self, step: &[f32], change: &[f32], curvature: f64, squared_change: f64);

    /// `q ← H q` with the inverse Hessian H as the pairs know it; the identity while there is none.
    fn apply(&mut self, q: &mut [f32]);

    /// Becomes the identity again.
    fn forget(&mut self);

    /// The pairs s and y, oldest first.
    ///
    /// # Errors
    /// If the device has failed, and has lost them.
    fn pairs(&self) -> Result<Vec<[Cow<'_, [f32]>; 2]>, EngineError>;
}

/// Where histories are kept.
pub trait StepHistoryPlace: Debug + Send + Sync {
    /// Makes a history of at most `capacity` pairs of vectors of `length` elements.
    ///
    /// # Errors
    /// If there is no memory for it.
    fn make(&self, capacity: usize, length: usize) -> Result<Box<dyn StepHistory>, EngineError>;
}
