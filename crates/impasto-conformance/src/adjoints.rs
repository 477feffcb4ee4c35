//! The way back is the adjoint of the way there.
//!
//! Convolutions whose biases are so large that every ReLU passes everything, and average pooling, make a network F that is
//! affine in the picture: `F(x + v) − F(x) = J v` exactly. Then `⟨u, J v⟩ = ⟨Jᵀ u, v⟩` for any u and v, where `Jᵀ u` is the
//! gradient by the picture of a gradient u by a map. One kernel more is passed at each deeper layer.

use std::path::Path;
use std::sync::Arc;

use impasto_network::{
    Convention, Convolution, Engine, Layer, MapGradient, MapShape, NetworkOptions, Padding, Pooling,
    Precision, Resampling, Size, Statistic, Weights, safetensors_bytes,
};

use crate::Tolerance;
use crate::inputs::{noise, numbers, weights};

/// Odd sides, a border in the middle of a tile.
const SIZE: Size = Size { height: 19, width: 26 };

/// Keeps every activation far above 0.
const BIAS: f32 = 6.0;

/// Checks every kind of layer, with all paddings, and resampling.
///
/// # Panics
/// If the way back is not the adjoint.
pub fn adjoints<E: Engine>(make: &impl Fn(Arc<Weights>) -> E, tolerance: &Tolerance) {
    let weights = affine();
    for padding in [Padding::Zero, Padding::Replicate, Padding::Circular] {
        for pooling in [Pooling::Average, Pooling::ScaledAverage] {
            let options = NetworkOptions { pooling, first_padding: padding, padding };
            let mut engine = make(weights.clone());
            for name in ["conv1_1", "relu1_1", "conv1_2", "pool1", "relu2_1", "pool2", "conv3_1"] {
                let layer: Layer = name.parse().expect("a layer");
                layer_is_adjoint(&mut engine, options, layer, tolerance);
            }
            resampling_is_adjoint(&mut engine, options, tolerance);
        }
    }
}

/// A network that passes everything.
fn affine() -> Arc<Weights> {
    let random = weights(&[&[5, 20], &[18], &[7]], 23);
    let layers: Vec<Layer> = random.architecture().convolutions().collect();
    let convolutions: Vec<(Layer, Convolution)> = layers
        .into_iter()
        .map(|layer| {
            let mut convolution = random.convolution(layer);
            // Positive, and so small that not even a dark picture, as the network reads it, comes near the bias.
            let sum = if convolution.inputs == 3 { 0.5 } else { 0.9 };
            let taps = 9 * convolution.inputs;
            for kernel in convolution.weight.chunks_exact_mut(taps) {
                let total: f32 = kernel.iter().map(|value| value.abs()).sum();
                kernel.iter_mut().for_each(|value| *value = value.abs() * sum / total);
            }
            convolution.bias.fill(BIAS);
            (layer, convolution)
        })
        .collect();
    let bytes = safetensors_bytes(&convolutions, &Convention::TORCH, Precision::F32, &[]).expect("a file");
    Arc::new(Weights::from_bytes(Path::new("affine"), bytes, None).expect("its own file"))
}

/// A step away from the picture: a wave, which layer after layer keeps most of.
fn step() -> Vec<f32> {
    let wave = |at: usize| ((at % SIZE.width) as f32 * 0.4).sin() + ((at / SIZE.width) as f32 * 0.3).cos();
    (0..3 * SIZE.height * SIZE.width).map(|at| 0.4 * wave(at)).collect()
}

fn layer_is_adjoint<E: Engine>(engine: &mut E, options: NetworkOptions, layer: Layer, tolerance: &Tolerance) {
    engine.prepare(SIZE, options, vec![Statistic::Map.at(layer)]).expect("prepared");
    let mut map = |picture: &[f32]| {
        engine.measure(picture).expect("measured");
        engine.read_map(engine.map(layer))
    };
    let (there, here) = (map(&moved()), map(&noise(SIZE, 70)));
    let shape = engine.shape(layer);
    let probe = numbers(shape.elements(), 72);
    let gradient = Arc::new(engine.map_from(shape, &probe));
    let gradients = [(layer, MapGradient::Given { scale: 1.0, gradient })];
    compare(engine, &gradients, &probe, &there, &here, (options, layer), tolerance);
}

fn resampling_is_adjoint<E: Engine>(engine: &mut E, options: NetworkOptions, tolerance: &Tolerance) {
    let layer = Layer::relu(2, 1);
    let shape = engine.architecture().map_shape(layer, SIZE).expect("a large enough picture");
    let resampling =
        Arc::new(Resampling::aligned((shape.height, shape.width), (shape.height / 2 + 1, shape.width + 3)));
    let asked = Statistic::Resampled { resampling: resampling.clone() };
    engine.prepare(SIZE, options, vec![asked.at(layer)]).expect("prepared");
    let mut values = |picture: &[f32]| {
        let mut answers = engine.measure(picture).expect("measured");
        answers.remove(0).into_values()
    };
    let (there, here) = (values(&moved()), values(&noise(SIZE, 70)));
    let probe = numbers(here.len(), 73);
    let (height, width) = resampling.to();
    let shape = MapShape { height, width, ..shape };
    let gradient = Arc::new(engine.map_from(shape, &probe));
    let gradients = [(layer, MapGradient::Resampled { scale: 1.0, gradient, resampling })];
    compare(engine, &gradients, &probe, &there, &here, (options, layer), tolerance);
}

/// The picture after the step.
fn moved() -> Vec<f32> {
    noise(SIZE, 70).iter().zip(step()).map(|(value, step)| value + step).collect()
}

/// Compares `⟨u, there − here⟩` with the product of step and gradient, for the picture that was measured last.
fn compare<E: Engine>(
    engine: &mut E,
    gradients: &[(Layer, MapGradient<E::Map>)],
    probe: &[f32],
    there: &[f32],
    here: &[f32],
    what: (NetworkOptions, Layer),
    tolerance: &Tolerance,
) {
    let mut gradient = vec![f32::NAN; 3 * SIZE.height * SIZE.width];
    engine.backward(&noise(SIZE, 70), gradients, &mut gradient).expect("a gradient");
    let difference: Vec<f32> = there.iter().zip(here).map(|(there, here)| there - here).collect();
    let dot =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum() };
    let (forward, back) = (dot(probe, &difference), dot(&gradient, &step()));
    let scale = (dot(probe, probe) * dot(&difference, &difference)).sqrt();
    let error = (forward - back).abs() / scale;
    assert!(error < tolerance.sums, "{what:?}: {forward} there, {back} back, of {scale}");
}
