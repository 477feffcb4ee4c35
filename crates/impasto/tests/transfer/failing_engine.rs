//! An engine whose maps turn to NaN after some time.

use impasto_network::{
    Architecture, Engine, EngineError, Layer, MapGradient, MapShape, NetworkOptions, PatchMatches,
    PatchOptions, Resampling, ScalarEngine, Size,
};

/// As [`ScalarEngine`], but statistics are NaN from a given backward pass on.
pub struct FailingEngine {
    inner: ScalarEngine,
    good_passes: usize,
}

impl FailingEngine {
    /// `failing` is the first evaluation, counted from 1, that fails.
    pub fn new(inner: ScalarEngine, failing: usize) -> Self {
        FailingEngine { inner, good_passes: failing - 1 }
    }

    fn spoil(&self) -> f64 {
        if self.good_passes == 0 { f64::NAN } else { 0.0 }
    }
}

impl Engine for FailingEngine {
    type Map = <ScalarEngine as Engine>::Map;
    type Patches = <ScalarEngine as Engine>::Patches;

    fn architecture(&self) -> &Architecture {
        self.inner.architecture()
    }

    fn set_options(&mut self, options: NetworkOptions) {
        self.inner.set_options(options);
    }

    fn prepare(&mut self, size: Size, taps: &[Layer]) -> Result<(), EngineError> {
        self.inner.prepare(size, taps)
    }

    fn memory_needed(&self, size: Size, taps: &[Layer]) -> Result<u64, EngineError> {
        self.inner.memory_needed(size, taps)
    }

    fn shape(&self, tap: Layer) -> MapShape {
        self.inner.shape(tap)
    }

    fn forward(&mut self, picture: &[f32]) {
        self.inner.forward(picture);
    }

    fn copy_map(&self, tap: Layer) -> Self::Map {
        self.inner.copy_map(tap)
    }

    fn resampled_map(&self, tap: Layer, resampling: &Resampling) -> Self::Map {
        self.inner.resampled_map(tap, resampling)
    }

    fn resampled_products(&self, tap: Layer, resampling: &Resampling, targets: &Self::Map) -> Vec<[f32; 2]> {
        self.inner.resampled_products(tap, resampling, targets)
    }

    fn resampled_blend(
        &self,
        tap: Layer,
        resampling: &Resampling,
        targets: &Self::Map,
        factors: &[[f32; 2]],
    ) -> Self::Map {
        self.inner.resampled_blend(tap, resampling, targets, factors)
    }

    fn gram(&self, tap: Layer) -> Vec<f64> {
        self.inner.gram(tap).into_iter().map(|value| value + self.spoil()).collect()
    }

    fn weighted_gram(&self, tap: Layer, weights: &[f32]) -> Vec<f64> {
        self.inner.weighted_gram(tap, weights)
    }

    fn sums(&self, tap: Layer, weights: Option<&[f32]>) -> Vec<f64> {
        self.inner.sums(tap, weights)
    }

    fn squared_difference(&self, tap: Layer, target: &Self::Map) -> f64 {
        self.inner.squared_difference(tap, target) + self.spoil()
    }

    fn squared_norm(&self, tap: Layer) -> f64 {
        self.inner.squared_norm(tap)
    }

    fn gradient_norm(&self, tap: Layer, gradient: &MapGradient<Self::Map>) -> f64 {
        self.inner.gradient_norm(tap, gradient)
    }

    fn backward(&mut self, gradients: &[(Layer, MapGradient<Self::Map>)], picture_gradient: &mut [f32]) {
        self.inner.backward(gradients, picture_gradient);
        self.good_passes = self.good_passes.saturating_sub(1);
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
        tap: Layer,
        patches: &Self::Patches,
        matches: &PatchMatches,
    ) -> (f64, Self::Map) {
        self.inner.patch_difference(tap, patches, matches)
    }

    fn matched_map(&self, patches: &Self::Patches, matches: &PatchMatches, shape: MapShape) -> Self::Map {
        self.inner.matched_map(patches, matches, shape)
    }
}
