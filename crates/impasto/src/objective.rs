//! The objective: the weighted sum of all terms at a picture, and its gradient.
//!
//! ```text
//! objective(x) = Σ weight · term(features(x)) + Σ weight · term(x)
//! ```
//!
//! With normalised gradients (Johnson 2015), the gradient that a map loss sends into the network at its
//! layer is divided by the sum of its absolute values + 1e-8 before it is weighted; the result is then
//! the gradient of no loss.

use std::ops::Range;

use impasto_network::{
    Answer, Engine, EngineError, Layer, MapGradient, NetworkOptions, Padding, Question, Size,
};

use crate::error::style_name;
use crate::given_style::Strokes;
use crate::laplacian::LaplacianPyramid;
use crate::style_cache::{self, StyleCache};
use crate::terms::{Answers, Definition, Loss, MapLoss, Memory, Scene, Shown, StyleView, TermInUse};
use crate::transfer::{Sources, StyleSource};
use crate::{Picture, ResumeError, Settings, TermLoss, TransferError};

/// Keeps the division defined where a gradient is zero.
const SMALLEST_GRADIENT_NORM: f64 = 1e-8;

/// Gradients by the maps at some layers.
type MapGradients<Map> = Vec<(Layer, MapGradient<Map>)>;

/// All terms at work on pictures of one size.
pub(crate) struct Objective<'a, E: Engine> {
    losses: Vec<Asking<'a, E>>,
    size: Size,
    options: NetworkOptions,
    normalize_gradients: bool,
}

/// A loss and its questions among those of all.
struct Asking<'a, E: Engine> {
    term: &'static str,
    loss: Box<dyn Loss<E> + 'a>,
    questions: usize,
}

/// How the network reads the picture; styles are read as the settings say.
pub(crate) fn picture_options(settings: &Settings) -> NetworkOptions {
    match settings.seamless {
        true => NetworkOptions {
            first_padding: Padding::Circular,
            padding: Padding::Circular,
            ..settings.network
        },
        false => settings.network,
    }
}

impl<'a, E: Engine + 'a> Objective<'a, E> {
    /// Learns the targets, one picture after another, and leaves the engine prepared for
    /// [`evaluate`](Objective::evaluate) at the size of the scene. `start` is the picture that the stage
    /// starts from, if it is known. `stop` is asked before each picture that is shown; if it says so, there is no objective.
    pub fn new(
        settings: &Settings,
        terms: &[TermInUse<'_>],
        engine: &mut E,
        scene: &Scene,
        sources: &Sources,
        start: Option<&Picture>,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Self>, TransferError> {
        let learners = terms.iter().map(|term| Learner { term: *term, loss: term.loss(scene) }).collect();
        let cache = sources.cache.as_deref();
        let mut school = School { learners, engine, scene, settings, cache, stop };
        let of_picture = |error| TransferError::of_engine("content", error);
        if school.show_styles(sources, Look::First)? == ShownSoFar::Stopped {
            return Ok(None);
        }
        let all = 0..terms.len();
        if let Some(content) = &sources.content {
            let shown =
                school.show(content.data(), scene.size, picture_options(settings), Shown::Content, all);
            if shown.map_err(of_picture)? == ShownSoFar::Stopped {
                return Ok(None);
            }
        }
        for (index, term) in terms.iter().enumerate() {
            if let Some(share) = term.definition().start_share(scene) {
                let unknown = || ResumeError::Unfit("it lacks the picture that its size started from".into());
                let start = start.ok_or_else(unknown)?;
                let blend = blend(start, sources.content.as_ref(), share);
                let one = index..index + 1;
                let shown = school.show(&blend, scene.size, picture_options(settings), Shown::Start, one);
                if shown.map_err(of_picture)? == ShownSoFar::Stopped {
                    return Ok(None);
                }
            }
        }
        if school.show_styles(sources, Look::Last)? == ShownSoFar::Stopped {
            return Ok(None);
        }
        let School { learners, engine, .. } = school;
        let mut objective = Objective {
            losses: learners
                .into_iter()
                .map(|Learner { term, loss }| Asking { term: term.name(), loss, questions: 0 })
                .collect(),
            size: scene.size,
            options: picture_options(settings),
            normalize_gradients: settings.normalize_gradients,
        };
        objective.ask(engine).map_err(of_picture)?;
        Ok(Some(objective))
    }

    /// What each loss remembers from one evaluation to the next.
    pub fn memories(&self) -> Vec<Option<Memory>> {
        self.losses.iter().map(|asking| asking.loss.memory()).collect()
    }

    /// Continues from the [`memories`](Objective::memories) of an objective that has learnt the same, and asks anew.
    pub fn recall(&mut self, engine: &mut E, memories: &[Option<Memory>]) -> Result<(), TransferError> {
        if memories.len() != self.losses.len() {
            let reason = format!("it is of {} terms, not {}", memories.len(), self.losses.len());
            return Err(ResumeError::Unfit(reason).into());
        }
        for (Asking { term, loss, .. }, memory) in self.losses.iter_mut().zip(memories) {
            let recalled = match (loss.memory(), memory) {
                (None, None) => Ok(()),
                (Some(_), Some(memory)) => loss.recall(engine, memory),
                (Some(_), None) => Err("it remembers nothing".to_owned()),
                (None, Some(_)) => Err("it remembers something".to_owned()),
            };
            recalled.map_err(|reason| ResumeError::Unfit(format!("{term}: {reason}")))?;
        }
        self.ask(engine).map_err(|error| TransferError::of_engine("content", error))
    }

    /// Prepares the engine for the questions of all losses.
    fn ask(&mut self, engine: &mut E) -> Result<(), EngineError> {
        let mut all = Vec::new();
        for asking in &mut self.losses {
            let questions = asking.loss.ask(engine);
            asking.questions = questions.len();
            all.extend(questions);
        }
        engine.prepare(self.size, self.options, all)
    }

    /// The losses of `picture`, planar `[3, H, W]`, 0..1. Writes the gradient of their sum by it.
    pub fn evaluate(
        &mut self,
        engine: &mut E,
        picture: &[f32],
        gradient: &mut [f32],
    ) -> Result<Vec<TermLoss>, EngineError> {
        if self.losses.iter().any(|asking| asking.loss.asks_anew()) {
            self.ask(engine)?;
        }
        let mut answers = engine.measure(picture)?.into_iter();
        let (mut losses, mut weights, mut map_gradients) = (Vec::new(), Vec::new(), Vec::new());
        for Asking { term, loss, questions } in &mut self.losses {
            let mut own = answers.by_ref().take(*questions);
            for MapLoss { layer, weight, value, gradients } in
                loss.on_answers(engine, &mut Answers::new(&mut own))
            {
                losses.push(TermLoss { term: (*term).into(), layer, loss: weight * value });
                weights.push((weight, gradients.len()));
                map_gradients.extend(gradients);
            }
            assert!(own.next().is_none(), "the {term} loss takes all of its answers");
        }
        let map_gradients = self.weighted(engine, picture, &weights, map_gradients)?;
        engine.backward(picture, &map_gradients, gradient)?;
        for Asking { term, loss, .. } in &self.losses {
            if let Some(loss) = loss.on_pixels(picture, gradient) {
                losses.push(TermLoss { term: (*term).into(), layer: None, loss });
            }
        }
        Ok(losses)
    }
}

impl<E: Engine> Objective<'_, E> {
    /// The gradients of all losses, each of a weight and so many gradients, with their weights; normalised, if the
    /// settings say so.
    fn weighted(
        &self,
        engine: &mut E,
        picture: &[f32],
        weights: &[(f64, usize)],
        gradients: MapGradients<E::Map>,
    ) -> Result<MapGradients<E::Map>, EngineError> {
        // All at once: a picture in tiles passes the network for it.
        let of_each = match self.normalize_gradients {
            true => engine.gradient_norms(picture, &gradients)?,
            false => Vec::new(),
        };
        let (mut rest, mut all) = (gradients.into_iter(), Vec::new());
        for &(weight, count) in weights {
            let first = all.len();
            let of_loss: Vec<_> = rest.by_ref().take(count).collect();
            let norms = match self.normalize_gradients {
                true => norms(&of_loss, &of_each[first..first + count]),
                false => vec![1.0; count],
            };
            let scaled = of_loss.into_iter().zip(norms);
            all.extend(
                scaled.map(|((layer, gradient), norm)| (layer, gradient.scaled((weight / norm) as f32))),
            );
        }
        Ok(all)
    }
}

/// For each gradient of a loss the sum of the absolute values of all that the loss sends into its layer. Gradients
/// of several regions count as if they did not overlap.
fn norms<Map>(gradients: &[(Layer, MapGradient<Map>)], of_each: &[f64]) -> Vec<f64> {
    let of_layer = |layer: Layer| -> f64 {
        let same = gradients.iter().zip(of_each).filter(|((other, _), _)| *other == layer);
        same.map(|(_, norm)| norm).sum()
    };
    gradients.iter().map(|(layer, _)| of_layer(*layer) + SMALLEST_GRADIENT_NORM).collect()
}

/// All terms on their way to being at work, and what they learn by.
struct School<'s, 'a, E: Engine> {
    learners: Vec<Learner<'s, 'a, E>>,
    engine: &'s mut E,
    scene: &'s Scene,
    settings: &'s Settings,
    cache: Option<&'s StyleCache>,
    stop: &'s mut dyn FnMut() -> bool,
}

/// A term on its way to being at work.
struct Learner<'t, 'a, E: Engine> {
    term: TermInUse<'t>,
    loss: Box<dyn Loss<E> + 'a>,
}

/// When a style picture is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Before all else, to the terms that survey the styles.
    First,
    /// To be learnt from.
    Last,
}

/// How far a series of pictures was shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ShownSoFar {
    /// To its end.
    All,
    /// Until it was stopped.
    Stopped,
}

impl<E: Engine> School<'_, '_, E> {
    /// Shows a picture to the learners at these places, if any of them asks anything of it.
    fn show(
        &mut self,
        picture: &[f32],
        size: Size,
        options: NetworkOptions,
        shown: Shown<'_>,
        to: impl IntoIterator<Item = usize>,
    ) -> Result<ShownSoFar, EngineError> {
        let mut all: Vec<Question<E::Map>> = Vec::new();
        let mut asked: Vec<(usize, Range<usize>)> = Vec::new();
        for place in to {
            let first = all.len();
            all.extend(self.learners[place].loss.ask_of(self.engine, shown));
            asked.push((place, first..all.len()));
        }
        if all.is_empty() {
            return Ok(ShownSoFar::All);
        }
        if (self.stop)() {
            return Ok(ShownSoFar::Stopped);
        }
        let of_style = matches!(shown, Shown::Survey(_) | Shown::Style(_));
        let mut answers = match self.cache.filter(|_| of_style) {
            Some(cache) => self.answers_kept(cache, picture, size, options, all)?,
            None => self.answers(picture, size, options, all)?,
        }
        .into_iter();
        for (place, own) in asked {
            let mut own = answers.by_ref().take(own.len());
            let answers: &mut dyn Iterator<Item = Answer> = &mut own;
            self.learners[place].loss.learn(self.engine, shown, &mut Answers::new(answers));
        }
        Ok(ShownSoFar::All)
    }

    /// What the engine answers, which is prepared for the picture then.
    fn answers(
        &mut self,
        picture: &[f32],
        size: Size,
        options: NetworkOptions,
        questions: Vec<Question<E::Map>>,
    ) -> Result<Vec<Answer>, EngineError> {
        self.engine.prepare(size, options, questions)?;
        self.engine.measure(picture)
    }

    /// The same, from what other runs have kept if they asked the same.
    fn answers_kept(
        &mut self,
        cache: &StyleCache,
        picture: &[f32],
        size: Size,
        options: NetworkOptions,
        questions: Vec<Question<E::Map>>,
    ) -> Result<Vec<Answer>, EngineError> {
        self.engine.prepare(size, options, questions.clone())?;
        let provenance = self.engine.provenance();
        let key = provenance.and_then(|it| style_cache::key(&it, picture, size, options, &questions));
        if let Some(answers) = key.and_then(|key| cache.get(&key)) {
            return Ok(answers.to_vec());
        }
        let answers = self.engine.measure(picture)?;
        if let Some(key) = key {
            cache.keep(key, &answers);
        }
        Ok(answers)
    }

    /// Shows the styles, and those copies of them that any term wants.
    fn show_styles(&mut self, sources: &Sources, look: Look) -> Result<ShownSoFar, TransferError> {
        for (index, style) in sources.styles.iter().enumerate() {
            let shown = self.show_style(style, look);
            let of_style = |error| TransferError::of_engine(style_name(index, sources.styles.len()), error);
            if shown.map_err(of_style)? == ShownSoFar::Stopped {
                return Ok(ShownSoFar::Stopped);
            }
        }
        Ok(ShownSoFar::All)
    }

    fn show_style(&mut self, style: &StyleSource, look: Look) -> Result<ShownSoFar, EngineError> {
        let (scene, options) = (self.scene, self.settings.network);
        let copies_of = |term: &dyn Definition| match look {
            Look::First if !term.surveys_style(scene) => Vec::new(),
            _ if !term.learns_style() || (style.strokes == Strokes::Fine && !term.tells_strokes_apart()) => {
                Vec::new()
            }
            _ => term.style_copies(),
        };
        let mut copies = Vec::new();
        for copy in self.learners.iter().flat_map(|it| copies_of(it.term.definition())) {
            if !copies.contains(&copy) {
                copies.push(copy);
            }
        }
        for copy in copies {
            let picture = copy.of_picture(&style.picture);
            let regions = style.regions.as_ref().map(|regions| copy.of_regions(regions));
            let size = Size { height: picture.height(), width: picture.width() };
            let view =
                StyleView { share: style.share, strokes: style.strokes, size, regions: regions.as_ref() };
            let wanting = |place: &usize| copies_of(self.learners[*place].term.definition()).contains(&copy);
            let to: Vec<usize> = (0..self.learners.len()).filter(wanting).collect();
            let shown = match look {
                Look::First => Shown::Survey(&view),
                Look::Last => Shown::Style(&view),
            };
            if self.show(picture.data(), size, options, shown, to)? == ShownSoFar::Stopped {
                return Ok(ShownSoFar::Stopped);
            }
        }
        Ok(ShownSoFar::All)
    }
}

/// `share` parts of `start`, with the finest level of its Laplacian pyramid replaced by the content's, and the
/// rest of the content; without content, `start`.
///
/// ```text
/// share · (content − full(half(content)) + full(half(start))) + (1 − share) · content
///     = content + share · full(half(start − content))
/// ```
fn blend(start: &Picture, content: Option<&Picture>, share: f32) -> Vec<f32> {
    let Some(content) = content else { return start.data().to_vec() };
    let size = Size { height: content.height(), width: content.width() };
    let pyramid = LaplacianPyramid::new(size, 1);
    let difference: Vec<f32> = start.data().iter().zip(content.data()).map(|(a, b)| a - b).collect();
    let mut coefficients = pyramid.analyse(&difference);
    pyramid.without_finest(&mut coefficients, 1);
    let mut smooth = difference;
    pyramid.synthesise(&coefficients, &mut smooth);
    content.data().iter().zip(smooth).map(|(content, smooth)| content + share * smooth).collect()
}
