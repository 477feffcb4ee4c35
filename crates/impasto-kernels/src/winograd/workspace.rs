//! Memory that convolutions work in.

use crate::map::{Block, LANES};

/// Memory that convolutions work in, kept from one to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) weights: Vec<Block>,
    pub(super) tiles: Vec<Block>,
    pub(super) threads: Vec<ThreadSpace>,
}

/// What one thread works in.
#[derive(Debug, Default)]
pub(super) struct ThreadSpace {
    pub(super) weights: Vec<Block>,
    pub(super) tiles: Vec<Block>,
    pub(super) products: Vec<Block>,
}

impl Workspace {
    /// An empty workspace. It grows to what the largest convolution needs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let thread = |space: &ThreadSpace| {
            space.weights.capacity() + space.tiles.capacity() + space.products.capacity()
        };
        let blocks =
            self.weights.capacity() + self.tiles.capacity() + self.threads.iter().map(thread).sum::<usize>();
        blocks * size_of::<Block>()
    }

    /// Makes room for as many threads as the current pool has.
    pub(super) fn threads(&mut self) {
        self.threads.resize_with(rayon::current_num_threads(), ThreadSpace::default);
    }
}

/// Makes `buffer` at least so many f32 long and answers its start.
pub(super) fn at_least(buffer: &mut Vec<Block>, length: usize) -> *mut f32 {
    let blocks = length.div_ceil(LANES);
    if buffer.len() < blocks {
        buffer.resize(blocks, Block::default());
    }
    buffer.as_mut_ptr().cast()
}
