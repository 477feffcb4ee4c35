//! The matrix product that everything else is made of.
//!
//! `C[n] (+)= Σ_k A[k] · B[k][n]` for a few rows at a time. Operands lie as maps do, in blocks of sixteen:
//! A as `[K/16][rows][16]`, B in panels `[N/16][K][16]`, C as `[N/16][rows][16]` or with its rows whole. One
//! panel of B stays in the first-level cache while the rows of A stream past it, and six rows of C stay in
//! registers.

use crate::map::LANES;
use crate::simd::{MAX_VECTORS, Simd};

/// Rows of C that are kept in registers.
pub(crate) const ROWS: usize = 6;

/// Blocks of k after which partial sums go back to memory: a panel of 256·16 floats is 16 KiB, half the
/// first-level cache.
const DEPTH_BLOCKS: usize = 16;

/// Operands of a product of `rows` rows, `depth_blocks · 16` deep, `panels · 16` wide. Strides in f32.
#[derive(Clone, Copy)]
pub(crate) struct Product {
    pub(crate) rows: usize,
    pub(crate) depth_blocks: usize,
    pub(crate) panels: usize,
    /// Blocks of sixteen k of one row, `a_block` apart; the [`ROWS`] rows of a group lie side by side, and
    /// groups are `ROWS · a_row` apart.
    pub(crate) a: *const f32,
    pub(crate) a_block: usize,
    pub(crate) a_row: usize,
    /// `[panels][depth][16]`, panels `b_panel` apart.
    pub(crate) b: *const f32,
    pub(crate) b_panel: usize,
    /// `[panels][rows][16]`, panels `c_panel` and rows `c_row` apart.
    pub(crate) c: *mut f32,
    pub(crate) c_panel: usize,
    pub(crate) c_row: usize,
    /// Add to C instead of overwriting it.
    pub(crate) accumulate: bool,
}

impl Product {
    /// Computes C.
    ///
    /// # Safety
    /// The pointers must be valid for the extents above, C must not overlap A or B, and the instruction
    /// set must be available.
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(self) {
        for start in (0..self.depth_blocks).step_by(DEPTH_BLOCKS) {
            // SAFETY: every offset below stays within the extents that the caller promises.
            unsafe {
                let chunk = Product {
                    depth_blocks: DEPTH_BLOCKS.min(self.depth_blocks - start),
                    a: self.a.add(start * self.a_block),
                    b: self.b.add(start * LANES * LANES),
                    accumulate: self.accumulate || start > 0,
                    ..self
                };
                let mut panel = 0;
                while panel < self.panels {
                    let part = chunk.at_panel(panel);
                    let left = self.panels - panel;
                    if S::PANELS >= 4 && left >= 4 {
                        part.panel_rows::<S, 4>();
                        panel += 4;
                    } else if S::PANELS >= 2 && left >= 2 {
                        part.panel_rows::<S, 2>();
                        panel += 2;
                    } else {
                        part.panel_rows::<S, 1>();
                        panel += 1;
                    }
                }
            }
        }
    }

    /// The product from one panel on.
    ///
    /// # Safety
    /// As [`run`](Product::run), with that panel among them.
    #[inline(always)]
    unsafe fn at_panel(self, panel: usize) -> Self {
        // SAFETY: within the extents that the caller promises.
        unsafe {
            Product { b: self.b.add(panel * self.b_panel), c: self.c.add(panel * self.c_panel), ..self }
        }
    }

    /// All rows of `PANELS` panels, group by group.
    ///
    /// # Safety
    /// As [`run`](Product::run), with so many panels.
    #[inline(always)]
    unsafe fn panel_rows<S: Simd, const PANELS: usize>(self) {
        for row in (0..self.rows).step_by(ROWS) {
            // SAFETY: the rows from `row` on are within the extents.
            unsafe {
                match self.rows - row {
                    ROWS.. => self.tile::<S, ROWS, PANELS>(row),
                    5 => self.tile::<S, 5, PANELS>(row),
                    4 => self.tile::<S, 4, PANELS>(row),
                    3 => self.tile::<S, 3, PANELS>(row),
                    2 => self.tile::<S, 2, PANELS>(row),
                    _ => self.tile::<S, 1, PANELS>(row),
                }
            }
        }
    }

    /// The innermost kernel: `ROWS` rows by `PANELS` panels in registers.
    ///
    /// # Safety
    /// As [`run`](Product::run), with so many rows from `row` on.
    #[inline(always)]
    unsafe fn tile<S: Simd, const ROWS: usize, const PANELS: usize>(self, row: usize) {
        // SAFETY: rows and panels are within the extents that the caller promises.
        unsafe {
            let mut sums = [[[S::zero(); MAX_VECTORS]; PANELS]; ROWS];
            let c = self.c.add(row * self.c_row);
            if self.accumulate {
                for (r, row_sums) in sums.iter_mut().enumerate() {
                    for (p, panel_sums) in row_sums.iter_mut().enumerate() {
                        for (v, sum) in panel_sums.iter_mut().enumerate().take(S::VECTORS) {
                            *sum = S::load(c.add(p * self.c_panel + r * self.c_row + v * S::WIDTH));
                        }
                    }
                }
            }
            for depth_block in 0..self.depth_blocks {
                let a = self.a.add(depth_block * self.a_block + row * self.a_row);
                let b = self.b.add(depth_block * LANES * LANES);
                for step in 0..LANES / S::DEPTH {
                    let k = step * S::DEPTH;
                    S::add_products(&mut sums, a.add(k), b.add(k * LANES), self.b_panel);
                }
            }
            for (r, row_sums) in sums.iter().enumerate() {
                for (p, panel_sums) in row_sums.iter().enumerate() {
                    for (v, &sum) in panel_sums.iter().enumerate().take(S::VECTORS) {
                        S::store(c.add(p * self.c_panel + r * self.c_row + v * S::WIDTH), sum);
                    }
                }
            }
        }
    }
}
