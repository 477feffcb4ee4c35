//! What makes the product of patches a cosine: norms, means, and maps of columns of the same length.
//!
//! - Whole patches (Li and Wand 2016, equation 3): the normalised cross-correlation `⟨s, t⟩ / (‖s‖·‖t‖)` over all
//!   of a patch. Columns stay as they are, the scale of a patch is 1/‖t‖, and ‖s‖ changes no order.
//! - Each position by itself (Champandard 2016): columns are divided by `k·‖f‖` on both sides, so that a score
//!   is the mean cosine of the k² columns; the columns of a guide follow below, divided by `k·‖m‖/√w`, and
//!   add w times their own mean cosine.
//! - Centred: the mean column of each side is subtracted first (Kolkin et al. 2022, "Neural Neighbor Style
//!   Transfer", section 3).
//!
//! A column of zeros stays zero: it is like nothing, and nothing divides by its norm.

use super::places;
use crate::map::{Block, BlockedMap, LANES, product};
use crate::parallel::{Shared, for_each};

/// Positions that one piece of work normalises.
const RUN: usize = 1024;

/// Channels that say what a position shows, appended to its features.
#[derive(Clone, Copy, Debug)]
pub struct Guide<'a> {
    /// `[G, H, W]`, on the grid of the features.
    pub planes: &'a [f32],
    /// Weight w of the guide's cosine beside that of the features, at least 0.
    pub weight: f32,
}

/// `√Σ_c F_c²` at each position of `map`: `[H, W]`.
pub fn column_norms(map: &BlockedMap) -> Vec<f32> {
    let mut norms = vec![0.0f32; map.positions()];
    let out = Shared::new(norms.as_mut_ptr());
    for_each(map.positions().div_ceil(RUN), |piece| {
        let start = piece * RUN;
        let length = RUN.min(map.positions() - start);
        let mut squares = [0.0f64; RUN];
        for block in 0..map.channel_blocks() {
            let blocks = &map.blocks()[block * map.positions() + start..][..length];
            for (squares, block) in squares.iter_mut().zip(blocks) {
                *squares += block.0.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
            }
        }
        for (position, &square) in squares[..length].iter().enumerate() {
            // SAFETY: every piece has positions of its own.
            unsafe { out.at(start + position).write(square.sqrt() as f32) };
        }
    });
    norms
}

/// Norms of all patches of side `size` of a map, from the `norms` `[height, width]` of its columns:
/// `[height − k + 1, width − k + 1]`.
///
/// # Panics
/// If there is not a norm for each position.
pub fn patch_norms(norms: &[f32], height: usize, width: usize, size: usize) -> Vec<f32> {
    assert_eq!(norms.len(), product([height, width]), "a norm for each position");
    let columns = places(width, size);
    let norm = |patch: usize| {
        let first = patch / columns * width + patch % columns;
        let rows = (0..size).flat_map(|row| &norms[first + row * width..][..size]);
        rows.map(|&norm| f64::from(norm).powi(2)).sum::<f64>().sqrt() as f32
    };
    (0..places(height, size) * columns).map(norm).collect()
}

/// Multiplies the column at each position of `map` by its factor.
///
/// # Panics
/// If there is not a factor for each position.
fn scale_columns(map: &mut BlockedMap, factors: &[f32]) {
    assert_eq!(factors.len(), map.positions(), "a factor for each position");
    each_column(map, |_, position, value| value.map(|value| value * factors[position]));
}

/// The mean of all columns of some maps, by channel.
///
/// # Panics
/// If channels differ, or there are no columns.
pub fn mean_column(maps: &[&BlockedMap]) -> Vec<f32> {
    let channels = maps.first().expect("a map").channels();
    assert!(maps.iter().all(|map| map.channels() == channels), "maps of {channels} channels");
    let count: usize = maps.iter().map(|map| map.positions()).sum();
    assert!(count > 0, "a column");
    let mut means = vec![[0.0f64; LANES]; channels.div_ceil(LANES)];
    let out = Shared::new(means.as_mut_ptr());
    for_each(channels.div_ceil(LANES), |block| {
        let mut sums = [0.0f64; LANES];
        for map in maps {
            for values in &map.blocks()[block * map.positions()..][..map.positions()] {
                sums.iter_mut().zip(values.0).for_each(|(sum, value)| *sum += f64::from(value));
            }
        }
        // SAFETY: every block of channels has its own means.
        unsafe { out.at(block).write(sums.map(|sum| sum / count as f64)) };
    });
    means.iter().flatten().take(channels).map(|&mean| mean as f32).collect()
}

/// Subtracts `column` `[C]` from the column at each position of `map`.
///
/// # Panics
/// If it does not have as many channels.
fn subtract_column(map: &mut BlockedMap, column: &[f32]) {
    assert_eq!(column.len(), map.channels(), "channels of the map");
    let mut blocks = vec![[0.0f32; LANES]; map.channel_blocks()];
    for (channel, &value) in column.iter().enumerate() {
        blocks[channel / LANES][channel % LANES] = value;
    }
    each_column(map, |block, _, values| std::array::from_fn(|lane| values[lane] - blocks[block][lane]));
}

/// The map `[C + G, H, W]` of columns that make a score the mean cosine of features, plus that of the guide
/// times its weight: F_p / (k·‖F_p‖) above M_p·√w / (k·‖M_p‖), k = `size`. If there is a `mean` `[C]`, it is
/// subtracted from the features before.
///
/// # Panics
/// If the guide's planes do not lie on the map's grid, or its weight is negative or no number.
pub fn normalize_columns(
    map: &BlockedMap,
    size: usize,
    mean: Option<&[f32]>,
    guide: Option<Guide>,
) -> BlockedMap {
    let (channels, positions) = (map.channels(), map.positions());
    let guides = guide.map_or(0, |guide| guide.planes.len() / positions.max(1));
    let mut normalized = BlockedMap::zeros(channels + guides, map.height(), map.width());
    normalized.blocks_mut()[..map.blocks().len()].copy_from_slice(map.blocks());
    if let Some(mean) = mean {
        assert_eq!(mean.len(), channels, "channels of the map");
        subtract_column(&mut normalized, &[mean, &vec![0.0; guides]].concat());
    }
    normalize(&mut normalized, 1.0 / size as f32);
    if let Some(Guide { planes, weight }) = guide {
        assert!(weight >= 0.0, "a guide's weight of {weight}, not at least 0");
        let mut below = BlockedMap::from_planes(guides, map.height(), map.width(), planes);
        normalize(&mut below, weight.sqrt() / size as f32);
        for guide in 0..guides {
            let channel = channels + guide;
            let from = &below.blocks()[guide / LANES * positions..][..positions];
            let to = &mut normalized.blocks_mut()[channel / LANES * positions..][..positions];
            for (to, from) in to.iter_mut().zip(from) {
                to.0[channel % LANES] = from.0[guide % LANES];
            }
        }
    }
    normalized
}

/// Gives every column of `map` that is not zero the norm `length`.
fn normalize(map: &mut BlockedMap, length: f32) {
    // Norms so small that their inverse is infinite count as zero.
    let factor = |norm: f32| Some(length / norm).filter(|factor| factor.is_finite()).unwrap_or(0.0);
    let factors: Vec<f32> = column_norms(map).into_iter().map(factor).collect();
    scale_columns(map, &factors);
}

/// `map` with its first `size − 1` rows and columns repeated after its last: the patches of side `size` in it
/// are those of `map` on a torus.
///
/// # Panics
/// If the map is smaller than a patch.
pub fn extend_circularly(map: &BlockedMap, size: usize) -> BlockedMap {
    assert!(size >= 1 && map.height().min(map.width()) >= size, "a map of at least {size}x{size}");
    let (height, width) = (map.height() + size - 1, map.width() + size - 1);
    let mut extended = BlockedMap::zeros(map.channels(), height, width);
    for (row, to) in extended.blocks_mut().chunks_exact_mut(width).enumerate() {
        let from = (row / height * map.height() + row % height % map.height()) * map.width();
        let from = &map.blocks()[from..][..map.width()];
        to[..map.width()].copy_from_slice(from);
        to[map.width()..].copy_from_slice(&from[..size - 1]);
    }
    extended
}

/// Replaces the values at each block of channels and position.
fn each_column(map: &mut BlockedMap, replace: impl Fn(usize, usize, [f32; LANES]) -> [f32; LANES] + Sync) {
    let (blocks, positions) = (map.channel_blocks(), map.positions());
    let values = Shared::new(map.blocks_mut().as_mut_ptr());
    for_each(blocks, |block| {
        // SAFETY: every piece has a plane of its own.
        let plane = unsafe { std::slice::from_raw_parts_mut(values.at(block * positions), positions) };
        for (position, Block(value)) in plane.iter_mut().enumerate() {
            *value = replace(block, position, *value);
        }
    });
}
