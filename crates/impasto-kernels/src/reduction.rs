//! Sums over the elements or the positions of a map, in f64, in an order that depends on the shape alone.

use crate::map::{Block, BlockedMap, LANES};
use crate::parallel::{Shared, for_each};

/// Blocks that one piece of work sums.
const PIECE: usize = 4096;

/// `Σ (a − b)²` over all elements, or `Σ_p w_p·‖a_p − b_p‖²` with `weights` `[H, W]`. Positions of weight 0 count for
/// nothing even where the maps are not finite.
///
/// # Panics
/// If shapes differ, or there is not a weight for each position.
pub fn squared_difference(a: &BlockedMap, b: &BlockedMap, weights: Option<&[f32]>) -> f64 {
    assert_eq!(
        (a.channels(), a.height(), a.width()),
        (b.channels(), b.height(), b.width()),
        "maps of the same shape"
    );
    weighted_sum(a, weights, |index| {
        let (a, b) = (&a.blocks()[index].0, &b.blocks()[index].0);
        std::array::from_fn(|lane| (a[lane] - b[lane]) * (a[lane] - b[lane]))
    })
}

/// `Σ a²` over all elements, or `Σ_p w_p·‖a_p‖²` with `weights` `[H, W]`.
///
/// # Panics
/// If there is not a weight for each position.
pub fn squared_norm(a: &BlockedMap, weights: Option<&[f32]>) -> f64 {
    weighted_sum(a, weights, |index| {
        let Block(a) = a.blocks()[index];
        a.map(|value| value * value)
    })
}

/// The sum of `values` for each block of a map, times the weight of the block's position.
fn weighted_sum(
    map: &BlockedMap,
    weights: Option<&[f32]>,
    values: impl Fn(usize) -> [f32; LANES] + Sync,
) -> f64 {
    let Some(weights) = weights else { return sum(map.blocks().len(), values) };
    assert_eq!(weights.len(), map.positions(), "a weight for each position");
    sum(map.blocks().len(), |index| match weights[index % weights.len()] {
        0.0 => [0.0; LANES],
        weight => values(index).map(|value| weight * value),
    })
}

/// `Σ_p F_p` over the positions of `map` `[C, H, W]`, or `Σ_p w_p·F_p` with `weights` `[H, W]`: `[C]`. Positions of
/// weight 0 count for nothing even where the map is not finite.
///
/// # Panics
/// If there is not a weight for each position.
pub fn column_sums(map: &BlockedMap, weights: Option<&[f32]>) -> Vec<f64> {
    let positions = map.positions();
    if let Some(weights) = weights {
        assert_eq!(weights.len(), positions, "a weight for each position");
    }
    let mut sums = vec![[0.0f64; LANES]; map.channel_blocks()];
    let out = Shared::new(sums.as_mut_ptr());
    for_each(map.channel_blocks(), |block| {
        let columns = &map.blocks()[block * positions..][..positions];
        let mut total = [0.0f64; LANES];
        for (run, columns) in columns.chunks(LANES).enumerate() {
            let mut lanes = [0.0f32; LANES];
            for (position, column) in (run * LANES..).zip(columns) {
                let weight = weights.map_or(1.0, |weights| weights[position]);
                if weight != 0.0 {
                    for lane in 0..LANES {
                        lanes[lane] += weight * column.0[lane];
                    }
                }
            }
            for lane in 0..LANES {
                total[lane] += f64::from(lanes[lane]);
            }
        }
        // SAFETY: every piece has its own sums.
        unsafe { out.at(block).write(total) };
    });
    sums.iter().flatten().copied().take(map.channels()).collect()
}

/// Sums sixteen values for each of `count` blocks: lanes in f32 over sixteen blocks, f64 beyond.
fn sum(count: usize, values: impl Fn(usize) -> [f32; LANES] + Sync) -> f64 {
    let pieces = count.div_ceil(PIECE);
    let mut sums = vec![0.0f64; pieces];
    let out = Shared::new(sums.as_mut_ptr());
    for_each(pieces, |piece| {
        let end = count.min((piece + 1) * PIECE);
        let mut total = 0.0f64;
        for start in (piece * PIECE..end).step_by(LANES) {
            let mut lanes = [0.0f32; LANES];
            for index in start..end.min(start + LANES) {
                let values = values(index);
                for lane in 0..LANES {
                    lanes[lane] += values[lane];
                }
            }
            total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
        }
        // SAFETY: every piece has its own sum.
        unsafe { out.at(piece).write(total) };
    });
    sums.iter().sum()
}
