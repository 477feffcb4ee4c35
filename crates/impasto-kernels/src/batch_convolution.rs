//! What training needs of convolutions: batches of pictures, unpadded borders, and gradients by weights.

use crate::batch::Batch;
use crate::convolution::{Activated, Convolution3x3, OutputGradient, with_source};
use crate::first_convolution::{FirstConvolution, PLANES, Padded, TAPS, pad};
use crate::isa::{Isa, Kernel};
use crate::map::LANES;
use crate::padding::Padding;
use crate::parallel::{Shared, for_each};
use crate::simd::{MAX_VECTORS, Simd};
use crate::winograd::{
    self, MapSource, TileBuffer, TileSize, TileSource, WeightGradient, Workspace, convolve,
};

/// What a convolution of a batch does at the border of its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// Zeros lie beyond it; the output has the size of the input.
    Zero,
    /// Only whole windows count: the output is two pixels smaller each way.
    Cut,
}

impl Border {
    /// Side of the output for an input of `side` pixels.
    pub fn output(self, side: usize) -> usize {
        match self {
            Border::Zero => side,
            Border::Cut => side.saturating_sub(2),
        }
    }

    /// Pixels from an output position to the first input position of its window.
    fn before(self) -> usize {
        match self {
            Border::Zero => 1,
            Border::Cut => 0,
        }
    }

    fn padding(self) -> Option<Padding> {
        match self {
            Border::Zero => Some(Padding::Zero),
            Border::Cut => None,
        }
    }
}

impl Convolution3x3 {
    /// [`forward`](Self::forward) of a batch. The maps of `keep` are those of [batches](Batch::map_mut).
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks `isa`.
    pub fn forward_batch(
        &self,
        isa: Isa,
        input: &Batch,
        border: Border,
        relu: bool,
        keep: Activated,
        workspace: &mut Workspace,
    ) {
        assert_eq!(input.channels(), self.inputs, "input channels");
        let pictures = input.pictures();
        let (height, width) = (border.output(input.height()), border.output(input.width()));
        let convolution = winograd::Convolution {
            isa,
            tile: TileSize::cheapest(height, width),
            weights: &self.forward,
            source: MapSource { map: input.map(), pictures, padding: Padding::Zero },
            sink: keep.sink(&self.bias, relu, pictures, height, width),
            pictures,
            height,
            width,
            before: border.before(),
        };
        convolve(&convolution, workspace);
    }

    /// The gradient by the input of [`forward_batch`](Self::forward_batch): overwrites `to`, whose number of
    /// pictures is that of `gradient`.
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks `isa`.
    pub fn input_gradient_batch(
        &self,
        isa: Isa,
        gradient: OutputGradient,
        border: Border,
        to: &mut Batch,
        workspace: &mut Workspace,
    ) {
        let pictures = to.pictures();
        let (height, width) = gradient.size_of_each(pictures);
        assert_eq!(
            (to.channels(), border.output(to.height()), border.output(to.width())),
            (self.inputs, height, width),
            "gradient shape"
        );
        // The window of the transposed kernel ends where that of the kernel began.
        let before = 2 - border.before();
        with_source!(gradient, pictures, source => {
            self.transposed(isa, source, pictures, to.map_mut(), before, false, workspace)
        });
    }

    /// The gradients by the weights of a convolution of `input`: `weight` `[outputs, inputs, 3, 3]` and `bias`
    /// `[outputs]` are overwritten.
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks `isa`.
    pub fn weight_gradient(
        isa: Isa,
        input: &Batch,
        gradient: OutputGradient,
        border: Border,
        weight: &mut [f32],
        bias: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let pictures = input.pictures();
        let (height, width) = gradient.size_of_each(pictures);
        assert_eq!(
            (border.output(input.height()), border.output(input.width())),
            (height, width),
            "gradient shape"
        );
        with_source!(gradient, pictures, source => {
            let before = border.before();
            let read = MapSource { map: input.map(), pictures, padding: Padding::Zero };
            let job = WeightGradient { isa, input: read, gradient: source, pictures, height, width, before };
            job.run(input.channels(), weight, bias, workspace);
        });
    }
}

/// Output pixels of a square's side that the gradient by the first convolution's weights reads at a time.
const SIDE: usize = 8;

impl FirstConvolution {
    /// [`forward`](Self::forward) of a batch: `planes` are `[N, 3, H, W]` of `shape` (N, H, W).
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks `isa`.
    pub fn forward_batch(
        &self,
        isa: Isa,
        planes: &[f32],
        shape: (usize, usize, usize),
        border: Border,
        relu: bool,
        keep: Activated,
    ) {
        self.forward_of_each(isa, planes, shape, border.padding(), relu, keep);
    }

    /// The gradients by the weights of a first convolution of `planes` `[N, 3, H, W]` of `shape` (N, H, W):
    /// `weight` `[outputs, 3, 3, 3]` and `bias` `[outputs]` are overwritten.
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks `isa`.
    pub fn weight_gradient(
        isa: Isa,
        planes: &[f32],
        (pictures, height, width): (usize, usize, usize),
        gradient: OutputGradient,
        border: Border,
        weight: &mut [f32],
        bias: &mut [f32],
    ) {
        assert_eq!(planes.len(), pictures * PLANES * height * width, "planes of a batch");
        assert_eq!(weight.len(), bias.len() * TAPS, "weights of {}x3 kernels", bias.len());
        let padded = pad(planes, height, width, border.padding());
        assert_eq!(gradient.size_of_each(pictures), (padded.height, padded.width), "gradient shape");
        with_source!(gradient, pictures, source => {
            let blocks = source.channel_blocks();
            assert_eq!(blocks, bias.len().div_ceil(LANES), "channels of the gradient");
            // Each picture has sums of its own, which are added in their order: the same for any threads.
            let length = (TAPS + 1) * LANES;
            let mut sums = vec![0.0f32; pictures * blocks * length];
            let out = Shared::new(sums.as_mut_ptr());
            for_each(pictures * blocks, |piece| {
                let (source, padded) = (&source, &padded);
                let (picture, block) = (piece / blocks, piece % blocks);
                // SAFETY: every piece has its own sums.
                unsafe {
                    let to = out.at(piece * length);
                    isa.run(FirstWeights { source, padded, picture, block, to });
                }
            });
            for output in 0..bias.len() {
                let total = |tap: usize| {
                    let at = |picture| (picture * blocks + output / LANES) * length + tap * LANES + output % LANES;
                    (0..pictures).map(|picture| f64::from(sums[at(picture)])).sum::<f64>() as f32
                };
                for tap in 0..TAPS {
                    weight[output * TAPS + tap] = total(tap);
                }
                bias[output] = total(TAPS);
            }
        });
    }
}

/// The sums of one picture and one block of outputs: `[27 taps and the bias][16]`.
struct FirstWeights<'a, Source> {
    source: &'a Source,
    padded: &'a Padded,
    picture: usize,
    block: usize,
    to: *mut f32,
}

impl<Source: TileSource> Kernel for FirstWeights<'_, Source> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let mut buffer = TileBuffer::new();
        let Padded { values, row: row_stride, plane, height, width } = self.padded;
        for y in (0..*height).step_by(SIDE) {
            for x in (0..*width).step_by(SIDE) {
                let (rows, columns) = (SIDE.min(height - y), SIDE.min(width - x));
                // SAFETY: the square is clipped to the picture; the planes have their border around it.
                unsafe {
                    let (block, picture) = (self.block, self.picture);
                    let (from, stride) =
                        self.source.tile::<S>(block, picture, y as isize, x as isize, SIDE, &mut buffer);
                    let at =
                        |dy: usize| values.as_ptr().add(picture * PLANES * plane + (y + dy) * row_stride + x);
                    for line in 0..PLANES * 3 {
                        let picture_row = at(line % 3).add(line / 3 * plane);
                        let square = (from, stride, rows, columns);
                        add_line::<S>(square, picture_row, *row_stride, self.to.add(line * 3 * LANES));
                    }
                    let bias = self.to.add(TAPS * LANES);
                    for v in 0..S::VECTORS {
                        let mut sum = S::load(bias.add(v * S::WIDTH));
                        for row in 0..rows {
                            for column in 0..columns {
                                let at = from.add(row * stride + column * LANES + v * S::WIDTH);
                                sum = S::add(sum, S::load(at));
                            }
                        }
                        S::store(bias.add(v * S::WIDTH), sum);
                    }
                }
            }
        }
    }
}

/// Adds to three neighbouring taps at `to` what a square of gradients gives with the picture at `picture`.
///
/// # Safety
/// The square `(from, stride, rows, columns)`, two more pixels of the picture in each of its rows, and three
/// blocks at `to` must be valid, and `S` available.
#[inline(always)]
unsafe fn add_line<S: Simd>(
    (from, stride, rows, columns): (*const f32, usize, usize, usize),
    picture: *const f32,
    picture_stride: usize,
    to: *mut f32,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut sums = [[S::zero(); MAX_VECTORS]; 3];
        for row in 0..rows {
            for column in 0..columns {
                let pixel = picture.add(row * picture_stride + column);
                for v in 0..S::VECTORS {
                    let gradient = S::load(from.add(row * stride + column * LANES + v * S::WIDTH));
                    for (tap, sums) in sums.iter_mut().enumerate() {
                        sums[v] = S::multiply_add(S::splat(*pixel.add(tap)), gradient, sums[v]);
                    }
                }
            }
        }
        for (tap, sums) in sums.iter().enumerate() {
            for (v, &sum) in sums.iter().enumerate().take(S::VECTORS) {
                let to = to.add(tap * LANES + v * S::WIDTH);
                S::store(to, S::add(S::load(to), sum));
            }
        }
    }
}
