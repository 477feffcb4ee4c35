//! Where input tiles come from: a map with padding, a masked gradient, or a pooled gradient that is
//! spread over its windows while it is read.

use crate::map::{BlockedMap, LANES};
use crate::padding::Padding;
use crate::simd::Simd;

use super::tile::MAX_INPUT;

/// Room for one tile of one channel block, rows of [`MAX_INPUT`] pixels.
#[repr(C, align(64))]
pub(crate) struct TileBuffer(pub(crate) [f32; MAX_INPUT * MAX_INPUT * LANES]);

impl TileBuffer {
    /// f32 from one row to the next.
    pub(crate) const ROW: usize = MAX_INPUT * LANES;

    pub(crate) fn new() -> Self {
        TileBuffer([0.0; MAX_INPUT * MAX_INPUT * LANES])
    }
}

/// Input tiles of one channel block.
pub(crate) trait TileSource: Sync {
    /// Blocks of sixteen channels.
    fn channel_blocks(&self) -> usize;

    /// The tile of `side`×`side` pixels of picture `picture` whose corner is at (`y`, `x`), possibly outside
    /// the picture, of channel block `block`: a pointer to its first element and the f32 from one row to the next; pixels of a row
    /// are sixteen apart. The tile may lie in `buffer`.
    ///
    /// # Safety
    /// `block` and `picture` must be the source's, `side` at most [`MAX_INPUT`], and `S` available.
    unsafe fn tile<S: Simd>(
        &self,
        block: usize,
        picture: usize,
        y: isize,
        x: isize,
        side: usize,
        buffer: &mut TileBuffer,
    ) -> (*const f32, usize);
}

/// Whole maps, read beyond the border of each picture as [`Padding`] says.
pub(crate) struct MapSource<'a> {
    /// `[C, N·H, W]`.
    pub(crate) map: &'a BlockedMap,
    /// N.
    pub(crate) pictures: usize,
    pub(crate) padding: Padding,
}

impl TileSource for MapSource<'_> {
    fn channel_blocks(&self) -> usize {
        self.map.channel_blocks()
    }

    #[inline(always)]
    unsafe fn tile<S: Simd>(
        &self,
        block: usize,
        picture: usize,
        y: isize,
        x: isize,
        side: usize,
        buffer: &mut TileBuffer,
    ) -> (*const f32, usize) {
        let (height, width) = (self.map.height() / self.pictures, self.map.width());
        // SAFETY: block and picture are the map's.
        let plane =
            unsafe { self.map.as_ptr().add((block * self.pictures + picture) * height * width * LANES) };
        let inside = |at: isize, length: usize| at >= 0 && at as usize + side <= length;
        if inside(y, height) && inside(x, width) {
            // SAFETY: the whole tile is inside the picture.
            return unsafe { (plane.add((y as usize * width + x as usize) * LANES), width * LANES) };
        }
        for row in 0..side {
            let from_row = self.padding.position(y + row as isize, height);
            for column in 0..side {
                let from_column = self.padding.position(x + column as isize, width);
                // SAFETY: `position` answers with positions inside the map, and the buffer holds the tile.
                unsafe {
                    let to = buffer.0.as_mut_ptr().add(row * TileBuffer::ROW + column * LANES);
                    match (from_row, from_column) {
                        (Some(row), Some(column)) => {
                            plane.add((row * width + column) * LANES).copy_to_nonoverlapping(to, LANES);
                        }
                        _ => to.write_bytes(0, LANES),
                    }
                }
            }
        }
        (buffer.0.as_ptr(), TileBuffer::ROW)
    }
}

/// A gradient whose ReLU mask is applied while it is read; zero beyond its border.
pub(crate) struct MaskedSource<'a> {
    /// `[C, N·H, W]`.
    pub(crate) map: &'a BlockedMap,
    /// N.
    pub(crate) pictures: usize,
    /// `[⌈C/16⌉][N][H][W]`, bit i for channel i of the block.
    pub(crate) mask: &'a [u16],
}

impl TileSource for MaskedSource<'_> {
    fn channel_blocks(&self) -> usize {
        self.map.channel_blocks()
    }

    #[inline(always)]
    unsafe fn tile<S: Simd>(
        &self,
        block: usize,
        picture: usize,
        y: isize,
        x: isize,
        side: usize,
        buffer: &mut TileBuffer,
    ) -> (*const f32, usize) {
        let (height, width) = (self.map.height() / self.pictures, self.map.width());
        let plane = (block * self.pictures + picture) * height * width;
        // SAFETY: `masked_tile` asks for positions inside the map only, and the mask has a word for each.
        unsafe {
            masked_tile::<S>(height, width, 1.0, y, x, side, buffer, |row, column| {
                let position = plane + row * width + column;
                (self.map.as_ptr().add(position * LANES), u32::from(*self.mask.get_unchecked(position)))
            });
        }
        (buffer.0.as_ptr(), TileBuffer::ROW)
    }
}

/// The gradient of a 2×2 pooling's output, spread over the windows by a mask; zero beyond the border.
pub(crate) struct UnpooledSource<'a> {
    /// Gradient by the pooled map.
    pub(crate) pooled: &'a BlockedMap,
    /// `[⌈C/16⌉][N][H][W]` of the unpooled map: which positions receive the gradient of their window.
    pub(crate) mask: &'a [u16],
    /// Share of a window's gradient that each of these receives.
    pub(crate) scale: f32,
    /// N.
    pub(crate) pictures: usize,
    /// H and W of the unpooled map.
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl TileSource for UnpooledSource<'_> {
    fn channel_blocks(&self) -> usize {
        self.pooled.channel_blocks()
    }

    #[inline(always)]
    unsafe fn tile<S: Simd>(
        &self,
        block: usize,
        picture: usize,
        y: isize,
        x: isize,
        side: usize,
        buffer: &mut TileBuffer,
    ) -> (*const f32, usize) {
        let (pooled_height, pooled_width) = (self.pooled.height() / self.pictures, self.pooled.width());
        let plane = block * self.pictures + picture;
        // An odd last row or column belongs to no window; its mask is zero, so any window will do.
        // SAFETY: positions are inside the unpooled map, windows are clamped into the pooled one.
        unsafe {
            masked_tile::<S>(self.height, self.width, self.scale, y, x, side, buffer, |row, column| {
                let window =
                    (row / 2).min(pooled_height - 1) * pooled_width + (column / 2).min(pooled_width - 1);
                let from = plane * pooled_height * pooled_width + window;
                let position = (plane * self.height + row) * self.width + column;
                (self.pooled.as_ptr().add(from * LANES), u32::from(*self.mask.get_unchecked(position)))
            });
        }
        (buffer.0.as_ptr(), TileBuffer::ROW)
    }
}

/// Fills `buffer` with `scale` times the blocks that `at` names for every position inside the map, under the
/// masks that it names; zero elsewhere.
///
/// # Safety
/// `side` must be at most [`MAX_INPUT`], what `at` answers valid for a block, and `S` available.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "the tile's place, as in TileSource::tile")]
unsafe fn masked_tile<S: Simd>(
    height: usize,
    width: usize,
    scale: f32,
    y: isize,
    x: isize,
    side: usize,
    buffer: &mut TileBuffer,
    at: impl Fn(usize, usize) -> (*const f32, u32),
) {
    let outside = |at: isize, length: usize| at < 0 || at as usize >= length;
    for row in 0..side {
        let from_row = y + row as isize;
        for column in 0..side {
            let from_column = x + column as isize;
            // SAFETY: the buffer holds the tile, and `at` answers with a whole block.
            unsafe {
                let to = buffer.0.as_mut_ptr().add(row * TileBuffer::ROW + column * LANES);
                if outside(from_row, height) || outside(from_column, width) {
                    to.write_bytes(0, LANES);
                    continue;
                }
                let (from, bits) = at(from_row as usize, from_column as usize);
                // What the next tile will read there; neither map nor mask is read in long runs.
                S::prefetch(from.wrapping_add(side * LANES));
                for v in 0..S::VECTORS {
                    let vector = S::multiply(S::load(from.add(v * S::WIDTH)), S::splat(scale));
                    S::store(to.add(v * S::WIDTH), S::keep(bits >> (v * S::WIDTH), vector));
                }
            }
        }
    }
}
