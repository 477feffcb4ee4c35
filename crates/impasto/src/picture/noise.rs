//! Starting pictures of noise.
//!
//! Numbers come from ChaCha8 keyed by the seed, and logarithms and cosines from a portable
//! implementation, so a seed gives the same bits on every machine.

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::Picture;

impl Picture {
    /// Independent normal values: channel `c` (red, green, blue) has mean `mean[c]` and the given
    /// standard deviation, in units where 0..1 is black to white. Not clamped.
    ///
    /// Drawn by the transform of Box and Muller (1958), `z = √(-2 ln u) cos 2πv`, whose sine twin is the
    /// next value: all of red row by row, then green, then blue.
    ///
    /// # Panics
    /// If a side is zero.
    pub fn white_noise(width: usize, height: usize, mean: [f32; 3], deviation: f32, seed: u64) -> Self {
        let mut source = generator(seed);
        let mut twin = None;
        let mut normal = || {
            twin.take().unwrap_or_else(|| {
                // 1 - u lies in (0, 1], where the logarithm is finite.
                let radius = libm::sqrt(-2.0 * libm::log(1.0 - unit(&mut source)));
                let angle = std::f64::consts::TAU * unit(&mut source);
                twin = Some(radius * libm::sin(angle));
                radius * libm::cos(angle)
            })
        };
        let mut data = Vec::with_capacity(3 * width * height);
        for mean in mean {
            let value = |_| (f64::from(mean) + f64::from(deviation) * normal()) as f32;
            data.extend(std::iter::repeat_n((), width * height).map(value));
        }
        Picture::new(width, height, data)
    }

    /// Independent values spread evenly over `range`, in units where 0..1 is black to white: all of red
    /// row by row, then green, then blue.
    ///
    /// # Panics
    /// If a side is zero.
    pub fn uniform_noise(width: usize, height: usize, range: Range<f32>, seed: u64) -> Self {
        let mut source = generator(seed);
        let (start, length) = (f64::from(range.start), f64::from(range.end) - f64::from(range.start));
        let data = (0..3 * width * height).map(|_| (start + length * unit(&mut source)) as f32).collect();
        Picture::new(width, height, data)
    }
}

/// The key is the seed in the first eight bytes and zero after them: `seed_from_u64` may change its way
/// of stretching a seed between releases.
fn generator(seed: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// A number in [0, 1) of 53 random bits.
fn unit(source: &mut ChaCha8Rng) -> f64 {
    (source.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_deviation(values: &[f32]) -> (f64, f64) {
        let count = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }

    #[test]
    fn white_noise_has_the_moments_asked_for() {
        let noise = Picture::white_noise(200, 100, [0.1, 0.5, 0.9], 0.25, 7);
        for (plane, expected) in noise.data().chunks(20_000).zip([0.1, 0.5, 0.9]) {
            let (mean, deviation) = mean_and_deviation(plane);
            // Four standard errors of 20 000 draws.
            assert!((mean - expected).abs() < 0.0071, "{mean}");
            assert!((deviation - 0.25).abs() < 0.005, "{deviation}");
        }
        let within_one = noise.data()[..20_000].iter().filter(|v| (**v - 0.1).abs() < 0.25).count();
        assert!((within_one as f64 / 20_000.0 - 0.6827).abs() < 0.014, "{within_one}");
    }

    #[test]
    fn uniform_noise_fills_its_range() {
        let noise = Picture::uniform_noise(100, 100, 0.25..0.75, 3);
        let (mean, deviation) = mean_and_deviation(noise.data());
        assert!(noise.data().iter().all(|v| (0.25..=0.75).contains(v)));
        assert!((mean - 0.5).abs() < 0.004 && (deviation - 0.5 / 12f64.sqrt()).abs() < 0.003);
    }

    #[test]
    fn a_seed_names_one_picture() {
        let noise = |seed| Picture::white_noise(5, 3, [0.5; 3], 0.1, seed);
        assert_eq!(noise(1), noise(1));
        assert_ne!(noise(1), noise(2));
    }
}
