//! Distillation: a small network learns to have the features of a large one (Hinton, Vinyals and Dean 2015; of
//! intermediate features, Romero et al. 2015).

mod feature_source;
mod frozen_network;
mod lift;
mod measure;
mod run;
mod settings;
mod student;

pub use feature_source::{EngineFeatures, FeatureSource};
pub use frozen_network::FrozenNetwork;
pub use measure::{common_taps, explained_variance};
pub use run::{Distillation, DistillationError, DistillationStep};
pub use settings::{DistillationSettings, TAPS};
pub use student::CONVENTION;
