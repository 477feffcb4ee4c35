//! Repaint a picture in the style of another.

#![forbid(unsafe_code)]

mod error;
mod objective;
mod observer;
pub mod optimizers;
pub mod picture;
mod plan;
mod presets;
mod run;
mod schedule;
mod serialize;
mod settings;
pub mod terms;
mod trace;
mod transfer;

pub use error::{Culprit, SettingsError, TransferError};
pub use observer::{Control, Observer, Progress};
pub use picture::Picture;
pub use plan::{Plan, Stage};
pub use presets::Preset;
pub use run::Outcome;
pub use schedule::{Schedule, Start, StyleFit};
pub use settings::{OptimizerSettings, PixelUnits, Settings};
pub use trace::{TermLoss, Trace, TracedEvaluation};
pub use transfer::{Evaluation, Transfer};
