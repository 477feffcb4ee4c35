//! Reading the fixtures of PyTorch (fixtures/make_*.py) and comparing with them.

use std::collections::BTreeMap;
use std::path::Path;

use impasto::{Evaluation, Picture, Settings};
use impasto_network::Weights;
use safetensors::{Dtype, SafeTensors};

/// Losses and gradients agree to this, relative to the largest element of each.
pub const TOLERANCE: f64 = 1e-4;

/// The tensors of a fixture file by their names, widened to f64, without their shapes.
pub type Fixture = BTreeMap<String, Vec<f64>>;

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file)).unwrap()
}

pub fn fixture(file: &str) -> Fixture {
    let bytes = bytes(file);
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let values = |data: &[u8], dtype| match dtype {
        Dtype::F32 => data.as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect(),
        Dtype::F64 => data.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect(),
        other => panic!("{other:?} in {file}"),
    };
    tensors.iter().map(|(name, view)| (name.to_owned(), values(view.data(), view.dtype()))).collect()
}

/// One of the pictures of a fixture file.
pub fn picture(file: &str, name: &str) -> Picture {
    let bytes = bytes(file);
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let view = tensors.tensor(name).unwrap();
    let data = view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    Picture::new(view.shape()[2], view.shape()[1], data)
}

/// A fixture network, read as `settings` want it.
pub fn weights(file: &str, settings: &Settings) -> Weights {
    let weights = Weights::from_bytes("network", bytes(file), None).unwrap();
    let convention = settings.convention(weights.convention());
    weights.with_convention(convention)
}

pub fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(error < TOLERANCE, "{what}[{index}]: {found}, not {expected} ({error:.1e})");
    }
}

pub fn assert_gradient(evaluation: &Evaluation, expected: &[f64], what: &str) {
    let found: Vec<f64> = evaluation.gradient.iter().copied().map(f64::from).collect();
    assert_close(&found, expected, what);
}

/// The losses of one term, layer by layer.
pub fn losses_of(evaluation: &Evaluation, term: &str) -> Vec<f64> {
    evaluation.losses.iter().filter(|loss| loss.term == term).map(|loss| loss.loss).collect()
}
