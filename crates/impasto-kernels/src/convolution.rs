//! 3×3 convolution of stride 1 that keeps the size, with bias, ReLU and pooling fused into it, and its
//! data gradient.

use crate::isa::Isa;
use crate::map::{Block, BlockedMap, LANES, product};
use crate::padding::Padding;
use crate::parallel::{Shared, for_each};
use crate::winograd::{
    self, ForwardSink, GradientSink, MapSource, PackedWeights, PoolSink, TileSize, TileSource, Workspace,
    WorkspaceNeed, convolve,
};

/// Pooling of 2×2 windows that a convolution can do while it writes. Odd last rows and columns are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowPooling {
    /// The largest; the first in reading order of equals.
    Maximum,
    /// The mean.
    Average,
    /// Twice the mean.
    DoubledAverage,
}

impl WindowPooling {
    /// Factor of the gradient that each position of a window receives; of an average also of the values.
    pub fn gradient_scale(self) -> f32 {
        match self {
            WindowPooling::Maximum => 1.0,
            WindowPooling::Average => 0.25,
            WindowPooling::DoubledAverage => 0.5,
        }
    }
}

/// What to keep of an activated map.
#[derive(Default)]
pub struct Activated<'a> {
    /// The map itself.
    pub map: Option<&'a mut BlockedMap>,
    /// `[⌈C/16⌉][H][W]`, bit i for channel i of a block: where the gradient passes back. After a maximum
    /// pooling, only at the largest position of each window.
    pub mask: Option<&'a mut [u16]>,
    /// The map pooled to half its size.
    pub pooled: Option<(WindowPooling, &'a mut BlockedMap)>,
}

impl<'a> Activated<'a> {
    /// The sink that keeps it, of `pictures` pictures of `height`×`width`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub(crate) fn sink(
        self,
        bias: &'a [Block],
        relu: bool,
        pictures: usize,
        height: usize,
        width: usize,
    ) -> ForwardSink<'a> {
        let blocks = bias.len();
        let fits = |map: &BlockedMap, height: usize, width: usize| {
            (map.channel_blocks(), map.height(), map.width()) == (blocks, pictures * height, width)
        };
        let pool = self.pooled.map(|(pooling, map)| {
            assert!(fits(map, height / 2, width / 2), "the pooled map has half the size");
            let to = Shared::new(map.blocks_mut().as_mut_ptr());
            PoolSink { to, maximum: pooling == WindowPooling::Maximum, scale: pooling.gradient_scale() }
        });
        let map = self.map.map(|map| {
            assert!(fits(map, height, width), "the map has the size of the convolution's input");
            Shared::new(map.blocks_mut().as_mut_ptr())
        });
        let mask = self.mask.map(|mask| {
            assert_eq!(mask.len(), product([blocks, pictures, height, width]), "one mask word per block");
            Shared::new(mask.as_mut_ptr())
        });
        ForwardSink { pictures, height, width, bias, relu, map, mask, pool }
    }
}

/// A gradient by the pre-activation output of a convolution, as it is at hand.
#[derive(Clone, Copy)]
pub enum OutputGradient<'a> {
    /// By the output itself.
    Plain(&'a BlockedMap),
    /// By the activated output, with the mask of the ReLU.
    Masked(&'a BlockedMap, &'a [u16]),
    /// By the pooled output, with the mask of ReLU and pooling.
    Unpooled {
        /// Gradient `[C, H/2, W/2]`, of a batch the pictures one below another.
        pooled: &'a BlockedMap,
        /// See [`Activated::mask`].
        mask: &'a [u16],
        /// How it was pooled.
        pooling: WindowPooling,
        /// Rows H of the unpooled map, of a batch of one picture.
        height: usize,
        /// Columns W of the unpooled map.
        width: usize,
    },
}

/// Calls `$body` with `$source` bound to the tile source of an output gradient of `$pictures` pictures.
macro_rules! with_source {
    ($gradient:expr, $pictures:expr, $source:ident => $body:expr) => {{
        let (gradient, pictures) = ($gradient, $pictures);
        gradient.check(pictures);
        match gradient {
            OutputGradient::Plain(map) => {
                let padding = $crate::Padding::Zero;
                let $source = $crate::winograd::MapSource { map, pictures, padding };
                $body
            }
            OutputGradient::Masked(map, mask) => {
                let $source = $crate::winograd::MaskedSource { map, pictures, mask };
                $body
            }
            OutputGradient::Unpooled { pooled, mask, pooling, height, width } => {
                let scale = pooling.gradient_scale();
                let $source =
                    $crate::winograd::UnpooledSource { pooled, mask, scale, pictures, height, width };
                $body
            }
        }
    }};
}
pub(crate) use with_source;

impl OutputGradient<'_> {
    /// Rows and columns of the map before pooling.
    pub fn size(&self) -> (usize, usize) {
        self.size_of_each(1)
    }

    /// # Panics
    /// If the parts of the gradient of `pictures` pictures do not fit each other.
    pub(crate) fn check(&self, pictures: usize) {
        match *self {
            OutputGradient::Plain(_) => {}
            OutputGradient::Masked(map, mask) => {
                assert_eq!(mask.len(), map.blocks().len(), "one mask word per block");
            }
            OutputGradient::Unpooled { pooled, mask, height, width, .. } => {
                let half = (pictures * (height / 2), width / 2);
                assert_eq!((pooled.height(), pooled.width()), half, "half the size");
                let words = product([pooled.channel_blocks(), pictures, height, width]);
                assert_eq!(mask.len(), words, "one mask word per block");
                assert!(height > 1 && width > 1, "a pooled map has positions");
            }
        }
    }

    /// Rows and columns of the map before pooling of each of so many pictures.
    pub(crate) fn size_of_each(&self, pictures: usize) -> (usize, usize) {
        match self {
            OutputGradient::Plain(map) | OutputGradient::Masked(map, _) => {
                (map.height() / pictures, map.width())
            }
            OutputGradient::Unpooled { height, width, .. } => (*height, *width),
        }
    }
}

/// A 3×3 convolution with its weights packed.
#[derive(Clone, Debug)]
pub struct Convolution3x3 {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) bias: Vec<Block>,
    pub(crate) forward: PackedWeights,
    pub(crate) backward: PackedWeights,
}

impl Convolution3x3 {
    /// Packs `weight` `[outputs, inputs, 3, 3]` and `bias` `[outputs]` for both directions.
    ///
    /// # Panics
    /// If their lengths do not fit.
    pub fn new(outputs: usize, inputs: usize, weight: &[f32], bias: &[f32]) -> Self {
        assert_eq!(weight.len(), outputs * inputs * 9, "weights of {outputs}x{inputs} kernels");
        let at = |output: usize, input: usize, tap: usize| weight[(output * inputs + input) * 9 + tap];
        Convolution3x3 {
            inputs,
            outputs,
            bias: bias_blocks(outputs, bias),
            forward: PackedWeights::new(outputs, inputs, at),
            backward: PackedWeights::new(inputs, outputs, |input, output, tap| at(output, input, 8 - tap)),
        }
    }

    /// Input channels.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Bytes that the packed weights of such a convolution take.
    pub fn packed_bytes(outputs: usize, inputs: usize) -> usize {
        2 * PackedWeights::bytes(outputs, inputs)
    }

    /// What such a convolution needs of a workspace for maps of the given size.
    pub fn workspace_need(
        isa: Isa,
        outputs: usize,
        inputs: usize,
        height: usize,
        width: usize,
    ) -> WorkspaceNeed {
        let need = |outputs, inputs| winograd::workspace_need(isa, outputs, inputs, height, width);
        need(outputs, inputs).max(need(inputs, outputs))
    }

    /// `keep` ← ReLU(weights ∗ input + bias), without the ReLU if `relu` is false.
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks `isa`.
    pub fn forward(
        &self,
        isa: Isa,
        input: &BlockedMap,
        padding: Padding,
        relu: bool,
        keep: Activated,
        workspace: &mut Workspace,
    ) {
        self.forward_with(
            isa,
            TileSize::cheapest(input.height(), input.width()),
            input,
            padding,
            relu,
            keep,
            workspace,
        );
    }

    /// [`forward`](Self::forward) with a tile size of choice, for tests and benchmarks.
    #[expect(clippy::too_many_arguments, reason = "the arguments of `forward` and one more")]
    pub fn forward_with(
        &self,
        isa: Isa,
        tile: TileSize,
        input: &BlockedMap,
        padding: Padding,
        relu: bool,
        keep: Activated,
        workspace: &mut Workspace,
    ) {
        assert_eq!(input.channels(), self.inputs, "input channels");
        let (height, width) = (input.height(), input.width());
        let convolution = winograd::Convolution {
            isa,
            tile,
            weights: &self.forward,
            source: MapSource { map: input, pictures: 1, padding },
            sink: keep.sink(&self.bias, relu, 1, height, width),
            pictures: 1,
            height,
            width,
            before: 1,
        };
        convolve(&convolution, workspace);
    }

    /// The gradient by the input: `to` ← (or +=, if `accumulate`) the adjoint of [`forward`](Self::forward)
    /// applied to `gradient`.
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks `isa`.
    pub fn input_gradient(
        &self,
        isa: Isa,
        gradient: OutputGradient,
        padding: Padding,
        to: &mut BlockedMap,
        accumulate: bool,
        workspace: &mut Workspace,
    ) {
        let (height, width) = gradient.size();
        assert_eq!((to.channels(), to.height(), to.width()), (self.inputs, height, width), "gradient shape");
        if padding == Padding::Zero {
            with_source!(gradient, 1, source => self.transposed(isa, source, 1, to, 1, accumulate, workspace));
        } else {
            // Beyond its border the input was read somewhere inside: gather what falls on the border of one
            // pixel, then fold it back to where it came from.
            let mut extended = BlockedMap::zeros(self.inputs, height + 2, width + 2);
            with_source!(gradient, 1, source => {
                self.transposed(isa, source, 1, &mut extended, 2, false, workspace)
            });
            fold_border(&extended, padding, to, accumulate);
        }
    }

    /// The transposed convolution of `pictures` pictures, whose windows begin `before` pixels before their
    /// output.
    #[expect(clippy::too_many_arguments, reason = "what is read, what is written, and how")]
    pub(crate) fn transposed(
        &self,
        isa: Isa,
        source: impl TileSource,
        pictures: usize,
        to: &mut BlockedMap,
        before: usize,
        accumulate: bool,
        workspace: &mut Workspace,
    ) {
        let (height, width) = (to.height() / pictures, to.width());
        let to = Shared::new(to.blocks_mut().as_mut_ptr());
        let convolution = winograd::Convolution {
            isa,
            tile: TileSize::cheapest(height, width),
            weights: &self.backward,
            source,
            sink: GradientSink { pictures, height, width, to, accumulate },
            pictures,
            height,
            width,
            before,
        };
        convolve(&convolution, workspace);
    }
}

/// Bias in blocks of sixteen, padded with zeros.
pub(crate) fn bias_blocks(outputs: usize, bias: &[f32]) -> Vec<Block> {
    assert_eq!(bias.len(), outputs, "one bias per output channel");
    let mut blocks = vec![Block::default(); outputs.div_ceil(LANES)];
    for (output, &value) in bias.iter().enumerate() {
        blocks[output / LANES].0[output % LANES] = value;
    }
    blocks
}

/// Adds a gradient with a border of one pixel to the positions that `padding` read the border from.
pub(crate) fn fold_border(extended: &BlockedMap, padding: Padding, to: &mut BlockedMap, accumulate: bool) {
    let (height, width, plane) = (to.height(), to.width(), to.positions());
    let blocks = to.channel_blocks();
    if !accumulate {
        to.blocks_mut().fill(Block::default());
    }
    let target = Shared::new(to.blocks_mut().as_mut_ptr());
    for_each(blocks, |block| {
        // SAFETY: every channel block is a plane of its own.
        let target = unsafe { std::slice::from_raw_parts_mut(target.at(block * plane), plane) };
        let from = &extended.blocks()[block * extended.positions()..][..extended.positions()];
        padding.fold(from, height, width, target, |sum, value| {
            for (sum, value) in sum.0.iter_mut().zip(&value.0) {
                *sum += value;
            }
        });
    });
}
