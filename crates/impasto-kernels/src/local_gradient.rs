//! Gradients of losses by a feature map F that act on each position by itself, among them the adjoint of
//! the Gram matrix.
//!
//! Such a gradient can be written where F was, a few positions at a time, so tapped maps need no second
//! buffer. With loss L(G) of a symmetric `G = F·Fᵀ`, ∂L/∂F = (∂L/∂G + ∂L/∂Gᵀ)·F: a product with a symmetric
//! C×C matrix ([`GradientPart::Linear`]).

use crate::isa::{Isa, Kernel};
use crate::map::{Block, BlockedMap, LANES};
use crate::parallel::{Shared, for_each_with};
use crate::product::Product;
use crate::simd::Simd;

/// f32 of F that are worked on at a time: half a second-level cache of 512 KiB, with as much again for the
/// result.
const CHUNK: usize = 32 << 10;

/// A symmetric matrix `[C, C]` packed for products with maps of C channels.
#[derive(Clone, Debug)]
pub struct PackedMatrix {
    channels: usize,
    /// `[C/16][C][16]`.
    panels: Vec<Block>,
}

impl PackedMatrix {
    /// Packs `matrix`, symmetric, row-major.
    ///
    /// # Panics
    /// If it does not hold `channels²` values.
    pub fn new(channels: usize, matrix: &[f32]) -> Self {
        assert_eq!(matrix.len(), channels * channels, "a matrix of {channels}x{channels}");
        let depth = channels.next_multiple_of(LANES);
        let mut panels = vec![Block::default(); channels.div_ceil(LANES) * depth];
        for (row, values) in matrix.chunks_exact(channels).enumerate() {
            for (column, &value) in values.iter().enumerate() {
                panels[column / LANES * depth + row].0[column % LANES] = value;
            }
        }
        PackedMatrix { channels, panels }
    }
}

/// One summand of a gradient.
#[derive(Clone, Copy, Debug)]
pub enum GradientPart<'a> {
    /// `matrix · F`.
    Linear(&'a PackedMatrix),
    /// `scale · (F − target)`.
    Difference {
        /// Factor of the difference.
        scale: f32,
        /// A map of the shape of F.
        target: &'a BlockedMap,
    },
}

impl GradientPart<'_> {
    fn check(&self, map: &BlockedMap) {
        match self {
            GradientPart::Linear(matrix) => {
                assert_eq!(matrix.channels, map.channels(), "channels of the matrix")
            }
            GradientPart::Difference { target, .. } => assert_eq!(
                (target.channels(), target.height(), target.width()),
                (map.channels(), map.height(), map.width()),
                "shape of the target"
            ),
        }
    }
}

/// `map` ← the sum of `parts` at F = `map`; zero where F is not positive, if `masked`.
///
/// # Panics
/// If shapes do not fit, or the machine lacks `isa`.
pub fn replace_by_gradient(isa: Isa, map: &mut BlockedMap, parts: &[GradientPart], masked: bool) {
    let values = Shared::new(map.blocks_mut().as_mut_ptr());
    for_each_chunk(isa, map, values, parts, |chunk| {
        if masked {
            for (gradient, value) in chunk.gradient.iter_mut().zip(&*chunk.features) {
                for (gradient, value) in gradient.0.iter_mut().zip(&value.0) {
                    *gradient = if *value > 0.0 { *gradient } else { 0.0 };
                }
            }
        }
        for block in 0..chunk.blocks {
            // SAFETY: every chunk writes its own positions, after all of them were read.
            unsafe {
                let to = values.at(block * chunk.positions + chunk.start);
                let from = chunk.gradient.as_ptr().add(block * chunk.length);
                from.copy_to_nonoverlapping(to, chunk.length);
            }
        }
    });
}

/// Sum of the absolute values of `part` at F = `map`.
///
/// # Panics
/// If shapes do not fit, or the machine lacks `isa`.
pub fn gradient_norm(isa: Isa, map: &BlockedMap, part: GradientPart) -> f64 {
    let mut sums = vec![0.0f64; chunks(map).0];
    let out = Shared::new(sums.as_mut_ptr());
    let values = Shared::new(map.blocks().as_ptr().cast_mut());
    for_each_chunk(isa, map, values, &[part], |chunk| {
        let sum = chunk
            .gradient
            .iter()
            .map(|block| f64::from(block.0.iter().map(|value| value.abs()).sum::<f32>()));
        // SAFETY: every chunk has its own sum.
        unsafe { out.at(chunk.index).write(sum.sum()) };
    });
    sums.iter().sum()
}

/// A run of positions, its features and the gradient by them, `[C/16][length]` blocks each.
struct Chunk<'a> {
    index: usize,
    start: usize,
    length: usize,
    /// Of the whole map.
    positions: usize,
    blocks: usize,
    features: &'a mut [Block],
    gradient: &'a mut [Block],
}

/// Number of chunks of `map`, and positions in each but the last.
fn chunks(map: &BlockedMap) -> (usize, usize) {
    let length = (CHUNK / (map.channel_blocks() * LANES)).next_multiple_of(6).min(map.positions());
    (map.positions().div_ceil(length), length)
}

/// Calls `finish` with every chunk of the map, whose values are read through `values`, because `finish` may
/// write there.
fn for_each_chunk(
    isa: Isa,
    map: &BlockedMap,
    values: Shared<Block>,
    parts: &[GradientPart],
    finish: impl Fn(Chunk) + Sync,
) {
    parts.iter().for_each(|part| part.check(map));
    let (count, chunk_length) = chunks(map);
    let (positions, blocks) = (map.positions(), map.channel_blocks());
    let mut scratch = vec![Vec::new(); rayon::current_num_threads()];
    for_each_with(&mut scratch, count, |scratch: &mut Vec<Block>, index| {
        let start = index * chunk_length;
        let length = chunk_length.min(positions - start);
        scratch.resize(2 * blocks * chunk_length, Block::default());
        let (features, gradient) = scratch.split_at_mut(blocks * chunk_length);
        let (features, gradient) = (&mut features[..blocks * length], &mut gradient[..blocks * length]);
        for block in 0..blocks {
            // SAFETY: the positions are within the map, and nothing else writes them.
            unsafe {
                let from = values.at(block * positions + start);
                from.copy_to_nonoverlapping(features.as_mut_ptr().add(block * length), length);
            }
        }
        gradient.fill(Block::default());
        for &part in parts {
            isa.run(AddPart { part, features, gradient, start, length, positions });
        }
        finish(Chunk { index, start, length, positions, blocks, features, gradient });
    });
}

/// Adds one part to the gradient of a chunk.
struct AddPart<'a> {
    part: GradientPart<'a>,
    features: &'a [Block],
    gradient: &'a mut [Block],
    start: usize,
    length: usize,
    positions: usize,
}

impl Kernel for AddPart<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        match self.part {
            GradientPart::Linear(matrix) => {
                let depth_blocks = matrix.channels.div_ceil(LANES);
                let product = Product {
                    rows: self.length,
                    depth_blocks,
                    panels: depth_blocks,
                    a: self.features.as_ptr().cast(),
                    a_block: self.length * LANES,
                    a_row: LANES,
                    b: matrix.panels.as_ptr().cast(),
                    b_panel: depth_blocks * LANES * LANES,
                    c: self.gradient.as_mut_ptr().cast(),
                    c_panel: self.length * LANES,
                    accumulate: true,
                };
                // SAFETY: features and gradient hold a chunk of all channels, the matrix all of its panels.
                unsafe { product.run::<S>() }
            }
            GradientPart::Difference { scale, target } => {
                let features = self.features.chunks_exact(self.length);
                let targets = target.blocks().chunks_exact(self.positions).map(|plane| &plane[self.start..]);
                for ((gradient, features), targets) in
                    self.gradient.chunks_exact_mut(self.length).zip(features).zip(targets)
                {
                    for ((gradient, feature), target) in gradient.iter_mut().zip(features).zip(targets) {
                        for lane in 0..LANES {
                            gradient.0[lane] += scale * (feature.0[lane] - target.0[lane]);
                        }
                    }
                }
            }
        }
    }
}
