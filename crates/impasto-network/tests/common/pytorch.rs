//! What PyTorch computes for the fixture network, from `crates/impasto/tests/fixtures`; `make_layers.py`
//! there says what the files hold.

use std::path::PathBuf;

use impasto_network::{Layer, NetworkOptions, Padding, Pooling, Size, Weights};
use safetensors::SafeTensors;

/// Size of the picture.
pub const SIZE: Size = Size { height: 29, width: 35 };

/// Maps and gradient for one choice of options.
pub struct Case {
    pub name: &'static str,
    pub options: NetworkOptions,
    /// `[C, H, W]` of every tap.
    pub maps: Vec<(Layer, Vec<f32>)>,
    /// `[3, H, W]`: the gradient by the picture of the sum over taps of Σ cos(k) · F_k.
    pub gradient: Vec<f32>,
}

/// The network's weights.
pub fn weights() -> Weights {
    Weights::open(fixture("network.safetensors"), None).unwrap()
}

/// The picture, planar `[3, H, W]`.
pub fn picture() -> Vec<f32> {
    tensor(&std::fs::read(fixture("pictures.safetensors")).unwrap(), "odd")
}

/// The gradient at a map of so many elements that [`Case::gradient`] starts from.
pub fn probe(elements: usize) -> impl Iterator<Item = f32> {
    (0..elements).map(|element| (element as f64).cos() as f32)
}

/// All cases.
pub fn cases() -> Vec<Case> {
    let zero = |pooling| NetworkOptions { pooling, ..NetworkOptions::default() };
    let first_padding = Padding::Replicate;
    let replicate = NetworkOptions { first_padding, ..NetworkOptions::default() };
    let circular =
        NetworkOptions { first_padding: Padding::Circular, padding: Padding::Circular, ..replicate };
    vec![
        case("layers.safetensors", "max.zero", zero(Pooling::Max)),
        case("layers.safetensors", "average.zero", zero(Pooling::Average)),
        case("layers.safetensors", "l2.zero", zero(Pooling::L2)),
        case("layers_padding.safetensors", "max.replicate", replicate),
        case("layers_padding.safetensors", "max.circular", circular),
    ]
}

fn case(file: &str, name: &'static str, options: NetworkOptions) -> Case {
    let bytes = std::fs::read(fixture(file)).unwrap();
    let map = |tap: &str| (tap.parse().unwrap(), tensor(&bytes, &format!("{name}.{tap}")));
    let maps = ["conv1_1", "relu2_1", "pool2", "relu4_2", "relu5_1"].map(map).to_vec();
    Case { name, options, maps, gradient: tensor(&bytes, &format!("{name}.gradient")) }
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../impasto/tests/fixtures").join(name)
}

/// The values of an f32 tensor.
fn tensor(bytes: &[u8], name: &str) -> Vec<f32> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let tensor = file.tensor(name).unwrap();
    tensor.data().as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect()
}
