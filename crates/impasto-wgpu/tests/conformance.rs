//! The engine on a device of this machine, which may be one in software.

use std::sync::{Arc, OnceLock};

use impasto_conformance::{Tolerance, all_bits, check};
use impasto_network::{
    Answer, CpuEngine, Engine, EngineError, Layer, MapGradient, NetworkOptions, Size, Statistic, TiledEngine,
    Weights,
};
use impasto_wgpu::{Adapter, Device, DeviceOptions, GpuEngine, self_check};

/// Bands so small that every convolution takes several.
const SMALL_BANDS: DeviceOptions = DeviceOptions {
    band_bytes: 1 << 18,
    largest_buffer: None,
    memory: None,
    checked: false,
    poisoned: false,
};

fn adapter() -> Option<Adapter> {
    let adapter = Adapter::all().into_iter().next();
    if adapter.is_none() {
        assert!(std::env::var_os("CI").is_none(), "no device: install a Vulkan driver");
        eprintln!("skipped: no Vulkan, Metal or DirectX 12 on this machine");
    }
    adapter
}

fn open(options: DeviceOptions) -> Option<Arc<Device>> {
    Some(Arc::new(adapter()?.open(options).expect("an open device")))
}

/// A device that tests share, because its kernels take a while to compile.
fn with_small_bands() -> Option<Arc<Device>> {
    static DEVICE: OnceLock<Option<Arc<Device>>> = OnceLock::new();
    DEVICE.get_or_init(|| open(SMALL_BANDS)).clone()
}

fn wave(size: Size) -> Vec<f32> {
    let value = |at: usize| 0.5 + 0.3 * (at as f32 * 0.37).sin() + 0.2 * (at as f32 * 0.011).cos();
    (0..3 * size.height * size.width).map(value).collect()
}

#[test]
fn passes() {
    let Some(device) = with_small_bands() else { return };
    check(&|weights: Arc<Weights>| GpuEngine::new(device.clone(), weights), &Tolerance::SINGLE);
}

/// Checked, an index out of bounds would read or write something else; poisoned, what nothing has written is NaN.
#[test]
fn neither_bands_nor_checks_nor_poison_change_a_bit() {
    let Some(small) = with_small_bands() else { return };
    let options = DeviceOptions { checked: true, poisoned: true, ..DeviceOptions::default() };
    let checked = open(options).expect("the device again");
    let bits = |device: &Arc<Device>| all_bits(&|weights| GpuEngine::new(device.clone(), weights));
    assert!(bits(&small) == bits(&checked));
}

/// The Gram matrix of one layer, the distance from a target at another, and the gradient of both.
fn evaluate<E: Engine>(engine: &mut E, style: Layer, size: Size) -> (Vec<f64>, f64, Vec<f32>) {
    let content = Layer::relu(2, 2);
    let picture = wave(size);
    let other: Vec<f32> = picture.iter().map(|value| 1.0 - value).collect();
    let options = NetworkOptions::default();
    engine.prepare(size, options, vec![Statistic::Target.at(content)]).expect("prepared");
    engine.measure(&other).expect("measured");
    let target = Arc::new(engine.take_target(content));
    let distance = Statistic::SquaredDifference { target: target.clone(), weights: None };
    let gram = Statistic::Gram { weights: None };
    engine.prepare(size, options, vec![gram.at(style), distance.at(content)]).expect("prepared");
    let mut answers = engine.measure(&picture).expect("measured").into_iter();
    let mut next = || answers.next().map(Answer::into_sums).expect("an answer");
    let (gram, distance) = (next(), next()[0]);
    let channels = engine.shape(style).channels;
    let matrix: Arc<[f32]> =
        (0..channels * channels).map(|at| if at % (channels + 1) == 0 { 1e-3 } else { 0.0 }).collect();
    let gradients = [
        (style, MapGradient::Linear { matrix, weights: None }),
        (content, MapGradient::Difference { scale: 1e-3, target, weights: None }),
    ];
    let mut gradient = vec![f32::NAN; picture.len()];
    engine.backward(&picture, &gradients, &mut gradient).expect("a gradient");
    (gram, distance, gradient)
}

fn assert_alike(found: &(Vec<f64>, f64, Vec<f32>), expected: &(Vec<f64>, f64, Vec<f32>)) {
    let largest = expected.0.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.0.iter().zip(&expected.0) {
        assert!((found - expected).abs() < 1e-4 * largest, "{found}, not {expected}");
    }
    assert!((found.1 / expected.1 - 1.0).abs() < 1e-4, "{}, not {}", found.1, expected.1);
    let distance =
        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
    let size = distance(&expected.2, &vec![0.0; expected.2.len()]);
    assert!(distance(&found.2, &expected.2) < 1e-3 * size, "gradients differ");
}

#[test]
fn the_compact_network_says_what_it_says_on_the_cpu() {
    let Some(device) = with_small_bands() else { return };
    self_check(&device).expect("a device that computes what the processor does");
    let weights = Arc::new(Weights::compact());
    let size = Size { height: 50, width: 67 };
    let found = evaluate(&mut GpuEngine::new(device, weights.clone()), Layer::relu(3, 1), size);
    assert_alike(&found, &evaluate(&mut CpuEngine::new(weights), Layer::relu(3, 1), size));
}

/// A device that allows only small buffers says so, and takes the picture in tiles.
#[test]
fn what_fits_no_buffer_goes_in_tiles() {
    let largest_buffer = Some(1 << 19);
    let Some(device) = open(DeviceOptions { largest_buffer, ..SMALL_BANDS }) else { return };
    let blocks = vec![vec![16], vec![16, 16], vec![16]];
    let weights = Arc::new(Weights::random(impasto_network::Architecture::new("small", blocks), 3));
    let (style, size) = (Layer::relu(1, 1), Size { height: 128, width: 192 });
    let mut engine = GpuEngine::new(device, weights.clone());
    let asked = vec![Statistic::Gram { weights: None }.at(style)];
    let refused = engine.prepare(size, NetworkOptions::default(), asked).expect_err("too large");
    assert!(matches!(refused, EngineError::OutOfMemory { on_device: true, .. }), "{refused}");
    let budget = engine
        .memory_needed(Size { height: 80, width: 80 }, NetworkOptions::default(), &[style, Layer::relu(2, 2)])
        .expect("a size that runs");
    let mut tiled = TiledEngine::new(&mut engine, budget.device);
    let found = evaluate(&mut tiled, style, size);
    assert_alike(&found, &evaluate(&mut CpuEngine::new(weights), style, size));
}

/// A device with too little memory for the whole picture gets smaller and smaller tiles.
#[test]
fn what_the_device_has_no_memory_for_goes_in_tiles() {
    let Some(device) = open(DeviceOptions { memory: Some(12 << 20), ..SMALL_BANDS }) else { return };
    let weights = Arc::new(Weights::random(
        impasto_network::Architecture::new("small", vec![vec![16], vec![16, 16]]),
        3,
    ));
    let (style, size) = (Layer::relu(1, 1), Size { height: 320, width: 384 });
    let mut engine = GpuEngine::new(device, weights.clone());
    let asked = vec![Statistic::Gram { weights: None }.at(style)];
    let refused = engine.prepare(size, NetworkOptions::default(), asked).expect_err("too large");
    assert!(matches!(refused, EngineError::OutOfMemory { on_device: true, .. }), "{refused}");
    let found = evaluate(&mut TiledEngine::new(&mut engine, u64::MAX), style, size);
    assert_alike(&found, &evaluate(&mut CpuEngine::new(weights.clone()), style, size));

    let Some(device) = open(DeviceOptions { memory: Some(1 << 16), ..SMALL_BANDS }) else { return };
    let mut engine = GpuEngine::new(device, weights);
    let mut tiled = TiledEngine::new(&mut engine, u64::MAX);
    let distance = vec![Statistic::SquaredNorm { weights: None }.at(style)];
    let prepared = tiled.prepare(size, NetworkOptions::default(), distance);
    let refused = prepared.and_then(|()| tiled.measure(&wave(size))).expect_err("too small for any tile");
    assert!(matches!(refused, EngineError::OutOfMemory { on_device: true, .. }), "{refused}");
}

/// The gradient by the picture of waves where that at a layer is `matrix · F`.
fn linear_gradient<E: Engine>(engine: &mut E, layer: Layer, size: Size, matrix: &Arc<[f32]>) -> Vec<f32> {
    let picture = wave(size);
    let asked = Statistic::SquaredNorm { weights: None }.at(layer);
    engine.prepare(size, NetworkOptions::default(), vec![asked]).expect("prepared");
    engine.measure(&picture).expect("measured");
    let given = [(layer, MapGradient::Linear { matrix: matrix.clone(), weights: None })];
    let mut gradient = vec![f32::NAN; picture.len()];
    engine.backward(&picture, &given, &mut gradient).expect("a gradient");
    gradient
}

/// More positions than one dispatch of the gradient takes.
#[test]
fn a_large_map_has_the_gradient_that_it_has_on_the_cpu() {
    let Some(device) = with_small_bands() else { return };
    let architecture = impasto_network::Architecture::new("wide", vec![vec![8]]);
    let weights = Arc::new(Weights::random(architecture, 5));
    let (size, layer) = (Size { height: 1030, width: 1030 }, Layer::relu(1, 1));
    let matrix: Arc<[f32]> = (0..64).map(|at| ((at / 8 * (at % 8)) % 5) as f32 / 5.0).collect();
    let (mut gpu, mut cpu) = (GpuEngine::new(device, weights.clone()), CpuEngine::new(weights));
    let found = linear_gradient(&mut gpu, layer, size, &matrix);
    let expected = linear_gradient(&mut cpu, layer, size, &matrix);
    assert_alike(&(vec![1.0], 1.0, found), &(vec![1.0], 1.0, expected));
}
