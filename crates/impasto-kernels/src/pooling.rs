//! 2×2 L2 pooling: `out = s · √(Σ x²)` over each window, and its gradient `s² · x / out`.
//!
//! Maximum and average pooling are fused into the convolution before them ([`crate::Activated`]); this one
//! needs its input again on the way back, so the activated map is kept.

use crate::map::{Block, BlockedMap, LANES};
use crate::parallel::{Shared, for_each};

/// Factor s that keeps the mean activation of maximum pooling (Crowson 2021).
pub const L2_POOLING_SCALE: f32 = 0.78;

/// `to` `[C, H/2, W/2]` ← L2 pooling of `map` `[C, H, W]`. Odd last rows and columns are dropped.
///
/// # Panics
/// If shapes do not fit.
pub fn pool_l2(map: &BlockedMap, to: &mut BlockedMap) {
    let (height, width) = (map.height() / 2, map.width() / 2);
    assert_eq!((to.channels(), to.height(), to.width()), (map.channels(), height, width), "half the size");
    let out = Shared::new(to.blocks_mut().as_mut_ptr());
    for_each(map.channel_blocks(), |block| {
        let plane = &map.blocks()[block * map.positions()..][..map.positions()];
        for position in 0..height * width {
            let corner = position / width * 2 * map.width() + position % width * 2;
            let window = [corner, corner + 1, corner + map.width(), corner + map.width() + 1];
            let value = std::array::from_fn(|lane| {
                let squares: f32 = window.iter().map(|&at| plane[at].0[lane] * plane[at].0[lane]).sum();
                L2_POOLING_SCALE * squares.sqrt()
            });
            // SAFETY: every channel block is a plane of its own.
            unsafe { out.at(block * height * width + position).write(Block(value)) };
        }
    });
}

/// `map` ← the gradient by its own values, given `pooled`, the result of [`pool_l2`], and `gradient` by it.
///
/// The map must be activated: where it is zero the gradient is zero, as the ReLU before it wants.
///
/// # Panics
/// If shapes do not fit.
pub fn unpool_l2(map: &mut BlockedMap, pooled: &BlockedMap, gradient: &BlockedMap) {
    let (height, width) = (map.height() / 2, map.width() / 2);
    assert_eq!((pooled.height(), pooled.width()), (height, width), "half the size");
    assert_eq!(pooled.blocks().len(), gradient.blocks().len(), "a gradient for each pooled value");
    let (map_height, map_width, blocks) = (map.height(), map.width(), map.channel_blocks());
    let plane = map_height * map_width;
    let values = Shared::new(map.blocks_mut().as_mut_ptr());
    for_each(blocks, |block| {
        // SAFETY: every channel block is a plane of its own.
        let values = unsafe { std::slice::from_raw_parts_mut(values.at(block * plane), plane) };
        for (at, value) in values.iter_mut().enumerate() {
            let (y, x) = (at / map_width / 2, at % map_width / 2);
            if y >= height || x >= width {
                *value = Block::default();
                continue;
            }
            let window = (block * height + y) * width + x;
            let (pooled, gradient) = (&pooled.blocks()[window].0, &gradient.blocks()[window].0);
            for lane in 0..LANES {
                let share = if pooled[lane] > 0.0 { value.0[lane] / pooled[lane] } else { 0.0 };
                value.0[lane] = L2_POOLING_SCALE * L2_POOLING_SCALE * share * gradient[lane];
            }
        }
    });
}
