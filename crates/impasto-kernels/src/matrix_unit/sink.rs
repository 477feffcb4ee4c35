//! Where the sums of a block go: forward through ReLU and pooling to what is kept, backward into a gradient.

use super::products::Ends;
use crate::map::{Block, LANES};
use crate::simd::Simd;
use crate::winograd::{ForwardSink, GradientSink, PoolSink};

/// Neighbouring positions of a row in one tile.
pub(crate) const COLUMNS: usize = 16;

/// Two rows of sixteen positions by two times sixteen channels, in the order of [`Ends`].
#[derive(Clone)]
pub(crate) struct Sums([[Block; COLUMNS]; 4]);

impl Sums {
    pub(crate) fn new() -> Self {
        Sums([[Block::default(); COLUMNS]; 4])
    }

    /// The four tiles, to be ends.
    pub(crate) fn ends(&mut self) -> [*mut f32; 4] {
        self.0.each_mut().map(|tile| tile.as_mut_ptr().cast())
    }
}

impl Sums {
    /// Adds tile `index` to sixteen rows of a matrix, `side` apart.
    ///
    /// # Safety
    /// `to` must be valid for such rows of sixteen.
    #[inline(always)]
    pub(crate) unsafe fn add_to(&self, index: usize, to: *mut f64, side: usize) {
        for (row, values) in self.0[index].iter().enumerate() {
            for (column, &value) in values.0.iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe { *to.add(row * side + column) += f64::from(value) };
            }
        }
    }
}

/// What part of a map a block is.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The first of two blocks of sixteen channels.
    pub(crate) block: usize,
    /// How many of the two there are.
    pub(crate) blocks: usize,
    /// Its upper left position, an even row and a column that is a multiple of sixteen.
    pub(crate) y: usize,
    pub(crate) x: usize,
    /// How many of two rows and sixteen columns are inside.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Place {
    fn is_whole(self) -> bool {
        (self.blocks, self.rows, self.columns) == (2, 2, COLUMNS)
    }
}

/// Takes blocks of sums.
pub(crate) trait BlockSink: Sync {
    /// Where the sums at `place` start and end, perhaps in `sums`.
    ///
    /// # Safety
    /// The place must lie in the sink's maps.
    unsafe fn begin(&self, place: Place, sums: &mut Sums) -> Ends;

    /// Takes the sums that have come to where [`begin`](Self::begin) said.
    ///
    /// # Safety
    /// As above, each place must be given once, and `S` be available.
    unsafe fn finish<S: Simd>(&self, place: Place, sums: &mut Sums);
}

/// What sums start from where there is nothing to add to: the same line for all rows.
pub(crate) static ZEROS: Block = Block([0.0; LANES]);

impl BlockSink for ForwardSink<'_> {
    #[inline(always)]
    unsafe fn begin(&self, place: Place, sums: &mut Sums) -> Ends {
        let bias = |index: usize| match index < place.blocks {
            true => self.bias[place.block + index].0.as_ptr(),
            false => ZEROS.0.as_ptr(),
        };
        let (first, second) = (bias(0), bias(1));
        Ends { from: [first, second, first, second], from_row: 0, to: sums.ends() }
    }

    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, place: Place, sums: &mut Sums) {
        let Place { y, x, rows, columns, .. } = place;
        for index in 0..place.blocks {
            let plane = place.block + index;
            let mut passed = [[0u16; COLUMNS]; 2];
            // SAFETY: the place is inside the maps, whose memory the shared pointers cover.
            unsafe {
                for row in 0..rows {
                    let tile = sums.0[2 * row + index].as_mut_ptr();
                    let position = (plane * self.height + y + row) * self.width + x;
                    let map = self.map.map(|map| map.at(position));
                    // Straight to the map, unless the values are needed again.
                    let to = map.filter(|_| self.relu && self.pool.is_none()).unwrap_or(tile);
                    if self.relu {
                        for column in 0..columns {
                            passed[row][column] =
                                activate::<S>(tile.add(column).cast(), to.add(column).cast());
                        }
                    }
                    if let Some(map) = map.filter(|&map| map != to) {
                        tile.copy_to_nonoverlapping(map, columns);
                    }
                }
                if let Some(pool) = self.pool {
                    self.pool_block::<S>(pool, place, index, sums, &mut passed);
                }
                if let Some(mask) = self.mask {
                    for row in 0..rows {
                        let to = mask.at((plane * self.height + y + row) * self.width + x);
                        passed[row].as_ptr().copy_to_nonoverlapping(to, columns);
                    }
                }
            }
        }
    }
}

/// Writes the ReLU of a block, and answers where it passed.
///
/// # Safety
/// Both must be valid for a block, and `S` be available.
#[inline(always)]
unsafe fn activate<S: Simd>(from: *const f32, to: *mut f32) -> u16 {
    let mut bits = 0;
    for lane in (0..LANES).step_by(S::WIDTH) {
        // SAFETY: the block holds its lanes.
        unsafe {
            let value = S::load(from.add(lane));
            bits |= S::greater(value, S::zero()) << lane;
            // In this order NaN stays NaN instead of becoming zero.
            S::store(to.add(lane), S::maximum(S::zero(), value));
        }
    }
    bits as u16
}

impl ForwardSink<'_> {
    /// Pools the activated sums of one block of channels and narrows `passed` to the positions that the pooled values
    /// came from.
    ///
    /// # Safety
    /// As [`BlockSink::finish`].
    #[inline(always)]
    unsafe fn pool_block<S: Simd>(
        &self,
        pool: PoolSink,
        place: Place,
        index: usize,
        sums: &Sums,
        passed: &mut [[u16; COLUMNS]; 2],
    ) {
        let (pooled_height, pooled_width) = (self.height / 2, self.width / 2);
        // An odd last row or column is in no window.
        let windows = if place.rows == 2 { place.columns / 2 } else { 0 };
        let row = ((place.block + index) * pooled_height + place.y / 2) * pooled_width + place.x / 2;
        let (upper, lower) = (&sums.0[index], &sums.0[2 + index]);
        for window in 0..windows {
            let column = 2 * window;
            let corners = [&upper[column], &upper[column + 1], &lower[column], &lower[column + 1]];
            let mut chosen = [0u32; 4];
            for lane in (0..LANES).step_by(S::WIDTH) {
                // SAFETY: blocks hold their lanes, and the window is inside the pooled map.
                unsafe {
                    let values = corners.map(|block| S::load(block.0.as_ptr().add(lane)));
                    let value = pool.window::<S>(values, lane, &mut chosen);
                    S::store(pool.to.at(row + window).cast::<f32>().add(lane), value);
                }
            }
            if pool.maximum {
                passed[0][column] &= chosen[0] as u16;
                passed[0][column + 1] &= chosen[1] as u16;
                passed[1][column] &= chosen[2] as u16;
                passed[1][column + 1] &= chosen[3] as u16;
            }
        }
        for row in passed.iter_mut() {
            row[2 * windows..].fill(0);
        }
    }
}

impl BlockSink for GradientSink {
    #[inline(always)]
    unsafe fn begin(&self, place: Place, sums: &mut Sums) -> Ends {
        let to = match place.is_whole() {
            true => [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(row, block)| {
                // SAFETY: the place is inside the map.
                unsafe { self.row(place, row, block) }
            }),
            false => {
                if self.accumulate {
                    // SAFETY: as above.
                    unsafe {
                        self.each_row(place, sums, |sums, map, count| {
                            sums.copy_from_nonoverlapping(map, count)
                        })
                    };
                }
                sums.ends()
            }
        };
        match self.accumulate {
            true => Ends { from: to.map(|to| to.cast_const()), from_row: size_of::<Block>(), to },
            false => Ends { from: [ZEROS.0.as_ptr(); 4], from_row: 0, to },
        }
    }

    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, place: Place, sums: &mut Sums) {
        if !place.is_whole() {
            // SAFETY: the place is inside the map.
            unsafe {
                self.each_row(place, sums, |sums, map, count| map.copy_from_nonoverlapping(sums, count))
            };
        }
    }
}

impl GradientSink {
    /// Where a row of a place starts in the map.
    ///
    /// # Safety
    /// It must be inside.
    #[inline(always)]
    unsafe fn row(&self, place: Place, row: usize, block: usize) -> *mut f32 {
        let position = ((place.block + block) * self.height + place.y + row) * self.width + place.x;
        // SAFETY: the position is inside the map.
        unsafe { self.to.at(position).cast() }
    }

    /// Calls `copy` with each row of the sums that is inside, where it is in the map, and its length.
    ///
    /// # Safety
    /// The place must be inside the map.
    #[inline(always)]
    unsafe fn each_row(&self, place: Place, sums: &mut Sums, copy: impl Fn(*mut Block, *mut Block, usize)) {
        for (row, block) in (0..place.rows).flat_map(|row| (0..place.blocks).map(move |block| (row, block))) {
            // SAFETY: as the caller promises.
            let map = unsafe { self.row(place, row, block) };
            copy(sums.0[2 * row + block].as_mut_ptr(), map.cast(), place.columns);
        }
    }
}
