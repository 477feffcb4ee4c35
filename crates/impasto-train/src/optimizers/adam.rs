//! Adam (Kingma and Ba 2014, algorithm 1), with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).
//!
//! ```text
//! m ← β₁m + (1 − β₁)g        v ← β₂v + (1 − β₂)g²
//! w ← w − rate·decay·w − rate·(m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε)
//! ```

use rayon::prelude::*;

use super::RUN;
use crate::parameter::Parameter;

/// β₁, β₂ and ε.
const FIRST: f32 = 0.9;
const SECOND: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Adam with its moments.
#[derive(Clone, Debug)]
pub struct Adam {
    decay: f32,
    steps: u64,
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
}

impl Adam {
    /// For parameters of these lengths. `decay` of at least 0 is the part of the weights that a step takes away,
    /// times its rate.
    pub fn new(lengths: &[usize], decay: f32) -> Self {
        let zeros: Vec<Vec<f32>> = lengths.iter().map(|&length| vec![0.0; length]).collect();
        Adam { decay, steps: 0, first: zeros.clone(), second: zeros }
    }

    /// Changes the values of `parameters` by their gradients.
    ///
    /// # Panics
    /// If their lengths are not those that this was made for.
    pub fn step(&mut self, parameters: &mut [&mut Parameter], rate: f32) {
        assert_eq!(parameters.len(), self.first.len(), "the same parameters in every step");
        self.steps += 1;
        let correction = |moment: f32| 1.0 - f64::from(moment).powf(self.steps as f64);
        let size = (f64::from(rate) / correction(FIRST)) as f32;
        let deviation = (1.0 / correction(SECOND).sqrt()) as f32;
        let keep = 1.0 - rate * self.decay;
        for ((parameter, first), second) in parameters.iter_mut().zip(&mut self.first).zip(&mut self.second) {
            assert_eq!(parameter.value.len(), first.len(), "the same parameters in every step");
            let runs = parameter.value.par_chunks_mut(RUN).zip(parameter.gradient.par_chunks(RUN));
            let moments = first.par_chunks_mut(RUN).zip(second.par_chunks_mut(RUN));
            runs.zip(moments).for_each(|((values, gradients), (first, second))| {
                let moments = first.iter_mut().zip(second);
                for ((value, gradient), (first, second)) in values.iter_mut().zip(gradients).zip(moments) {
                    *first += (1.0 - FIRST) * (gradient - *first);
                    *second = SECOND * *second + (1.0 - SECOND) * gradient * gradient;
                    *value = keep * *value - size * *first / (second.sqrt() * deviation + EPSILON);
                }
            });
        }
    }

    pub(super) fn state(&mut self) -> Vec<(String, &mut Vec<f32>)> {
        let named = |name: &'static str| move |(number, values)| (format!("adam.{name}.{number}"), values);
        let first = self.first.iter_mut().enumerate().map(named("first"));
        first.chain(self.second.iter_mut().enumerate().map(named("second"))).collect()
    }

    pub(super) fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }
}
