//! The order in which pictures are learnt from, and the random numbers of each.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A random order of `count` pictures, a function of seed and epoch (Fisher and Yates, as Durstenfeld 1964).
pub(crate) fn epoch_order(seed: u64, epoch: u64, count: usize) -> Vec<u32> {
    let mut random = stream(seed, epoch, u32::MAX);
    let mut order: Vec<u32> = (0..count as u32).collect();
    for last in (1..count).rev() {
        order.swap(last, below(&mut random, last as u32 + 1) as usize);
    }
    order
}

/// The random numbers of place `place` of an epoch, or of a step: whoever resumes there draws the same.
pub(crate) fn stream(seed: u64, epoch: u64, place: u32) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream((epoch << 32) | u64::from(place));
    random
}

/// A number below `bound`, each as likely as the next (Lemire 2019).
pub(crate) fn below(random: &mut ChaCha8Rng, bound: u32) -> u32 {
    loop {
        let product = u64::from(random.next_u32()) * u64::from(bound);
        if product as u32 >= bound.wrapping_neg() % bound {
            return (product >> 32) as u32;
        }
    }
}

/// A number of 0..1.
pub(crate) fn uniform(random: &mut ChaCha8Rng) -> f32 {
    (random.next_u32() >> 8) as f32 / (1u32 << 24) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_permutations_that_differ_by_epoch_alone() {
        let order = epoch_order(7, 3, 1000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..1000));
        assert_eq!(order, epoch_order(7, 3, 1000));
        assert_ne!(order, epoch_order(7, 4, 1000));
        assert_ne!(order, epoch_order(8, 3, 1000));
    }
}
