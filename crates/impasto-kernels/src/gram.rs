//! The Gram matrix `G = F·Fᵀ` of a map, F read as `[C, H·W]` (Gatys, Ecker and Bethge 2016, equation 3), and
//! of a part of a map, `Σ_p w_p·F_p·F_pᵀ` (Gatys et al. 2017, "Controlling Perceptual Factors", equation 4).
//!
//! The weighted matrix is the plain one of the columns `√w_p·F_p`, of those with weight alone: they are
//! gathered in chunks, so a region costs what it covers. Only the blocks on and above the diagonal are
//! computed. Products are summed in f32 over a few hundred positions and in f64 beyond, in an order that
//! depends on the shape alone. On the matrix unit factors have 16 bits of precision
//! ([`matrix_unit/statistics.rs`](crate::matrix_unit)).

use crate::isa::{Isa, Kernel};
use crate::map::{Block, BlockedMap, LANES};
use crate::matrix_unit::{GramScratch, add_gram};
use crate::parallel::{Shared, for_each, for_each_with};
use crate::simd::{MAX_VECTORS, Simd};

/// Positions summed in f32 before the sums go to f64: two blocks of so many lines fill the first-level
/// cache.
const RUN: usize = 256;

/// Positions that one piece of work sums, at least; and the most such slabs a map is cut into.
const SLAB: usize = 4096;
const MOST_SLABS: usize = 16;

/// [`SLAB`] on the matrix unit, which shares work by slabs alone.
const TILED_SLAB: usize = 1024;

/// `F·Fᵀ` of `map` `[C, H, W]`: the symmetric `[C, C]` matrix, row-major, of sums over positions.
///
/// # Panics
/// If the machine lacks `isa`.
pub fn gram(isa: Isa, map: &BlockedMap) -> Vec<f64> {
    let blocks = map.channel_blocks();
    let side = blocks * LANES;
    let least = if isa == Isa::Amx { TILED_SLAB } else { SLAB };
    let slabs = map.positions().div_ceil(least).clamp(1, MOST_SLABS);
    let slab = |index: usize| index * map.positions() / slabs..(index + 1) * map.positions() / slabs;
    let mut partial = vec![0.0f64; slabs * side * side];
    let out = Shared::new(partial.as_mut_ptr());
    if isa == Isa::Amx {
        // What tiles read takes longer to write than one row of blocks to multiply.
        let mut scratches = vec![GramScratch::default(); rayon::current_num_threads()];
        for_each_with(&mut scratches, slabs, |scratch, index| {
            // SAFETY: every piece writes one slab, and reads positions of the map.
            unsafe {
                isa.run(Slab { map, positions: slab(index), to: out.at(index * side * side), side, scratch })
            };
        });
    } else {
        for_each(slabs * blocks, |piece| {
            let (index, row) = (piece / blocks, piece % blocks);
            // SAFETY: every piece writes the sixteen rows of one block of one slab, and reads positions of the map.
            unsafe {
                let to = out.at((index * blocks + row) * LANES * side);
                isa.run(BlockRow { map, row, positions: slab(index), to, side });
            }
        });
    }
    let channels = map.channels();
    let mut gram = vec![0.0; channels * channels];
    let out = Shared::new(gram.as_mut_ptr());
    for_each(blocks, |block| {
        // Square by square, since the mirror image of a row is a column.
        for (row, first) in (block * LANES..side)
            .step_by(LANES)
            .flat_map(|first| (block * LANES..channels.min((block + 1) * LANES)).map(move |row| (row, first)))
        {
            for column in first.max(row)..channels.min(first + LANES) {
                let sum = (0..slabs).map(|slab| partial[(slab * side + row) * side + column]).sum();
                // SAFETY: every piece writes sixteen rows from the diagonal on, and sixteen columns from there down.
                unsafe {
                    out.at(row * channels + column).write(sum);
                    out.at(column * channels + row).write(sum);
                }
            }
        }
    });
    gram
}

/// A slab on the matrix unit.
struct Slab<'a> {
    map: &'a BlockedMap,
    positions: std::ops::Range<usize>,
    /// `[side][side]`, added to.
    to: *mut f64,
    side: usize,
    scratch: &'a mut GramScratch,
}

impl Kernel for Slab<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: as the caller promises; this runs where the unit is available.
        unsafe { add_gram(self.map, self.positions, self.to, self.side, self.scratch) }
    }
}

/// f32 of gathered columns that are summed at a time: 16 MiB.
const GATHERED: usize = 4 << 20;

/// Positions that one piece of work gathers.
const GATHERED_RUN: usize = 1024;

/// `Σ_p w_p·F_p·F_pᵀ` of `map` `[C, H, W]` with `weights` `[H, W]`, finite and at least 0: the symmetric
/// `[C, C]` matrix, row-major. Positions without weight cost nothing, and count for nothing even where
/// the map is not finite.
///
/// # Panics
/// If there is not one such weight for each position, or the machine lacks `isa`.
pub fn weighted_gram(isa: Isa, map: &BlockedMap, weights: &[f32]) -> Vec<f64> {
    assert_eq!(weights.len(), map.positions(), "a weight for each position");
    assert!(weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0), "weights of at least 0");
    let support: Vec<usize> = (0..weights.len()).filter(|&position| weights[position] != 0.0).collect();
    let mut sums = vec![0.0; map.channels() * map.channels()];
    let mut columns = BlockedMap::zeros(map.channels(), 0, 0);
    let chunk = (GATHERED / (map.channel_blocks() * LANES).max(1)).max(GATHERED_RUN);
    for positions in support.chunks(chunk) {
        columns.reshape(map.channels(), 1, positions.len());
        gather(map, weights, positions, &mut columns);
        for (sum, value) in sums.iter_mut().zip(gram(isa, &columns)) {
            *sum += value;
        }
    }
    sums
}

/// `columns` ← `√w_p·F_p` of some positions of `map`.
fn gather(map: &BlockedMap, weights: &[f32], positions: &[usize], columns: &mut BlockedMap) {
    let out = Shared::new(columns.blocks_mut().as_mut_ptr());
    let runs = positions.len().div_ceil(GATHERED_RUN);
    for_each(map.channel_blocks() * runs, |piece| {
        let (block, start) = (piece / runs, piece % runs * GATHERED_RUN);
        let plane = &map.blocks()[block * map.positions()..][..map.positions()];
        for index in start..positions.len().min(start + GATHERED_RUN) {
            let position = positions[index];
            let factor = weights[position].sqrt();
            let column = Block(plane[position].0.map(|value| factor * value));
            // SAFETY: every piece writes a run of columns of its own.
            unsafe { out.at(block * positions.len() + index).write(column) };
        }
    });
}

/// Sixteen rows of the matrix, from the diagonal on, over some positions.
struct BlockRow<'a> {
    map: &'a BlockedMap,
    row: usize,
    positions: std::ops::Range<usize>,
    /// `[16][side]`, added to.
    to: *mut f64,
    side: usize,
}

impl Kernel for BlockRow<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let plane = self.map.positions() * LANES;
        let mut start = self.positions.start;
        while start < self.positions.end {
            let run = RUN.min(self.positions.end - start);
            // SAFETY: positions are within the map, and `to` holds sixteen rows.
            unsafe {
                let rows = self.map.as_ptr().add(self.row * plane + start * LANES);
                for column in self.row..self.map.channel_blocks() {
                    let columns = self.map.as_ptr().add(column * plane + start * LANES);
                    let to = self.to.add(column * LANES);
                    if S::VECTORS == 1 {
                        add_products::<S, 16>(rows, columns, run, to, self.side);
                    } else {
                        for (from, count) in [(0, 6), (6, 6), (12, 4)] {
                            let to = to.add(from * self.side);
                            if count == 6 {
                                add_products::<S, 6>(rows.add(from), columns, run, to, self.side);
                            } else {
                                add_products::<S, 4>(rows.add(from), columns, run, to, self.side);
                            }
                        }
                    }
                }
            }
            start += run;
        }
    }
}

/// Adds the products of `ROWS` lanes at `rows` with the sixteen at `columns`, summed over `run` positions.
///
/// # Safety
/// `rows` and `columns` must be valid for `run` blocks, `to` for `ROWS` rows of `side`, and `S` available.
#[inline(always)]
unsafe fn add_products<S: Simd, const ROWS: usize>(
    rows: *const f32,
    columns: *const f32,
    run: usize,
    to: *mut f64,
    side: usize,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut sums = [[S::zero(); MAX_VECTORS]; ROWS];
        for position in 0..run {
            let mut line = [S::zero(); MAX_VECTORS];
            for (v, line) in line.iter_mut().enumerate().take(S::VECTORS) {
                *line = S::load(columns.add(position * LANES + v * S::WIDTH));
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = S::splat(*rows.add(position * LANES + row));
                for v in 0..S::VECTORS {
                    sums[v] = S::multiply_add(factor, line[v], sums[v]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let mut lanes = [0.0f32; LANES];
            for (v, &sum) in sums.iter().enumerate().take(S::VECTORS) {
                S::store(lanes.as_mut_ptr().add(v * S::WIDTH), sum);
            }
            for (column, &value) in lanes.iter().enumerate() {
                *to.add(row * side + column) += f64::from(value);
            }
        }
    }
}
