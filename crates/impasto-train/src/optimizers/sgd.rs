//! Stochastic gradient descent with momentum (Polyak 1964, as Sutskever et al. 2013 write it).
//!
//! ```text
//! v ← μv + g + decay·w        w ← w − rate·v
//! ```

use rayon::prelude::*;

use super::RUN;
use crate::parameter::Parameter;

/// μ.
const MOMENTUM: f32 = 0.9;

/// Stochastic gradient descent with its velocities.
#[derive(Clone, Debug)]
pub struct Sgd {
    decay: f32,
    velocity: Vec<Vec<f32>>,
}

impl Sgd {
    /// For parameters of these lengths. `decay` of at least 0 is the part of the weights that is added to their
    /// gradient.
    pub fn new(lengths: &[usize], decay: f32) -> Self {
        Sgd { decay, velocity: lengths.iter().map(|&length| vec![0.0; length]).collect() }
    }

    /// Changes the values of `parameters` by their gradients.
    ///
    /// # Panics
    /// If their lengths are not those that this was made for.
    pub fn step(&mut self, parameters: &mut [&mut Parameter], rate: f32) {
        assert_eq!(parameters.len(), self.velocity.len(), "the same parameters in every step");
        for (parameter, velocity) in parameters.iter_mut().zip(&mut self.velocity) {
            assert_eq!(parameter.value.len(), velocity.len(), "the same parameters in every step");
            let runs = parameter.value.par_chunks_mut(RUN).zip(parameter.gradient.par_chunks(RUN));
            runs.zip(velocity.par_chunks_mut(RUN)).for_each(|((values, gradients), velocities)| {
                for ((value, gradient), velocity) in values.iter_mut().zip(gradients).zip(velocities) {
                    *velocity = MOMENTUM * *velocity + gradient + self.decay * *value;
                    *value -= rate * *velocity;
                }
            });
        }
    }

    pub(super) fn state(&mut self) -> Vec<(String, &mut Vec<f32>)> {
        let named = |(number, values)| (format!("sgd.velocity.{number}"), values);
        self.velocity.iter_mut().enumerate().map(named).collect()
    }
}
