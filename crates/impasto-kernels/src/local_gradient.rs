//! Gradients of losses by a feature map F that act on each position by itself, among them the adjoint of
//! the Gram matrix.
//!
//! Such a gradient can be written where F was, a few positions at a time, so tapped maps need no second
//! buffer. With loss L(G) of a symmetric `G = F·Fᵀ`, ∂L/∂F = (∂L/∂G + ∂L/∂Gᵀ)·F: a product with a symmetric
//! C×C matrix ([`GradientPart::Linear`]).

use crate::isa::{Isa, Kernel};
use crate::map::{Block, BlockedMap, LANES};
use crate::parallel::{Shared, for_each_with};
use crate::product::{Product, ROWS};
use crate::simd::Simd;

/// f32 of F that are worked on at a time: a quarter of a second-level cache of 512 KiB.
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
    let positions = map.positions();
    for_each_chunk(map, values, parts, |chunk| {
        // SAFETY: every chunk writes its own positions of every plane, which it has copied before.
        let to = unsafe {
            let to = values.at(chunk.start);
            chunk.evaluate(isa, parts, to, positions);
            to
        };
        if masked {
            for (block, features) in chunk.features.chunks_exact(chunk.length).enumerate() {
                // SAFETY: as above.
                let to = unsafe { std::slice::from_raw_parts_mut(to.add(block * positions), chunk.length) };
                for (gradient, value) in to.iter_mut().zip(features) {
                    for (gradient, value) in gradient.0.iter_mut().zip(&value.0) {
                        *gradient = if *value > 0.0 { *gradient } else { 0.0 };
                    }
                }
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
    for_each_chunk(map, values, &[part], |chunk| {
        let mut gradient = vec![Block::default(); chunk.features.len()];
        // SAFETY: the buffer holds as many planes of this length as the chunk.
        unsafe { chunk.evaluate(isa, &[part], gradient.as_mut_ptr(), chunk.length) };
        let sums = gradient.iter().map(|block| block.0.iter().map(|value| value.abs()).sum::<f32>());
        // SAFETY: every chunk has its own sum.
        unsafe { out.at(chunk.index).write(sums.map(f64::from).sum()) };
    });
    sums.iter().sum()
}

/// A run of positions and a copy of their features.
struct Chunk<'a> {
    index: usize,
    start: usize,
    length: usize,
    /// `[C/16][length]`.
    features: &'a [Block],
}

impl Chunk<'_> {
    /// Writes the sum of `parts` to `to`, channel blocks `plane` blocks apart.
    ///
    /// # Safety
    /// `to` must be valid for a run of the chunk's length in every plane, and nothing else may write there.
    unsafe fn evaluate(&self, isa: Isa, parts: &[GradientPart], to: *mut Block, plane: usize) {
        if parts.is_empty() {
            for block in 0..self.features.len() / self.length {
                // SAFETY: the caller's promise.
                unsafe { to.add(block * plane).write_bytes(0, self.length) };
            }
        }
        for (index, &part) in parts.iter().enumerate() {
            let (features, start, length) = (self.features, self.start, self.length);
            // SAFETY: the caller's promise; the features are a copy of the chunk's own.
            unsafe { isa.run(Part { part, features, start, length, to, plane, accumulate: index > 0 }) }
        }
    }
}

/// Number of chunks of `map`, and positions in each but the last.
fn chunks(map: &BlockedMap) -> (usize, usize) {
    let length = (CHUNK / (map.channel_blocks() * LANES)).next_multiple_of(ROWS).min(map.positions());
    (map.positions().div_ceil(length), length)
}

/// Calls `finish` with every chunk of the map, whose values are read through `values`, because `finish` may
/// write there.
fn for_each_chunk(
    map: &BlockedMap,
    values: Shared<Block>,
    parts: &[GradientPart],
    finish: impl Fn(Chunk) + Sync,
) {
    parts.iter().for_each(|part| part.check(map));
    let (count, chunk_length) = chunks(map);
    let (positions, blocks) = (map.positions(), map.channel_blocks());
    let mut copies = vec![Vec::new(); rayon::current_num_threads()];
    for_each_with(&mut copies, count, |copy: &mut Vec<Block>, index| {
        let start = index * chunk_length;
        let length = chunk_length.min(positions - start);
        copy.clear();
        for block in 0..blocks {
            // SAFETY: the positions are within the map, and no other chunk writes them.
            let run = unsafe { std::slice::from_raw_parts(values.at(block * positions + start), length) };
            copy.extend_from_slice(run);
        }
        finish(Chunk { index, start, length, features: copy });
    });
}

/// One part of the gradient of a chunk.
struct Part<'a> {
    part: GradientPart<'a>,
    features: &'a [Block],
    start: usize,
    length: usize,
    to: *mut Block,
    plane: usize,
    accumulate: bool,
}

impl Kernel for Part<'_> {
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
                    c: self.to.cast(),
                    c_panel: self.plane * LANES,
                    accumulate: self.accumulate,
                };
                // SAFETY: `features` and `to` hold a chunk of all channels, the matrix all of its panels.
                unsafe { product.run::<S>() }
            }
            GradientPart::Difference { scale, target } => {
                let targets = target.blocks().chunks_exact(target.positions());
                for (block, (features, targets)) in
                    self.features.chunks_exact(self.length).zip(targets).enumerate()
                {
                    // SAFETY: `to` holds a run of this length in every plane.
                    let to = unsafe {
                        std::slice::from_raw_parts_mut(self.to.add(block * self.plane), self.length)
                    };
                    for ((to, feature), target) in to.iter_mut().zip(features).zip(&targets[self.start..]) {
                        for lane in 0..LANES {
                            let before = if self.accumulate { to.0[lane] } else { 0.0 };
                            to.0[lane] = before + scale * (feature.0[lane] - target.0[lane]);
                        }
                    }
                }
            }
        }
    }
}
