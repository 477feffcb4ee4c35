//! Nearest: neural neighbours, the cosine distance of each column of features from the one of the style that
//! is most like it.
//!
//! N. Kolkin, M. Kucera, S. Paris, D. Sýkora, E. Shechtman and G. Shakhnarovich, Neural Neighbor Style
//! Transfer (2022). A hypercolumn is what all tapped layers say at one place of a grid of a quarter of the
//! sides: each layer's map, divided by its channels and resized, one above the other.
//!
//! ```text
//! match   m(p) = arg max_q cos(Q_p − mean Q, S_q − mean S)        Q of a blend of start and content,
//!                                                                 S of the style and its quarter turns
//! loss    mean over p of 1 − cos(X_p, S_m(p))                     X of the picture
//! ```
//!
//! The matches are found once, when a stage starts. In the stage of
//! [`Schedule::refinement`](crate::Schedule::refinement) the layers split: at each layer, at its own size,
//! matches are found anew in every evaluation, and the losses of the layers add up.
//!
//! ```text
//! loss of a layer    mean over p of min_q 1 − cos(F_p − mean F, S_q − mean S)
//! ```
//!
//! Where the picture and the styles have regions, a position only takes columns of its own: of the region
//! with the largest mask there. A position in no region, or in one that no style has, takes any.
//!
//! | file | what |
//! | --- | --- |
//! | `columns.rs` | columns of the maps that an engine holds, and gradients back to the maps |
//! | `fixed.rs` | matches found once, and their loss |
//! | `neighbours.rs` | better matches beside those of a coarse search |
//! | `splitting.rs` | matches found anew, layer by layer |
//! | `search.rs` | the search, and which positions may take which columns |
//! | `visible.rs` | how much can be seen of the columns of a style |

mod columns;
mod fixed;
mod neighbours;
mod search;
mod splitting;
mod visible;

use fixed::FixedMatches;
use impasto_network::{Architecture, Engine, Layer, Question, Size};
use serde::{Deserialize, Serialize};
use splitting::Splitting;

use super::{
    Answers, Definition, Loss, MapLoss, Memory, Pictures, Reads, Scene, Shown, WeightedLayers, Work,
};
use crate::SettingsError;
use crate::error::{require, require_weight};
use crate::style_copy::StyleCopy;

/// Settings of the nearest term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nearest {
    /// Factor of the term, at least 0; 0 leaves it out.
    pub weight: f64,
    /// Where the network is read. The weight of a layer is the factor of its part of a hypercolumn, and of its
    /// loss where layers split. The published ten are those of VGG-16, `relu1_1` to `relu4_3`; not all networks
    /// have them.
    #[serde(flatten)]
    pub layers: WeightedLayers,
    /// The part of the picture that the stage starts from in the blend whose columns are matched, 0..1; the rest
    /// is the content, and so is all of it at the smallest of several sizes. More lets the painting go its own
    /// way, less keeps the content.
    pub start_share: f32,
    /// Whether the style is also looked at turned by one, two and three quarters. More columns to choose from
    /// keep more of the content, and take four times as long to search.
    pub turned: bool,
    /// Where the matches stay, every s-th row and column of a style with more than 4096 columns is searched, and then
    /// what lies fewer than s from the best of them, 1 to 8. 1 searches all, as published, in s² times the time.
    #[serde(default = "Nearest::every")]
    pub stride: usize,
    /// Where layers split, maps with a side of at least twice as many positions are sampled, every s-th row and
    /// column, so that about so many remain, 1 to 4096. The rows and columns change from one evaluation to the
    /// next.
    pub samples: usize,
}

/// The layers that VGG-11's larger siblings and the compact network have in common, to the fourth block.
const COMMON_LAYERS: [Layer; 8] = [
    Layer::relu(1, 1),
    Layer::relu(1, 2),
    Layer::relu(2, 1),
    Layer::relu(2, 2),
    Layer::relu(3, 1),
    Layer::relu(3, 2),
    Layer::relu(4, 1),
    Layer::relu(4, 2),
];

impl Default for Nearest {
    /// As published, but at the layers that all networks with two convolutions in a block have: `relu1_1` to
    /// `relu4_2`, eight; and for speed with a quarter of the positions, first where matches stay and at all where
    /// layers split.
    fn default() -> Self {
        Nearest {
            weight: 1.0,
            layers: WeightedLayers::each(&COMMON_LAYERS),
            start_share: 0.25,
            turned: true,
            stride: 2,
            samples: 32,
        }
    }
}

impl Definition for Nearest {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn weight_mut(&mut self) -> &mut f64 {
        &mut self.weight
    }

    fn weighted_layers(&self) -> Option<&WeightedLayers> {
        Some(&self.layers)
    }

    fn weighted_layers_mut(&mut self) -> Option<&mut WeightedLayers> {
        Some(&mut self.layers)
    }

    fn learns_style(&self) -> bool {
        true
    }

    fn style_copies(&self) -> Vec<StyleCopy> {
        // Clockwise, as published.
        let turns: &[f64] = if self.turned { &[0.0, 270.0, 180.0, 90.0] } else { &[0.0] };
        turns.iter().map(|&angle| StyleCopy { angle, scale: 1.0 }).collect()
    }

    fn surveys_style(&self, scene: &Scene) -> bool {
        !scene.refines
    }

    fn start_share(&self, scene: &Scene) -> Option<f32> {
        match scene {
            Scene { refines: true, .. } => None,
            Scene { is_coarsest: true, .. } => Some(0.0),
            _ => Some(self.start_share),
        }
    }

    fn learns_start(&self) -> bool {
        true
    }

    fn reads(&self) -> Reads {
        Reads::ResampledMaps
    }

    fn memory_needed(&self, architecture: &Architecture, picture: Size, styles: &[Size]) -> u64 {
        let layers = self.layers();
        let fixed = fixed::memory_needed(architecture, &layers, picture, styles);
        let copies = self.style_copies().len() as u64;
        let splitting =
            splitting::memory_needed(architecture, &layers, self.samples, picture, styles, copies);
        fixed.max(splitting)
    }

    fn work(&self, architecture: &Architecture, pictures: &Pictures<'_>) -> Work {
        let (layers, copies) = (self.layers(), self.style_copies().len() as f64);
        match pictures.refines {
            true => splitting::work(architecture, &layers, self.samples, pictures, copies),
            false => fixed::work(architecture, &layers, self.stride, pictures, copies),
        }
    }

    fn validate(&self) -> Result<(), SettingsError> {
        require_weight("nearest weight", self.weight)?;
        self.layers.validate("nearest")?;
        let share = self.start_share;
        require((0.0..=1.0).contains(&share), "start share", share, "0 to 1")?;
        require((1..=8).contains(&self.stride), "stride of the search", self.stride, "1 to 8")?;
        require((1..=4096).contains(&self.samples), "samples", self.samples, "1 to 4096")
    }
}

impl Nearest {
    /// The stride of settings that were written before there was one.
    fn every() -> usize {
        1
    }

    pub(super) fn loss<E: Engine>(&self, scene: &Scene) -> impl Loss<E> + use<E> {
        if scene.refines {
            let layers = self.layers.divide(self.weight);
            Phase::Splitting(Splitting::new(layers, self.samples, scene))
        } else {
            Phase::Fixed(FixedMatches::new(self.weight, self.layers.divide(1.0), self.stride, scene))
        }
    }
}

/// The term at work.
enum Phase<E: Engine> {
    Fixed(FixedMatches<E>),
    Splitting(Splitting<E>),
}

impl<E: Engine> Loss<E> for Phase<E> {
    fn ask_of(&mut self, engine: &E, shown: Shown<'_>) -> Vec<Question<E::Map>> {
        let architecture = engine.architecture();
        match (self, shown) {
            (Phase::Fixed(fixed), Shown::Survey(style) | Shown::Style(style)) => {
                fixed.ask_of(architecture, style.size)
            }
            (Phase::Fixed(fixed), Shown::Start) => fixed.ask_of(architecture, fixed.size()),
            (Phase::Splitting(splitting), Shown::Style(style)) => splitting.ask_of(architecture, style.size),
            (Phase::Fixed(_), Shown::Content)
            | (Phase::Splitting(_), Shown::Survey(_) | Shown::Start | Shown::Content) => Vec::new(),
        }
    }

    fn learn(&mut self, engine: &mut E, shown: Shown<'_>, answers: &mut Answers<'_>) {
        match (self, shown) {
            (Phase::Fixed(fixed), Shown::Survey(style)) => {
                fixed.survey(engine.architecture(), style, answers)
            }
            (Phase::Fixed(fixed), Shown::Start) => fixed.learn_start(engine, answers),
            (Phase::Fixed(fixed), Shown::Style(style)) => fixed.learn_style(engine, style, answers),
            (Phase::Splitting(splitting), Shown::Style(style)) => {
                splitting.learn_style(engine, style, answers)
            }
            (Phase::Fixed(_), Shown::Content)
            | (Phase::Splitting(_), Shown::Survey(_) | Shown::Start | Shown::Content) => {}
        }
    }

    fn ask(&mut self, engine: &E) -> Vec<Question<E::Map>> {
        match self {
            Phase::Fixed(fixed) => fixed.ask(engine),
            Phase::Splitting(splitting) => splitting.ask(engine),
        }
    }

    fn asks_anew(&self) -> bool {
        matches!(self, Phase::Splitting(_))
    }

    fn on_answers(&mut self, engine: &E, answers: &mut Answers<'_>) -> Vec<MapLoss<E::Map>> {
        match self {
            Phase::Fixed(fixed) => vec![fixed.loss(answers)],
            Phase::Splitting(splitting) => splitting.losses(engine, answers),
        }
    }

    fn memory(&self) -> Option<Memory> {
        match self {
            Phase::Fixed(_) => None,
            Phase::Splitting(splitting) => Some(splitting.memory()),
        }
    }

    fn recall(&mut self, _engine: &E, memory: &Memory) -> Result<(), String> {
        match self {
            Phase::Fixed(_) => Ok(()),
            Phase::Splitting(splitting) => splitting.recall(memory),
        }
    }
}
