//! Classifiers: the paper's two networks for CIFAR-10, and their training.

mod batch;
mod network;
mod outcome;
mod settings;
mod shape;
mod training;

pub use batch::CIFAR_CONVENTION;
pub use network::{Classifier, Score};
pub use outcome::{Ending, EpochReport, Moment, TrainingError};
pub use settings::{ClassifierSettings, OptimizerChoice};
pub use shape::{BlockPooling, ClassifierShape};
pub use training::Training;
