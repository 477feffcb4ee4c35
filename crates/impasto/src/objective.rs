//! The objective: the weighted sum of all terms at a picture, and its gradient.
//!
//! ```text
//! objective(x) = Σ weight · term(features(x)) + Σ weight · term(x)
//! ```
//!
//! With normalised gradients (Johnson 2015), the gradient that a map loss sends into the network at its
//! layer is divided by the sum of its absolute values + 1e-8 before it is weighted; the result is then
//! the gradient of no loss.

use impasto_network::{Engine, EngineError, Layer, NetworkOptions, Padding, Size};

use crate::error::style_name;
use crate::regions::Regions;
use crate::terms::{Definition, Loss, MapLoss, Scene, StyleView, Term};
use crate::{Picture, Settings, TermLoss, TransferError};

/// Keeps the division defined where a gradient is zero.
const SMALLEST_GRADIENT_NORM: f64 = 1e-8;

/// Which pictures an objective is made from, all at their final size.
pub(crate) struct Sources {
    /// The content, if there is one.
    pub content: Option<Picture>,
    /// The styles.
    pub styles: Vec<StyleSource>,
}

/// A style picture.
pub(crate) struct StyleSource {
    /// The picture.
    pub picture: Picture,
    /// Its part of the blend; all parts add up to 1.
    pub share: f64,
    /// Its parts, at its size.
    pub regions: Option<Regions>,
}

/// All terms at work on pictures of one size.
pub(crate) struct Objective<'a, E: Engine> {
    losses: Vec<(&'static str, Box<dyn Loss<E> + 'a>)>,
    normalize_gradients: bool,
}

/// The layers that the engine has to keep of each kind of picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taps {
    /// Of style pictures.
    pub style: Vec<Layer>,
    /// Of the content.
    pub content: Vec<Layer>,
    /// Of the picture.
    pub picture: Vec<Layer>,
}

impl Taps {
    pub fn new(terms: &[&Term]) -> Self {
        let of = |learns: fn(&dyn Definition) -> bool| {
            let definitions = terms.iter().map(|term| term.definition());
            let layers = definitions.filter(|&definition| learns(definition));
            let mut layers: Vec<Layer> = layers.flat_map(|definition| definition.layers()).collect();
            layers.sort_unstable();
            layers.dedup();
            layers
        };
        Taps {
            style: of(|definition| definition.learns_style()),
            content: of(|definition| definition.learns_content()),
            picture: of(|_| true),
        }
    }
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
    /// starts from.
    pub fn new(
        settings: &Settings,
        terms: &[&Term],
        engine: &mut E,
        scene: &Scene,
        sources: &Sources,
        start: &Picture,
    ) -> Result<Self, TransferError> {
        let mut learners: Vec<Learner<'_, 'a, E>> =
            terms.iter().map(|term| Learner { term: term.definition(), loss: term.loss(scene) }).collect();
        let taps = Taps::new(terms);
        engine.set_options(settings.network);
        if !taps.style.is_empty() {
            for (index, style) in sources.styles.iter().enumerate() {
                learn_style(&mut learners, engine, &taps.style, style).map_err(|error| {
                    TransferError::of_engine(style_name(index, sources.styles.len()), error)
                })?;
            }
        }
        engine.set_options(picture_options(settings));
        let of_picture = |error| TransferError::of_engine("content", error);
        if let Some(content) = sources.content.as_ref().filter(|_| !taps.content.is_empty()) {
            engine.prepare(scene.size, &taps.content).map_err(of_picture)?;
            engine.forward(content.data());
            learners.iter_mut().for_each(|learner| learner.loss.learn_content(engine));
        }
        engine.prepare(scene.size, &taps.picture).map_err(of_picture)?;
        for learner in &mut learners {
            if let Some(share) = learner.term.start_share(scene) {
                engine.forward(&blend(start, sources.content.as_ref(), share));
                learner.loss.learn_start(engine);
            }
        }
        let losses = learners.into_iter().map(|learner| (learner.term.name(), learner.loss)).collect();
        Ok(Objective { losses, normalize_gradients: settings.normalize_gradients })
    }

    /// The losses of `picture`, planar `[3, H, W]`, 0..1. Writes the gradient of their sum by it.
    pub fn evaluate(&mut self, engine: &mut E, picture: &[f32], gradient: &mut [f32]) -> Vec<TermLoss> {
        let (mut losses, mut map_gradients) = (Vec::new(), Vec::new());
        engine.forward(picture);
        for (term, loss) in &mut self.losses {
            for MapLoss { layer, weight, value, gradients } in loss.on_maps(engine) {
                losses.push(TermLoss { term, layer, loss: weight * value });
                for (layer, gradient) in gradients {
                    let norm = match self.normalize_gradients {
                        true => engine.gradient_norm(layer, &gradient) + SMALLEST_GRADIENT_NORM,
                        false => 1.0,
                    };
                    map_gradients.push((layer, gradient.scaled((weight / norm) as f32)));
                }
            }
        }
        engine.backward(&map_gradients, gradient);
        for (term, loss) in &self.losses {
            if let Some(loss) = loss.on_pixels(picture, gradient) {
                losses.push(TermLoss { term, layer: None, loss });
            }
        }
        losses
    }
}

/// A term on its way to being at work.
struct Learner<'t, 'a, E: Engine> {
    term: &'t dyn Definition,
    loss: Box<dyn Loss<E> + 'a>,
}

/// Shows a style picture to the losses, and those copies of it that any of them wants.
fn learn_style<E: Engine>(
    learners: &mut [Learner<'_, '_, E>],
    engine: &mut E,
    taps: &[Layer],
    style: &StyleSource,
) -> Result<(), EngineError> {
    let mut copies = Vec::new();
    for copy in learners.iter().filter(|it| it.term.learns_style()).flat_map(|it| it.term.style_copies()) {
        if !copies.contains(&copy) {
            copies.push(copy);
        }
    }
    for copy in copies {
        let picture = copy.of_picture(&style.picture);
        let regions = style.regions.as_ref().map(|regions| copy.of_regions(regions));
        let size = Size { height: picture.height(), width: picture.width() };
        engine.prepare(size, taps)?;
        engine.forward(picture.data());
        let view = StyleView { share: style.share, copy, size, regions: regions.as_ref() };
        for learner in learners.iter_mut().filter(|it| it.term.style_copies().contains(&copy)) {
            learner.loss.learn_style(engine, &view);
        }
    }
    Ok(())
}

/// `share` parts of `start`, the rest of the content, if there is one.
fn blend(start: &Picture, content: Option<&Picture>, share: f32) -> Vec<f32> {
    match content {
        None => start.data().to_vec(),
        Some(content) => {
            let values = start.data().iter().zip(content.data());
            values.map(|(start, content)| share * start + (1.0 - share) * content).collect()
        }
    }
}
