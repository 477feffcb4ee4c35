//! Dropout (Srivastava et al. 2014): in training a random share of values is zero, the rest is scaled up so that the
//! mean stays.

use impasto_kernels::{Batch, LANES};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;

/// One drawing of what is dropped, a function of seed and stream alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    probability: f32,
    seed: u64,
    stream: u64,
}

impl Dropout {
    /// Drops each value with `probability`, at least 0 and less than 1. `seed` names the step, `stream` the layer.
    ///
    /// # Panics
    /// If the probability is out of range.
    pub fn new(probability: f32, seed: u64, stream: u64) -> Self {
        assert!((0.0..1.0).contains(&probability), "a probability of {probability}");
        Dropout { probability, seed, stream }
    }

    /// Drops values of `batch`. On a gradient by what this left, it is its own adjoint.
    pub fn apply(&self, batch: &mut Batch) {
        if self.probability == 0.0 {
            return;
        }
        let positions = batch.map().positions().max(1);
        // A number of 16 bits decides on a value.
        let threshold = (self.probability * 65536.0).round() as u16;
        let factor = 1.0 / (1.0 - self.probability);
        let planes = batch.map_mut().blocks_mut().par_chunks_exact_mut(positions);
        planes.enumerate().for_each(|(block, plane)| {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream((self.stream << 32) | block as u64);
            for block in plane {
                let mut bytes = [0u8; 2 * LANES];
                random.fill_bytes(&mut bytes);
                for (value, bytes) in block.0.iter_mut().zip(bytes.as_chunks().0) {
                    let keeps = u16::from_le_bytes(*bytes) >= threshold;
                    *value = if keeps { *value * factor } else { 0.0 };
                }
            }
        });
    }
}
