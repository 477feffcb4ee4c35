//! Terms of other crates.
//!
//! A term of your own is a type that implements [`OwnTerm`]: its name, its weight, the layers that it reads. For each
//! size of the picture it makes an [`OwnLoss`], which asks questions of the maps at those layers and makes losses and
//! gradients of the answers; or reads the pixels. [`Transfer::term`](crate::Transfer::term) takes it. From there on it
//! is planned, traced, cut into tiles and written to checkpoints as all others are.
//!
//! [`Settings`](crate::Settings) are plain data and know nothing of it: it stands beside them, in the transfer. It
//! knows nothing of engines: the maps that it gives and takes are [`PlanarMap`]s, which the transfer converts. That
//! costs time for whole maps, and none for sums over positions.
//!
//! This one draws the mean colour of the picture to grey, on the pixels:
//!
//! ```
//! use std::sync::Arc;
//!
//! use impasto::terms::Scene;
//! use impasto::terms::own::{OwnLoss, OwnTerm};
//! # use impasto::{Control, Picture, Preset, Transfer, network::{CpuEngine, Weights}};
//!
//! /// (mean − ½)² of all values.
//! #[derive(Debug)]
//! struct Gray {
//!     weight: f64,
//! }
//!
//! impl OwnTerm for Gray {
//!     fn name(&self) -> &'static str {
//!         "gray"
//!     }
//!
//!     fn weight(&self) -> f64 {
//!         self.weight
//!     }
//!
//!     fn at(&self, _scene: &Scene) -> Box<dyn OwnLoss> {
//!         Box::new(GrayLoss)
//!     }
//! }
//!
//! struct GrayLoss;
//!
//! impl OwnLoss for GrayLoss {
//!     fn on_pixels(&self, picture: &[f32], gradient: &mut [f32]) -> f64 {
//!         let count = picture.len() as f64;
//!         let difference = picture.iter().map(|&value| f64::from(value)).sum::<f64>() / count - 0.5;
//!         gradient.fill((2.0 * difference / count) as f32);
//!         difference * difference
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut settings = Preset::Impasto.settings();
//! # settings.schedule.size = 32;
//! # settings.schedule.iterations = 2;
//! # let mut engine = CpuEngine::new(Weights::compact());
//! # let content = Picture::uniform_noise(64, 48, 0.2..0.8, 1);
//! # let style = Picture::white_noise(64, 64, [0.5; 3], 0.2, 2);
//! let transfer = Transfer::new(settings).content(content).style(style, 1.0);
//! let outcome = transfer.term(Arc::new(Gray { weight: 3.0 })).run(&mut engine, |_| Control::Continue)?;
//! assert!(outcome.trace.evaluations[0].losses.iter().any(|loss| loss.term == "gray"));
//! # Ok(())
//! # }
//! ```
//!
//! `docs/adding-a-term.md` goes through one that reads maps.

mod answers;
mod at_work;
mod definition;
mod maps;

use std::fmt;

pub use answers::MapAnswers;
pub(crate) use definition::{Own, OwnRecord};
use impasto_network::{Architecture, Layer, MapGradient, PlanarMap, Question, Size};

use super::{Memory, Reads, Scene, WeightedLayers};
use crate::SettingsError;
use crate::regions::Regions;

/// The settings of a term of another crate, and what they say about it.
///
/// What its methods answer stays the same as long as it lives.
pub trait OwnTerm: fmt::Debug + Send + Sync {
    /// The name in messages and traces: lower-case letters, digits and underscores. No term of this crate has it.
    fn name(&self) -> &'static str;

    /// Factor of the whole term, finite and at least 0; 0 leaves it out.
    fn weight(&self) -> f64;

    /// The layers of the network that it reads; `None` for a term on pixels. Default: on pixels.
    fn layers(&self) -> Option<WeightedLayers> {
        None
    }

    /// Its other settings as text, for checkpoints: a run goes on only with a term that has the same. Default: it has
    /// none.
    fn settings(&self) -> String {
        String::new()
    }

    /// Whether its loss depends on the size of the activations, as published formulas do, and its weight is balanced
    /// for those of VGG-19: see [`Transfer::fit_weights`](crate::Transfer::fit_weights). Default: no.
    fn is_absolute(&self) -> bool {
        false
    }

    /// Whether it learns from the content picture, at its layers. It then takes no part without one. Default: no.
    fn learns_content(&self) -> bool {
        false
    }

    /// Whether it learns from the style pictures, at its layers. Default: no.
    fn learns_style(&self) -> bool {
        false
    }

    /// Rows and columns that its maps must have at least. Default: 1.
    fn smallest_map(&self) -> usize {
        1
    }

    /// What its questions are about. Default: sums over positions.
    fn reads(&self) -> Reads {
        Reads::Sums
    }

    /// Bytes that its loss keeps from one evaluation to the next, for a picture and styles of these sizes. Default: 0.
    fn memory_needed(&self, _network: &Architecture, _picture: Size, _styles: &[Size]) -> u64 {
        0
    }

    /// Checks the ranges of its settings, but for weights and layers, which are checked in any case.
    ///
    /// # Errors
    /// Names the first setting that is outside its range.
    fn validate(&self) -> Result<(), SettingsError> {
        Ok(())
    }

    /// The term at work in a stage.
    fn at(&self, scene: &Scene) -> Box<dyn OwnLoss>;
}

/// A term of another crate at work on pictures of one size.
///
/// It is shown the content and then the styles, if it learns from them: it says what it asks of each, and learns from
/// the answers. Then it says what it asks of the picture, and makes losses of the answers at each evaluation. Of a term
/// without layers only [`on_pixels`](OwnLoss::on_pixels) is called.
///
/// # Panics
/// The run panics where a loss asks of layers that are not its term's, takes other answers than it has asked for, or
/// gives maps, matrices or weights of another size than the map's: these are errors of its code, not of its input.
pub trait OwnLoss {
    /// What it asks of a picture that it learns from. Default: nothing.
    fn ask_of(&mut self, _lesson: Lesson<'_>) -> Vec<Question<PlanarMap>> {
        Vec::new()
    }

    /// Learns from the answers to what it asked of the same picture. Default: nothing.
    fn learn(&mut self, _lesson: Lesson<'_>, _answers: &mut MapAnswers<'_>) {}

    /// What it asks of the picture; once all is learnt, and before each evaluation if it
    /// [asks anew](OwnLoss::asks_anew). Targets that it holds in an `Arc` from one call to the next are converted once.
    /// Default: nothing.
    fn ask(&mut self) -> Vec<Question<PlanarMap>> {
        Vec::new()
    }

    /// Whether its questions change from one evaluation to the next; not their layers. Default: no.
    fn asks_anew(&self) -> bool {
        false
    }

    /// The losses of the picture. Default: none.
    fn on_answers(&mut self, _answers: &mut MapAnswers<'_>) -> Vec<LayerLoss> {
        Vec::new()
    }

    /// The loss of `picture`, planar `[3, H, W]`, 0..1, without the weight. `gradient`, of the same shape, is all 0;
    /// it takes the gradient of the loss by the picture, without the weight. Default: 0.
    fn on_pixels(&self, _picture: &[f32], _gradient: &mut [f32]) -> f64 {
        0.0
    }

    /// What its next losses depend on besides what it has learnt and the picture; `None` if that is nothing. Default:
    /// `None`.
    fn memory(&self) -> Option<Memory> {
        None
    }

    /// Continues from the [`memory`](OwnLoss::memory) of a loss that has learnt the same. All is learnt.
    ///
    /// # Errors
    /// Says what does not fit. The run then does not start.
    fn recall(&mut self, _memory: &Memory) -> Result<(), String> {
        Ok(())
    }
}

/// A picture that a loss learns from.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Lesson<'a> {
    /// The content picture, at the size of the scene.
    Content,
    /// A style picture.
    Style {
        /// Its part of the blend; those of all styles add up to 1.
        share: f64,
        /// Its size.
        size: Size,
        /// Its parts, at its size, if there are any.
        regions: Option<&'a Regions>,
    },
}

/// A loss at one layer, or of several at once.
#[derive(Clone, Debug)]
pub struct LayerLoss {
    /// Where, for the trace. The loss is weighted as this layer is, as [`WeightedLayers`] says; `None` if it is of
    /// several layers at once, which has the weight of the term.
    pub layer: Option<Layer>,
    /// The loss without its weight.
    pub value: f64,
    /// Its gradients by the maps it reads, without the weight too; those at one layer add up.
    pub gradients: Vec<(Layer, MapGradient<PlanarMap>)>,
}
