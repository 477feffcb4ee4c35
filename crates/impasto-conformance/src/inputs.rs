//! Networks and pictures, the same in every run.

use std::sync::Arc;

use impasto_network::{Architecture, Layer, NetworkOptions, Padding, Pooling, Size, Weights};

/// All poolings.
pub const POOLINGS: [Pooling; 4] = [Pooling::Max, Pooling::Average, Pooling::ScaledAverage, Pooling::L2];

/// All choices of how a network reads pictures.
pub fn all_options() -> impl Iterator<Item = NetworkOptions> {
    let paddings = [Padding::Zero, Padding::Replicate, Padding::Circular];
    POOLINGS.into_iter().flat_map(move |pooling| {
        paddings.into_iter().flat_map(move |first_padding| {
            paddings.map(|padding| NetworkOptions { pooling, first_padding, padding })
        })
    })
}

/// Random weights for blocks of convolutions with these channels.
pub fn weights(blocks: &[&[usize]], seed: u64) -> Arc<Weights> {
    let blocks = blocks.iter().map(|block| block.to_vec()).collect();
    Arc::new(Weights::random(Architecture::new("test", blocks), seed))
}

/// Numbers in -1..1 that look random, another sequence for every seed.
pub fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// A picture of noise, `[3, H, W]`, 0..1.
pub fn noise(size: Size, seed: u64) -> Vec<f32> {
    numbers(3 * size.height * size.width, seed).iter().map(|value| 0.5 + 0.5 * value).collect()
}

/// A picture of smooth waves and some noise, `[3, H, W]`, 0..1.
pub fn picture(size: Size) -> Vec<f32> {
    let wave = |at: usize| ((at % size.width) as f32 * 0.3).sin() * ((at / size.width) as f32 * 0.2).cos();
    noise(size, 1).into_iter().enumerate().map(|(at, noise)| 0.4 + 0.3 * wave(at) + 0.2 * noise).collect()
}

/// Layers by their names.
pub fn layers(names: &[&str]) -> Vec<Layer> {
    names.iter().map(|name| name.parse().expect("the name of a layer")).collect()
}

/// Distance of `found` from `expected`, relative to the size of `expected`.
pub fn relative_error(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len(), "as many values");
    let distance: f64 = found.iter().zip(expected).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let size: f64 = expected.iter().map(|&value| f64::from(value).powi(2)).sum();
    (distance / size.max(1e-30)).sqrt()
}
