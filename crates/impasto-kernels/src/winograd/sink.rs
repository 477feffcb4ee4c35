//! Where output tiles go: forward through bias, ReLU and pooling; backward into a gradient.

use crate::map::{Block, LANES};
use crate::parallel::Shared;
use crate::simd::Simd;

use super::source::TileBuffer;

/// Pixels from one row of a tile in its buffer to the next.
const SIDE: usize = TileBuffer::ROW / LANES;

/// Takes output tiles of one channel block.
pub(crate) trait TileSink: Sync {
    /// Takes the tile in `buffer` whose corner is at (`y`, `x`) of picture `picture`, `rows`×`columns` of which
    /// lie in the picture, of channel block `block`.
    ///
    /// # Safety
    /// The tile must lie in the sink's maps, each tile be given once, and `S` be available.
    #[expect(clippy::too_many_arguments, reason = "the tile and its place")]
    unsafe fn tile<S: Simd>(
        &self,
        block: usize,
        picture: usize,
        y: usize,
        x: usize,
        rows: usize,
        columns: usize,
        buffer: &mut TileBuffer,
    );
}

/// Pooling that is done while a tile is written.
#[derive(Clone, Copy)]
pub(crate) struct PoolSink {
    /// `[⌈C/16⌉][N][H/2][W/2]` of the pooled map.
    pub(crate) to: Shared<Block>,
    /// Largest of the window, or its mean.
    pub(crate) maximum: bool,
    /// Factor of the sum of a window, if it is not its maximum that is kept.
    pub(crate) scale: f32,
}

impl PoolSink {
    /// Pools the lanes of a window from `lane` on, given in reading order. Of a maximum, sets in `chosen` the bits of the
    /// lanes that come from each position.
    ///
    /// # Safety
    /// `S` must be available.
    #[inline(always)]
    pub(crate) unsafe fn window<S: Simd>(
        &self,
        [a, b, c, d]: [S::Vector; 4],
        lane: usize,
        chosen: &mut [u32; 4],
    ) -> S::Vector {
        // SAFETY: the caller's promise.
        unsafe {
            if !self.maximum {
                return S::multiply(S::add(S::add(a, b), S::add(c, d)), S::splat(self.scale));
            }
            // A later pixel wins only by being greater: the first of equals is chosen.
            let b_over_a = S::greater(b, a);
            let top = S::maximum(a, b);
            let d_over_c = S::greater(d, c);
            let bottom = S::maximum(c, d);
            let below = S::greater(bottom, top);
            let above = !below & ((1 << S::WIDTH) - 1);
            chosen[0] |= (above & !b_over_a) << lane;
            chosen[1] |= (above & b_over_a) << lane;
            chosen[2] |= (below & !d_over_c) << lane;
            chosen[3] |= (below & d_over_c) << lane;
            S::maximum(top, bottom)
        }
    }
}

/// Bias, ReLU, and whatever is to be kept: the map, the mask of what passed, the pooled map.
pub(crate) struct ForwardSink<'a> {
    /// N.
    pub(crate) pictures: usize,
    /// H and W of one picture.
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// One block per sixteen output channels.
    pub(crate) bias: &'a [Block],
    /// Without it the pre-activations are stored, and there is no mask.
    pub(crate) relu: bool,
    /// `[⌈C/16⌉][N][H][W]`.
    pub(crate) map: Option<Shared<Block>>,
    /// `[⌈C/16⌉][N][H][W]`: where the ReLU passed its input and, with max pooling, it was the window's choice.
    pub(crate) mask: Option<Shared<u16>>,
    pub(crate) pool: Option<PoolSink>,
}

impl TileSink for ForwardSink<'_> {
    #[inline(always)]
    unsafe fn tile<S: Simd>(
        &self,
        block: usize,
        picture: usize,
        y: usize,
        x: usize,
        rows: usize,
        columns: usize,
        buffer: &mut TileBuffer,
    ) {
        let bias = self.bias[block].0.as_ptr();
        let plane = block * self.pictures + picture;
        let mut passed = [0u16; SIDE * SIDE];
        // SAFETY: the buffer holds the tile; rows and columns are inside the map, whose memory the shared
        // pointers cover.
        unsafe {
            for row in 0..rows {
                for column in 0..columns {
                    let at = buffer.0.as_mut_ptr().add(row * TileBuffer::ROW + column * LANES);
                    let position = (plane * self.height + y + row) * self.width + x + column;
                    let mut bits = 0;
                    for v in 0..S::VECTORS {
                        let lane = v * S::WIDTH;
                        let mut value = S::add(S::load(at.add(lane)), S::load(bias.add(lane)));
                        if self.relu {
                            bits |= S::greater(value, S::zero()) << lane;
                            // In this order NaN stays NaN instead of becoming zero.
                            value = S::maximum(S::zero(), value);
                        }
                        if self.pool.is_some() {
                            S::store(at.add(lane), value);
                        }
                        if let Some(map) = self.map {
                            S::store(map.at(position).cast::<f32>().add(lane), value);
                        }
                    }
                    if self.pool.is_some() {
                        passed[row * SIDE + column] = bits as u16;
                    } else if let Some(mask) = self.mask {
                        mask.at(position).write(bits as u16);
                    }
                }
            }
            if let Some(pool) = self.pool {
                self.pool_tile::<S>(pool, plane, y, x, rows, columns, buffer, &mut passed);
                if let Some(mask) = self.mask {
                    for row in 0..rows {
                        let to = mask.at((plane * self.height + y + row) * self.width + x);
                        passed.as_ptr().add(row * SIDE).copy_to_nonoverlapping(to, columns);
                    }
                }
            }
        }
    }
}

impl ForwardSink<'_> {
    /// Pools the activated tile and narrows `passed` to the positions that the pooled value came from.
    ///
    /// # Safety
    /// As [`TileSink::tile`].
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the tile's place, as in TileSink::tile")]
    unsafe fn pool_tile<S: Simd>(
        &self,
        pool: PoolSink,
        plane: usize,
        y: usize,
        x: usize,
        rows: usize,
        columns: usize,
        buffer: &TileBuffer,
        passed: &mut [u16],
    ) {
        let (pooled_height, pooled_width) = (self.height / 2, self.width / 2);
        // An odd last row or column is in no window.
        let (window_rows, window_columns) = (rows / 2, columns / 2);
        for row in 0..rows {
            for column in 0..columns {
                if row >= 2 * window_rows || column >= 2 * window_columns {
                    passed[row * SIDE + column] = 0;
                }
            }
        }
        for row in 0..window_rows {
            for column in 0..window_columns {
                let corner = 2 * row * SIDE + 2 * column;
                let window = [corner, corner + 1, corner + SIDE, corner + SIDE + 1];
                let mut chosen = [0u32; 4];
                // SAFETY: the window is inside the tile, the pooled position inside the pooled map.
                unsafe {
                    let to =
                        pool.to.at((plane * pooled_height + y / 2 + row) * pooled_width + x / 2 + column);
                    for v in 0..S::VECTORS {
                        let lane = v * S::WIDTH;
                        let values = window.map(|at| S::load(buffer.0.as_ptr().add(at * LANES + lane)));
                        let value = pool.window::<S>(values, lane, &mut chosen);
                        S::store(to.cast::<f32>().add(lane), value);
                    }
                }
                if pool.maximum {
                    for (at, chosen) in window.into_iter().zip(chosen) {
                        passed[at] &= chosen as u16;
                    }
                }
            }
        }
    }
}

/// A gradient by a convolution's input.
pub(crate) struct GradientSink {
    /// N.
    pub(crate) pictures: usize,
    /// H and W of one picture.
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// `[⌈C/16⌉][N][H][W]`.
    pub(crate) to: Shared<Block>,
    /// Add to what is there instead of overwriting it.
    pub(crate) accumulate: bool,
}

impl TileSink for GradientSink {
    #[inline(always)]
    unsafe fn tile<S: Simd>(
        &self,
        block: usize,
        picture: usize,
        y: usize,
        x: usize,
        rows: usize,
        columns: usize,
        buffer: &mut TileBuffer,
    ) {
        let plane = block * self.pictures + picture;
        for row in 0..rows {
            for column in 0..columns {
                // SAFETY: the position is inside the map, and the buffer holds the tile.
                unsafe {
                    let from = buffer.0.as_ptr().add(row * TileBuffer::ROW + column * LANES);
                    let to =
                        self.to.at((plane * self.height + y + row) * self.width + x + column).cast::<f32>();
                    for v in 0..S::VECTORS {
                        let mut value = S::load(from.add(v * S::WIDTH));
                        if self.accumulate {
                            value = S::add(value, S::load(to.add(v * S::WIDTH)));
                        }
                        S::store(to.add(v * S::WIDTH), value);
                    }
                }
            }
        }
    }
}
