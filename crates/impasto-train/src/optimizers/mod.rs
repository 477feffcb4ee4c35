//! What turns gradients of weights into steps: Adam and stochastic gradient descent, and the size of their steps.

mod adam;
mod schedule;
mod sgd;

pub use adam::Adam;
use rayon::prelude::*;
pub use schedule::Schedule;
pub use sgd::Sgd;

use crate::parameter::Parameter;

/// Values that one piece of work updates.
const RUN: usize = 1 << 14;

/// An optimiser with its memory.
#[derive(Clone, Debug)]
pub enum Optimizer {
    /// See [`Adam`].
    Adam(Adam),
    /// See [`Sgd`].
    Sgd(Sgd),
}

impl Optimizer {
    /// Changes the values of `parameters`, always the same in the same order, by their gradients.
    ///
    /// # Panics
    /// If they are not those that the optimiser was made for.
    pub fn step(&mut self, parameters: &mut [&mut Parameter], rate: f32) {
        match self {
            Optimizer::Adam(adam) => adam.step(parameters, rate),
            Optimizer::Sgd(sgd) => sgd.step(parameters, rate),
        }
    }

    /// What the optimiser remembers, by name, beside the number of its steps.
    pub fn state(&mut self) -> Vec<(String, &mut Vec<f32>)> {
        match self {
            Optimizer::Adam(adam) => adam.state(),
            Optimizer::Sgd(sgd) => sgd.state(),
        }
    }

    /// Says how many steps were taken, after [`state`](Self::state) was restored.
    pub fn set_steps(&mut self, steps: u64) {
        if let Optimizer::Adam(adam) = self {
            adam.set_steps(steps);
        }
    }
}

/// Scales the gradients of `parameters` so that the length of all together is at most `longest`; answers their
/// length before.
pub fn clip_gradients(parameters: &mut [&mut Parameter], longest: f32) -> f32 {
    let square = |parameter: &&mut Parameter| -> f64 {
        // Sums of fixed runs, added in their order: the same for any number of threads.
        let runs = parameter.gradient.par_chunks(RUN);
        let runs: Vec<f64> =
            runs.map(|run| run.iter().map(|&value| f64::from(value).powi(2)).sum()).collect();
        runs.into_iter().sum()
    };
    let length = parameters.iter().map(square).sum::<f64>().sqrt() as f32;
    if length > longest {
        let factor = longest / length;
        for parameter in parameters {
            parameter
                .gradient
                .par_chunks_mut(RUN)
                .for_each(|run| run.iter_mut().for_each(|it| *it *= factor));
        }
    }
    length
}
