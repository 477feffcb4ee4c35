//! Whether a card computes what the processor does: drivers err.

use std::sync::Arc;

use impasto_network::{
    Answer, CpuEngine, Engine, EngineError, Layer, MapGradient, NetworkOptions, Size, Statistic, Weights,
};

use crate::device::Device;
use crate::engine::GpuEngine;

const SIZE: Size = Size { height: 48, width: 64 };

/// Largest relative error of a sum, and of the gradient by the picture.
const TOLERANCES: [f64; 2] = [1e-4, 1e-2];

/// What the compact network says of a picture of waves: Gram matrices and the gradient of the sum of their diagonals.
fn say(engine: &mut impl Engine) -> Result<[Vec<f64>; 2], EngineError> {
    let layers = [Layer::relu(1, 1), Layer::relu(3, 1)];
    let gram = |layer: Layer| Statistic::Gram { weights: None }.at(layer);
    engine.prepare(SIZE, NetworkOptions::default(), layers.map(gram).to_vec())?;
    let value = |at: usize| 0.5 + 0.3 * (at as f32 * 0.37).sin() + 0.2 * (at as f32 * 0.011).cos();
    let picture: Vec<f32> = (0..3 * SIZE.height * SIZE.width).map(value).collect();
    let sums = engine.measure(&picture)?.into_iter().flat_map(Answer::into_sums).collect();
    let gradients = layers.map(|layer| {
        let channels = engine.shape(layer).channels;
        let entry = |at: usize| if at.is_multiple_of(channels + 1) { 1.0 } else { 0.0 };
        let matrix: Arc<[f32]> = (0..channels * channels).map(entry).collect();
        (layer, MapGradient::Linear { matrix, weights: None })
    });
    let mut gradient = vec![0.0; picture.len()];
    engine.backward(&picture, &gradients, &mut gradient)?;
    Ok([sums, gradient.into_iter().map(f64::from).collect()])
}

/// Compares an evaluation of a small picture with that of the engine on the CPU.
///
/// # Errors
/// If they differ by more than rounding, or the device fails.
pub fn self_check(device: &Arc<Device>) -> Result<(), EngineError> {
    let weights = Arc::new(Weights::compact());
    let found = say(&mut GpuEngine::new(device.clone(), weights.clone()))?;
    let expected = say(&mut CpuEngine::new(weights))?;
    let length = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
    for ((found, expected), tolerance) in found.iter().zip(&expected).zip(TOLERANCES) {
        let difference: Vec<f64> = found.iter().zip(expected).map(|(a, b)| a - b).collect();
        let error = length(&difference) / length(expected);
        if error.is_nan() || error > tolerance {
            let what =
                format!("an evaluation, whose result is off by {error:.1e}; its driver may be at fault");
            return Err(EngineError::Unsupported { engine: device.info().to_string(), what });
        }
    }
    Ok(())
}
