//! Whoever tells the features of pictures: a network at work in batches, or an engine, one picture after another.

use impasto_kernels::Batch;
use impasto_network::{Engine, EngineError, Layer, MapShape, NetworkOptions, Size, Statistic};

/// Tells the features of pictures at some layers of a network.
pub trait FeatureSource {
    /// The layers, in the order the picture passes them.
    fn taps(&self) -> &[Layer];

    /// The features at each tap of pictures `[N, 3, H, W]`, red, green, blue, 0..1, of `shape` (N, H, W).
    ///
    /// # Errors
    /// If an engine fails.
    fn features(&mut self, pictures: &[f32], shape: (usize, usize, usize))
    -> Result<Vec<Batch>, EngineError>;

    /// Takes back features that are no longer needed.
    fn give(&mut self, _features: Batch) {}
}

/// The features that an engine tells.
pub struct EngineFeatures<E> {
    engine: E,
    taps: Vec<Layer>,
    prepared: Option<Size>,
}

impl<E: Engine> EngineFeatures<E> {
    /// Those at these layers of the engine's network.
    pub fn new(engine: E, taps: &[Layer]) -> Self {
        EngineFeatures { engine, taps: taps.to_vec(), prepared: None }
    }
}

impl<E: Engine> FeatureSource for EngineFeatures<E> {
    fn taps(&self) -> &[Layer] {
        &self.taps
    }

    fn features(
        &mut self,
        pictures: &[f32],
        (count, height, width): (usize, usize, usize),
    ) -> Result<Vec<Batch>, EngineError> {
        let size = Size { height, width };
        if self.prepared != Some(size) {
            let questions = self.taps.iter().map(|&tap| Statistic::Map.at(tap)).collect();
            self.engine.prepare(size, NetworkOptions::default(), questions)?;
            self.prepared = Some(size);
        }
        let mut planes = vec![Vec::new(); self.taps.len()];
        for picture in pictures.chunks_exact(3 * height * width) {
            self.engine.measure(picture)?;
            for (planes, &tap) in planes.iter_mut().zip(&self.taps) {
                planes.extend(self.engine.read_map(self.engine.map(tap)));
            }
        }
        let batch = |(planes, &tap): (&Vec<f32>, &Layer)| {
            let MapShape { channels, height, width } = self.engine.shape(tap);
            Batch::from_planes(count, channels, height, width, planes)
        };
        Ok(planes.iter().zip(&self.taps).map(batch).collect())
    }
}
