//! The objective: the weighted sum of all terms at a picture, and its gradient.
//!
//! ```text
//! objective(x) = Σ weight · term(features(x)) + Σ weight · term(x)
//! ```
//!
//! With normalised gradients (Johnson 2015), the gradient that a map loss sends into the network at its
//! layer is divided by the sum of its absolute values + 1e-8 before it is weighted; the result is then
//! the gradient of no loss.

use impasto_network::{Engine, Layer, Size};

use crate::error::style_name;
use crate::terms::{Definition, Loss, MapLoss, Scene};
use crate::{Picture, Settings, TermLoss, TransferError};

/// Keeps the division defined where a gradient is zero.
const SMALLEST_GRADIENT_NORM: f64 = 1e-8;

/// Which pictures an objective is made from, all at their final size.
pub(crate) struct Sources {
    /// The content.
    pub content: Picture,
    /// Styles with their shares, which add up to 1.
    pub styles: Vec<(Picture, f64)>,
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
    pub fn new(settings: &Settings) -> Self {
        let of = |learns: fn(&dyn Definition) -> bool| {
            let definitions = settings.active_terms().map(|term| term.definition());
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

impl<'a, E: Engine + 'a> Objective<'a, E> {
    /// Learns the targets, one picture after another, and leaves the engine prepared for
    /// [`evaluate`](Objective::evaluate) at the size of the content.
    pub fn new(settings: &Settings, engine: &mut E, sources: &Sources) -> Result<Self, TransferError> {
        let size = Size { height: sources.content.height(), width: sources.content.width() };
        let scene = Scene { size, pixel_scale: f64::from(settings.units.scale()) };
        let losses = settings.active_terms().map(|term| (term.definition().name(), term.loss(scene)));
        let mut losses: Vec<(_, Box<dyn Loss<E> + 'a>)> = losses.collect();
        let taps = Taps::new(settings);
        if !taps.style.is_empty() {
            for (index, (style, share)) in sources.styles.iter().enumerate() {
                engine.prepare(Size { height: style.height(), width: style.width() }, &taps.style).map_err(
                    |error| TransferError::of_engine(style_name(index, sources.styles.len()), error),
                )?;
                engine.forward(style.data());
                losses.iter_mut().for_each(|(_, loss)| loss.learn_style(engine, *share));
            }
        }
        let of_content = |error| TransferError::of_engine("content", error);
        if !taps.content.is_empty() {
            engine.prepare(size, &taps.content).map_err(of_content)?;
            engine.forward(sources.content.data());
            losses.iter_mut().for_each(|(_, loss)| loss.learn_content(engine));
        }
        engine.prepare(size, &taps.picture).map_err(of_content)?;
        Ok(Objective { losses, normalize_gradients: settings.normalize_gradients })
    }

    /// The losses of `picture`, planar `[3, H, W]`, 0..1. Writes the gradient of their sum by it.
    pub fn evaluate(&self, engine: &mut E, picture: &[f32], gradient: &mut [f32]) -> Vec<TermLoss> {
        let (mut losses, mut map_gradients) = (Vec::new(), Vec::new());
        engine.forward(picture);
        for (term, loss) in &self.losses {
            for MapLoss { layer, weight, value, gradient } in loss.on_maps(engine) {
                let norm = match self.normalize_gradients {
                    true => engine.gradient_norm(layer, &gradient) + SMALLEST_GRADIENT_NORM,
                    false => 1.0,
                };
                losses.push(TermLoss { term, layer: Some(layer), loss: weight * value });
                map_gradients.push((layer, gradient.scaled((weight / norm) as f32)));
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
