//! Random weights, for measuring speed and for tests.

use super::Convolution;
use crate::Layer;

/// The weights of one convolution, the same for the same seed and layer on every machine.
///
/// Weights are uniform with mean 0 and variance 2 / (9 · inputs), which keeps the size of activations from
/// layer to layer through ReLUs (He et al. 2015, equation 10); biases are uniform in ±0.1.
pub(super) fn convolution(seed: u64, layer: Layer, inputs: usize, outputs: usize) -> Convolution {
    let place = 16 * layer.block() as u64 + layer.index().unwrap_or(0) as u64;
    let mut numbers = SplitMix64(SplitMix64(seed).next() ^ SplitMix64(place).next());
    let bound = (6.0 / (9 * inputs) as f32).sqrt();
    Convolution {
        inputs,
        outputs,
        weight: (0..outputs * inputs * 9).map(|_| bound * numbers.uniform()).collect(),
        bias: (0..outputs).map(|_| 0.1 * numbers.uniform()).collect(),
    }
}

/// The generator of Steele, Lea and Flood (2014): a counter, hashed.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in -1..1, in steps of 2⁻²³.
    fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generator_matches_the_published_sequence() {
        let mut numbers = SplitMix64(1234567);
        assert_eq!([numbers.next(), numbers.next()], [6457827717110365317, 3203168211198807973]);
    }

    #[test]
    fn weights_have_the_variance_of_he() {
        let layer = Layer::convolution(2, 1);
        let Convolution { weight, .. } = convolution(7, layer, 64, 128);
        let variance = weight.iter().map(|value| f64::from(value * value)).sum::<f64>() / weight.len() as f64;
        assert!((variance * 9.0 * 64.0 / 2.0 - 1.0).abs() < 0.02, "{variance}");
        assert_ne!(weight, convolution(8, layer, 64, 128).weight);
        assert_ne!(weight, convolution(7, Layer::convolution(2, 2), 64, 128).weight);
    }
}
