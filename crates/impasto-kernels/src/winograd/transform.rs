//! Two-dimensional transforms: tiles into the Winograd domain and products out of it.

use std::ops::Range;

use crate::map::LANES;
use crate::product::ROWS;
use crate::simd::Simd;

use super::sink::TileSink;
use super::source::{TileBuffer, TileSource};
use super::tile::{MAX_INPUT, Tile};

/// How output tiles cover the maps of some pictures.
#[derive(Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) pictures: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Output pixels of a tile's side.
    pub(crate) tile: usize,
    /// Pixels from an output position to the first input position of its window: 1 for a convolution that
    /// keeps the size, 2 for one that also answers for a border of one pixel.
    pub(crate) before: usize,
}

impl Grid {
    pub(crate) fn tiles(&self) -> usize {
        self.pictures * self.tiles_of_a_picture()
    }

    fn tiles_of_a_picture(&self) -> usize {
        self.height.div_ceil(self.tile) * self.columns()
    }

    fn columns(&self) -> usize {
        self.width.div_ceil(self.tile)
    }

    /// Picture and corner of output tile `index`.
    #[inline(always)]
    pub(crate) fn corner(&self, index: usize) -> (usize, usize, usize) {
        let (picture, index) = (index / self.tiles_of_a_picture(), index % self.tiles_of_a_picture());
        (picture, index / self.columns() * self.tile, index % self.columns() * self.tile)
    }
}

/// Where the transform of a tile goes.
pub(crate) trait Layout: Copy {
    /// f32 from one place ξ to the next.
    fn place(&self) -> usize;
    /// Where tile number `slot` of channel block `block` starts within a place.
    fn at(&self, slot: usize, block: usize) -> usize;
}

/// The order of V for products over channels, `[α²][tiles/6][channels/16][6][16]`: what the product's innermost kernel reads lies in
/// one stretch.
#[derive(Clone, Copy)]
pub(crate) struct InputLayout {
    channel_blocks: usize,
    /// f32 from one place ξ to the next. A line between places keeps the α² streams that the transform
    /// writes from falling into the same cache sets.
    pub(crate) place: usize,
}

impl InputLayout {
    /// The layout for so many channel blocks and tiles.
    pub(crate) fn new(channel_blocks: usize, tiles: usize) -> Self {
        InputLayout { channel_blocks, place: (channel_blocks * tiles.next_multiple_of(ROWS) + 1) * LANES }
    }

    /// f32 from one channel block to the next.
    pub(crate) const BLOCK: usize = ROWS * LANES;

    /// f32 that a tile takes in each place.
    pub(crate) fn tile(self) -> usize {
        self.channel_blocks * LANES
    }
}

impl Layout for InputLayout {
    fn place(&self) -> usize {
        self.place
    }

    #[inline(always)]
    fn at(&self, slot: usize, block: usize) -> usize {
        (slot / ROWS * self.channel_blocks + block) * Self::BLOCK + slot % ROWS * LANES
    }
}

/// `V = Bᵀ d B` of `tiles` for channel block `block`, tile after tile from `to`.
///
/// # Safety
/// `to` must be valid for the extents that `layout` describes, and `S` available.
#[inline(always)]
pub(crate) unsafe fn transform_input<S: Simd, T: Tile, Source: TileSource, L: Layout>(
    source: &Source,
    grid: &Grid,
    block: usize,
    tiles: Range<usize>,
    to: *mut f32,
    layout: L,
) {
    let mut buffer = TileBuffer::new();
    // Every element is written before it is read; out here it is cleared once, not for every tile.
    // SAFETY: `S` is available.
    let mut half = [[unsafe { S::zero() }; MAX_INPUT]; MAX_INPUT];
    for (slot, tile) in tiles.enumerate() {
        let (picture, y, x) = grid.corner(tile);
        let before = grid.before as isize;
        // SAFETY: the source answers with a whole tile; the places written are within the promised extents.
        unsafe {
            let (y, x) = (y as isize - before, x as isize - before);
            let (from, row_stride) = source.tile::<S>(block, picture, y, x, T::INPUT, &mut buffer);
            let to = to.add(layout.at(slot, block));
            for v in 0..S::VECTORS {
                for column in 0..T::INPUT {
                    let mut line = [S::zero(); MAX_INPUT];
                    for (row, value) in line.iter_mut().enumerate().take(T::INPUT) {
                        *value = S::load(from.add(row * row_stride + column * LANES + v * S::WIDTH));
                    }
                    T::input::<S>(&mut line);
                    for row in 0..T::INPUT {
                        half[row][column] = line[row];
                    }
                }
                for (row, line) in half.iter_mut().enumerate().take(T::INPUT) {
                    T::input::<S>(line);
                    for (column, &value) in line.iter().enumerate().take(T::INPUT) {
                        S::store(to.add((row * T::INPUT + column) * layout.place() + v * S::WIDTH), value);
                    }
                }
            }
        }
    }
}

/// `Y = Aᵀ M A` of `tiles` for one channel block, given to `sink` as its block `block`.
///
/// # Safety
/// `from` must be valid for the extents that `place` and the tiles describe, and `S` available.
#[inline(always)]
pub(crate) unsafe fn transform_output<S: Simd, T: Tile, Sink: TileSink>(
    sink: &Sink,
    grid: &Grid,
    block: usize,
    tiles: Range<usize>,
    from: *const f32,
    place: usize,
) {
    let mut buffer = TileBuffer::new();
    // As in `transform_input`.
    // SAFETY: `S` is available.
    let mut half = [[unsafe { S::zero() }; MAX_INPUT]; MAX_INPUT];
    for (slot, tile) in tiles.enumerate() {
        let (picture, y, x) = grid.corner(tile);
        // SAFETY: as in `transform_input`; the tile is clipped to the map before the sink sees it.
        unsafe {
            let from = from.add(slot * LANES);
            for v in 0..S::VECTORS {
                for column in 0..T::INPUT {
                    let mut line = [S::zero(); MAX_INPUT];
                    for (row, value) in line.iter_mut().enumerate().take(T::INPUT) {
                        *value = S::load(from.add((row * T::INPUT + column) * place + v * S::WIDTH));
                    }
                    T::output::<S>(&mut line);
                    for row in 0..T::OUTPUT {
                        half[row][column] = line[row];
                    }
                }
                for (row, line) in half.iter_mut().enumerate().take(T::OUTPUT) {
                    T::output::<S>(line);
                    for (column, &value) in line.iter().enumerate().take(T::OUTPUT) {
                        let at = row * TileBuffer::ROW + column * LANES + v * S::WIDTH;
                        S::store(buffer.0.as_mut_ptr().add(at), value);
                    }
                }
            }
            let rows = T::OUTPUT.min(grid.height - y);
            let columns = T::OUTPUT.min(grid.width - x);
            sink.tile::<S>(block, picture, y, x, rows, columns, &mut buffer);
        }
    }
}
