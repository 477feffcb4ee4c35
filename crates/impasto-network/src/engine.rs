//! Runs a network: from a picture to feature maps, and from their gradients to the gradient by the pixels.
//!
//! The weights are frozen and the network is a fixed chain, so this is all the differentiation that
//! style transfer needs. A stage declares once what it asks of which layer; an evaluation is then two calls, each
//! of which may fail: `measure` runs the picture forward and answers all questions at once, `backward` takes
//! descriptions of the gradients by the maps and returns the gradient by the picture. Only the engine touches the
//! maps, so they may live anywhere.
//!
//! Answers are sums over positions, so those of tiles of a picture add up to those of the whole:
//! see [`TiledEngine`](crate::TiledEngine).

use std::sync::Arc;

use impasto_kernels::{Padding, PatchMatches};

use crate::{
    Activations, Answer, Architecture, Convention, EngineError, Layer, MapGradient, MapShape, PatchOptions,
    Question, Size, StepHistoryPlace, Target, Window,
};

/// How 2×2 positions become one between blocks. Odd last rows and columns are dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pooling {
    /// The largest; the first in reading order where several are equal.
    #[default]
    Max,
    /// The mean.
    Average,
    /// 2 · the mean: the factor comes near the mean activation of max pooling (Crowson 2021).
    ScaledAverage,
    /// 0.78 · √(sum of squares): the factor keeps the mean activation of max pooling (Crowson 2021).
    L2,
}

/// How a network reads pictures; the same for every engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NetworkOptions {
    /// Pooling between blocks. Default: max.
    pub pooling: Pooling,
    /// Padding of the first convolution. Replicating keeps the rim of the picture free of dark or bright
    /// lines (Crowson 2021). Default: zero.
    pub first_padding: Padding,
    /// Padding of all other convolutions. Default: zero.
    pub padding: Padding,
}

/// Memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Of the computer.
    pub host: u64,
    /// Of a device with memory of its own; 0 for an engine without one.
    pub device: u64,
}

/// Runs one network on pictures of one size at a time.
///
/// The calls come in this order, each as often as it likes:
///
/// ```text
/// prepare { measure [ map | take_map | take_target | gradient_norms ] [ backward ] }
/// ```
///
/// After `backward` the maps are gone until the next `measure`: an engine may write the gradients where the maps
/// were. What acts on maps and patches alone may be called at any time.
///
/// After a call that fails, `prepare` comes before anything else. A device that is lost in a call that cannot fail
/// tells so by the next one that can.
///
/// # Panics
/// All methods but `prepare` panic when called out of this order, with a layer that nothing is asked of, or with
/// slices of another size than prepared: these are errors of the caller's code, not of its input.
pub trait Engine {
    /// A feature map, wherever it lives.
    type Map;

    /// Source patches to be searched, wherever they live.
    type Patches;

    /// What it is and what it runs on, in a few words: `cpu avx512`.
    fn describe(&self) -> String;

    /// All that its answers depend on besides the picture and what is prepared, in words: engines of the same words answer
    /// the same bits. `None` if it cannot tell; then nothing that it has answered is kept for another run.
    fn provenance(&self) -> Option<String> {
        None
    }

    /// The shape of the network.
    fn architecture(&self) -> &Architecture;

    /// How the network reads pictures, as its weights say.
    fn convention(&self) -> &Convention;

    /// How strongly its layers answer: those of the same weights.
    fn activations(&self) -> Activations;

    /// Prepares for pictures of `size`, read as `options` say. Every picture is then asked all `questions`. The
    /// network is run down to the deepest layer among them and no further.
    ///
    /// To change only questions, at the same layers, is cheap.
    fn prepare(
        &mut self,
        size: Size,
        options: NetworkOptions,
        questions: Vec<Question<Self::Map>>,
    ) -> Result<(), EngineError>;

    /// What [`prepare`](Engine::prepare) for questions at `layers` would have allocated at the peak of an evaluation,
    /// weights included; `u64::MAX` where no memory would do, because a map is larger than a buffer of the device may be.
    fn memory_needed(
        &self,
        size: Size,
        options: NetworkOptions,
        layers: &[Layer],
    ) -> Result<Memory, EngineError>;

    /// Shape of the map at `layer`, for the prepared size.
    fn shape(&self, layer: Layer) -> MapShape;

    /// Runs `picture`, planar `[3, H, W]`, red, green, blue, sRGB-encoded 0..1, through the network. Returns an answer
    /// for each question, in their order.
    fn measure(&mut self, picture: &[f32]) -> Result<Vec<Answer>, EngineError>;

    /// The map at a layer of which the [map](crate::Statistic::Map) or a [target](crate::Statistic::Target) is asked.
    fn map(&self, layer: Layer) -> &Self::Map;

    /// As [`map`](Engine::map), but may move the map out of the engine, which then has it no more.
    fn take_map(&mut self, layer: Layer) -> Self::Map {
        self.copy_map(self.map(layer))
    }

    /// The map at a layer of which a [target](crate::Statistic::Target) is asked; then it is gone. An engine may round it to
    /// half precision where memory is short. Only the engine that made a target takes it in questions and gradients.
    fn take_target(&mut self, layer: Layer) -> Target<Self::Map> {
        Target::Full(self.take_map(layer))
    }

    /// Returns for each gradient the sum of the absolute values of its elements. `picture` is the one last measured,
    /// given again for an engine that has not kept its maps.
    fn gradient_norms(
        &mut self,
        picture: &[f32],
        gradients: &[(Layer, MapGradient<Self::Map>)],
    ) -> Result<Vec<f64>, EngineError>;

    /// Sends the sum of `gradients` back through the network. Writes the gradient by `picture`, which is the one last
    /// measured, planar `[3, H, W]`, into `picture_gradient`.
    fn backward(
        &mut self,
        picture: &[f32],
        gradients: &[(Layer, MapGradient<Self::Map>)],
        picture_gradient: &mut [f32],
    ) -> Result<(), EngineError>;

    /// Where L-BFGS keeps its steps beside the maps; `None` for an engine whose maps are in the memory of the computer.
    fn step_history(&self) -> Option<Arc<dyn StepHistoryPlace>> {
        None
    }

    /// A copy of a map.
    fn copy_map(&self, map: &Self::Map) -> Self::Map;

    /// A map of zeros.
    ///
    /// # Errors
    /// If there is no memory for it.
    fn empty_map(&self, shape: MapShape) -> Result<Self::Map, EngineError> {
        Ok(self.map_from(shape, &vec![0.0; shape.elements()]))
    }

    /// The sum over all elements of `(a − b)²`, of maps of the same shape.
    fn squared_difference(&self, a: &Self::Map, b: &Self::Map) -> f64;

    /// Copies the `window` of a map into another with as many channels, its first row and column to `at`.
    fn paste(&self, into: &mut Self::Map, at: (usize, usize), from: &Self::Map, window: &Window);

    /// The values of a map, `[C, H, W]` row-major.
    fn read_map(&self, map: &Self::Map) -> Vec<f32>;

    /// A map of these values, `[C, H, W]` row-major.
    fn map_from(&self, shape: MapShape, values: &[f32]) -> Self::Map;

    /// A collection of source patches of maps with `channels` channels, still empty.
    ///
    /// # Panics
    /// If an option is outside its range.
    fn new_patches(&self, channels: usize, options: PatchOptions) -> Self::Patches;

    /// Adds all patches of `map`, in reading order: source patches are numbered map by map from 0 on, whatever
    /// the stride. `guide` are planes `[G, H, W]` on the grid of the map; all maps of a collection have as many
    /// or none has any.
    ///
    /// # Panics
    /// If the map has other channels or is smaller than a patch, the guide does not fit, or whole patches are
    /// guided.
    fn add_patches(&self, patches: &mut Self::Patches, map: Self::Map, guide: Option<&[f32]>);

    /// The source patch of the highest score for each query patch of `map`. `penalties`, one for each source
    /// patch, are subtracted from its scores; ∞ excludes it. The scores returned are less the penalty. Of equal
    /// scores the patch of the lowest index wins.
    ///
    /// # Panics
    /// If there are no source patches or all are excluded, `map` is smaller than a patch, whole patches have
    /// penalties other than 0 and ∞, or guides are not as those of the sources.
    fn match_patches(
        &self,
        patches: &Self::Patches,
        map: &Self::Map,
        guide: Option<&[f32]>,
        penalties: Option<&[f32]>,
    ) -> PatchMatches;

    /// The highest score of each source patch with any of the query patches of `map`.
    ///
    /// # Panics
    /// As [`match_patches`](Engine::match_patches).
    fn best_scores(&self, patches: &Self::Patches, map: &Self::Map, guide: Option<&[f32]>) -> Vec<f32>;

    /// The sum of squared differences between the query patches p of a map F and their matches,
    /// `Σₚ Σₒ ‖F_{p+o} − G_{m(p)+o}‖²`, and the map of sums of `F − G` over the patches that cover a position:
    /// half its gradient by F.
    ///
    /// # Panics
    /// If the matches are not those of such a map with these patches.
    fn patch_difference(
        &self,
        map: &Self::Map,
        patches: &Self::Patches,
        matches: &PatchMatches,
    ) -> (f64, Self::Map);

    /// The map of `shape` in which every position is the mean of the matched columns that cover it. A position
    /// that no patch covers, which needs a stride beyond the size of a patch, is zero.
    ///
    /// # Panics
    /// As [`patch_difference`](Engine::patch_difference), for a map of this shape.
    fn matched_map(&self, patches: &Self::Patches, matches: &PatchMatches, shape: MapShape) -> Self::Map;
}
