//! One evaluation of a style-transfer loss on a picture: what every optimiser asks for at each step.
//!
//! ```text
//! loss = mean (F − P)² at relu4_2  +  Σ mean (G − T)² at relu1_1 … relu5_1,   G = F·Fᵀ/(C·H·W)
//! ```
//!
//! (Gatys, Ecker and Bethge 2016, normalised as by Johnson), with the gradient by the pixels. It is written
//! here on the bare engine, so that the figures speak of the engine and of nothing else.

use std::sync::Arc;

use impasto::Picture;
use impasto_network::{CpuEngine, Engine, EngineError, Layer, MapGradient, Size};

/// The layer whose values are compared.
pub const CONTENT: Layer = Layer::relu(4, 2);

/// The layers whose Gram matrices are compared.
pub const STYLE: [Layer; 5] =
    [Layer::relu(1, 1), Layer::relu(2, 1), Layer::relu(3, 1), Layer::relu(4, 1), Layer::relu(5, 1)];

/// A loss between one noise picture and the content and style of another, ready to be evaluated.
pub struct Evaluation {
    engine: CpuEngine,
    picture: Vec<f32>,
    gradient: Vec<f32>,
    content: Arc<<CpuEngine as Engine>::Map>,
    style: [Vec<f64>; STYLE.len()],
}

impl Evaluation {
    /// All layers that an engine has to be prepared for.
    pub fn taps() -> Vec<Layer> {
        STYLE.into_iter().chain([CONTENT]).collect()
    }

    /// Takes the targets from a noise picture. `engine` must be prepared for `size` and [`taps`](Self::taps).
    pub fn new(mut engine: CpuEngine, size: Size) -> Self {
        engine.forward(noise(size, 1).data());
        let content = Arc::new(engine.copy_map(CONTENT));
        let style = STYLE.map(|layer| engine.gram(layer));
        let picture = noise(size, 2);
        let gradient = vec![0.0; picture.data().len()];
        Evaluation { engine, picture: picture.data().to_vec(), gradient, content, style }
    }

    /// The loss; the gradient by the pixels is computed and kept.
    pub fn run(&mut self) -> f64 {
        self.engine.forward(&self.picture);
        let elements = self.engine.shape(CONTENT).elements() as f64;
        let mut loss = self.engine.squared_difference(CONTENT, &self.content) / elements;
        let scale = (2.0 / elements) as f32;
        let mut gradients =
            vec![(CONTENT, MapGradient::Difference { scale, target: Arc::clone(&self.content) })];
        for (layer, target) in STYLE.into_iter().zip(&self.style) {
            let shape = self.engine.shape(layer);
            // Of the squared difference of the matrices divided by the elements; the mean over C·C.
            let entries = (shape.channels * shape.channels) as f64;
            let divisor = entries * (shape.elements() as f64).powi(2);
            let mut matrix = self.engine.gram(layer);
            for (value, target) in matrix.iter_mut().zip(target) {
                *value -= target;
            }
            loss += matrix.iter().map(|value| value * value).sum::<f64>() / divisor;
            let matrix = matrix.iter().map(|value| (4.0 * value / divisor) as f32).collect();
            gradients.push((layer, MapGradient::Linear { matrix, weights: None }));
        }
        self.engine.backward(&gradients, &mut self.gradient);
        loss
    }

    /// The gradient of the last [`run`](Self::run), planar `[3, H, W]`.
    pub fn gradient(&self) -> &[f32] {
        &self.gradient
    }
}

/// Prepares `engine` for evaluations on pictures of `size`.
pub fn prepare(engine: &mut CpuEngine, size: Size) -> Result<(), EngineError> {
    engine.prepare(size, &Evaluation::taps())
}

fn noise(size: Size, seed: u64) -> Picture {
    Picture::uniform_noise(size.width, size.height, 0.0..1.0, seed)
}
