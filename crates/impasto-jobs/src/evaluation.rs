//! One evaluation of a style-transfer loss on a picture: what every optimiser asks for at each step.
//!
//! ```text
//! loss = mean (F − P)² at relu4_2  +  Σ mean (G − T)² at relu1_1 … relu5_1,   G = F·Fᵀ/(C·H·W)
//! ```
//!
//! (Gatys, Ecker and Bethge 2016, normalised as by Johnson), with the gradient by the pixels. It is written
//! here on the bare engine, so that the figures speak of the engine and of nothing else.

use std::sync::Arc;
use std::time::Instant;

use impasto::Picture;
use impasto_network::{
    Answer, Engine, EngineError, Layer, MapGradient, NetworkOptions, Size, Statistic, Target,
};

/// The layer whose values are compared.
pub const CONTENT: Layer = Layer::relu(4, 2);

/// The layers whose Gram matrices are compared.
pub const STYLE: [Layer; 5] =
    [Layer::relu(1, 1), Layer::relu(2, 1), Layer::relu(3, 1), Layer::relu(4, 1), Layer::relu(5, 1)];

/// A loss between one noise picture and the content and style of another, ready to be evaluated.
pub struct Evaluation<E: Engine> {
    engine: E,
    picture: Vec<f32>,
    gradient: Vec<f32>,
    content: Arc<Target<E::Map>>,
    style: Vec<Vec<f64>>,
}

/// All layers that are read.
pub fn layers() -> Vec<Layer> {
    STYLE.into_iter().chain([CONTENT]).collect()
}

/// Prepares `engine` for pictures of `size`.
///
/// # Errors
/// If the picture is too small for the network, or the engine fails.
pub fn prepare<E: Engine>(engine: &mut E, size: Size) -> Result<(), EngineError> {
    ask(engine, size, Statistic::Target)
}

impl<E: Engine> Evaluation<E> {
    /// Prepares the engine, and takes the targets from a noise picture.
    ///
    /// # Errors
    /// As [`prepare`].
    pub fn new(mut engine: E, size: Size) -> Result<Self, EngineError> {
        prepare(&mut engine, size)?;
        let answers = engine.measure(noise(size, 1).data())?;
        let style = answers.into_iter().take(STYLE.len()).map(Answer::into_sums).collect();
        let content = Arc::new(engine.take_target(CONTENT));
        let difference = Statistic::SquaredDifference { target: content.clone(), weights: None };
        ask(&mut engine, size, difference)?;
        let picture = noise(size, 2);
        let gradient = vec![0.0; picture.data().len()];
        Ok(Evaluation { engine, picture: picture.data().to_vec(), gradient, content, style })
    }

    /// The loss; the gradient by the pixels is computed and kept.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn run(&mut self) -> Result<f64, EngineError> {
        let mut answers = self.engine.measure(&self.picture)?.into_iter();
        let (mut loss, mut gradients) = (0.0, Vec::new());
        for ((layer, target), gram) in STYLE.into_iter().zip(&self.style).zip(&mut answers) {
            let shape = self.engine.shape(layer);
            // Of the squared difference of the matrices divided by the elements; the mean over C·C.
            let entries = (shape.channels * shape.channels) as f64;
            let divisor = entries * (shape.elements() as f64).powi(2);
            let mut matrix = gram.into_sums();
            for (value, target) in matrix.iter_mut().zip(target) {
                *value -= target;
            }
            loss += matrix.iter().map(|value| value * value).sum::<f64>() / divisor;
            let matrix = matrix.iter().map(|value| (4.0 * value / divisor) as f32).collect();
            gradients.push((layer, MapGradient::Linear { matrix, weights: None }));
        }
        let elements = self.engine.shape(CONTENT).elements() as f64;
        loss += answers.map(Answer::into_number).sum::<f64>() / elements;
        let (scale, target) = ((2.0 / elements) as f32, Arc::clone(&self.content));
        gradients.push((CONTENT, MapGradient::Difference { scale, target, weights: None }));
        self.engine.backward(&self.picture, &gradients, &mut self.gradient)?;
        Ok(loss)
    }

    /// Seconds of so many evaluations, ascending.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn time(&mut self, runs: usize) -> Result<Vec<f64>, EngineError> {
        let mut seconds = Vec::with_capacity(runs);
        for _ in 0..runs {
            let started = Instant::now();
            self.run()?;
            seconds.push(started.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        Ok(seconds)
    }

    /// The gradient of the last [`run`](Self::run), planar `[3, H, W]`.
    pub fn gradient(&self) -> &[f32] {
        &self.gradient
    }
}

/// Asks the Gram matrices, and `of_content` of the content layer.
fn ask<E: Engine>(engine: &mut E, size: Size, of_content: Statistic<E::Map>) -> Result<(), EngineError> {
    let grams = STYLE.iter().map(|&layer| Statistic::Gram { weights: None }.at(layer));
    engine.prepare(size, NetworkOptions::default(), grams.chain([of_content.at(CONTENT)]).collect())
}

fn noise(size: Size, seed: u64) -> Picture {
    Picture::uniform_noise(size.width, size.height, 0.0..1.0, seed)
}
