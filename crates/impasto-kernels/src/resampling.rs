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
pub struct Tap {
    /// The row or column of the source before it.
    pub first: usize,
    /// The one after it; the same at the last.
    pub second: usize,
    /// The part of the second, 0..1.
    pub share: f32,
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

    /// Where each row of the result lies.
    pub fn rows(&self) -> &[Tap] {
        &self.rows.taps
    }

    /// Where each column of the result lies.
    pub fn columns(&self) -> &[Tap] {
        &self.columns.taps
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
        // SAFETY: every index has a row of one channel block of its own.
        let to = unsafe { std::slice::from_raw_parts_mut(out.at(index * width), width) };
        let line = Line::new(map, resampling, index / height, index % height);
        to.iter_mut().enumerate().for_each(|(column, to)| *to = line.at(column));
    });
    result
}

/// For each position of `map` resampled, X, its inner products with the column of `targets` T there and with
/// itself: `⟨X_p, T_p⟩` and `⟨X_p, X_p⟩`.
///
/// # Panics
/// If the shapes do not fit.
pub fn resampled_products(map: &BlockedMap, resampling: &Resampling, targets: &BlockedMap) -> Vec<[f32; 2]> {
    check(map, resampling, targets);
    let (height, width) = resampling.to();
    let mut products = vec![[0.0; 2]; height * width];
    let out = Shared::new(products.as_mut_ptr());
    for_each(height, |row| {
        // SAFETY: every row has products of its own.
        let products = unsafe { std::slice::from_raw_parts_mut(out.at(row * width), width) };
        let mut sums = vec![[Block::default(); 2]; width];
        for block in 0..map.channel_blocks() {
            let targets = &targets.blocks()[(block * height + row) * width..][..width];
            let line = Line::new(map, resampling, block, row);
            for (column, (sums, target)) in sums.iter_mut().zip(targets).enumerate() {
                let value = line.at(column);
                for lane in 0..LANES {
                    sums[0].0[lane] += value.0[lane] * target.0[lane];
                    sums[1].0[lane] += value.0[lane] * value.0[lane];
                }
            }
        }
        for (product, sums) in products.iter_mut().zip(&sums) {
            *product = sums.map(|sum| sum.0.iter().sum());
        }
    });
    products
}

/// `map` resampled, X, blended with `targets` T position by position: `factors[p] = [a, b]` makes `a T_p + b X_p`.
///
/// # Panics
/// If the shapes do not fit, or there is not one pair of factors for each position.
pub fn resampled_blend(
    map: &BlockedMap,
    resampling: &Resampling,
    targets: &BlockedMap,
    factors: &[[f32; 2]],
) -> BlockedMap {
    check(map, resampling, targets);
    let (height, width) = resampling.to();
    assert_eq!(factors.len(), height * width, "factors of each position");
    let mut result = BlockedMap::zeros(map.channels(), height, width);
    let out = Shared::new(result.blocks_mut().as_mut_ptr());
    for_each(product([map.channel_blocks(), height]), |index| {
        let (block, row) = (index / height, index % height);
        // SAFETY: every index has a row of one channel block of its own.
        let to = unsafe { std::slice::from_raw_parts_mut(out.at(index * width), width) };
        let targets = &targets.blocks()[index * width..][..width];
        let line = Line::new(map, resampling, block, row);
        let factors = &factors[row * width..][..width];
        for (column, ((to, target), [a, b])) in to.iter_mut().zip(targets).zip(factors).enumerate() {
            let value = line.at(column);
            for lane in 0..LANES {
                to.0[lane] = a * target.0[lane] + b * value.0[lane];
            }
        }
    });
    result
}

fn check(map: &BlockedMap, resampling: &Resampling, targets: &BlockedMap) {
    assert_eq!((map.height(), map.width()), resampling.from(), "height and width of the map");
    assert_eq!((targets.height(), targets.width()), resampling.to(), "height and width of the targets");
    assert_eq!(targets.channels(), map.channels(), "channels of the targets");
}

/// A row of the result in one block of channels.
struct Line<'a> {
    above: &'a [Block],
    below: &'a [Block],
    /// That of the row below.
    share: f32,
    columns: &'a [Tap],
}

impl<'a> Line<'a> {
    fn new(map: &'a BlockedMap, resampling: &'a Resampling, block: usize, row: usize) -> Self {
        let Tap { first, second, share } = resampling.rows.taps[row];
        let line = |row: usize| &map.blocks()[block * map.positions() + row * map.width()..][..map.width()];
        Line { above: line(first), below: line(second), share, columns: &resampling.columns.taps }
    }

    #[inline(always)]
    fn at(&self, column: usize) -> Block {
        let Tap { first, second, share } = self.columns[column];
        let above = between(self.above[first], self.above[second], share);
        let below = between(self.below[first], self.below[second], share);
        between(above, below, self.share)
    }
}

#[inline(always)]
fn between(a: Block, b: Block, share: f32) -> Block {
    let mut result = a;
    for lane in 0..LANES {
        result.0[lane] += share * (b.0[lane] - a.0[lane]);
    }
    result
}
