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

use std::ops::Range;
use std::sync::Arc;

use impasto_kernels::{Padding, PatchMatches, Resampling};

use crate::{Activations, Architecture, Convention, HalfMap, Layer, PatchOptions};

/// Height and width of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// Shape of a feature map, `[channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MapShape {
    /// Feature channels.
    pub channels: usize,
    /// Rows of the map.
    pub height: usize,
    /// Columns of the map.
    pub width: usize,
}

impl MapShape {
    /// Positions of one channel, `height · width`.
    pub fn positions(&self) -> usize {
        self.height * self.width
    }

    /// Elements of the map, `channels · height · width`.
    pub fn elements(&self) -> usize {
        self.channels * self.positions()
    }
}

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

/// The gradient of a loss by one feature map F `[C, H, W]`: a map, or a function of F that acts on each
/// position by itself.
#[derive(Debug)]
pub enum MapGradient<Map> {
    /// `scale · (F − target)`, with a target of the shape of F; with weights w, `wₚ · scale · (Fₚ − targetₚ)` at each
    /// position p.
    Difference {
        /// Factor of the difference.
        scale: f32,
        /// What F is compared with.
        target: Arc<Target<Map>>,
        /// Weights of the positions, `[H·W]`; `None` for 1 everywhere.
        weights: Option<Arc<[f32]>>,
    },
    /// `matrix · F`, with F read as `[C, H·W]`; with weights w, `wₚ · (matrix · Fₚ)` at each position p.
    Linear {
        /// Symmetric `[C, C]` matrix, row-major.
        matrix: Arc<[f32]>,
        /// Weights of the positions, `[H·W]`; `None` for 1 everywhere. Positions of weight 0 cost nothing.
        weights: Option<Arc<[f32]>>,
    },
    /// The same column at each position, whatever F is; with weights w, `wₚ · column` at each position p.
    Column {
        /// `[C]`.
        column: Arc<[f32]>,
        /// Weights of the positions, `[H·W]`; `None` for 1 everywhere.
        weights: Option<Arc<[f32]>>,
    },
    /// `scale · gradient`, whatever F is.
    Given {
        /// Factor of the gradient.
        scale: f32,
        /// A map of the shape of F.
        gradient: Arc<Map>,
    },
    /// `scale` times the adjoint of a resampling of F at `gradient`, whatever F is.
    Resampled {
        /// Factor of the gradient.
        scale: f32,
        /// The gradient by the resampled map.
        gradient: Arc<Map>,
        /// From F to the resampled map.
        resampling: Arc<Resampling>,
    },
    /// `scale` times the adjoint of a resampling of F at `aₚ Tₚ + bₚ Xₚ`, with the resampled map X and
    /// `factors[p] = [a, b]`: the gradient of a function of the [inner products](Statistic::ResampledProducts).
    Blended {
        /// Factor of the gradient.
        scale: f32,
        /// From F to X.
        resampling: Arc<Resampling>,
        /// T, of the shape of X.
        targets: Arc<Map>,
        /// a and b of each position of X.
        factors: Arc<[[f32; 2]]>,
    },
}

impl<Map> Clone for MapGradient<Map> {
    fn clone(&self) -> Self {
        match self {
            Self::Difference { scale, target, weights } => {
                Self::Difference { scale: *scale, target: target.clone(), weights: weights.clone() }
            }
            Self::Linear { matrix, weights } => {
                Self::Linear { matrix: matrix.clone(), weights: weights.clone() }
            }
            Self::Column { column, weights } => {
                Self::Column { column: column.clone(), weights: weights.clone() }
            }
            Self::Given { scale, gradient } => Self::Given { scale: *scale, gradient: gradient.clone() },
            Self::Resampled { scale, gradient, resampling } => {
                Self::Resampled { scale: *scale, gradient: gradient.clone(), resampling: resampling.clone() }
            }
            Self::Blended { scale, resampling, targets, factors } => Self::Blended {
                scale: *scale,
                resampling: resampling.clone(),
                targets: targets.clone(),
                factors: factors.clone(),
            },
        }
    }
}

impl<Map> MapGradient<Map> {
    /// The same gradient times `factor`.
    pub fn scaled(self, factor: f32) -> Self {
        match self {
            Self::Difference { scale, target, weights } => {
                Self::Difference { scale: scale * factor, target, weights }
            }
            Self::Linear { matrix, weights } => {
                Self::Linear { matrix: matrix.iter().map(|value| value * factor).collect(), weights }
            }
            Self::Column { column, weights } => {
                Self::Column { column: column.iter().map(|value| value * factor).collect(), weights }
            }
            Self::Given { scale, gradient } => Self::Given { scale: scale * factor, gradient },
            Self::Resampled { scale, gradient, resampling } => {
                Self::Resampled { scale: scale * factor, gradient, resampling }
            }
            Self::Blended { scale, resampling, targets, factors } => {
                Self::Blended { scale: scale * factor, resampling, targets, factors }
            }
        }
    }
}

/// A map that others are compared with.
#[derive(Clone, Debug)]
pub enum Target<Map> {
    /// In full.
    Full(Map),
    /// In half the memory.
    Half(HalfMap),
}

impl<Map> Target<Map> {
    /// The map, for an engine that makes only targets in full.
    ///
    /// # Panics
    /// If it is in half precision. An engine receives only targets that it made itself.
    pub fn full(&self) -> &Map {
        match self {
            Target::Full(map) => map,
            Target::Half(_) => panic!("a target that this engine has not made"),
        }
    }
}

/// What is asked of the map at a layer.
#[derive(Debug)]
pub struct Question<Map> {
    /// Where.
    pub layer: Layer,
    /// What.
    pub statistic: Statistic<Map>,
}

impl<Map> Clone for Question<Map> {
    fn clone(&self) -> Self {
        Question { layer: self.layer, statistic: self.statistic.clone() }
    }
}

/// What is asked of a map F `[C, H, W]`.
///
/// Weights w, `[H·W]`, are finite and at least 0; `None` is 1 everywhere. Positions of weight 0 cost nothing, and
/// count for nothing even where F is not finite. An engine may keep weights, targets and resamplings where its
/// maps are: they stay the same until the next [`prepare`](Engine::prepare).
#[derive(Debug)]
pub enum Statistic<Map> {
    /// `Σₚ wₚ · Fₚ Fₚᵀ`: the symmetric `[C, C]` matrix, row-major, not divided by anything.
    Gram {
        /// w.
        weights: Option<Arc<[f32]>>,
    },
    /// `Σₚ wₚ · Fₚ`: `[C]`.
    Sums {
        /// w.
        weights: Option<Arc<[f32]>>,
    },
    /// `Σₚ wₚ · ‖Fₚ‖²`: one number.
    SquaredNorm {
        /// w.
        weights: Option<Arc<[f32]>>,
    },
    /// `Σₚ wₚ · ‖Fₚ − targetₚ‖²`: one number.
    SquaredDifference {
        /// A map of the shape of F.
        target: Arc<Target<Map>>,
        /// w.
        weights: Option<Arc<[f32]>>,
    },
    /// The values of the resampled map X, planes `[C, h, w]`.
    Resampled {
        /// From F to X.
        resampling: Arc<Resampling>,
    },
    /// For each position p of the resampled map X its inner products with the column of `targets` there and with
    /// itself: the values `⟨Xₚ, Tₚ⟩, ⟨Xₚ, Xₚ⟩`, `[h·w, 2]`.
    ResampledProducts {
        /// From F to X.
        resampling: Arc<Resampling>,
        /// T, of the shape of X.
        targets: Arc<Map>,
    },
    /// Nothing: the whole map is kept, for [`map`](Engine::map).
    Map,
    /// Nothing: the whole map is kept, for [`take_target`](Engine::take_target).
    Target,
}

impl<Map> Clone for Statistic<Map> {
    fn clone(&self) -> Self {
        match self {
            Self::Gram { weights } => Self::Gram { weights: weights.clone() },
            Self::Sums { weights } => Self::Sums { weights: weights.clone() },
            Self::SquaredNorm { weights } => Self::SquaredNorm { weights: weights.clone() },
            Self::SquaredDifference { target, weights } => {
                Self::SquaredDifference { target: target.clone(), weights: weights.clone() }
            }
            Self::Resampled { resampling } => Self::Resampled { resampling: resampling.clone() },
            Self::ResampledProducts { resampling, targets } => {
                Self::ResampledProducts { resampling: resampling.clone(), targets: targets.clone() }
            }
            Self::Map => Self::Map,
            Self::Target => Self::Target,
        }
    }
}

impl<Map> Statistic<Map> {
    /// This statistic of the map at `layer`.
    pub fn at(self, layer: Layer) -> Question<Map> {
        Question { layer, statistic: self }
    }
}

/// The answer to a [`Question`], as its [`Statistic`] says.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Sums over positions: of [`Gram`](Statistic::Gram), [`Sums`](Statistic::Sums) and the squares.
    Sums(Vec<f64>),
    /// Values of positions: of [`Resampled`](Statistic::Resampled) and
    /// [`ResampledProducts`](Statistic::ResampledProducts).
    Values(Vec<f32>),
    /// Of [`Map`](Statistic::Map) and [`Target`](Statistic::Target): the engine holds it.
    Kept,
}

impl Answer {
    /// The sums.
    ///
    /// # Panics
    /// If the answer holds no sums.
    pub fn into_sums(self) -> Vec<f64> {
        match self {
            Answer::Sums(sums) => sums,
            Answer::Values(_) | Answer::Kept => panic!("sums were asked for"),
        }
    }

    /// The only sum.
    ///
    /// # Panics
    /// If the answer is not one sum.
    pub fn into_number(self) -> f64 {
        let sums = self.into_sums();
        assert_eq!(sums.len(), 1, "one number was asked for");
        sums[0]
    }

    /// The values.
    ///
    /// # Panics
    /// If the answer holds no values.
    pub fn into_values(self) -> Vec<f32> {
        match self {
            Answer::Values(values) => values,
            Answer::Sums(_) | Answer::Kept => panic!("values were asked for"),
        }
    }
}

/// Memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Of the computer.
    pub host: u64,
    /// Of a device with memory of its own; 0 for an engine without one.
    pub device: u64,
}

/// A rectangle of a map or a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows.
    pub rows: Range<usize>,
    /// Columns.
    pub columns: Range<usize>,
}

impl Window {
    /// Its height and width.
    pub fn size(&self) -> Size {
        Size { height: self.rows.len(), width: self.columns.len() }
    }
}

/// A reason why an engine cannot run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The picture vanishes in the network, or too little of it is left to work on.
    #[error(
        "a picture of {}x{} pixels is too small for {layer}: both sides must be at least {smallest}",
        size.width, size.height
    )]
    TooSmall {
        /// Size of the picture.
        size: Size,
        /// The layer where it is too small.
        layer: Layer,
        /// Smallest sides that would do, in pixels.
        smallest: usize,
    },
    /// The network has no such layer.
    #[error("network {network} has no layer {layer}: its convolutions are {available}")]
    NoSuchLayer {
        /// Name of the network.
        network: String,
        /// The layer asked for.
        layer: Layer,
        /// The layers it has, for the message.
        available: String,
    },
    /// There is not enough memory.
    #[error("out of memory: {needed} bytes are needed{}", place(*on_device))]
    OutOfMemory {
        /// Bytes asked for.
        needed: u64,
        /// Whether it is the device that has too little.
        on_device: bool,
    },
    /// A device no longer answers.
    #[error("the device is lost: {reason}")]
    DeviceLost {
        /// What its driver says.
        reason: String,
    },
    /// Something is asked for that this engine cannot do.
    #[error("{engine} cannot do this: {what}")]
    Unsupported {
        /// The engine.
        engine: String,
        /// What it cannot do.
        what: String,
    },
}

fn place(on_device: bool) -> &'static str {
    if on_device { " on the device" } else { "" }
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
    /// weights included.
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

    /// The map at a layer of which the [map](Statistic::Map) or a [target](Statistic::Target) is asked.
    fn map(&self, layer: Layer) -> &Self::Map;

    /// As [`map`](Engine::map), but may move the map out of the engine, which then has it no more.
    fn take_map(&mut self, layer: Layer) -> Self::Map {
        self.copy_map(self.map(layer))
    }

    /// The map at a layer of which a [target](Statistic::Target) is asked; then it is gone. An engine may round it to
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

    /// A copy of a map.
    fn copy_map(&self, map: &Self::Map) -> Self::Map;

    /// A map of zeros.
    fn empty_map(&self, shape: MapShape) -> Self::Map {
        self.map_from(shape, &vec![0.0; shape.elements()])
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
