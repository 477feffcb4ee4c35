//! Gradients of losses by a feature map F that read at each position no more of F than its column there,
//! among them the adjoint of the Gram matrix.
//!
//! Such a gradient, the sum of some [`GradientPart`]s, can be written where F was, a few positions at a time,
//! so tapped maps need no second buffer.

use crate::gradient_part::{GradientPart, Part};
use crate::isa::Isa;
use crate::map::{Block, BlockedMap, LANES};
use crate::matrix_unit::Line;
use crate::parallel::{Shared, for_each_with};
use crate::product::ROWS;

/// f32 of F that are worked on at a time: a quarter of a second-level cache of 512 KiB.
const CHUNK: usize = 32 << 10;

/// `map` ← the sum of `parts` at F = `map`; zero where F is not positive, if `masked`.
///
/// # Panics
/// If shapes do not fit, or the machine lacks `isa`.
pub fn replace_by_gradient(isa: Isa, map: &mut BlockedMap, parts: &[GradientPart], masked: bool) {
    let values = Shared::new(map.blocks_mut().as_mut_ptr());
    let positions = map.positions();
    for_each_chunk(isa, map, values, parts, |mut chunk| {
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
    for_each_chunk(isa, map, values, &[part], |mut chunk| {
        let mut gradient = vec![Block::default(); chunk.features.len()];
        // SAFETY: the buffer holds as many planes of this length as the chunk.
        unsafe { chunk.evaluate(isa, &[part], gradient.as_mut_ptr(), chunk.length) };
        let sums = gradient.iter().map(|block| block.0.iter().map(|value| value.abs()).sum::<f32>());
        // SAFETY: every chunk has its own sum.
        unsafe { out.at(chunk.index).write(sums.map(f64::from).sum()) };
    });
    sums.iter().sum()
}

/// What one thread works in.
#[derive(Clone, Default)]
struct Buffers {
    copy: Vec<Block>,
    scratch: Vec<Block>,
    lines: Vec<Line>,
}

/// A run of positions and a copy of their features.
struct Chunk<'a> {
    index: usize,
    start: usize,
    length: usize,
    /// `[C/16][length]`.
    features: &'a [Block],
    scratch: &'a mut Vec<Block>,
    lines: &'a mut Vec<Line>,
}

impl Chunk<'_> {
    /// Writes the sum of `parts` to `to`, channel blocks `plane` blocks apart.
    ///
    /// # Safety
    /// `to` must be valid for a run of the chunk's length in every plane, and nothing else may write there.
    unsafe fn evaluate(&mut self, isa: Isa, parts: &[GradientPart], to: *mut Block, plane: usize) {
        let overwrites = parts.first().is_some_and(GradientPart::covers_all);
        if !overwrites {
            for block in 0..self.features.len() / self.length {
                // SAFETY: the caller's promise.
                unsafe { to.add(block * plane).write_bytes(0, self.length) };
            }
        }
        for (index, &part) in parts.iter().enumerate() {
            let Chunk { features, start, length, .. } = *self;
            let (accumulate, scratch) = (index > 0 || !overwrites, &mut *self.scratch);
            let lines = (isa == Isa::Amx).then_some(&mut *self.lines);
            // SAFETY: the caller's promise; the features are a copy of the chunk's own.
            unsafe { isa.run(Part { part, features, start, length, to, plane, accumulate, scratch, lines }) }
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
    isa: Isa,
    map: &BlockedMap,
    values: Shared<Block>,
    parts: &[GradientPart],
    finish: impl Fn(Chunk) + Sync,
) {
    parts.iter().for_each(|part| {
        part.check(map);
        part.prepare(isa);
    });
    let (count, chunk_length) = chunks(map);
    let (positions, blocks) = (map.positions(), map.channel_blocks());
    let mut buffers = vec![Buffers::default(); rayon::current_num_threads()];
    for_each_with(&mut buffers, count, |Buffers { copy, scratch, lines }, index| {
        let start = index * chunk_length;
        let length = chunk_length.min(positions - start);
        copy.clear();
        for block in 0..blocks {
            // SAFETY: the positions are within the map, and no other chunk writes them.
            let run = unsafe { std::slice::from_raw_parts(values.at(block * positions + start), length) };
            copy.extend_from_slice(run);
        }
        finish(Chunk { index, start, length, features: copy, scratch, lines });
    });
}
