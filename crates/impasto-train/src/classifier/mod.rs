//! Classifiers: the paper's two networks for CIFAR-10, and their training.

mod network;
mod settings;
mod shape;
mod training;

pub use network::{Classifier, Score};
pub use settings::{ClassifierSettings, OptimizerChoice};
pub use shape::{BlockPooling, ClassifierShape};
pub use training::{CIFAR_CONVENTION, Ending, EpochReport, Moment, Training, TrainingError};
