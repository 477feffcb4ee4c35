//! What can be chosen about the training of a classifier.

use serde::{Deserialize, Serialize};

use crate::optimizers::Schedule;

/// Which optimiser takes the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerChoice {
    /// Adam with moments 0.9 and 0.999 (Kingma and Ba 2014), as in the paper.
    Adam,
    /// Stochastic gradient descent with a momentum of 0.9.
    Sgd,
}

/// What can be chosen about the training of a classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifierSettings {
    /// Pictures of a step, at least 1. Default 128.
    pub batch: usize,
    /// Most epochs, at least 1. Default 16.
    pub epochs: usize,
    /// Share of wrongly classified test pictures at which training stops, 0..1; 0 never. Default 0.18, the error
    /// that the paper reports.
    pub target_error: f64,
    /// Default Adam.
    pub optimizer: OptimizerChoice,
    /// Size of a step. Default 0.0005; stochastic gradient descent wants about 0.02.
    pub rate: f32,
    /// How the rate goes on. Default a cosine, to zero after all epochs.
    pub schedule: Schedule,
    /// Steps over which the rate rises from zero. Default 200.
    pub warm_up: usize,
    /// Share of the outputs of each hidden layer that is left out in training, 0..1 (Srivastava et al. 2014).
    /// Default 0.5.
    pub dropout: f32,
    /// Part of the weights that a step takes away, times the rate. Default 0.
    pub weight_decay: f32,
    /// Whether training pictures are shifted, mirrored and changed in brightness and contrast. Default yes.
    pub augment: bool,
    /// Names everything random. Default 0.
    pub seed: u64,
}

impl Default for ClassifierSettings {
    fn default() -> Self {
        ClassifierSettings {
            batch: 128,
            epochs: 16,
            target_error: 0.18,
            optimizer: OptimizerChoice::Adam,
            rate: 5e-4,
            schedule: Schedule::Cosine,
            warm_up: 200,
            dropout: 0.5,
            weight_decay: 0.0,
            augment: true,
            seed: 0,
        }
    }
}
