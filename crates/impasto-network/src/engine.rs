//! What runs a network: the picture forward to the tapped feature maps, their gradients back to the
//! pixels.
//!
//! The weights are frozen and the network is a fixed chain, so this is all the differentiation that
//! style transfer needs. Terms ask an engine for statistics of maps and answer with a description of
//! their gradient; only the engine touches the maps, so they may live anywhere.

use std::sync::Arc;

use impasto_kernels::{Padding, PatchMatches, Resampling};

use crate::{Architecture, Layer, PatchOptions};

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
    /// `scale · (F − target)`, with a target of the shape of F.
    Difference {
        /// Factor of the difference.
        scale: f32,
        /// What F is compared with.
        target: Arc<Map>,
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
        /// What [`resampled_map`](Engine::resampled_map) was asked for.
        resampling: Arc<Resampling>,
    },
}

impl<Map> Clone for MapGradient<Map> {
    fn clone(&self) -> Self {
        match self {
            Self::Difference { scale, target } => Self::Difference { scale: *scale, target: target.clone() },
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
        }
    }
}

impl<Map> MapGradient<Map> {
    /// The same gradient times `factor`.
    pub fn scaled(self, factor: f32) -> Self {
        match self {
            Self::Difference { scale, target } => Self::Difference { scale: scale * factor, target },
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
        }
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
}

/// Runs one network on pictures of one size at a time.
///
/// The order of calls is [`prepare`](Engine::prepare) once for a size, then for every picture
/// [`forward`](Engine::forward), any number of questions about the tapped maps, and at most one
/// [`backward`](Engine::backward), after which the maps are gone until the next `forward`: an engine may
/// write the gradients where the maps were.
///
/// # Panics
/// All methods but `prepare` panic when called out of this order, with a layer that is not tapped, or
/// with slices of another size than prepared: these are errors of the caller's code, not of its input.
pub trait Engine {
    /// A feature map, wherever it lives.
    type Map;

    /// Source patches to be searched, wherever they live.
    type Patches;

    /// The shape of the network.
    fn architecture(&self) -> &Architecture;

    /// Sets how the network reads pictures from the next [`prepare`](Engine::prepare) on, which must come
    /// before anything else then.
    fn set_options(&mut self, options: NetworkOptions);

    /// Plans and allocates for pictures of `size`, keeping the maps at `taps`. The network is run down to
    /// the deepest of them and no further.
    fn prepare(&mut self, size: Size, taps: &[Layer]) -> Result<(), EngineError>;

    /// Bytes that [`prepare`](Engine::prepare) would have allocated at the peak of an evaluation, weights
    /// included.
    fn memory_needed(&self, size: Size, taps: &[Layer]) -> Result<u64, EngineError>;

    /// Shape of the map at `tap`, for the prepared size.
    fn shape(&self, tap: Layer) -> MapShape;

    /// Runs `picture`, planar `[3, H, W]`, red, green, blue, sRGB-encoded 0..1, through the network.
    fn forward(&mut self, picture: &[f32]);

    /// A copy of the map at `tap` that outlives the next `forward`.
    fn copy_map(&self, tap: Layer) -> Self::Map;

    /// The map at `tap`, resampled: for terms that read it at few places.
    fn resampled_map(&self, tap: Layer, resampling: &Resampling) -> Self::Map;

    /// For each position of the resampled map X, its inner products with the column of `targets` there and with
    /// itself, `[⟨X_p, T_p⟩, ⟨X_p, X_p⟩]`.
    fn resampled_products(&self, tap: Layer, resampling: &Resampling, targets: &Self::Map) -> Vec<[f32; 2]>;

    /// The map of `a T_p + b X_p`, with `factors[p] = [a, b]`: what the gradient of a function of the
    /// [`resampled_products`](Engine::resampled_products) is made of.
    fn resampled_blend(
        &self,
        tap: Layer,
        resampling: &Resampling,
        targets: &Self::Map,
        factors: &[[f32; 2]],
    ) -> Self::Map;

    /// `F·Fᵀ` of the map at `tap`, F read as `[C, H·W]`: the symmetric `[C, C]` matrix of sums over
    /// positions, row-major, not divided by anything.
    fn gram(&self, tap: Layer) -> Vec<f64>;

    /// The same with position p counted `weights[p]` times: `Σₚ wₚ · Fₚ·Fₚᵀ`. The weights, one for each
    /// position, are finite and at least 0; positions of weight 0 cost nothing.
    fn weighted_gram(&self, tap: Layer, weights: &[f32]) -> Vec<f64>;

    /// `Σₚ Fₚ` over the positions of the map at `tap`, or `Σₚ wₚ · Fₚ` with `weights`: `[C]`. The weights, one for
    /// each position, are finite; positions of weight 0 count for nothing.
    fn sums(&self, tap: Layer, weights: Option<&[f32]>) -> Vec<f64>;

    /// Sum over all elements of `(F − target)²`.
    fn squared_difference(&self, tap: Layer, target: &Self::Map) -> f64;

    /// Sum over all elements of `F²`.
    fn squared_norm(&self, tap: Layer) -> f64;

    /// Sum over all elements of the absolute value of a gradient at `tap`.
    fn gradient_norm(&self, tap: Layer, gradient: &MapGradient<Self::Map>) -> f64;

    /// Sends the sum of `gradients` back through the network. Writes the gradient by the picture given to
    /// `forward`, planar `[3, H, W]`, into `picture_gradient`.
    fn backward(&mut self, gradients: &[(Layer, MapGradient<Self::Map>)], picture_gradient: &mut [f32]);

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

    /// The sum of squared differences between the query patches p of the map F at `tap` and their matches,
    /// `Σₚ Σₒ ‖F_{p+o} − G_{m(p)+o}‖²`, and the map of sums of `F − G` over the patches that cover a position:
    /// half its gradient by F.
    ///
    /// # Panics
    /// If the matches are not those of such a map with these patches.
    fn patch_difference(
        &self,
        tap: Layer,
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
