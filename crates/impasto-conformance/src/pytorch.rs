//! Maps and gradients against those of PyTorch.
//!
//! What PyTorch computes for the fixture network lies in `crates/impasto/tests/fixtures`; `make_layers.py` there says
//! what the files hold.

use std::path::PathBuf;
use std::sync::Arc;

use impasto_network::{
    Engine, Layer, MapGradient, NetworkOptions, Padding, Pooling, Size, Statistic, Weights,
};
use safetensors::SafeTensors;

use super::Tolerance;
use super::inputs::relative_error;

/// Size of the picture.
const SIZE: Size = Size { height: 29, width: 35 };

/// Compares maps and the gradient by the picture with those of PyTorch, which computes in f32.
///
/// # Panics
/// If they differ by more than `tolerance`, or a file is missing.
pub fn pytorch<E: Engine>(make: &impl Fn(Arc<Weights>) -> E, tolerance: &Tolerance) {
    let weights = Arc::new(Weights::open(fixture("network.safetensors"), None).expect("the fixture network"));
    let picture = tensor(&read("pictures.safetensors"), "odd");
    for case in cases() {
        let mut engine = make(weights.clone());
        let questions = case.maps.iter().map(|(layer, _)| Statistic::Map.at(*layer)).collect();
        engine.prepare(SIZE, case.options, questions).expect("prepared");
        engine.measure(&picture).expect("measured");
        let mut gradients = Vec::new();
        for (layer, expected) in &case.maps {
            let error = relative_error(&engine.read_map(engine.map(*layer)), expected);
            assert!(error < tolerance.maps, "{} {layer}: {error:e}", case.name);
            let probe: Vec<f32> = (0..expected.len()).map(|element| (element as f64).cos() as f32).collect();
            let gradient = Arc::new(engine.map_from(engine.shape(*layer), &probe));
            gradients.push((*layer, MapGradient::Given { scale: 1.0, gradient }));
        }
        let mut gradient = vec![f32::NAN; picture.len()];
        engine.backward(&picture, &gradients, &mut gradient).expect("a gradient");
        let error = relative_error(&gradient, &case.gradient);
        assert!(error < tolerance.gradient, "{} gradient: {error:e}", case.name);
    }
}

/// Maps and gradient for one choice of options.
struct Case {
    name: &'static str,
    options: NetworkOptions,
    /// `[C, H, W]` of every tap.
    maps: Vec<(Layer, Vec<f32>)>,
    /// `[3, H, W]`: the gradient by the picture of the sum over taps of Σ cos(k) · F_k.
    gradient: Vec<f32>,
}

/// All cases.
fn cases() -> Vec<Case> {
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
    let bytes = read(file);
    let map = |layer: &str| {
        (layer.parse().expect("the name of a layer"), tensor(&bytes, &format!("{name}.{layer}")))
    };
    let maps = ["conv1_1", "relu2_1", "pool2", "relu4_2", "relu5_1"].map(map).to_vec();
    Case { name, options, maps, gradient: tensor(&bytes, &format!("{name}.gradient")) }
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../impasto/tests/fixtures").join(name)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect("a fixture")
}

/// The values of an f32 tensor.
fn tensor(bytes: &[u8], name: &str) -> Vec<f32> {
    let file = SafeTensors::deserialize(bytes).expect("a fixture");
    let tensor = file.tensor(name).expect("a tensor of the fixture");
    tensor.data().as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect()
}
