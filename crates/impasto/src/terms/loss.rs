//! A term at work: what it asks, learns and answers.

use impasto_network::{Answer, Engine, Layer, MapGradient, Question, Size};

use super::LayerWeight;
use crate::given_style::Strokes;
use crate::regions::Regions;

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
    pub fn none(&LayerWeight { layer, weight }: &LayerWeight) -> Self {
        MapLoss { layer: Some(layer), weight, value: 0.0, gradients: Vec::new() }
    }
}

/// A picture that a loss learns from.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    /// A style picture, before all else, if [`Definition::surveys_style`](super::Definition::surveys_style) asks for it.
    Survey(&'a StyleView<'a>),
    /// The content picture.
    Content,
    /// The blend of start and content that [`Definition::start_share`](super::Definition::start_share) asks for.
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

    /// The next.
    pub fn next(&mut self) -> Answer {
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

/// What a loss remembers from one evaluation to the next, for a checkpoint, which keeps it bit by bit. Each loss
/// defines the order of the lists for itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
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
    fn ask_of(&mut self, _engine: &E, _shown: Shown<'_>) -> Vec<Question<E::Map>> {
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
