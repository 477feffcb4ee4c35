//! Distillation: a small network learns to have the features of a large one (Hinton, Vinyals and Dean 2015; of
//! intermediate features, Romero et al. 2015).

mod frozen_network;
mod lift;
mod measure;
mod run;
mod settings;
mod student;

pub use measure::explained_variance;
pub use run::{Distillation, DistillationError, DistillationStep};
pub use settings::{DistillationSettings, TAPS};
pub use student::CONVENTION;
