//! The objective: the weighted sum of all terms at a picture, and its gradient.
//!
//! ```text
//! objective(x) = Σ weight · term(features(x)) + Σ weight · term(x)
//! ```
//!
//! With normalised gradients (Johnson 2015), the gradient that a map loss sends into the network at its
//! layer is divided by the sum of its absolute values + 1e-8 before it is weighted; the result is then
//! the gradient of no loss.

use std::collections::BTreeMap;

use impasto_network::{Engine, EngineError, Layer, MapGradient, NetworkOptions, Padding, Size};

use crate::error::style_name;
use crate::given_style::Strokes;
use crate::laplacian::LaplacianPyramid;
use crate::terms::{Definition, Loss, MapLoss, Scene, StyleView, Taps, Term};
use crate::transfer::{Sources, StyleSource};
use crate::{Picture, Settings, TermLoss, TransferError};

/// Keeps the division defined where a gradient is zero.
const SMALLEST_GRADIENT_NORM: f64 = 1e-8;

/// All terms at work on pictures of one size.
pub(crate) struct Objective<'a, E: Engine> {
    losses: Vec<(&'static str, Box<dyn Loss<E> + 'a>)>,
    normalize_gradients: bool,
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
    /// starts from. `stop` is asked before each picture that is shown; if it says so, there is no objective.
    pub fn new(
        settings: &Settings,
        terms: &[&Term],
        engine: &mut E,
        scene: &Scene,
        sources: &Sources,
        start: &Picture,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Self>, TransferError> {
        let mut learners: Vec<Learner<'_, 'a, E>> =
            terms.iter().map(|term| Learner { term: term.definition(), loss: term.loss(scene) }).collect();
        let taps = Taps::new(terms);
        let show_styles = |learners: &mut [Learner<'_, 'a, E>],
                           engine: &mut E,
                           look: Look,
                           stop: &mut dyn FnMut() -> bool| {
            engine.set_options(settings.network);
            for (index, style) in sources.styles.iter().enumerate() {
                let shown = show_style(learners, engine, scene, &taps.style, style, look, stop);
                let of_style =
                    |error| TransferError::of_engine(style_name(index, sources.styles.len()), error);
                if shown.map_err(of_style)? == Shown::Stopped {
                    return Ok(Shown::Stopped);
                }
            }
            engine.set_options(picture_options(settings));
            Ok::<Shown, TransferError>(Shown::All)
        };
        let of_picture = |error| TransferError::of_engine("content", error);
        if show_styles(&mut learners, engine, Look::First, stop)? == Shown::Stopped {
            return Ok(None);
        }
        if let Some(content) = sources.content.as_ref().filter(|_| !taps.content.is_empty()) {
            if stop() {
                return Ok(None);
            }
            engine.prepare(scene.size, &taps.content).map_err(of_picture)?;
            engine.forward(content.data());
            learners.iter_mut().for_each(|learner| learner.loss.learn_content(engine));
        }
        for learner in &mut learners {
            if let Some(share) = learner.term.start_share(scene) {
                if stop() {
                    return Ok(None);
                }
                engine.prepare(scene.size, &learner.term.layers()).map_err(of_picture)?;
                engine.forward(&blend(start, sources.content.as_ref(), share));
                learner.loss.learn_start(engine);
            }
        }
        if show_styles(&mut learners, engine, Look::Last, stop)? == Shown::Stopped {
            return Ok(None);
        }
        engine.prepare(scene.size, &taps.picture).map_err(of_picture)?;
        let losses = learners.into_iter().map(|learner| (learner.term.name(), learner.loss)).collect();
        Ok(Some(Objective { losses, normalize_gradients: settings.normalize_gradients }))
    }

    /// The losses of `picture`, planar `[3, H, W]`, 0..1. Writes the gradient of their sum by it.
    pub fn evaluate(&mut self, engine: &mut E, picture: &[f32], gradient: &mut [f32]) -> Vec<TermLoss> {
        let (mut losses, mut map_gradients) = (Vec::new(), Vec::new());
        engine.forward(picture);
        for (term, loss) in &mut self.losses {
            for MapLoss { layer, weight, value, gradients } in loss.on_maps(engine) {
                losses.push(TermLoss { term: (*term).into(), layer, loss: weight * value });
                let norms = self.normalize_gradients.then(|| norms(engine, &gradients));
                for (layer, gradient) in gradients {
                    let norm = norms.as_ref().map_or(1.0, |norms| norms[&layer] + SMALLEST_GRADIENT_NORM);
                    map_gradients.push((layer, gradient.scaled((weight / norm) as f32)));
                }
            }
        }
        engine.backward(&map_gradients, gradient);
        for (term, loss) in &self.losses {
            if let Some(loss) = loss.on_pixels(picture, gradient) {
                losses.push(TermLoss { term: (*term).into(), layer: None, loss });
            }
        }
        losses
    }
}

/// The sum of the absolute values of what a loss sends into each layer. Gradients of several regions count as
/// if they did not overlap.
fn norms<E: Engine>(engine: &E, gradients: &[(Layer, MapGradient<E::Map>)]) -> BTreeMap<Layer, f64> {
    let mut norms = BTreeMap::new();
    for (layer, gradient) in gradients {
        *norms.entry(*layer).or_insert(0.0) += engine.gradient_norm(*layer, gradient);
    }
    norms
}

/// A term on its way to being at work.
struct Learner<'t, 'a, E: Engine> {
    term: &'t dyn Definition,
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
enum Shown {
    /// To its end.
    All,
    /// Until it was stopped.
    Stopped,
}

/// Shows a style picture to the losses, and those copies of it that any of them wants.
fn show_style<E: Engine>(
    learners: &mut [Learner<'_, '_, E>],
    engine: &mut E,
    scene: &Scene,
    taps: &[Layer],
    style: &StyleSource,
    look: Look,
    stop: &mut dyn FnMut() -> bool,
) -> Result<Shown, EngineError> {
    let copies_of = |term: &dyn Definition| match look {
        Look::First if !term.surveys_style(scene) => Vec::new(),
        _ if !term.learns_style() || (style.strokes == Strokes::Fine && !term.tells_strokes_apart()) => {
            Vec::new()
        }
        _ => term.style_copies(),
    };
    let mut copies = Vec::new();
    for copy in learners.iter().flat_map(|it| copies_of(it.term)) {
        if !copies.contains(&copy) {
            copies.push(copy);
        }
    }
    for copy in copies {
        if stop() {
            return Ok(Shown::Stopped);
        }
        let picture = copy.of_picture(&style.picture);
        let regions = style.regions.as_ref().map(|regions| copy.of_regions(regions));
        let size = Size { height: picture.height(), width: picture.width() };
        engine.prepare(size, taps)?;
        engine.forward(picture.data());
        let view = StyleView { share: style.share, strokes: style.strokes, size, regions: regions.as_ref() };
        for learner in learners.iter_mut().filter(|it| copies_of(it.term).contains(&copy)) {
            match look {
                Look::First => learner.loss.survey_style(engine, &view),
                Look::Last => learner.loss.learn_style(engine, &view),
            }
        }
    }
    Ok(Shown::All)
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
