//! An engine for pictures of any size: it hands them to another engine tile by tile.
//!
//! An evaluation passes over the tiles twice. `measure` runs every tile forward and adds up what the positions of its
//! core answer. `backward` runs every tile forward again, then back with the gradients at the positions of its core
//! alone, and adds the tiles' gradients where they overlap. Answers and gradients are sums over positions, so both are
//! those of the whole picture, but for rounding: see [`Tiling`] for why a tile knows enough.
//!
//! Whole maps are put together from the tiles' cores where they are [asked for](Statistic::Map), targets in half
//! precision if [told so](TiledEngine::set_half_targets). Resampled maps are not sums over positions of a tile; they are
//! [refused](EngineError::Unsupported) if there are several tiles.
//!
//! A device of its own memory may have less left than its engine needs, which nobody knows before it is asked. Then tiles
//! are made smaller until they fit, and stay so.

mod fitting;
mod in_full;
mod of_tile;
mod passes;
mod tiling;

use std::collections::BTreeMap;
use std::sync::Arc;

use fitting::read_at;
use in_full::gradients_in_full;
pub use tiling::Tiling;

use crate::{
    Activations, Answer, Architecture, Convention, Engine, EngineError, Layer, MapGradient, MapShape, Memory,
    NetworkOptions, PatchMatches, PatchOptions, Question, Size, Statistic, StepHistoryPlace, Target, Window,
};

/// Another engine, by tiles that fit into some memory. See [`Engine`] for what it does.
pub struct TiledEngine<'e, E: Engine> {
    inner: &'e mut E,
    budget: u64,
    /// What tiles may take since a device has refused more.
    device_budget: u64,
    half_targets: bool,
    job: Option<Job<E::Map>>,
    /// Whole maps put together.
    kept: BTreeMap<(Layer, Use), Target<E::Map>>,
    /// Whether a picture has been measured, in tiles, and not yet been sent back.
    ran: bool,
}

/// What a whole map is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Map,
    Target,
}

/// What is prepared.
struct Job<Map> {
    size: Size,
    options: NetworkOptions,
    questions: Vec<Question<Map>>,
    tiling: Tiling,
}

impl<'e, E: Engine> TiledEngine<'e, E> {
    /// The engine `inner` for tiles of which each is evaluated within `budget` bytes: see [`Tiling::within`].
    pub fn new(inner: &'e mut E, budget: u64) -> Self {
        TiledEngine {
            inner,
            budget,
            device_budget: u64::MAX,
            half_targets: false,
            job: None,
            kept: BTreeMap::new(),
            ran: false,
        }
    }

    /// Bytes that tiles may take from the next [`prepare`](Engine::prepare) on.
    pub fn set_budget(&mut self, budget: u64) {
        self.budget = budget;
    }

    /// Forgets what is prepared, and frees the targets that it holds. Those of a picture that is whole stay with the inner
    /// engine until it is prepared anew.
    pub fn release(&mut self) {
        (self.job, self.kept, self.ran) = (None, BTreeMap::new(), false);
    }

    /// Whether targets of pictures in tiles are kept in half precision from the next [`measure`](Engine::measure) on.
    /// At first they are not.
    pub fn set_half_targets(&mut self, half_targets: bool) {
        self.half_targets = half_targets;
    }

    /// A map put together, or a copy of it if several questions ask for it.
    fn take(&mut self, layer: Layer, purpose: Use) -> Target<E::Map> {
        let asked = self.job().whole_maps().filter(|it| *it == (layer, purpose)).count();
        if asked == 1 {
            return self.kept.remove(&(layer, purpose)).unwrap_or_else(|| not_asked(layer));
        }
        match self.kept.get(&(layer, purpose)).unwrap_or_else(|| not_asked(layer)) {
            Target::Full(map) => Target::Full(self.inner.copy_map(map)),
            Target::Half(map) => Target::Half(map.clone()),
        }
    }

    fn job(&self) -> &Job<E::Map> {
        self.job.as_ref().expect("prepare comes before anything else")
    }
}

impl<Map> Job<Map> {
    fn is_whole(&self) -> bool {
        self.tiling.tiles() == 1
    }

    /// The layer of each question that asks for a whole map, and what for.
    fn whole_maps(&self) -> impl Iterator<Item = (Layer, Use)> + '_ {
        self.questions.iter().filter_map(|question| match question.statistic {
            Statistic::Map => Some((question.layer, Use::Map)),
            Statistic::Target => Some((question.layer, Use::Target)),
            _ => None,
        })
    }
}

/// Ends a call that is out of order.
fn not_asked(layer: Layer) -> ! {
    panic!("the map at {layer} was not asked for, or is taken")
}

impl<E: Engine> Engine for TiledEngine<'_, E> {
    type Map = E::Map;
    type Patches = E::Patches;

    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn provenance(&self) -> Option<String> {
        let inner = self.inner.provenance()?;
        match self.job.as_ref().filter(|job| !job.is_whole()) {
            None => Some(inner),
            // Sums of tiles are rounded otherwise than those of the whole.
            Some(job) => Some(format!("{inner}, {:?}", job.tiling)),
        }
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
        questions: Vec<Question<E::Map>>,
    ) -> Result<(), EngineError> {
        for &layer in &read_at(&questions).0 {
            self.inner.architecture().map_shape(layer, size)?;
        }
        let mut tiling = self.tiling(size, options, &questions)?;
        self.kept = BTreeMap::new();
        self.ran = false;
        loop {
            match self.begin(size, options, questions.clone(), tiling.clone()) {
                Ok(()) => return Ok(()),
                Err(error) => tiling = self.smaller(&tiling, options, &questions, error)?,
            }
        }
    }

    fn memory_needed(
        &self,
        size: Size,
        options: NetworkOptions,
        layers: &[Layer],
    ) -> Result<Memory, EngineError> {
        let tiling = Tiling::within(self.inner, size, options, layers, &[], self.budget)?;
        tiling.memory_needed(self.inner, options, layers, &[])
    }

    fn shape(&self, layer: Layer) -> MapShape {
        let job = self.job();
        if job.is_whole() {
            return self.inner.shape(layer);
        }
        assert!(job.questions.iter().any(|it| it.layer == layer), "nothing is asked of {layer}");
        self.inner.architecture().map_shape(layer, job.size).expect("prepare has checked the layers")
    }

    fn measure(&mut self, picture: &[f32]) -> Result<Vec<Answer>, EngineError> {
        let job = self.job();
        if job.is_whole() {
            return self.inner.measure(picture);
        }
        let Size { height, width } = job.size;
        assert_eq!(picture.len(), 3 * height * width, "values of the prepared picture");
        self.in_tiles_that_fit(|this| this.measure_tiles(picture))
    }

    fn map(&self, layer: Layer) -> &E::Map {
        match self.job().is_whole() {
            true => self.inner.map(layer),
            false => self.kept.get(&(layer, Use::Map)).unwrap_or_else(|| not_asked(layer)).full(),
        }
    }

    fn take_map(&mut self, layer: Layer) -> E::Map {
        match self.job().is_whole() {
            true => self.inner.take_map(layer),
            false => match self.take(layer, Use::Map) {
                Target::Full(map) => map,
                Target::Half(_) => unreachable!("maps to be read are in full"),
            },
        }
    }

    fn take_target(&mut self, layer: Layer) -> Target<E::Map> {
        match self.job().is_whole() {
            true => self.inner.take_target(layer),
            false => self.take(layer, Use::Target),
        }
    }

    fn gradient_norms(
        &mut self,
        picture: &[f32],
        gradients: &[(Layer, MapGradient<E::Map>)],
    ) -> Result<Vec<f64>, EngineError> {
        let job = self.job();
        if job.is_whole() {
            let gradients = gradients_in_full(self.inner, gradients);
            return self.inner.gradient_norms(picture, &gradients);
        }
        assert!(self.ran, "maps are there from measure to backward");
        self.in_tiles_that_fit(|this| this.norms_of_tiles(picture, gradients))
    }

    fn backward(
        &mut self,
        picture: &[f32],
        gradients: &[(Layer, MapGradient<E::Map>)],
        picture_gradient: &mut [f32],
    ) -> Result<(), EngineError> {
        let job = self.job();
        if job.is_whole() {
            let gradients = gradients_in_full(self.inner, gradients);
            return self.inner.backward(picture, &gradients, picture_gradient);
        }
        assert!(self.ran, "measure comes before each backward");
        assert_eq!(picture_gradient.len(), picture.len(), "values of the picture's gradient");
        self.in_tiles_that_fit(|this| this.tiles_backward(picture, gradients, picture_gradient))?;
        self.kept = BTreeMap::new();
        self.ran = false;
        Ok(())
    }

    fn step_history(&self) -> Option<Arc<dyn StepHistoryPlace>> {
        self.inner.step_history()
    }

    fn copy_map(&self, map: &E::Map) -> E::Map {
        self.inner.copy_map(map)
    }

    fn empty_map(&self, shape: MapShape) -> Result<E::Map, EngineError> {
        self.inner.empty_map(shape)
    }

    fn squared_difference(&self, a: &E::Map, b: &E::Map) -> f64 {
        self.inner.squared_difference(a, b)
    }

    fn paste(&self, into: &mut E::Map, at: (usize, usize), from: &E::Map, window: &Window) {
        self.inner.paste(into, at, from, window);
    }

    fn read_map(&self, map: &E::Map) -> Vec<f32> {
        self.inner.read_map(map)
    }

    fn map_from(&self, shape: MapShape, values: &[f32]) -> E::Map {
        self.inner.map_from(shape, values)
    }

    fn new_patches(&self, channels: usize, options: PatchOptions) -> E::Patches {
        self.inner.new_patches(channels, options)
    }

    fn add_patches(&self, patches: &mut E::Patches, map: E::Map, guide: Option<&[f32]>) {
        self.inner.add_patches(patches, map, guide);
    }

    fn match_patches(
        &self,
        patches: &E::Patches,
        map: &E::Map,
        guide: Option<&[f32]>,
        penalties: Option<&[f32]>,
    ) -> PatchMatches {
        self.inner.match_patches(patches, map, guide, penalties)
    }

    fn best_scores(&self, patches: &E::Patches, map: &E::Map, guide: Option<&[f32]>) -> Vec<f32> {
        self.inner.best_scores(patches, map, guide)
    }

    fn patch_difference(&self, map: &E::Map, patches: &E::Patches, matches: &PatchMatches) -> (f64, E::Map) {
        self.inner.patch_difference(map, patches, matches)
    }

    fn matched_map(&self, patches: &E::Patches, matches: &PatchMatches, shape: MapShape) -> E::Map {
        self.inner.matched_map(patches, matches, shape)
    }
}
