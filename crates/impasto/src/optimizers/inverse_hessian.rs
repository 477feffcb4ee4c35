//! The inverse Hessian as L-BFGS knows it: the last few steps and what they did to the gradient.
//!
//! For steps sᵢ and gradient changes yᵢ, oldest first, and ρᵢ = 1/(yᵢ·sᵢ), the product r = H q is the
//! two-loop recursion (Nocedal and Wright, Numerical Optimization, 2nd ed. 2006, algorithm 7.4):
//!
//! ```text
//! newest to oldest:   αᵢ = ρᵢ (sᵢ·q),   q ← q − αᵢ yᵢ
//! r = γ q,            γ = (s·y)/(y·y) of the newest pair (eq. 7.20), 1 while there is none
//! oldest to newest:   r ← r + (αᵢ − ρᵢ (yᵢ·r)) sᵢ
//! ```

use std::borrow::Cow;

use impasto_network::{EngineError, StepHistory};

use super::vector;

/// The pairs in a ring, in one allocation of `2 · capacity` vectors.
#[derive(Debug)]
pub(super) struct InverseHessian {
    /// Pairs it can hold.
    capacity: usize,
    /// Elements of a vector.
    length: usize,
    /// `[capacity, 2, length]`: s and y of each slot.
    vectors: Vec<f32>,
    /// ρ of each slot.
    reciprocals: Vec<f64>,
    /// α of each slot, within one product.
    coefficients: Vec<f64>,
    /// Slot of the oldest pair.
    oldest: usize,
    /// Pairs it holds.
    pairs: usize,
    /// γ.
    scale: f64,
}

impl InverseHessian {
    /// The identity, for vectors of `length`; will keep `capacity` pairs.
    pub(super) fn new(capacity: usize, length: usize) -> Self {
        InverseHessian {
            capacity,
            length,
            vectors: vec![0.0; 2 * capacity * length],
            reciprocals: vec![0.0; capacity],
            coefficients: vec![0.0; capacity],
            oldest: 0,
            pairs: 0,
            scale: 1.0,
        }
    }

    /// The slot of the pair that is `age` younger than the oldest.
    fn slot(&self, age: usize) -> usize {
        (self.oldest + age) % self.capacity
    }

    fn pair(&self, slot: usize) -> (&[f32], &[f32]) {
        self.vectors[2 * slot * self.length..][..2 * self.length].split_at(self.length)
    }
}

impl StepHistory for InverseHessian {
    fn learn(&mut self, step: &[f32], change: &[f32], curvature: f64, squared_change: f64) {
        self.scale = curvature / squared_change;
        let slot = (self.oldest + self.pairs) % self.capacity;
        if self.pairs == self.capacity {
            self.oldest = (self.oldest + 1) % self.capacity;
        } else {
            self.pairs += 1;
        }
        self.reciprocals[slot] = 1.0 / curvature;
        let (s, y) = self.vectors[2 * slot * self.length..][..2 * self.length].split_at_mut(self.length);
        s.copy_from_slice(step);
        y.copy_from_slice(change);
    }

    fn apply(&mut self, q: &mut [f32]) {
        for age in (0..self.pairs).rev() {
            let slot = self.slot(age);
            let (s, y) = self.pair(slot);
            let coefficient = self.reciprocals[slot] * vector::dot(s, q);
            vector::add_scaled(q, -coefficient as f32, y);
            self.coefficients[slot] = coefficient;
        }
        vector::scale(q, self.scale as f32);
        for age in 0..self.pairs {
            let slot = self.slot(age);
            let (s, y) = self.pair(slot);
            let correction = self.reciprocals[slot] * vector::dot(y, q);
            vector::add_scaled(q, (self.coefficients[slot] - correction) as f32, s);
        }
    }

    fn forget(&mut self) {
        (self.oldest, self.pairs, self.scale) = (0, 0, 1.0);
    }

    fn pairs(&self) -> Result<Vec<[Cow<'_, [f32]>; 2]>, EngineError> {
        let pair = |age| {
            let (s, y) = self.pair(self.slot(age));
            [s, y].map(Cow::Borrowed)
        };
        Ok((0..self.pairs).map(pair).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps along the axes of a quadratic with Hessian diag(1, 4, 16).
    const PAIRS: [([f32; 3], [f32; 3]); 3] = [
        ([1.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
        ([0.0, 1.0, 0.0], [0.0, 4.0, 0.0]),
        ([0.0, 0.0, 1.0], [0.0, 0.0, 16.0]),
    ];

    fn teach(hessian: &mut InverseHessian) {
        for (step, change) in PAIRS {
            hessian.learn(&step, &change, vector::dot(&step, &change), vector::dot(&change, &change));
        }
    }

    #[test]
    fn the_hessian_of_a_quadratic_is_inverted_along_the_axes_seen() {
        let mut hessian = InverseHessian::new(3, 3);
        teach(&mut hessian);
        let mut q = [1.0, 1.0, 1.0];
        hessian.apply(&mut q);
        assert_eq!(q, [1.0, 0.25, 0.0625]);
    }

    #[test]
    fn the_oldest_pair_makes_room() {
        let mut hessian = InverseHessian::new(2, 3);
        teach(&mut hessian);
        assert_eq!(*hessian.pairs().unwrap()[0][0], PAIRS[1].0);
        // The first axis is unknown again: it is scaled by that of the newest pair, 1/16.
        let mut q = [1.0, 1.0, 1.0];
        hessian.apply(&mut q);
        assert_eq!(q, [0.0625, 0.25, 0.0625]);
    }
}
