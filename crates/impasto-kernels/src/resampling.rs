//! Separable resampling of maps: every value of the result is a mean of at most two rows and two columns.
//!
//! With aligned corners, position i of a side of `to` positions lies at `i · (from − 1) / (to − 1)` of the
//! source, between its two neighbours (PyTorch's `interpolate(mode="bilinear", align_corners=True)`). A sampling
//! takes every s-th row and column as they are. The adjoint gathers, for each position of the source, what has
//! read it.

use crate::map::{Block, BlockedMap, LANES, product};
use crate::parallel::{Shared, for_each};

/// A resampling of the planes of a map, a linear map.
#[derive(Clone, Debug, PartialEq)]
pub struct Resampling {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
}

/// What happens along one side.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// One for each position of the result.
    pub(crate) taps: Vec<Tap>,
    /// For each position of the source the positions of the result that read it, and their shares.
    pub(crate) readers: Vec<Vec<(usize, f32)>>,
}

/// Where a position lies: `(1 − share) · source[first] + share · source[second]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tap {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) share: f32,
}

impl Axis {
    fn new(from: usize, taps: Vec<Tap>) -> Self {
        let mut readers = vec![Vec::new(); from];
        for (index, &Tap { first, second, share }) in taps.iter().enumerate() {
            for (place, share) in [(first, 1.0 - share), (second, share)] {
                if share != 0.0 {
                    readers[place].push((index, share));
                }
            }
        }
        Axis { taps, readers }
    }

    fn aligned(from: usize, to: usize) -> Self {
        assert!(from > 0 && to > 0, "{from} positions resized to {to}");
        let scale = (from - 1) as f64 / (to - 1).max(1) as f64;
        let tap = |index: usize| {
            let place = index as f64 * scale;
            let first = (place as usize).min(from - 1);
            Tap { first, second: (first + 1).min(from - 1), share: (place - first as f64) as f32 }
        };
        Axis::new(from, (0..to).map(tap).collect())
    }

    fn every(from: usize, stride: usize, first: usize) -> Self {
        assert!(first < from && stride > 0, "every {stride}th of {from} positions from {first} on");
        let taps = (first..from).step_by(stride).map(|first| Tap { first, second: first, share: 0.0 });
        Axis::new(from, taps.collect())
    }
}

impl Resampling {
    /// Bilinear from one height and width to another, with the corners aligned.
    ///
    /// # Panics
    /// If a side is 0.
    pub fn aligned(from: (usize, usize), to: (usize, usize)) -> Self {
        Resampling { rows: Axis::aligned(from.0, to.0), columns: Axis::aligned(from.1, to.1) }
    }

    /// Every `stride`-th row and column of a height and width, from a first row and column on.
    ///
    /// # Panics
    /// If the first lie outside or the stride is 0.
    pub fn every(from: (usize, usize), stride: usize, first: (usize, usize)) -> Self {
        Resampling {
            rows: Axis::every(from.0, stride, first.0),
            columns: Axis::every(from.1, stride, first.1),
        }
    }

    /// Height and width of what is read.
    pub fn from(&self) -> (usize, usize) {
        (self.rows.readers.len(), self.columns.readers.len())
    }

    /// Height and width of the result.
    pub fn to(&self) -> (usize, usize) {
        (self.rows.taps.len(), self.columns.taps.len())
    }
}

/// `map` resampled.
///
/// # Panics
/// If its height and width are not those that the resampling reads.
pub fn resample(map: &BlockedMap, resampling: &Resampling) -> BlockedMap {
    assert_eq!((map.height(), map.width()), resampling.from(), "height and width of the map");
    let (height, width) = resampling.to();
    let mut result = BlockedMap::zeros(map.channels(), height, width);
    let out = Shared::new(result.blocks_mut().as_mut_ptr());
    for_each(product([map.channel_blocks(), height]), |index| {
        let (plane, tap) = (index / height * map.positions(), resampling.rows.taps[index % height]);
        let line = |row: usize| &map.blocks()[plane + row * map.width()..][..map.width()];
        let (above, below) = (line(tap.first), line(tap.second));
        // SAFETY: every index has a row of one channel block of its own.
        let to = unsafe { std::slice::from_raw_parts_mut(out.at(index * width), width) };
        for (to, column) in to.iter_mut().zip(&resampling.columns.taps) {
            let above = between(above[column.first], above[column.second], column.share);
            let below = between(below[column.first], below[column.second], column.share);
            *to = between(above, below, tap.share);
        }
    });
    result
}

#[inline(always)]
fn between(a: Block, b: Block, share: f32) -> Block {
    let mut result = a;
    for lane in 0..LANES {
        result.0[lane] += share * (b.0[lane] - a.0[lane]);
    }
    result
}
