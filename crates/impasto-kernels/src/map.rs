//! How feature maps lie in memory.
//!
//! Channels are grouped in blocks of sixteen: `[⌈C/16⌉][H][W][16]`. One block of one position is one
//! cache line and one AVX-512 register, so every kernel loads whole aligned vectors without a thought of
//! the channel count; channels beyond C are zero.

use std::ops::Range;

use rayon::prelude::*;

/// Channels in a block.
pub const LANES: usize = 16;

/// Blocks that are taken apart or put together at a time: so many fit into a first-level cache.
const RUN: usize = 256;

/// Sixteen channels of one position.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(64))]
pub struct Block(pub [f32; LANES]);

/// The product of some extents.
///
/// # Panics
/// If it overflows: then no memory holds such an array, and a wrapped length must not pass for its own.
pub(crate) fn product<const N: usize>(extents: [usize; N]) -> usize {
    let checked = extents.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    checked.unwrap_or_else(|| panic!("extents {extents:?} overflow"))
}

/// A feature map `[C, H, W]` in blocks of sixteen channels.
#[derive(Debug)]
pub struct BlockedMap {
    channels: usize,
    height: usize,
    width: usize,
    /// Those of the shape, and perhaps more behind them from a larger shape before.
    blocks: Vec<Block>,
}

impl Clone for BlockedMap {
    fn clone(&self) -> Self {
        BlockedMap { blocks: self.blocks().to_vec(), ..*self }
    }
}

impl PartialEq for BlockedMap {
    fn eq(&self, other: &Self) -> bool {
        let shape = |map: &Self| (map.channels, map.height, map.width);
        shape(self) == shape(other) && self.blocks() == other.blocks()
    }
}

impl BlockedMap {
    /// A map of zeros.
    pub fn zeros(channels: usize, height: usize, width: usize) -> Self {
        let blocks = vec![Block::default(); product([channels.div_ceil(LANES), height, width])];
        BlockedMap { channels, height, width, blocks }
    }

    /// A map from planes `[C, H, W]`, row-major.
    ///
    /// # Panics
    /// If `planes` does not hold `channels · height · width` values.
    pub fn from_planes(channels: usize, height: usize, width: usize, planes: &[f32]) -> Self {
        assert_eq!(
            planes.len(),
            product([channels, height, width]),
            "planes of a {channels}x{height}x{width} map"
        );
        let mut map = Self::zeros(channels, height, width);
        let positions = map.positions();
        let positions = positions.max(1);
        let blocks = map.blocks.par_chunks_exact_mut(positions);
        blocks.zip(planes.par_chunks(LANES * positions)).for_each(|(blocks, planes)| {
            for (run, blocks) in blocks.chunks_mut(RUN).enumerate() {
                for (lane, plane) in planes.chunks_exact(positions).enumerate() {
                    for (block, &value) in blocks.iter_mut().zip(&plane[run * RUN..]) {
                        block.0[lane] = value;
                    }
                }
            }
        });
        map
    }

    /// The values as planes `[C, H, W]`, row-major.
    pub fn to_planes(&self) -> Vec<f32> {
        let positions = self.positions().max(1);
        let mut planes = vec![0.0; product([self.channels, self.positions()])];
        let blocks = self.blocks().par_chunks_exact(positions);
        planes.par_chunks_mut(LANES * positions).zip(blocks).for_each(|(planes, blocks)| {
            for (run, blocks) in blocks.chunks(RUN).enumerate() {
                for (lane, plane) in planes.chunks_exact_mut(positions).enumerate() {
                    for (value, block) in plane[run * RUN..].iter_mut().zip(blocks) {
                        *value = block.0[lane];
                    }
                }
            }
        });
        planes
    }

    /// Gives the map another shape, reusing its memory. The values are unspecified afterwards.
    pub fn reshape(&mut self, channels: usize, height: usize, width: usize) {
        (self.channels, self.height, self.width) = (channels, height, width);
        let length = product([channels.div_ceil(LANES), height, width]);
        if length > self.blocks.capacity() {
            // No more than is needed, and not beside what was there.
            self.blocks = Vec::new();
            self.blocks = vec![Block::default(); length];
        } else if length > self.blocks.len() {
            self.blocks.resize(length, Block::default());
        }
    }

    /// Copies `rows` and `columns` of another map, the first of each to the row and column `at`.
    ///
    /// # Panics
    /// If the maps have other channels, or the window does not lie in both.
    pub fn paste(
        &mut self,
        at: (usize, usize),
        from: &BlockedMap,
        rows: Range<usize>,
        columns: Range<usize>,
    ) {
        assert_eq!(self.channels, from.channels, "channels of the maps");
        assert!(rows.end <= from.height && columns.end <= from.width, "a window of the other map");
        assert!(
            at.0 + rows.len() <= self.height && at.1 + columns.len() <= self.width,
            "a window of the map"
        );
        for block in 0..self.channel_blocks() {
            for (row, to_row) in rows.clone().zip(at.0..) {
                let from_start = (block * from.height + row) * from.width + columns.start;
                let to_start = (block * self.height + to_row) * self.width + at.1;
                let from = &from.blocks[from_start..][..columns.len()];
                self.blocks[to_start..][..columns.len()].copy_from_slice(from);
            }
        }
    }

    /// Channels C.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Rows H.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns W.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Positions of one channel, `H · W`.
    pub fn positions(&self) -> usize {
        self.height * self.width
    }

    /// Blocks of sixteen channels, `⌈C/16⌉`.
    pub fn channel_blocks(&self) -> usize {
        self.channels.div_ceil(LANES)
    }

    /// All blocks, `[⌈C/16⌉][H][W]`.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks[..self.channel_blocks() * self.positions()]
    }

    /// All blocks, to be changed.
    pub fn blocks_mut(&mut self) -> &mut [Block] {
        let length = self.channel_blocks() * self.positions();
        &mut self.blocks[..length]
    }

    pub(crate) fn as_ptr(&self) -> *const f32 {
        self.blocks.as_ptr().cast()
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut f32 {
        self.blocks.as_mut_ptr().cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "overflow")]
    fn sizes_that_overflow_are_refused() {
        BlockedMap::zeros(16, 1 << 32, 1 << 32);
    }

    #[test]
    fn a_map_that_was_larger_is_what_its_shape_says() {
        let planes: Vec<f32> = (0..3 * 4).map(|value| value as f32).collect();
        let small = BlockedMap::from_planes(3, 2, 2, &planes);
        let mut map = BlockedMap::zeros(20, 5, 5);
        map.reshape(3, 2, 2);
        map.blocks_mut().copy_from_slice(small.blocks());
        assert_eq!((map.to_planes(), map.clone().blocks().len()), (planes, 4));
        assert!(map == small);
        map.reshape(17, 3, 3);
        assert_eq!(map.blocks().len(), 18);
    }

    #[test]
    fn planes_round_trip_and_the_rest_of_a_block_is_zero() {
        let planes: Vec<f32> = (0..19 * 2 * 3).map(|value| value as f32 + 1.0).collect();
        let map = BlockedMap::from_planes(19, 2, 3, &planes);
        assert_eq!(map.to_planes(), planes);
        assert_eq!(map.channel_blocks(), 2);
        assert_eq!(map.blocks()[6].0[..3], [16.0 * 6.0 + 1.0, 17.0 * 6.0 + 1.0, 18.0 * 6.0 + 1.0]);
        assert_eq!(map.blocks()[6].0[3..], [0.0; 13]);
    }
}
