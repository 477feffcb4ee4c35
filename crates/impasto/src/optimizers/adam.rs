//! Adam (Kingma and Ba 2015, algorithm 1): steps by the mean of the gradient over its root mean square.
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
//! x ← x − learning_rate · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)        t = 1, 2, …
//! ```
//!
//! As PyTorch has it. Torch7 adds ε to √v before the bias correction instead, which is another result
//! only for gradients not much larger than ε.
//!
//! Moments can be carried to another size (Crowson 2021): an enlarged picture goes on where the smaller one
//! stood, and the bias correction does not start again.

use std::borrow::Cow;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Evaluate, InvalidSetting, InvalidState, Optimizer, Outcome, Resample, State, Step, StepError,
    evaluate_finite, require, require_learning_rate, vector,
};

/// The name in messages.
const NAME: &str = "Adam";

/// Settings of [`Adam`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamOptions {
    /// About how far a variable moves in one step, in its own unit, above 0, at
    /// most 1e9. Default: 0.02, Crowson's
    /// for pixels in 0..1; Johnson (2015) has 10 for pixels in 0..256.
    pub learning_rate: f64,
    /// Decay of the mean of the gradient in each step, 0 to below 1. Default: 0.9.
    pub beta1: f64,
    /// Decay of the mean of its square, 0 to below 1. Default: 0.999; Crowson has 0.99.
    pub beta2: f64,
    /// Keeps the division defined, 1e-30 to 1. Default: 1e-8.
    pub epsilon: f64,
    /// Lowest and highest value of a variable: each step ends by clamping to them. Default: none.
    pub clamp: Option<(f32, f32)>,
}

impl Default for AdamOptions {
    fn default() -> Self {
        AdamOptions { learning_rate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, clamp: None }
    }
}

/// The optimiser of choice where memory is short or a warm start matters.
#[derive(Debug)]
pub struct Adam {
    options: AdamOptions,
    /// t.
    steps: u64,
    /// m, one element for each variable; empty before the first step, like the next two.
    first_moment: Vec<f32>,
    /// v.
    second_moment: Vec<f32>,
    /// Scratch between steps.
    gradient: Vec<f32>,
}

impl Adam {
    /// An optimiser that has not stepped yet.
    ///
    /// # Errors
    /// If a setting is outside its range.
    pub fn new(options: AdamOptions) -> Result<Self, InvalidSetting> {
        let AdamOptions { learning_rate, beta1, beta2, epsilon, clamp } = options;
        require_learning_rate(NAME, learning_rate)?;
        require((0.0..1.0).contains(&beta1), NAME, "beta1", beta1, "at least 0 and below 1")?;
        require((0.0..1.0).contains(&beta2), NAME, "beta2", beta2, "at least 0 and below 1")?;
        require((1e-30..=1.0).contains(&epsilon), NAME, "epsilon", epsilon, "1e-30 to 1")?;
        if let Some((lowest, highest)) = clamp {
            let (low, high) = (f64::from(lowest), f64::from(highest));
            require(low.is_finite(), NAME, "lower end of the clamp", low, "finite")?;
            let holds = high.is_finite() && low < high;
            require(holds, NAME, "upper end of the clamp", high, "finite and above the lower end")?;
        }
        let (first_moment, second_moment, gradient) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Adam { options, steps: 0, first_moment, second_moment, gradient })
    }

    /// Moves the variables along `gradient`, the moments being up to date but for it.
    fn update(&mut self, variables: &mut [f32]) {
        let AdamOptions { learning_rate, beta1, beta2, epsilon, clamp } = self.options;
        self.steps += 1;
        // By powf, so that any number of steps is within its range.
        let correction = |beta: f64| 1.0 - beta.powf(self.steps as f64);
        let length = (learning_rate / correction(beta1)) as f32;
        let root_correction = correction(beta2).sqrt() as f32;
        let (keep1, take1) = (beta1 as f32, (1.0 - beta1) as f32);
        let (keep2, take2) = (beta2 as f32, (1.0 - beta2) as f32);
        let epsilon = epsilon as f32;
        let (lowest, highest) = clamp.unwrap_or((f32::MIN, f32::MAX));

        let moments = self.first_moment.par_chunks_mut(vector::BLOCK);
        let moments = moments.zip(self.second_moment.par_chunks_mut(vector::BLOCK));
        let points = variables.par_chunks_mut(vector::BLOCK).zip(self.gradient.par_chunks(vector::BLOCK));
        points.zip(moments).for_each(|((variables, gradient), (first, second))| {
            let moments = first.iter_mut().zip(second);
            for ((x, &g), (m, v)) in variables.iter_mut().zip(gradient).zip(moments) {
                *m = keep1 * *m + take1 * g;
                // The square of a large f32 would overflow, and an infinite v stay so for ever.
                *v = (keep2 * *v + take2 * g * g).min(f32::MAX);
                *x = (*x - length * *m / (v.sqrt() / root_correction + epsilon)).clamp(lowest, highest);
            }
        });
    }
}

impl<E> Optimizer<E> for Adam {
    fn step(&mut self, variables: &mut [f32], evaluate: &mut Evaluate<'_, E>) -> Result<Step, StepError<E>> {
        if self.first_moment.is_empty() {
            self.first_moment = vec![0.0; variables.len()];
            self.second_moment = vec![0.0; variables.len()];
        }
        assert_eq!(
            self.first_moment.len(),
            variables.len(),
            "variables of an optimiser in the middle of a run"
        );
        self.gradient.resize(variables.len(), 0.0);
        let (loss, gradient_norm) = evaluate_finite(variables, &mut self.gradient, evaluate)?;
        self.update(variables);
        Ok(Step { loss, gradient_norm, evaluations: 1, outcome: Outcome::Moved })
    }

    fn reset(&mut self) {
        (self.steps, self.first_moment, self.second_moment) = (0, Vec::new(), Vec::new());
    }

    /// `first` resamples m and `second` v, where it may undershoot: what comes out negative becomes 0.
    /// The count of steps stays.
    ///
    /// # Panics
    /// If they return different numbers of values.
    fn resample(&mut self, first: &mut Resample<'_>, second: &mut Resample<'_>) {
        if self.first_moment.is_empty() {
            return;
        }
        self.first_moment = first(&self.first_moment);
        self.second_moment = second(&self.second_moment);
        self.second_moment.iter_mut().for_each(|v| *v = v.max(0.0));
        assert_eq!(self.first_moment.len(), self.second_moment.len(), "moments of one number of variables");
        self.gradient = Vec::new();
    }

    fn evaluates_its_end(&self) -> bool {
        false
    }

    fn memory_needed(&self, variables: usize) -> u64 {
        (size_of::<f32>() * 3) as u64 * variables as u64
    }

    /// Counters: steps. Vectors: m and v; none before the first step.
    fn state(&self) -> State<'_> {
        let moments = [&self.first_moment[..], &self.second_moment[..]];
        let vectors = moments.into_iter().filter(|_| self.steps > 0).map(Cow::Borrowed);
        State { counters: vec![self.steps], vectors: vectors.collect(), ..State::default() }
    }

    fn resume(&mut self, state: State<'_>) -> Result<(), InvalidState> {
        Optimizer::<E>::reset(self);
        let [steps] = state.checked(NAME)?;
        match <[_; 2]>::try_from(state.vectors) {
            Err(vectors) if vectors.is_empty() && steps == 0 => Ok(()),
            Ok([_, second]) if second.iter().any(|&v| v < 0.0) => {
                Err(InvalidState::new(NAME, "a negative second moment"))
            }
            Ok([first, second]) if steps > 0 => {
                (self.steps, self.first_moment, self.second_moment) =
                    (steps, first.into_owned(), second.into_owned());
                Ok(())
            }
            vectors => {
                let count = vectors.map_or_else(|vectors| vectors.len(), |vectors| vectors.len());
                Err(InvalidState::new(NAME, format!("{count} vectors after {steps} steps")))
            }
        }
    }
}
