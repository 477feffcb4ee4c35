//! The first convolution of a network, from the three planes of a picture, and its data gradient.
//!
//! Three input channels are too few for blocks of sixteen, so both directions are direct sums of 27
//! products per output.

use crate::convolution::{Activated, OutputGradient, bias_blocks, with_source};
use crate::isa::{Isa, Kernel};
use crate::map::{Block, LANES, product};
use crate::padding::Padding;
use crate::parallel::{Shared, for_each};
use crate::simd::{MAX_VECTORS, Simd};
use crate::winograd::{ForwardSink, TileBuffer, TileSink, TileSource};

/// Planes of a picture.
pub(crate) const PLANES: usize = 3;

/// Products per output: three planes of nine taps.
pub(crate) const TAPS: usize = 9 * PLANES;

/// Output pixels of a square's side; even, so that no pooling window is cut.
const SIDE: usize = 6;

/// Pixels of a row that the gradient kernel keeps in registers, times three planes.
const GRADIENT_PIXELS: usize = 3;

/// A 3×3 convolution from three planes with frozen weights.
#[derive(Clone, Debug)]
pub struct FirstConvolution {
    pub(crate) outputs: usize,
    bias: Vec<Block>,
    /// `[outputs/16][3 planes][9]`.
    weights: Vec<Block>,
}

impl FirstConvolution {
    /// Packs `weight` `[outputs, 3, 3, 3]` and `bias` `[outputs]`.
    ///
    /// # Panics
    /// If their lengths do not fit.
    pub fn new(outputs: usize, weight: &[f32], bias: &[f32]) -> Self {
        assert_eq!(weight.len(), outputs * TAPS, "weights of {outputs}x3 kernels");
        let mut weights = vec![Block::default(); outputs.div_ceil(LANES) * TAPS];
        for (output, kernels) in weight.chunks_exact(TAPS).enumerate() {
            for (tap, &value) in kernels.iter().enumerate() {
                weights[output / LANES * TAPS + tap].0[output % LANES] = value;
            }
        }
        FirstConvolution { outputs, bias: bias_blocks(outputs, bias), weights }
    }

    /// Bytes that the packed weights of so many outputs take.
    pub fn packed_bytes(outputs: usize) -> usize {
        outputs.div_ceil(LANES) * (TAPS + 1) * size_of::<Block>()
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// `keep` ← ReLU(weights ∗ planes + bias), without the ReLU if `relu` is false. `planes` is
    /// `[3, height, width]`.
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks `isa`.
    #[expect(clippy::too_many_arguments, reason = "the picture's shape, which a slice does not know")]
    pub fn forward(
        &self,
        isa: Isa,
        planes: &[f32],
        height: usize,
        width: usize,
        padding: Padding,
        relu: bool,
        keep: Activated,
    ) {
        self.forward_of_each(isa, planes, (1, height, width), Some(padding), relu, keep);
    }

    /// [`forward`](Self::forward) for `planes` `[N, 3, H, W]` of `(N, H, W)`; without padding the output is two
    /// pixels smaller each way.
    pub(crate) fn forward_of_each(
        &self,
        isa: Isa,
        planes: &[f32],
        (pictures, height, width): (usize, usize, usize),
        padding: Option<Padding>,
        relu: bool,
        keep: Activated,
    ) {
        assert_eq!(
            planes.len(),
            product([pictures, PLANES, height, width]),
            "planes of {pictures} pictures of {width}x{height}"
        );
        let padded = pad(planes, height, width, padding);
        let sink = keep.sink(&self.bias, relu, pictures, padded.height, padded.width);
        let bands = padded.height.div_ceil(SIDE);
        for_each(pictures * bands, |piece| {
            let (padded, sink, picture) = (&padded, &sink, piece / bands);
            let y = piece % bands * SIDE;
            // SAFETY: planes and sink have the pictures' size, and every band is given once.
            unsafe { isa.run(Forward { convolution: self, padded, sink, picture, y }) }
        });
    }

    /// The gradient by the planes: `to` `[3, height, width]` ← the adjoint of [`forward`](Self::forward)
    /// applied to `gradient`.
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks `isa`.
    pub fn input_gradient(&self, isa: Isa, gradient: OutputGradient, padding: Padding, to: &mut [f32]) {
        let (height, width) = gradient.size();
        assert_eq!(to.len(), product([PLANES, height, width]), "planes of a {width}x{height} picture");
        let border = usize::from(padding != Padding::Zero);
        let (out_height, out_width) = (height + 2 * border, width + 2 * border);
        let mut extended = vec![0.0; if border > 0 { PLANES * out_height * out_width } else { 0 }];
        let out = Shared::new(if border > 0 { extended.as_mut_ptr() } else { to.as_mut_ptr() });
        with_source!(gradient, 1, source => {
            assert_eq!(source.channel_blocks(), self.bias.len(), "channels of the gradient");
            for_each(out_height.div_ceil(SIDE), |band| {
                let gradient = Gradient {
                    convolution: self,
                    source: &source,
                    to: out,
                    height: out_height,
                    width: out_width,
                    before: 1 + border,
                    y: band * SIDE,
                };
                // SAFETY: `out` holds three planes of this size, and every band is given once.
                unsafe { isa.run(gradient) }
            });
        });
        if border > 0 {
            to.fill(0.0);
            let planes = extended.chunks_exact(out_height * out_width);
            for (from, to) in planes.zip(to.chunks_exact_mut(height * width)) {
                padding.fold(from, height, width, to, |sum, value| *sum += value);
            }
        }
    }
}

/// The planes of pictures with a border of one pixel read as `padding` says, or without one where there is
/// no padding, and room for whole squares to be read at the end.
pub(crate) fn pad(planes: &[f32], height: usize, width: usize, padding: Option<Padding>) -> Padded {
    let border = usize::from(padding.is_some());
    let padding = padding.unwrap_or(Padding::Zero);
    let (out_height, out_width) =
        ((height + 2 * border).saturating_sub(2), (width + 2 * border).saturating_sub(2));
    let (row, rows) = (width + 2 * border + SIDE, height + 2 * border + SIDE);
    let mut values = vec![0.0; planes.len() / (height * width).max(1) * rows * row];
    for (plane, to) in planes.chunks_exact((height * width).max(1)).zip(values.chunks_exact_mut(rows * row)) {
        for (y, to) in to.chunks_exact_mut(row).enumerate().take(height + 2 * border) {
            let Some(from) = padding.position(y as isize - border as isize, height) else { continue };
            let from = &plane[from * width..][..width];
            to[border..border + width].copy_from_slice(from);
            if border > 0 {
                for x in [0, width + 1] {
                    to[x] = padding.position(x as isize - 1, width).map_or(0.0, |x| from[x]);
                }
            }
        }
    }
    Padded { values, row, plane: rows * row, height: out_height, width: out_width }
}

/// Padded planes, the f32 from one row and one plane to the next, and the size of the convolution's output.
pub(crate) struct Padded {
    pub(crate) values: Vec<f32>,
    pub(crate) row: usize,
    pub(crate) plane: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

/// One band of rows of one picture, forward.
struct Forward<'a> {
    convolution: &'a FirstConvolution,
    padded: &'a Padded,
    sink: &'a ForwardSink<'a>,
    picture: usize,
    y: usize,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Padded { values, row: row_stride, plane, height, width } = self.padded;
        let mut buffer = TileBuffer::new();
        let rows = SIDE.min(height - self.y);
        for block in 0..self.convolution.bias.len() {
            let weights = &self.convolution.weights[block * TAPS..][..TAPS];
            for x in (0..*width).step_by(SIDE) {
                // SAFETY: the planes have room for whole squares beyond their border; the tile is clipped to
                // the map before the sink sees it.
                unsafe {
                    for row in 0..rows {
                        let mut sums = [[S::zero(); MAX_VECTORS]; SIDE];
                        for tap in 0..TAPS {
                            let (from_plane, dy, dx) = (tap / 9, tap / 3 % 3, tap % 3);
                            let from_plane = self.picture * PLANES + from_plane;
                            let at = from_plane * plane + (self.y + row + dy) * row_stride + x + dx;
                            let from = values.as_ptr().add(at);
                            let weight = weights[tap].0.as_ptr();
                            let mut columns = [S::zero(); MAX_VECTORS];
                            for (v, column) in columns.iter_mut().enumerate().take(S::VECTORS) {
                                *column = S::load(weight.add(v * S::WIDTH));
                            }
                            for (pixel, sums) in sums.iter_mut().enumerate() {
                                let value = S::splat(*from.add(pixel));
                                for v in 0..S::VECTORS {
                                    sums[v] = S::multiply_add(value, columns[v], sums[v]);
                                }
                            }
                        }
                        for (pixel, sums) in sums.iter().enumerate() {
                            let to = buffer.0.as_mut_ptr().add(row * TileBuffer::ROW + pixel * LANES);
                            for (v, &sum) in sums.iter().enumerate().take(S::VECTORS) {
                                S::store(to.add(v * S::WIDTH), sum);
                            }
                        }
                    }
                    self.sink.tile::<S>(
                        block,
                        self.picture,
                        self.y,
                        x,
                        rows,
                        SIDE.min(width - x),
                        &mut buffer,
                    );
                }
            }
        }
    }
}

/// One band of rows, backward.
struct Gradient<'a, Source> {
    convolution: &'a FirstConvolution,
    source: &'a Source,
    to: Shared<f32>,
    /// Rows and columns of `to`.
    height: usize,
    width: usize,
    /// Pixels from a position of `to` to the first position of its window in the source.
    before: usize,
    y: usize,
}

impl<Source: TileSource> Kernel for Gradient<'_, Source> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let mut buffer = TileBuffer::new();
        let rows = SIDE.min(self.height - self.y);
        let before = self.before as isize;
        for x in (0..self.width).step_by(SIDE) {
            // SAFETY: the source answers with whole squares; what is written is clipped to the planes.
            unsafe {
                let mut sums = [[[S::zero(); PLANES]; SIDE]; SIDE];
                for block in 0..self.convolution.bias.len() {
                    let (y, x) = (self.y as isize - before, x as isize - before);
                    let (from, stride) = self.source.tile::<S>(block, 0, y, x, SIDE + 2, &mut buffer);
                    let weights = self.convolution.weights[block * TAPS..].as_ptr().cast::<f32>();
                    for (row, row_sums) in sums.iter_mut().enumerate().take(rows) {
                        for (group, pixels) in row_sums.chunks_exact_mut(GRADIENT_PIXELS).enumerate() {
                            let from = from.add(row * stride + group * GRADIENT_PIXELS * LANES);
                            add_window::<S>(pixels, from, stride, weights);
                        }
                    }
                }
                for (row, row_sums) in sums.iter().enumerate().take(rows) {
                    for (column, pixel) in row_sums.iter().enumerate().take(self.width - x) {
                        for (plane, &sum) in pixel.iter().enumerate() {
                            let at = (plane * self.height + self.y + row) * self.width + x + column;
                            self.to.at(at).write(S::sum(sum));
                        }
                    }
                }
            }
        }
    }
}

/// Adds to neighbouring pixels what their windows of one channel block give to the three planes, lane by
/// lane. The window at `from` is turned half round against the forward kernel.
///
/// # Safety
/// `from` must be valid for three rows of two pixels more than `pixels`, `weights` for one block of kernels, and
/// `S` available.
#[inline(always)]
unsafe fn add_window<S: Simd>(
    pixels: &mut [[S::Vector; PLANES]],
    from: *const f32,
    stride: usize,
    weights: *const f32,
) {
    // SAFETY: the caller's square is two pixels wider than its outputs.
    unsafe {
        let mut sums = [[S::zero(); PLANES]; GRADIENT_PIXELS];
        sums.copy_from_slice(pixels);
        for tap in 0..9 {
            for v in 0..S::VECTORS {
                let from = from.add(tap / 3 * stride + tap % 3 * LANES + v * S::WIDTH);
                let mut factors = [S::zero(); PLANES];
                for (plane, factor) in factors.iter_mut().enumerate() {
                    *factor = S::load(weights.add((plane * 9 + 8 - tap) * LANES + v * S::WIDTH));
                }
                for (pixel, sums) in sums.iter_mut().enumerate() {
                    let value = S::load(from.add(pixel * LANES));
                    for (sum, &factor) in sums.iter_mut().zip(&factors) {
                        *sum = S::multiply_add(value, factor, *sum);
                    }
                }
            }
        }
        pixels.copy_from_slice(&sums);
    }
}
