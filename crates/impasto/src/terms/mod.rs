//! Terms: the losses whose weighted sum is minimised, each with its gradient.
//!
//! A term is a settings struct, which is plain data, and a loss made from it for one size of the picture.
//! The loss says what it asks of feature maps and learns its targets from the answers for the style and content
//! pictures. At each evaluation it makes of the answers for the picture its loss and a description of its gradient,
//! which the engine carries out; or it reads the pixels, and gives the gradient itself.
//!
//! | term | file | of what |
//! | --- | --- | --- |
//! | [`Content`] | `content.rs` | squared distance of feature maps |
//! | [`Gram`] | `gram/` | squared distance of Gram matrices |
//! | [`Moments`] | `moments/` | Wasserstein distance of means and covariances |
//! | [`Nearest`] | `nearest/` | cosine distance from the most similar columns of the style |
//! | [`Patches`] | `patches/` | squared distance of patches from the most similar ones |
//! | [`TotalVariation`] | `total_variation.rs` | differences of neighbouring pixels |
//!
//! A term of another crate implements [`OwnTerm`](own::OwnTerm) and is given to a
//! [`Transfer`](crate::Transfer::term): see [`own`]. A new term of this crate is a file that defines the settings,
//! implements `Definition` for them and has a function `loss` that makes a `Loss`; and a line in `register!`.
//! `docs/adding-a-term.md` goes through one of each. Its second, `means.rs`, is there in the tests only.

mod content;
mod gram;
mod guidance;
mod in_use;
mod layers;
mod loss;
#[cfg(test)]
mod means;
mod moments;
mod nearest;
pub mod own;
mod patches;
mod taps;
mod targets;
mod total_variation;
mod visibility;

use std::sync::Arc;

pub use content::{Content, ContentLoss};
pub use gram::{Gram, GramLoss};
pub use guidance::Guidance;
use impasto_network::{Architecture, Engine, Layer, Size};
pub(crate) use in_use::TermInUse;
pub use layers::{LayerWeight, WeightedLayers};
pub use loss::Memory;
pub(crate) use loss::{Answers, Loss, MapLoss, Shown, StyleView};
#[cfg(test)]
pub use means::Means;
pub use moments::{Moments, MomentsLoss};
pub use nearest::Nearest;
pub use patches::{GuideChannels, PatchLoss, PatchScore, Patches};
use serde::{Deserialize, Serialize};
pub(crate) use taps::Taps;
pub use total_variation::{TotalVariation, VariationLoss};

use crate::SettingsError;
use crate::regions::Regions;
use crate::style_copy::StyleCopy;

/// What products of maps with themselves cost: half of a symmetric matrix for a statistic, all of it for a gradient.
fn statistics_work(architecture: &Architecture, layers: &[Layer], pictures: &Pictures<'_>) -> Work {
    let products = |size: Size| -> f64 {
        let shapes = layers.iter().filter_map(|&layer| architecture.map_shape(layer, size).ok());
        shapes.map(|shape| (shape.channels * shape.elements()) as f64).sum()
    };
    let styles: f64 = pictures.styles.iter().map(|&style| products(style)).sum();
    Work { learning: 0.5 * styles, evaluation: 1.5 * products(pictures.size) }
}

/// Denominators of relative losses are at least this. Statistics of a layer that answers at all are of
/// order one or more, so it only keeps a layer without any activation from dividing by zero.
const SMALLEST_NORM: f64 = 1e-8;

/// What the settings of a term say about it.
pub(crate) trait Definition {
    /// Factor of the whole term.
    fn weight(&self) -> f64;

    /// Returns it mutably.
    fn weight_mut(&mut self) -> &mut f64;

    /// The layers of the network that it reads; `None` for a term on pixels.
    fn weighted_layers(&self) -> Option<&WeightedLayers> {
        None
    }

    /// Returns it mutably.
    fn weighted_layers_mut(&mut self) -> Option<&mut WeightedLayers> {
        None
    }

    /// Its layers that have any weight.
    fn layers(&self) -> Vec<Layer> {
        self.weighted_layers().map_or_else(Vec::new, WeightedLayers::active)
    }

    /// Whether its loss depends on the size of the activations, as published formulas do.
    fn is_absolute(&self) -> bool {
        false
    }

    /// Whether it learns from the content picture, at its layers.
    fn learns_content(&self) -> bool {
        false
    }

    /// Whether it learns from the style pictures, at its layers.
    fn learns_style(&self) -> bool {
        false
    }

    /// Whether its shallow layers may read another picture than its deep ones: see [`StyleView`].
    fn tells_strokes_apart(&self) -> bool {
        false
    }

    /// The copies of each style picture that it learns from.
    fn style_copies(&self) -> Vec<StyleCopy> {
        vec![StyleCopy::ORIGINAL]
    }

    /// Whether it looks at the style pictures once before it learns from anything.
    fn surveys_style(&self, _scene: &Scene) -> bool {
        false
    }

    /// Share, 0..1, of the stage's start in the blend that the term learns from; the rest is the content, and so is
    /// the finest detail of that share. `None` if it learns from no
    /// such blend.
    fn start_share(&self, _scene: &Scene) -> Option<f32> {
        None
    }

    /// Whether [`start_share`](Definition::start_share) asks for a blend in any scene.
    fn learns_start(&self) -> bool {
        false
    }

    /// The layers at which it compares the picture with a [target](impasto_network::Statistic::Target).
    fn target_layers(&self) -> Vec<Layer> {
        Vec::new()
    }

    /// Rows and columns that its maps must have at least.
    fn smallest_map(&self) -> usize {
        1
    }

    /// Which maps it needs, and so whether the picture can be cut into tiles.
    fn reads(&self) -> Reads {
        Reads::Sums
    }

    /// How it follows regions to its layers, if it compares the statistics of regions.
    fn guidance(&self) -> Option<Guidance> {
        None
    }

    /// Bytes that the loss keeps from one evaluation to the next, besides its targets and what the engine holds.
    fn memory_needed(&self, _architecture: &Architecture, _picture: Size, _styles: &[Size]) -> u64 {
        0
    }

    /// What it costs beside the passes of the network.
    fn work(&self, _architecture: &Architecture, _pictures: &Pictures<'_>) -> Work {
        Work::default()
    }

    /// Names the first setting that is outside its range.
    fn validate(&self) -> Result<(), SettingsError>;
}

/// The pictures of a stage, for its [`Work`].
pub(crate) struct Pictures<'a> {
    /// Size of the picture.
    pub size: Size,
    /// Sizes of the styles.
    pub styles: &'a [Size],
    /// Whether this is the stage of a schedule's refinement.
    pub refines: bool,
}

/// What something costs, in multiply-adds of a matrix product in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Work {
    /// While a stage learns its targets.
    pub learning: f64,
    /// In an evaluation, on the average.
    pub evaluation: f64,
}

/// What the questions of a loss are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reads {
    /// Sums over positions: those of tiles add up.
    Sums,
    /// Whole maps, which tiles can be put together to.
    WholeMaps,
    /// Resampled maps: the picture cannot be in tiles.
    ResampledMaps,
}

/// What a loss is made for: a stage of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scene {
    /// Size of the picture.
    pub size: Size,
    /// What the picture's 1 is in the units of the variables: see [`PixelUnits`](crate::PixelUnits).
    pub pixel_scale: f64,
    /// Regions of the picture, at its size. Each takes its style from the same region of the styles.
    pub regions: Option<Arc<Regions>>,
    /// Whether the picture's opposite borders meet.
    pub seamless: bool,
    /// Whether this is the first of several sizes.
    pub is_coarsest: bool,
    /// Whether this is the last stage of a schedule with a refinement.
    pub refines: bool,
}

/// The settings of one kind of term, to find it in a list by its type: see
/// [`Settings::term`](crate::Settings::term).
pub trait TermSettings: Into<Term> + Sized {
    /// The settings, if `term` is of this kind.
    fn of(term: &Term) -> Option<&Self>;

    /// Returns it mutably.
    fn of_mut(term: &mut Term) -> Option<&mut Self>;
}

impl Term {
    /// Factor of the whole term; a term of weight 0 takes no part.
    pub fn weight(&self) -> f64 {
        self.definition().weight()
    }

    /// The layers of the network that it reads; none for a term on pixels.
    pub fn layers(&self) -> &[LayerWeight] {
        self.definition().weighted_layers().map_or(&[], |layers| &layers.layers)
    }

    /// Whether it learns from the content picture, so that it takes no part without one.
    pub fn learns_content(&self) -> bool {
        self.definition().learns_content()
    }

    /// Whether it learns from the style pictures.
    pub fn learns_style(&self) -> bool {
        self.definition().learns_style()
    }
}

macro_rules! register {
    ($($(#[doc = $doc:expr])* $(#[cfg($when:meta)])? $name:literal => $kind:ident),* $(,)?) => {
        /// The settings of a term of any kind.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "term", deny_unknown_fields)]
        #[non_exhaustive]
        pub enum Term {
            $($(#[doc = $doc])* $(#[cfg($when)])? #[serde(rename = $name)] $kind($kind),)*
        }

        impl Term {
            /// The names of all terms that there are.
            pub(crate) const NAMES: &[&str] = &[$($(#[cfg($when)])? $name),*];

            /// The name in messages and traces, in lower case: `total_variation`.
            pub fn name(&self) -> &'static str {
                match self { $($(#[cfg($when)])? Self::$kind(_) => $name,)* }
            }

            /// What the settings say about the term.
            pub(crate) fn definition(&self) -> &dyn Definition {
                match self { $($(#[cfg($when)])? Self::$kind(settings) => settings,)* }
            }

            /// Returns it mutably.
            pub(crate) fn definition_mut(&mut self) -> &mut dyn Definition {
                match self { $($(#[cfg($when)])? Self::$kind(settings) => settings,)* }
            }

            /// The term at work.
            pub(crate) fn loss<'a, E: Engine + 'a>(&self, scene: &Scene) -> Box<dyn Loss<E> + 'a> {
                match self { $($(#[cfg($when)])? Self::$kind(settings) => Box::new(settings.loss(scene)),)* }
            }
        }

        $(
            $(#[cfg($when)])?
            impl From<$kind> for Term {
                fn from(settings: $kind) -> Self {
                    Self::$kind(settings)
                }
            }

            $(#[cfg($when)])?
            impl TermSettings for $kind {
                fn of(term: &Term) -> Option<&Self> {
                    if let Term::$kind(settings) = term { Some(settings) } else { None }
                }

                fn of_mut(term: &mut Term) -> Option<&mut Self> {
                    if let Term::$kind(settings) = term { Some(settings) } else { None }
                }
            }
        )*
    };
}

register! {
    /// Keeps what the content picture shows.
    "content" => Content,
    /// Takes on the textures and colours of the style pictures.
    "gram" => Gram,
    /// Takes on the mean features of the style pictures: the example of docs/adding-a-term.md.
    #[cfg(test)]
    "means" => Means,
    /// Takes on the means and covariances of the features of the style pictures.
    "moments" => Moments,
    /// Takes on, position by position, what the style pictures have that is most like it.
    "nearest" => Nearest,
    /// Takes on the patches of the style pictures.
    "patches" => Patches,
    /// Smooths.
    "total_variation" => TotalVariation,
}
