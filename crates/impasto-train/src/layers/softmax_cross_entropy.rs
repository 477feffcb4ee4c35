//! Cross-entropy of the soft-max of a network's outputs: the loss of a classifier.
//!
//! ```text
//! loss = −mean log p[label],  p = exp(z) / Σ exp(z)        ∂loss/∂z = (p − 1[label]) / N
//! ```

use impasto_kernels::{Batch, LANES};

/// What a batch scores.
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// Mean over the pictures.
    pub loss: f64,
    /// Pictures whose largest output is not that of their label.
    pub wrong: usize,
    /// Gradient by the outputs.
    pub gradient: Batch,
}

/// The score of outputs `[N, classes, 1, 1]` for one label each.
///
/// # Panics
/// If there is not one label below the number of classes for each picture.
pub fn softmax_cross_entropy(outputs: &Batch, labels: &[u8]) -> CrossEntropy {
    let (pictures, classes) = (outputs.pictures(), outputs.channels());
    assert_eq!((outputs.height(), outputs.width()), (1, 1), "one output per class");
    assert_eq!(labels.len(), pictures, "one label per picture");
    let mut gradient = Batch::zeros(pictures, classes, 1, 1);
    let (mut loss, mut wrong) = (0.0, 0);
    for (picture, &label) in labels.iter().enumerate() {
        let label = usize::from(label);
        assert!(label < classes, "label {label} of {classes} classes");
        let at = |class: usize| (class / LANES * pictures + picture, class % LANES);
        let outputs = |class: usize| {
            let (block, lane) = at(class);
            f64::from(outputs.map().blocks()[block].0[lane])
        };
        // Less the largest, no exponential overflows.
        let best =
            (1..classes).fold(0, |best, class| if outputs(class) > outputs(best) { class } else { best });
        let largest = outputs(best);
        let sum: f64 = (0..classes).map(|class| (outputs(class) - largest).exp()).sum();
        loss += sum.ln() - (outputs(label) - largest);
        wrong += usize::from(best != label);
        for class in 0..classes {
            let share = (outputs(class) - largest).exp() / sum - f64::from(u8::from(class == label));
            let (block, lane) = at(class);
            gradient.map_mut().blocks_mut()[block].0[lane] = (share / pictures as f64) as f32;
        }
    }
    CrossEntropy { loss: loss / pictures.max(1) as f64, wrong, gradient }
}
