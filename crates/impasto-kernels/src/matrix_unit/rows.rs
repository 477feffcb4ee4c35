//! Rows of a map or of a gradient as lines of 32 rounded channels.

use std::ops::Range;

use super::lines::{Line, write_line};
use crate::map::{BlockedMap, LANES};
use crate::padding::Padding;

/// Rows that can be read as lines. Channels are counted in pairs of blocks of sixteen.
pub(crate) trait RowSource: Sync {
    /// Blocks of sixteen channels.
    fn channel_blocks(&self) -> usize;

    /// Rows and columns.
    fn size(&self) -> (usize, usize);

    /// What is read beyond the border.
    fn padding(&self) -> Padding;

    /// Writes lines of `pair` at some columns of a row.
    ///
    /// # Safety
    /// They must be the source's, `to` be valid for so many lines, and the unit be available.
    unsafe fn lines(&self, pair: usize, row: usize, columns: Range<usize>, to: *mut Line);

    /// Writes `count` lines of `pair` from position (`y`, `x`) on, which may be outside.
    ///
    /// # Safety
    /// The pair must be the source's, `to` be valid for so many lines, and the unit be available.
    #[inline(always)]
    unsafe fn padded_lines(&self, pair: usize, y: isize, x: isize, count: usize, to: *mut Line) {
        let (height, width) = self.size();
        // SAFETY: positions are inside wherever `padding` answers with one, and `to` holds all lines.
        unsafe {
            let Some(row) = self.padding().position(y, height) else {
                return to.write_bytes(0, count);
            };
            let border = |range: Range<isize>| {
                for column in range {
                    let to = to.offset(column - x);
                    match self.padding().position(column, width) {
                        Some(column) => self.lines(pair, row, column..column + 1, to),
                        None => to.write_bytes(0, 1),
                    }
                }
            };
            let end = x + count as isize;
            let inside = x.max(0)..end.min(width as isize);
            border(x..inside.start);
            let columns = inside.start as usize..inside.end as usize;
            self.lines(pair, row, columns, to.offset(inside.start - x));
            border(inside.end..end);
        }
    }
}

/// A map, read beyond its border as [`Padding`] says.
pub(crate) struct MapRows<'a> {
    pub(crate) map: &'a BlockedMap,
    pub(crate) padding: Padding,
}

impl RowSource for MapRows<'_> {
    fn channel_blocks(&self) -> usize {
        self.map.channel_blocks()
    }

    fn size(&self) -> (usize, usize) {
        (self.map.height(), self.map.width())
    }

    fn padding(&self) -> Padding {
        self.padding
    }

    #[inline(always)]
    unsafe fn lines(&self, pair: usize, row: usize, columns: Range<usize>, to: *mut Line) {
        let width = self.map.width();
        // SAFETY: blocks and positions are the map's.
        unsafe {
            let blocks = blocks_of(self.map, pair);
            for (index, column) in columns.enumerate() {
                let at = (row * width + column) * LANES;
                write_line(blocks.map(|block| block.map(|block| block.add(at))), 1.0, [!0; 2], to.add(index));
            }
        }
    }
}

/// A gradient under the mask of its ReLU; zero beyond its border.
pub(crate) struct MaskedRows<'a> {
    pub(crate) map: &'a BlockedMap,
    /// `[⌈C/16⌉][H][W]`, bit i for channel i of the block.
    pub(crate) mask: &'a [u16],
}

impl RowSource for MaskedRows<'_> {
    fn channel_blocks(&self) -> usize {
        self.map.channel_blocks()
    }

    fn size(&self) -> (usize, usize) {
        (self.map.height(), self.map.width())
    }

    fn padding(&self) -> Padding {
        Padding::Zero
    }

    #[inline(always)]
    unsafe fn lines(&self, pair: usize, row: usize, columns: Range<usize>, to: *mut Line) {
        let (positions, width) = (self.map.positions(), self.map.width());
        // SAFETY: blocks and positions are the map's, and the mask has a word for each.
        unsafe {
            let blocks = blocks_of(self.map, pair);
            let masks = masks_of(self.mask, pair, self.map.channel_blocks(), positions);
            for (index, column) in columns.enumerate() {
                let at = row * width + column;
                let blocks = blocks.map(|block| block.map(|block| block.add(at * LANES)));
                write_line(blocks, 1.0, masks.map(|mask| *mask.add(at)), to.add(index));
            }
        }
    }
}

/// The gradient of a 2×2 pooling's output, spread over the windows by a mask; zero beyond the border.
pub(crate) struct UnpooledRows<'a> {
    /// Gradient by the pooled map.
    pub(crate) pooled: &'a BlockedMap,
    /// `[⌈C/16⌉][H][W]` of the unpooled map: which positions receive the gradient of their window.
    pub(crate) mask: &'a [u16],
    /// Share of a window's gradient that each of these receives.
    pub(crate) scale: f32,
    /// H and W of the unpooled map.
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl RowSource for UnpooledRows<'_> {
    fn channel_blocks(&self) -> usize {
        self.pooled.channel_blocks()
    }

    fn size(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    fn padding(&self) -> Padding {
        Padding::Zero
    }

    #[inline(always)]
    unsafe fn lines(&self, pair: usize, row: usize, columns: Range<usize>, to: *mut Line) {
        let (pooled_height, pooled_width) = (self.pooled.height(), self.pooled.width());
        let window_row = (row / 2).min(pooled_height - 1) * pooled_width;
        // SAFETY: blocks and positions are the maps'. An odd last row or column belongs to no window; its mask is zero,
        // so any window will do.
        unsafe {
            let blocks = blocks_of(self.pooled, pair);
            let masks = masks_of(self.mask, pair, self.pooled.channel_blocks(), self.height * self.width);
            for (index, column) in columns.enumerate() {
                let from = (window_row + (column / 2).min(pooled_width - 1)) * LANES;
                let blocks = blocks.map(|block| block.map(|block| block.add(from)));
                let at = row * self.width + column;
                write_line(blocks, self.scale, masks.map(|mask| *mask.add(at)), to.add(index));
            }
        }
    }
}

/// Where the two blocks of a pair start; there is no second one at the end of an odd number.
///
/// # Safety
/// The pair must be the map's.
#[inline(always)]
unsafe fn blocks_of(map: &BlockedMap, pair: usize) -> [Option<*const f32>; 2] {
    [2 * pair, 2 * pair + 1].map(|block| {
        // SAFETY: the block is the map's.
        (block < map.channel_blocks()).then(|| unsafe { map.as_ptr().add(block * map.positions() * LANES) })
    })
}

/// Where the masks of the two blocks of a pair start; those of the first stand for a second that is not there.
///
/// # Safety
/// The pair must be the mask's, of so many blocks and positions.
#[inline(always)]
unsafe fn masks_of(mask: &[u16], pair: usize, blocks: usize, positions: usize) -> [*const u16; 2] {
    // SAFETY: the block is the mask's.
    [2 * pair, (2 * pair + 1).min(blocks - 1)].map(|block| unsafe { mask.as_ptr().add(block * positions) })
}
