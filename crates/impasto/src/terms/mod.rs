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
//! A new term is a file that defines the settings, implements `Definition` for them and has a function
//! `loss` that makes a `Loss`; and a line in `register!`. `docs/adding-a-term.md` goes through one, `means.rs`,
//! which is there in the tests only.

mod content;
mod gram;
mod guidance;
mod layers;
#[cfg(test)]
mod means;
mod moments;
mod nearest;
mod patches;
mod taps;
mod targets;
mod total_variation;
mod visibility;

use std::sync::Arc;

pub use content::{Content, ContentLoss};
pub use gram::{Gram, GramLoss};
pub use guidance::Guidance;
use impasto_network::{Answer, Architecture, Engine, Layer, MapGradient, Question, Size};
pub use layers::{LayerWeight, WeightedLayers};
#[cfg(test)]
pub use means::Means;
pub use moments::{Moments, MomentsLoss};
pub use nearest::Nearest;
pub use patches::{GuideChannels, PatchLoss, PatchScore, Patches};
use serde::{Deserialize, Serialize};
pub(crate) use taps::Taps;
pub use total_variation::{TotalVariation, VariationLoss};

use crate::SettingsError;
use crate::given_style::Strokes;
use crate::regions::Regions;
use crate::style_copy::StyleCopy;

/// Denominators of relative losses are at least this. Statistics of a layer that answers at all are of
/// order one or more, so it only keeps a layer without any activation from dividing by zero.
const SMALLEST_NORM: f64 = 1e-8;

/// What the settings of a term say about it.
pub(crate) trait Definition {
    /// The name in messages and traces, in lower case.
    fn name(&self) -> &'static str;

    /// Factor of the whole term.
    fn weight(&self) -> f64;

    /// The same, to be changed.
    fn weight_mut(&mut self) -> &mut f64;

    /// The layers of the network that it reads; `None` for a term on pixels.
    fn weighted_layers(&self) -> Option<&WeightedLayers> {
        None
    }

    /// The same, to be changed.
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

    /// Whether its shallow layers may read another picture than its deep ones: see [`StyleView::strokes`].
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

    /// The part of the picture that the stage starts from, 0..1, in a blend with the content that it learns
    /// from; the rest is the content, and so is the finest detail of that part. `None` if it learns from no
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

    /// What its questions leave to an engine that does not hold the whole picture.
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

    /// Names the first setting that is outside its range.
    fn validate(&self) -> Result<(), SettingsError>;
}

/// What the questions of a loss are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Sums over positions: those of tiles add up.
    Sums,
    /// Whole maps, which tiles can be put together to.
    WholeMaps,
    /// Resampled maps: the picture cannot be in tiles.
    ResampledMaps,
}

/// What a loss is made for.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// Size of the picture.
    pub size: Size,
    /// What the picture's 1 is in the units of the variables.
    pub pixel_scale: f64,
    /// Which parts of the picture speak to which parts of the styles, at the size of the picture.
    pub regions: Option<Arc<Regions>>,
    /// Whether the picture's opposite borders meet.
    pub seamless: bool,
    /// Whether this is the first of several sizes.
    pub is_coarsest: bool,
    /// Whether this is the last stage of a schedule with a refinement.
    pub refines: bool,
}

/// A style picture, or a copy of one, whose maps the engine holds.
pub(crate) struct StyleView<'a> {
    /// Its part of the blend; those of all styles add up to 1, copies not counted.
    pub share: f64,
    /// Which layers read it.
    pub strokes: Strokes,
    /// Its size.
    pub size: Size,
    /// Its parts, at its size.
    pub regions: Option<&'a Regions>,
}

/// One loss on maps. Its share of the objective is `weight · value`.
pub(crate) struct MapLoss<Map> {
    /// Where, for the trace; `None` if it is of several layers at once.
    pub layer: Option<Layer>,
    /// Weight of the term times that of the layer.
    pub weight: f64,
    /// The loss without its weight.
    pub value: f64,
    /// Its gradients by the maps it reads, without the weight too; those at one layer add up.
    pub gradients: Vec<(Layer, MapGradient<Map>)>,
}

impl<Map> MapLoss<Map> {
    /// That of a layer, before anything is added to it.
    fn none(&LayerWeight { layer, weight }: &LayerWeight) -> Self {
        MapLoss { layer: Some(layer), weight, value: 0.0, gradients: Vec::new() }
    }
}

/// A picture that a loss learns from.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    /// A style picture, before all else, if [`Definition::surveys_style`] asks for it.
    Survey(&'a StyleView<'a>),
    /// The content picture.
    Content,
    /// The blend of start and content that [`Definition::start_share`] asks for.
    Start,
    /// A style picture.
    Style(&'a StyleView<'a>),
}

/// What an engine answers to the questions of one loss, in their order.
pub(crate) struct Answers<'a>(&'a mut dyn Iterator<Item = Answer>);

impl<'a> Answers<'a> {
    pub fn new(answers: &'a mut dyn Iterator<Item = Answer>) -> Self {
        Answers(answers)
    }

    fn next(&mut self) -> Answer {
        self.0.next().expect("an answer to each question")
    }

    /// The next, which is of sums.
    pub fn sums(&mut self) -> Vec<f64> {
        self.next().into_sums()
    }

    /// The next, which is one number.
    pub fn number(&mut self) -> f64 {
        self.next().into_number()
    }

    /// The next, which is of values.
    pub fn values(&mut self) -> Vec<f32> {
        self.next().into_values()
    }

    /// Passes the next, which is that the engine holds a map.
    pub fn kept(&mut self) {
        assert_eq!(self.next(), Answer::Kept, "a map was asked for");
    }
}

/// What a loss remembers from one evaluation to the next, for a checkpoint. Each loss defines the order of the lists
/// for itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Memory {
    /// How often it was evaluated.
    pub evaluations: u64,
    /// Lists of places.
    pub indices: Vec<Vec<u32>>,
    /// Lists of values.
    pub values: Vec<Vec<f32>>,
}

/// A term at work on pictures of one size.
///
/// It says what it asks of each picture that it is shown, and learns from the answers: of the styles for a first
/// look, the content, the blend with the start, the styles to learn from. Then it says what it asks of the picture
/// at each evaluation, and makes losses of the answers. It takes exactly the answers to its questions, in their
/// order.
pub(crate) trait Loss<E: Engine> {
    /// What it asks of a picture that it learns from.
    fn ask_of(&mut self, _architecture: &Architecture, _shown: Shown<'_>) -> Vec<Question<E::Map>> {
        Vec::new()
    }

    /// Learns from the answers. The engine is prepared for the picture and holds its maps, which may be taken.
    fn learn(&mut self, _engine: &mut E, _shown: Shown<'_>, _answers: &mut Answers<'_>) {}

    /// What it asks of the picture; once all is learnt, and before each evaluation if it
    /// [asks anew](Loss::asks_anew).
    fn ask(&mut self, _engine: &E) -> Vec<Question<E::Map>> {
        Vec::new()
    }

    /// Whether its questions change from one evaluation to the next; not their layers.
    fn asks_anew(&self) -> bool {
        false
    }

    /// The losses of the picture, layer by layer.
    fn on_answers(&mut self, _engine: &E, _answers: &mut Answers<'_>) -> Vec<MapLoss<E::Map>> {
        Vec::new()
    }

    /// What its next losses depend on besides what it has learnt and the picture; `None` if that is nothing.
    fn memory(&self) -> Option<Memory> {
        None
    }

    /// Continues from the [`memory`](Loss::memory) of a loss that has learnt the same. All is learnt, and the engine
    /// is prepared for the picture; what is asked of it may change. The error says what does not fit.
    fn recall(&mut self, _engine: &E, _memory: &Memory) -> Result<(), String> {
        Ok(())
    }

    /// The weighted loss of `picture`, planar `[3, H, W]`, 0..1, whose gradient it adds to `gradient`.
    /// `None` for a term on maps.
    fn on_pixels(&self, _picture: &[f32], _gradient: &mut [f32]) -> Option<f64> {
        None
    }
}

/// The settings of one kind of term, to find it in a list by its type: see
/// [`Settings::term`](crate::Settings::term).
pub trait TermSettings: Into<Term> + Sized {
    /// The settings, if `term` is of this kind.
    fn of(term: &Term) -> Option<&Self>;

    /// The same, to be changed.
    fn of_mut(term: &mut Term) -> Option<&mut Self>;
}

impl Term {
    /// The name in messages and traces, in lower case: `total_variation`.
    pub fn name(&self) -> &'static str {
        self.definition().name()
    }

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
    ($($(#[doc = $doc:expr])* $(#[cfg($when:meta)])? $kind:ident),* $(,)?) => {
        /// The settings of a term of any kind.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "term", rename_all = "snake_case", deny_unknown_fields)]
        #[non_exhaustive]
        pub enum Term {
            $($(#[doc = $doc])* $(#[cfg($when)])? $kind($kind),)*
        }

        impl Term {
            /// What the settings say about the term.
            pub(crate) fn definition(&self) -> &dyn Definition {
                match self { $($(#[cfg($when)])? Self::$kind(settings) => settings,)* }
            }

            /// The same, to be changed.
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
    Content,
    /// Takes on the textures and colours of the style pictures.
    Gram,
    /// Takes on the mean features of the style pictures: the example of docs/adding-a-term.md.
    #[cfg(test)]
    Means,
    /// Takes on the means and covariances of the features of the style pictures.
    Moments,
    /// Takes on, position by position, what the style pictures have that is most like it.
    Nearest,
    /// Takes on the patches of the style pictures.
    Patches,
    /// Smooths.
    TotalVariation,
}
