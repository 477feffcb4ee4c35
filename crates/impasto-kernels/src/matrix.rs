//! Matrix product of plain row-major slices.

use crate::isa::{Isa, Kernel};
use crate::map::{BlockedMap, LANES, product};
use crate::parallel::{Shared, for_each};
use crate::product::Product;
use crate::simd::Simd;

/// Rows that one piece of work computes.
const ROWS: usize = 96;

/// `a · b` of row-major `a` `[rows, depth]` and `b` `[depth, columns]`, row-major `[rows, columns]`.
///
/// # Panics
/// If the slices do not have these lengths, or the machine lacks `isa`.
pub fn matrix_product(isa: Isa, rows: usize, depth: usize, columns: usize, a: &[f32], b: &[f32]) -> Vec<f32> {
    assert_eq!(a.len(), product([rows, depth]), "a matrix of {rows}x{depth}");
    assert_eq!(b.len(), product([depth, columns]), "a matrix of {depth}x{columns}");
    // Rows of A as positions of a map with `depth` channels; B in panels of sixteen columns, which is a map
    // with `columns` channels and `depth` positions.
    let a = BlockedMap::from_planes(depth, 1, rows, &transposed(rows, depth, a));
    let padded_depth = a.channel_blocks() * LANES;
    let mut columns_of_b = transposed(depth, columns, b);
    if padded_depth > depth {
        let rows = columns_of_b.chunks_exact(depth.max(1));
        columns_of_b = rows.flat_map(|row| [row, &vec![0.0; padded_depth - depth]].concat()).collect();
    }
    let b = BlockedMap::from_planes(columns, 1, padded_depth, &columns_of_b);
    let mut c = BlockedMap::zeros(columns, 1, rows);
    let out = Shared::new(c.as_mut_ptr());
    for_each(rows.div_ceil(ROWS), |piece| {
        // SAFETY: `out` is the whole of C, and every piece writes rows of its own.
        unsafe { isa.run(Rows { a: &a, b: &b, c: out, start: piece * ROWS }) }
    });
    transposed(columns, rows, &c.to_planes())
}

fn transposed(rows: usize, columns: usize, matrix: &[f32]) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| matrix[row * columns + column])).collect()
}

/// Some rows of the product.
struct Rows<'a> {
    a: &'a BlockedMap,
    b: &'a BlockedMap,
    c: Shared<f32>,
    start: usize,
}

impl Kernel for Rows<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let all_rows = self.a.positions();
        // SAFETY: the rows are within A and C, and no other piece writes them.
        unsafe {
            let some_rows = Product {
                rows: ROWS.min(all_rows - self.start),
                depth_blocks: self.a.channel_blocks(),
                panels: self.b.channel_blocks(),
                a: self.a.as_ptr().add(self.start * LANES),
                a_block: all_rows * LANES,
                a_row: LANES,
                b: self.b.as_ptr(),
                b_panel: self.b.positions() * LANES,
                c: self.c.at(self.start * LANES),
                c_panel: all_rows * LANES,
                c_row: LANES,
                accumulate: false,
            };
            some_rows.run::<S>();
        }
    }
}
