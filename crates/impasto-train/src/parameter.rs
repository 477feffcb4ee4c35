//! Numbers that training changes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

/// One tensor of weights with the gradient of the loss by it, in whatever order its layer keeps them.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The weights.
    pub value: Vec<f32>,
    /// The gradient of the last batch, element by element.
    pub gradient: Vec<f32>,
}

impl Parameter {
    /// A parameter of these values, with a gradient of zero.
    pub fn new(value: Vec<f32>) -> Self {
        let gradient = vec![0.0; value.len()];
        Parameter { value, gradient }
    }

    /// So many zeros.
    pub fn zeros(length: usize) -> Self {
        Self::new(vec![0.0; length])
    }
}

/// `count` normal random numbers of mean 0 and the deviation that keeps the size of activations through a ReLU,
/// `√(2 / inputs)` (He et al. 2015, equation 10), by the method of Box and Muller.
pub(crate) fn he_normal(random: &mut ChaCha8Rng, inputs: usize, count: usize) -> Vec<f32> {
    let deviation = (2.0 / inputs as f64).sqrt();
    // The largest draw would come out above 1, which has no logarithm that is wanted.
    let mut uniform = || ((f64::from(random.next_u32()) + 0.5) / f64::from(u32::MAX)).min(1.0);
    (0..count)
        .map(|_| {
            let (radius, angle) = ((-2.0 * uniform().ln()).sqrt(), std::f64::consts::TAU * uniform());
            (deviation * radius * angle.cos()) as f32
        })
        .collect()
}
