//! Gram matrices and products of a matrix with a map, on the matrix unit.
//!
//! Unlike a convolution's, these operands are in two parts, a number rounded to bfloat16 and what that leaves, rounded:
//! 16 bits of precision for three products instead of one. A covariance is what is left of a Gram matrix when the
//! products of means are taken away, often little; and the unit waits for memory here, not the other way round.

use std::ops::Range;

use rayon::prelude::*;

use super::bfloat16::in_two_parts;
use super::configuration::TileConfiguration;
use super::lines::{Line, transposed, write_line_in_parts, write_pairs_in_parts};
use super::products::{Ends, Parts, multiply_parts};
use super::sink::{Sums, ZEROS};
use crate::map::{Block, BlockedMap, LANES};

/// Channels or positions in one step of a product, and rows or columns of a block of two tiles.
const STEP: usize = 2 * LANES;

/// Lines of a tile.
const ROWS: usize = 16;

/// A square matrix in tiles, `[columns/32][rows/32]` times two tiles of the upper part and two of the lower.
#[derive(Clone, Debug)]
pub(crate) struct TiledMatrix {
    steps: usize,
    lines: Vec<Line>,
}

impl TiledMatrix {
    /// Packs the matrix of `channels`² entries that `entry(row, column)` answers.
    pub(crate) fn new(channels: usize, entry: impl Fn(usize, usize) -> f32 + Sync) -> Self {
        let steps = channels.div_ceil(STEP);
        let mut lines = vec![Line::default(); steps * steps * 4 * ROWS];
        lines.par_chunks_mut(4 * ROWS).enumerate().for_each(|(index, tiles)| {
            let (group, step) = (index / steps, index % steps);
            for (tile, row) in (0..2).flat_map(|tile| (0..ROWS).map(move |row| (tile, row))) {
                for place in 0..STEP {
                    let to = group * STEP + tile * LANES + place / 2;
                    let from = step * STEP + 2 * row + place % 2;
                    if to < channels && from < channels {
                        let [upper, lower] = in_two_parts(entry(from, to));
                        tiles[tile * ROWS + row].0[place] = upper;
                        tiles[(2 + tile) * ROWS + row].0[place] = lower;
                    }
                }
            }
        });
        TiledMatrix { steps, lines }
    }

    /// Lines of scratch that a product with so many columns of a map needs.
    pub(crate) fn scratch(&self, count: usize) -> usize {
        self.steps * 2 * count.next_multiple_of(STEP)
    }

    /// The product with `count` columns of a map at `from`, `[C/16][count]`, written or added to `to`, whose `blocks`
    /// channel blocks are `plane` blocks apart.
    ///
    /// # Safety
    /// `from` and `to` must be valid for so many columns of all channels, `scratch` for [`scratch`](Self::scratch)
    /// lines, and the unit be available.
    #[expect(clippy::too_many_arguments, reason = "what is read and what is written")]
    #[inline(always)]
    pub(crate) unsafe fn multiply(
        &self,
        count: usize,
        blocks: usize,
        from: *const Block,
        to: *mut Block,
        plane: usize,
        accumulate: bool,
        scratch: *mut Line,
    ) {
        let part = count.next_multiple_of(STEP);
        for pair in 0..self.steps {
            let planes = [2 * pair, 2 * pair + 1]
                // SAFETY: the block is the map's.
                .map(|block| (block < blocks).then(|| unsafe { from.add(block * count).cast::<f32>() }));
            for column in 0..part {
                // SAFETY: the scratch holds both parts of all pairs, and the column is the map's, if it is read.
                unsafe {
                    let columns = planes
                        .map(|plane| plane.filter(|_| column < count).map(|plane| plane.add(column * LANES)));
                    let upper = scratch.add(2 * pair * part + column);
                    write_line_in_parts(columns, upper, upper.add(part));
                }
            }
        }
        // SAFETY: the unit is there, and nothing below loads another configuration.
        let configuration = unsafe { TileConfiguration::load() };
        let mut sums = Sums::new();
        let line = size_of::<Line>();
        for group in 0..self.steps {
            for column in (0..count).step_by(STEP) {
                let parts = Parts {
                    // SAFETY: as above.
                    rows: unsafe { scratch.add(column).cast() },
                    rows_lower: part * line,
                    rows_step: 2 * part * line,
                    columns: self.lines[group * self.steps * 4 * ROWS..].as_ptr().cast(),
                };
                let mut from = [ZEROS.0.as_ptr(); 4];
                let mut ends = sums.ends();
                // Tiles that are not wholly in the map start and end apart from it.
                let part_of = |index: usize| {
                    let (first, block) = (column + index / 2 * ROWS, 2 * group + index % 2);
                    let inside = if block < blocks { count.saturating_sub(first).min(ROWS) } else { 0 };
                    // SAFETY: it is used for as many columns as are inside.
                    (inside, to.wrapping_add(block * plane + first))
                };
                for index in 0..4 {
                    let (inside, map) = part_of(index);
                    if inside == ROWS {
                        ends[index] = map.cast();
                    } else if accumulate {
                        // SAFETY: so many columns are inside.
                        unsafe { ends[index].cast::<Block>().copy_from_nonoverlapping(map, inside) };
                    }
                    if accumulate {
                        from[index] = ends[index];
                    }
                }
                let from_row = if accumulate { size_of::<Block>() } else { 0 };
                // SAFETY: operands and ends are valid.
                unsafe {
                    multiply_parts(&configuration, parts, self.steps, &Ends { from, from_row, to: ends });
                    for index in 0..4 {
                        let (inside, map) = part_of(index);
                        if inside < ROWS {
                            map.copy_from_nonoverlapping(ends[index].cast(), inside);
                        }
                    }
                }
            }
        }
    }
}

/// Bytes of both forms of a run of columns: half a second-level cache of 2 MiB.
const RUN_BYTES: usize = 1 << 20;

/// Positions summed in f32, at most, before the sums go to f64.
const SUMMED: usize = 2048;

/// What a thread works in that makes Gram matrices.
#[derive(Clone, Default)]
pub(crate) struct GramScratch {
    /// The columns of a run as rows of tiles, `[C/32][steps]` times two tiles of two parts.
    rows: Vec<Line>,
    /// The same as columns of tiles.
    columns: Vec<Line>,
    /// For each pair of 32 channels on and above the diagonal.
    sums: Vec<Sums>,
}

/// Lines of 32 channels and a step of positions.
const GROUP_LINES: usize = 4 * ROWS;

/// Adds `F·Fᵀ` of some positions of `map` to the blocks on and above the diagonal of the matrix at `to`, row-major with
/// `side` columns. Sums are f32 over some thousand positions, f64 beyond.
///
/// # Safety
/// The positions must be the map's, `to` be valid for `side` rows with `side` a whole number of blocks, and the unit be
/// available.
#[inline(always)]
pub(crate) unsafe fn add_gram(
    map: &BlockedMap,
    positions: Range<usize>,
    to: *mut f64,
    side: usize,
    scratch: &mut GramScratch,
) {
    let groups = map.channel_blocks().div_ceil(2);
    let most = (RUN_BYTES / (2 * groups * GROUP_LINES * size_of::<Line>())).clamp(1, SUMMED / STEP);
    let steps = positions.len().div_ceil(STEP).max(1);
    let run = steps.div_ceil(steps.div_ceil(most));
    scratch.rows.resize(groups * run * GROUP_LINES, Line::default());
    scratch.columns.resize(groups * run * GROUP_LINES, Line::default());
    scratch.sums.resize_with(groups * (groups + 1) / 2, Sums::new);
    // SAFETY: the unit is there, and nothing below loads another configuration.
    let configuration = unsafe { TileConfiguration::load() };
    let mut summed = 0;
    for start in positions.clone().step_by(run * STEP) {
        let some = start..positions.end.min(start + run * STEP);
        // SAFETY: the positions are the map's.
        unsafe { write_columns(map, some.clone(), run, scratch) };
        let depth = some.len().div_ceil(STEP);
        let pairs = (0..groups).flat_map(|row| (row..groups).map(move |column| (row, column)));
        for ((row, column), sums) in pairs.zip(&mut scratch.sums) {
            let to = sums.ends();
            let ends = match summed {
                0 => Ends { from: [ZEROS.0.as_ptr(); 4], from_row: 0, to },
                _ => Ends { from: to.map(|to| to.cast_const()), from_row: size_of::<Block>(), to },
            };
            let line = size_of::<Line>();
            let parts = Parts {
                rows: scratch.rows[row * run * GROUP_LINES..].as_ptr().cast(),
                rows_lower: 2 * ROWS * line,
                rows_step: GROUP_LINES * line,
                columns: scratch.columns[column * run * GROUP_LINES..].as_ptr().cast(),
            };
            // SAFETY: all operands were made just now.
            unsafe { multiply_parts(&configuration, parts, depth, &ends) };
        }
        summed += some.len();
        if summed + run * STEP > SUMMED || some.end == positions.end {
            // SAFETY: `to` is as promised.
            unsafe { add_sums(&scratch.sums, map.channel_blocks(), to, side) };
            summed = 0;
        }
    }
}

/// Writes some columns of a map in both forms, `run` steps for each 32 channels.
///
/// # Safety
/// The positions must be the map's, the scratch hold so many steps, and the unit be available.
#[inline(always)]
unsafe fn write_columns(map: &BlockedMap, positions: Range<usize>, run: usize, scratch: &mut GramScratch) {
    let blocks = map.channel_blocks();
    let GramScratch { rows, columns, .. } = scratch;
    for block in 0..blocks.next_multiple_of(2) {
        for (step, first) in positions.clone().step_by(STEP).enumerate() {
            let count = (positions.end - first).min(STEP);
            let upper = (block / 2 * run + step) * GROUP_LINES + block % 2 * ROWS;
            let lower = upper + 2 * ROWS;
            if block >= blocks {
                columns[upper..][..ROWS].fill(Line::default());
                columns[lower..][..ROWS].fill(Line::default());
            } else {
                let to = &mut columns[upper..lower + ROWS];
                // SAFETY: block and positions are the map's, and the tiles are in the scratch.
                unsafe {
                    let from = map.as_ptr().add((block * map.positions() + first) * LANES);
                    write_pairs_in_parts(from, count, to.as_mut_ptr(), to.as_mut_ptr().add(2 * ROWS));
                }
            }
            for part in [upper, lower] {
                let (from, to) = (&columns[part..][..ROWS], &mut rows[part..][..ROWS]);
                // SAFETY: both are whole tiles.
                unsafe { transposed(from.as_ptr(), to.as_mut_ptr()) };
            }
        }
    }
}

/// Adds the sums of all pairs to the matrix of `blocks`² blocks at `to`.
///
/// # Safety
/// `to` must be valid for so many rows of `side`.
#[inline(always)]
unsafe fn add_sums(sums: &[Sums], blocks: usize, to: *mut f64, side: usize) {
    let groups = blocks.div_ceil(2);
    let pairs = (0..groups).flat_map(|row| (row..groups).map(move |column| (row, column)));
    for ((row, column), sums) in pairs.zip(sums) {
        for index in 0..4 {
            let (row, column) = (2 * row + index / 2, 2 * column + index % 2);
            if row < blocks && column < blocks {
                // SAFETY: the block is inside the matrix.
                unsafe { sums.add_to(index, to.add((row * side + column) * LANES), side) };
            }
        }
    }
}
