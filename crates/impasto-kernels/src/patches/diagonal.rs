//! The innermost part of the search: the scores along one diagonal.
//!
//! With products of single columns, `D(p, q) = ⟨Q_p, B_q⟩`, a score is the sum `Σ_o D(p+o, q+o)`. For a fixed
//! difference of rows between q and p, the products of one pair of rows are computed as a tile, once; k of
//! them are added along the tile's diagonals, and k such tiles of successive pairs of rows once more. That is
//! k² fewer multiply-adds than the products of whole patches, from no more than k tiles of memory.

use super::bank::{Source, Tile};
use super::queries::{Best, Queries};
use crate::isa::Kernel;
use crate::map::LANES;
use crate::product::Product;
use crate::simd::Simd;

/// Lanes after each row of the tile of products: diagonals of the last columns end there.
const SLACK: usize = LANES;

/// Some neighbouring query patches of every row against one tile of a source, at one difference of rows.
pub(super) struct Diagonal<'a> {
    pub(super) queries: Queries<'a>,
    /// First query patch in a row, and how many.
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) source: &'a Source,
    pub(super) tile: Tile,
    /// Of the source's patches by lane.
    pub(super) offsets: &'a [f32],
    /// Row of the source less row of the queries.
    pub(super) shift: isize,
    pub(super) tiles: &'a mut Tiles,
    pub(super) best: &'a mut Best,
}

/// The tiles that a thread works on, enlarged as needed.
#[derive(Default)]
pub(super) struct Tiles {
    /// Products of single columns, `[query columns][source columns + SLACK]`.
    products: Vec<f32>,
    /// Sums along their diagonals at the last k − 1 rows, `[k − 1][query patches][source columns]`.
    sums: Vec<f32>,
}

impl Tiles {
    /// f32 of both tiles for `columns` query columns, `patches` query patches and `lanes` source columns.
    pub(super) fn lengths(size: usize, columns: usize, patches: usize, lanes: usize) -> [usize; 2] {
        [columns * (lanes + SLACK), (size - 1) * patches * lanes]
    }

    fn reserve(&mut self, [products, sums]: [usize; 2]) {
        self.products.resize(products.max(self.products.len()), 0.0);
        self.sums.resize(sums.max(self.sums.len()), 0.0);
    }
}

impl Kernel for Diagonal<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        let Queries { map, size, .. } = self.queries;
        let lanes = self.tile.panels * LANES;
        let columns = self.count - 1 + size;
        self.tiles.reserve(Tiles::lengths(size, columns, self.count, lanes));
        let start = 0.max(-self.shift) as usize;
        let end = self.queries.rows.min((self.source.height as isize - self.shift) as usize);
        for row in start..end {
            let panels = self.source.panels(row.wrapping_add_signed(self.shift), self.tile);
            let product = Product {
                rows: columns,
                depth_blocks: map.channel_blocks(),
                panels: self.tile.panels,
                // SAFETY: the first patch lies in the map.
                a: unsafe { map.as_ptr().add((row * self.queries.columns + self.first) * LANES) },
                a_block: map.positions() * LANES,
                a_row: LANES,
                b: panels.as_ptr().cast(),
                b_panel: panels.len() / self.tile.panels * LANES,
                c: self.tiles.products.as_mut_ptr(),
                c_panel: LANES,
                c_row: lanes + SLACK,
                accumulate: false,
            };
            let complete = (row + 1).checked_sub(size).filter(|&first| first >= start);
            // SAFETY: the columns of the patches lie in the map, the panels in the source; the tiles have
            // been made large enough.
            unsafe {
                product.run::<S>();
                match size {
                    1 => self.add_products::<S, 1>(row, complete),
                    2 => self.add_products::<S, 2>(row, complete),
                    3 => self.add_products::<S, 3>(row, complete),
                    4 => self.add_products::<S, 4>(row, complete),
                    5 => self.add_products::<S, 5>(row, complete),
                    6 => self.add_products::<S, 6>(row, complete),
                    _ => self.add_products::<S, 7>(row, complete),
                }
            }
        }
    }
}

impl Diagonal<'_> {
    /// Adds up the products of `row` along their diagonals, and keeps the sums; if patches that begin in row
    /// `complete` end with this one, takes their scores.
    ///
    /// # Safety
    /// The tiles must be as large as [`Tiles::lengths`] says, K the size, and `S` available.
    #[inline(always)]
    unsafe fn add_products<S: Simd, const K: usize>(&mut self, row: usize, complete: Option<usize>) {
        let lanes = self.tile.panels * LANES;
        let line = lanes + SLACK;
        let ring = self.count * lanes;
        // Row r keeps its sums at r mod (k − 1): this row's place is that of the oldest, k − 1 rows ago.
        let mut kept = [self.tiles.sums.as_mut_ptr(); K];
        for (age, kept) in kept.iter_mut().enumerate().take(K - 1) {
            *kept = kept.wrapping_add((row + age) % (K - 1) * ring);
        }
        let complete = complete.map(|row| (row, row.wrapping_add_signed(self.shift)));
        for query in 0..self.count {
            // SAFETY: query patches, their columns and the lanes of the tile are within the tiles, and so are
            // K − 1 more columns and lanes.
            unsafe {
                let products = self.tiles.products.as_ptr().add(query * line);
                let kept = kept.map(|kept| kept.wrapping_add(query * lanes));
                let Some((query_row, source_row)) = complete else {
                    for lane in (0..self.tile.patches).step_by(S::WIDTH) {
                        S::store(kept[0].add(lane), sum_along::<S, K>(products.add(lane), line));
                    }
                    continue;
                };
                let values = self.source.lane(source_row, self.tile);
                let scales = self.source.scales()[values..][..lanes].as_ptr();
                let offsets = self.offsets[values..][..lanes].as_ptr();
                let place = query_row * self.queries.width + self.first + query;
                let mut highest = S::splat(self.best.scores[place]);
                for lane in (0..self.tile.patches).step_by(S::WIDTH) {
                    let newest = sum_along::<S, K>(products.add(lane), line);
                    let mut sum = newest;
                    if K > 1 {
                        sum = S::load(kept[0].add(lane));
                        S::store(kept[0].add(lane), newest);
                        for older in &kept[1..K - 1] {
                            sum = S::add(sum, S::load(older.add(lane)));
                        }
                        sum = S::add(sum, newest);
                    }
                    let score = S::multiply_add(S::load(scales.add(lane)), sum, S::load(offsets.add(lane)));
                    let higher = S::greater(score, highest);
                    if higher != 0 {
                        let column = self.tile.start + lane;
                        let patch = self.source.first + source_row * self.source.patch_columns + column;
                        let mut scores = [0.0f32; LANES];
                        S::store(scores.as_mut_ptr(), score);
                        highest = S::splat(self.best.take(place, &scores, higher, patch));
                    }
                }
            }
        }
    }
}

/// The sums of K products along the diagonals that begin at the lanes from `products` on, in a tile with rows
/// of `line`.
///
/// # Safety
/// K rows of products must be there, and a vector with K − 1 more lanes in each; and `S` must be available.
#[inline(always)]
unsafe fn sum_along<S: Simd, const K: usize>(products: *const f32, line: usize) -> S::Vector {
    // SAFETY: as the caller promises.
    unsafe {
        let mut sum = S::load(products);
        for offset in 1..K {
            sum = S::add(sum, S::load(products.add(offset * (line + 1))));
        }
        sum
    }
}
