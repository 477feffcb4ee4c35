//! An engine that fails after some time.

use impasto_network::{
    Activations, Answer, Architecture, Convention, Engine, EngineError, Layer, MapGradient, MapShape, Memory,
    NetworkOptions, PatchMatches, PatchOptions, Question, ScalarEngine, Size, Window,
};

/// How it fails.
#[derive(Clone, Copy)]
pub enum Failure {
    /// Sums are NaN.
    NotFinite,
    /// The engine says so.
    DeviceLost,
}

/// As [`ScalarEngine`], but fails from a given evaluation on.
pub struct FailingEngine {
    inner: ScalarEngine,
    failure: Failure,
    good_passes: usize,
}

impl FailingEngine {
    /// `failing` is the first evaluation, counted from 1, that fails.
    pub fn new(inner: ScalarEngine, failure: Failure, failing: usize) -> Self {
        FailingEngine { inner, failure, good_passes: failing - 1 }
    }
}

impl Engine for FailingEngine {
    type Map = <ScalarEngine as Engine>::Map;
    type Patches = <ScalarEngine as Engine>::Patches;

    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn architecture(&self) -> &Architecture {
        self.inner.architecture()
    }

    fn convention(&self) -> &Convention {
        self.inner.convention()
    }

    fn activations(&self) -> Activations {
        self.inner.activations()
    }

    fn prepare(
        &mut self,
        size: Size,
        options: NetworkOptions,
        questions: Vec<Question<Self::Map>>,
    ) -> Result<(), EngineError> {
        self.inner.prepare(size, options, questions)
    }

    fn memory_needed(
        &self,
        size: Size,
        options: NetworkOptions,
        layers: &[Layer],
    ) -> Result<Memory, EngineError> {
        self.inner.memory_needed(size, options, layers)
    }

    fn shape(&self, layer: Layer) -> MapShape {
        self.inner.shape(layer)
    }

    fn measure(&mut self, picture: &[f32]) -> Result<Vec<Answer>, EngineError> {
        let mut answers = self.inner.measure(picture)?;
        match self.failure {
            Failure::DeviceLost if self.good_passes == 0 => {
                return Err(EngineError::DeviceLost { reason: "unplugged".to_owned() });
            }
            Failure::NotFinite if self.good_passes == 0 => {
                for answer in &mut answers {
                    if let Answer::Sums(sums) = answer {
                        sums.fill(f64::NAN);
                    }
                }
            }
            Failure::DeviceLost | Failure::NotFinite => {}
        }
        Ok(answers)
    }

    fn map(&self, layer: Layer) -> &Self::Map {
        self.inner.map(layer)
    }

    fn gradient_norms(
        &mut self,
        picture: &[f32],
        gradients: &[(Layer, MapGradient<Self::Map>)],
    ) -> Result<Vec<f64>, EngineError> {
        self.inner.gradient_norms(picture, gradients)
    }

    fn backward(
        &mut self,
        picture: &[f32],
        gradients: &[(Layer, MapGradient<Self::Map>)],
        picture_gradient: &mut [f32],
    ) -> Result<(), EngineError> {
        self.good_passes = self.good_passes.saturating_sub(1);
        self.inner.backward(picture, gradients, picture_gradient)
    }

    fn copy_map(&self, map: &Self::Map) -> Self::Map {
        self.inner.copy_map(map)
    }

    fn squared_difference(&self, a: &Self::Map, b: &Self::Map) -> f64 {
        self.inner.squared_difference(a, b)
    }

    fn paste(&self, into: &mut Self::Map, at: (usize, usize), from: &Self::Map, window: &Window) {
        self.inner.paste(into, at, from, window);
    }

    fn read_map(&self, map: &Self::Map) -> Vec<f32> {
        self.inner.read_map(map)
    }

    fn map_from(&self, shape: MapShape, values: &[f32]) -> Self::Map {
        self.inner.map_from(shape, values)
    }

    fn new_patches(&self, channels: usize, options: PatchOptions) -> Self::Patches {
        self.inner.new_patches(channels, options)
    }

    fn add_patches(&self, patches: &mut Self::Patches, map: Self::Map, guide: Option<&[f32]>) {
        self.inner.add_patches(patches, map, guide);
    }

    fn match_patches(
        &self,
        patches: &Self::Patches,
        map: &Self::Map,
        guide: Option<&[f32]>,
        penalties: Option<&[f32]>,
    ) -> PatchMatches {
        self.inner.match_patches(patches, map, guide, penalties)
    }

    fn best_scores(&self, patches: &Self::Patches, map: &Self::Map, guide: Option<&[f32]>) -> Vec<f32> {
        self.inner.best_scores(patches, map, guide)
    }

    fn patch_difference(
        &self,
        map: &Self::Map,
        patches: &Self::Patches,
        matches: &PatchMatches,
    ) -> (f64, Self::Map) {
        self.inner.patch_difference(map, patches, matches)
    }

    fn matched_map(&self, patches: &Self::Patches, matches: &PatchMatches, shape: MapShape) -> Self::Map {
        self.inner.matched_map(patches, matches, shape)
    }
}
