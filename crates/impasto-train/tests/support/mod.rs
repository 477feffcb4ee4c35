//! Reading what PyTorch computed (fixtures/make_*.py), and comparing with it.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::SafeTensors;

/// A tensor of a fixture.
pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

pub type Fixture = BTreeMap<String, Tensor>;

pub fn fixture(file: &str) -> Fixture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file);
    let bytes = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let read = |(name, view): (&str, safetensors::tensor::TensorView)| {
        let values = view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        (name.to_owned(), Tensor { shape: view.shape().to_vec(), values })
    };
    tensors.iter().map(read).collect()
}

/// Asserts that values agree to `tolerance` times the largest expected.
pub fn assert_close(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-6f32, |largest, value| largest.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(error <= tolerance, "{what}[{index}] is {found}, expected {expected} ({error:.1e})");
    }
}

/// What `work` computes on one thread and on three.
pub fn on_pools<T: Send>(work: impl Fn() -> T + Sync) -> [T; 2] {
    [1, 3].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(&work))
}
