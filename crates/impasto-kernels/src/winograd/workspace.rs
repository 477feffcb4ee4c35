//! Memory that convolutions work in.

use crate::map::{Block, LANES};

/// Memory that convolutions work in, kept from one to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(crate) weights: Vec<Block>,
    pub(crate) tiles: Vec<Block>,
    pub(crate) threads: Vec<ThreadSpace>,
}

/// What one thread works in.
#[derive(Debug, Default)]
pub(crate) struct ThreadSpace {
    pub(crate) weights: Vec<Block>,
    pub(crate) tiles: Vec<Block>,
    pub(crate) products: Vec<Block>,
}

/// How long the buffers of a [`Workspace`] have to be, in f32. Each grows to what the largest convolution needs of it,
/// which need not be the same one for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceNeed {
    pub(crate) weights: usize,
    pub(crate) tiles: usize,
    pub(crate) thread_weights: usize,
    pub(crate) thread_tiles: usize,
    pub(crate) thread_products: usize,
}

impl WorkspaceNeed {
    /// What both need, one after another.
    pub fn max(self, other: Self) -> Self {
        WorkspaceNeed {
            weights: self.weights.max(other.weights),
            tiles: self.tiles.max(other.tiles),
            thread_weights: self.thread_weights.max(other.thread_weights),
            thread_tiles: self.thread_tiles.max(other.thread_tiles),
            thread_products: self.thread_products.max(other.thread_products),
        }
    }

    /// Bytes on the threads of the current pool.
    pub fn bytes(self) -> usize {
        let thread = self.thread_weights + self.thread_tiles + self.thread_products;
        (self.weights + self.tiles + rayon::current_num_threads() * thread) * size_of::<f32>()
    }
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
    pub(crate) fn threads(&mut self) {
        self.threads.resize_with(rayon::current_num_threads(), ThreadSpace::default);
    }
}

/// Makes `buffer` at least so many f32 long and answers its start.
pub(crate) fn at_least(buffer: &mut Vec<Block>, length: usize) -> *mut f32 {
    let blocks = length.div_ceil(LANES);
    if buffer.len() < blocks {
        // No more than is needed.
        buffer.reserve_exact(blocks - buffer.len());
        buffer.resize(blocks, Block::default());
    }
    buffer.as_mut_ptr().cast()
}
