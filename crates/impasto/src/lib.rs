//! Repaint a picture in the style of another.
//!
//! The pixels of a picture are moved until a network sees the content of one picture and the style of
//! another in it (Gatys, Ecker and Bethge 2015). Five nouns say how:
//!
//! | noun | where |
//! | --- | --- |
//! | network and weights | [`network`], the crate `impasto_network` |
//! | terms, what is minimised | [`terms`], [`Settings::terms`]; of your own, [`terms::own`] |
//! | optimiser | [`optimizers`], [`OptimizerSettings`] |
//! | schedule: sizes, iterations, start | [`Schedule`] |
//! | preset, a choice of all of them | [`Preset`] |
//!
//! [`paint()`] does the whole job with the defaults. A [`Transfer`] brings settings and pictures together and runs them
//! on an engine. Pictures are read, resized and written by [`picture`].
//!
//! ```
//! use impasto::{Control, Picture, Preset, Transfer};
//! use impasto::network::{CpuEngine, Weights};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut settings = Preset::Impasto.settings();
//! settings.schedule.size = 32; // small, so that the example is quick
//! settings.schedule.iterations = 2;
//!
//! let content = Picture::uniform_noise(64, 48, 0.2..0.8, 1);
//! let style = Picture::white_noise(64, 64, [0.5; 3], 0.2, 2);
//! let transfer = Transfer::new(settings).content(content).style(style, 1.0);
//!
//! let mut engine = CpuEngine::new(transfer.fit_weights(Weights::compact()));
//! println!("{} MB needed", transfer.plan(&engine)?.memory() / 1_000_000);
//!
//! let outcome = transfer.run(&mut engine, |progress| {
//!     println!("{}/{}: {}", progress.iteration, progress.iterations, progress.total);
//!     Control::Continue
//! })?;
//! assert_eq!(outcome.picture.width(), 32);
//! # Ok(())
//! # }
//! ```
//!
//! A debug build of a program that paints is some twenty times slower than a release build. These lines in the
//! `Cargo.toml` of the program give it most of the speed back:
//!
//! ```toml
//! [profile.dev.package."*"]
//! opt-level = 3
//! ```
//!
//! The feature `image-crate`, on by default, lets [`Picture`] convert from and to pictures of the crate `image`; that
//! crate is then part of the public interface.

#![forbid(unsafe_code)]

mod bilinear;
mod canvas;
mod checkpoint;
mod colors;
mod effort;
mod error;
mod evaluator;
mod given_style;
mod laplacian;
mod last_good;
mod looks;
mod objective;
mod observer;
pub mod optimizers;
mod paint;
pub mod picture;
mod plan;
mod precision;
mod presets;
pub mod regions;
mod run;
mod runner;
mod schedule;
mod serialize;
mod settings;
mod stopping;
mod strength;
mod strength_map;
mod style_cache;
mod style_copy;
mod style_method;
pub mod terms;
mod trace;
mod transfer;
mod warning;

pub use ::impasto_network as network;
pub use checkpoint::{Checkpoint, CheckpointError, ResumeError};
pub use colors::{ColorRule, Colors};
pub use effort::Effort;
pub use error::{Culprit, SettingsError, TransferError};
pub use looks::Look;
pub use observer::{Control, Observer, Progress};
pub use paint::paint;
pub use picture::Picture;
pub use plan::{Cost, Plan, Stage};
pub use precision::Precision;
pub use presets::Preset;
pub use run::Outcome;
pub use runner::Runner;
pub use schedule::{Pyramid, Schedule, SmallerSizes, Start, StyleFit};
pub use settings::{OptimizerSettings, PixelUnits, Settings, Variables};
pub use stopping::StopAtProgress;
pub use strength_map::StrengthMap;
pub use style_cache::StyleCache;
pub use style_method::StyleMethod;
pub use trace::{StageEnd, TermLoss, Trace, TracedEvaluation, TracedStage};
pub use transfer::{Evaluation, Transfer};
pub use warning::Warning;

/// The README, whose examples have to compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
