//! The loss of query patches against their matches, its gradient, and the picture that the matches make
//! together (Li and Wand 2016, equation 2 and section 5).
//!
//! With m(p) the match of query patch p: loss `Σ_p Σ_o ‖F_{p+o} − G_{m(p)+o}‖²`. The match of a patch is held
//! fixed, so the gradient by F_r is twice the sum of `F_r − G_{m(p)+r−p}` over the patches p that cover r.

use super::PatchMatches;
use super::covering::Covering;
pub use super::covering::Placement;
use crate::map::{Block, BlockedMap, LANES};
use crate::parallel::{Shared, for_each};

/// The sum of squared differences between the patches of `current` `[C, H, W]` and their matches, and the map
/// `[C, H, W]` of sums of `F − G` over the patches that cover a position: half the gradient.
///
/// `sources` are the maps, not normalised, in the order in which the bank of the matches was filled. The sum
/// does not depend on the number of threads.
///
/// # Panics
/// If the matches are not those of such a map with patches of these sources.
pub fn patch_difference(
    current: &BlockedMap,
    sources: &[&BlockedMap],
    placement: Placement<'_>,
    matches: &PatchMatches,
) -> (f64, BlockedMap) {
    let shape = [current.channels(), current.height(), current.width()];
    let covering = Covering::new(shape, sources, placement, matches);
    let mut row_sums = vec![0.0f64; current.channel_blocks() * current.height()];
    let out = Shared::new(row_sums.as_mut_ptr());
    let differences = row_by_row(shape, |block, row, to| {
        let index = block * current.height() + row;
        let features = &current.blocks()[index * current.width()..][..current.width()];
        let mut sum = 0.0;
        for (column, (to, Block(feature))) in to.iter_mut().zip(features).enumerate() {
            let mut squares = [0.0f32; LANES];
            covering.for_each(block, row, column, |Block(matched)| {
                for lane in 0..LANES {
                    let difference = feature[lane] - matched[lane];
                    to.0[lane] += difference;
                    squares[lane] += difference * difference;
                }
            });
            sum += squares.iter().map(|&square| f64::from(square)).sum::<f64>();
        }
        // SAFETY: every row of a block has its own sum.
        unsafe { out.at(index).write(sum) };
    });
    (row_sums.iter().sum(), differences)
}

/// The map `[C, height, width]` in which every position is the mean of the matched columns that cover it: the
/// patches laid down side by side. A position that no patch covers is zero.
///
/// # Panics
/// As [`patch_difference`], for a map of this shape; or if there are no sources.
pub fn matched_map(
    height: usize,
    width: usize,
    sources: &[&BlockedMap],
    placement: Placement<'_>,
    matches: &PatchMatches,
) -> BlockedMap {
    let shape = [sources.first().expect("a source").channels(), height, width];
    let covering = Covering::new(shape, sources, placement, matches);
    row_by_row(shape, |block, row, to| {
        for (column, to) in to.iter_mut().enumerate() {
            let mut count = 0u32;
            covering.for_each(block, row, column, |Block(matched)| {
                count += 1;
                to.0.iter_mut().zip(matched).for_each(|(to, matched)| *to += matched);
            });
            to.0 = to.0.map(|sum| sum / count.max(1) as f32);
        }
    })
}

/// A map of zeros that `fill` has been over, with the index of a block of channels, a row and its blocks.
fn row_by_row(
    [channels, height, width]: [usize; 3],
    fill: impl Fn(usize, usize, &mut [Block]) + Sync,
) -> BlockedMap {
    let mut map = BlockedMap::zeros(channels, height, width);
    let blocks = map.channel_blocks();
    let out = Shared::new(map.blocks_mut().as_mut_ptr());
    for_each(blocks * height, |index| {
        // SAFETY: every piece has a row of its own.
        let row = unsafe { std::slice::from_raw_parts_mut(out.at(index * width), width) };
        fill(index / height, index % height, row);
    });
    map
}
