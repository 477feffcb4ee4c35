//! Every engine against the scalar one: maps, statistics and gradients, for all options.

use std::sync::Arc;

use impasto_kernels::Isa;
use impasto_network::{
    Architecture, CpuEngine, Engine, Layer, MapGradient, MapShape, NetworkOptions, Padding, Pooling,
    Resampling, ScalarEngine, Size, Weights,
};

const PADDINGS: [Padding; 3] = [Padding::Zero, Padding::Replicate, Padding::Circular];

/// A picture of smooth waves and fixed noise, `[3, H, W]`.
fn picture(size: Size) -> Vec<f32> {
    let mut state = 1u32;
    (0..3 * size.height * size.width)
        .map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wave = ((at % size.width) as f32 * 0.3).sin() * ((at / size.width) as f32 * 0.2).cos();
            0.5 + 0.3 * wave + 0.2 * ((state >> 8) as f32 / (1 << 24) as f32 - 0.5)
        })
        .collect()
}

fn layers(names: &[&str]) -> Vec<Layer> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// Distance of `found` from `expected`, relative to the size of `expected`.
fn relative_error(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let distance: f64 = found.iter().zip(expected).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let size: f64 = expected.iter().map(|&value| f64::from(value).powi(2)).sum();
    (distance / size.max(1e-30)).sqrt()
}

/// Weights of positions, some of them 0.
fn weights(positions: usize) -> Vec<f32> {
    (0..positions).map(|position| ((position + 1) % 5) as f32 / 4.0).collect()
}

/// Smaller in one direction, larger in the other; and every second row and column.
fn resamplings(MapShape { height, width, .. }: MapShape) -> [Resampling; 2] {
    let from = (height, width);
    [
        Resampling::aligned(from, (height / 2 + 1, width + 3)),
        Resampling::every(from, 2, (height.min(2) - 1, 0)),
    ]
}

/// A gradient of each kind for every tap, the same for every engine.
fn gradients<E: Engine>(
    engine: &E,
    taps: &[Layer],
    target: impl Fn(Layer) -> Arc<E::Map>,
) -> Vec<(Layer, MapGradient<E::Map>)> {
    let mut gradients = Vec::new();
    for (place, &tap) in taps.iter().enumerate() {
        let shape = engine.shape(tap);
        let scale = 1.0 / shape.elements() as f32;
        let entry = |row: usize, column: usize| scale * ((row * column + place) % 7) as f32 / 7.0;
        let matrix = (0..shape.channels * shape.channels)
            .map(|at| entry(at / shape.channels, at % shape.channels))
            .collect();
        let matrix: Arc<[f32]> = matrix;
        gradients.push((tap, MapGradient::Linear { matrix: matrix.clone(), weights: None }));
        let weights: Option<Arc<[f32]>> = Some(weights(shape.positions()).into());
        gradients.push((tap, MapGradient::Linear { matrix, weights: weights.clone() }));
        let column: Arc<[f32]> = (0..shape.channels).map(|channel| scale * (channel % 3) as f32).collect();
        gradients.push((tap, MapGradient::Column { column: column.clone(), weights: None }));
        gradients.push((tap, MapGradient::Column { column, weights }));
        let given: Vec<f32> = (0..shape.elements()).map(|at| (at % 13) as f32 / 13.0 - 0.5).collect();
        let given = Arc::new(engine.map_from(shape, &given));
        gradients.push((tap, MapGradient::Given { scale: 5.0 * scale, gradient: given }));
        for resampling in resamplings(shape) {
            let (height, width) = resampling.to();
            let shape = MapShape { height, width, ..shape };
            let by_result: Vec<f32> = (0..shape.elements()).map(|at| (at % 11) as f32 / 11.0 - 0.4).collect();
            gradients.push((
                tap,
                MapGradient::Resampled {
                    scale: 2.0 * scale,
                    gradient: Arc::new(engine.map_from(shape, &by_result)),
                    resampling: Arc::new(resampling),
                },
            ));
        }
        gradients.push((tap, MapGradient::Difference { scale: 20.0 * scale, target: target(tap) }));
    }
    gradients
}

/// Everything an engine answers for one picture, in plain numbers.
struct Answers {
    maps: Vec<Vec<f32>>,
    grams: Vec<Vec<f64>>,
    scalars: Vec<f64>,
    gradient: Vec<f32>,
}

fn answers<E: Engine>(engine: &mut E, size: Size, taps: &[Layer]) -> Answers {
    engine.prepare(size, taps).unwrap();
    let picture = picture(size);
    let dimmed: Vec<f32> = picture.iter().map(|value| 0.7 * value + 0.1).collect();
    engine.forward(&dimmed);
    let targets: Vec<Arc<E::Map>> = taps.iter().map(|&tap| Arc::new(engine.copy_map(tap))).collect();
    let target = |tap: Layer| targets[taps.iter().position(|&other| other == tap).unwrap()].clone();
    engine.forward(&picture);
    let gradients = gradients(engine, taps, target);
    let mut scalars = Vec::new();
    for (tap, described) in &gradients {
        scalars.push(engine.squared_difference(*tap, &target(*tap)));
        scalars.push(engine.squared_norm(*tap));
        scalars.push(engine.gradient_norm(*tap, described));
    }
    let mut resampled_blends = Vec::new();
    let resampled = |tap| {
        let maps = resamplings(engine.shape(tap)).map(|resampling| engine.resampled_map(tap, &resampling));
        maps.map(|map| engine.read_map(&map))
    };
    for (&tap, resampling) in taps.iter().flat_map(|tap| resamplings(engine.shape(*tap)).map(|it| (tap, it)))
    {
        let (height, width) = resampling.to();
        let shape = MapShape { height, width, ..engine.shape(tap) };
        let values: Vec<f32> = (0..shape.elements()).map(|at| (at % 17) as f32 / 17.0).collect();
        let targets = engine.map_from(shape, &values);
        let products = engine.resampled_products(tap, &resampling, &targets);
        scalars.push(products.iter().map(|&[with_target, _]| f64::from(with_target)).sum());
        scalars.push(products.iter().map(|&[_, with_itself]| f64::from(with_itself)).sum());
        let factors: Vec<[f32; 2]> =
            (0..shape.positions()).map(|at| [(at % 3) as f32, (at % 5) as f32 - 1.0]).collect();
        resampled_blends.push(engine.read_map(&engine.resampled_blend(tap, &resampling, &targets, &factors)));
    }
    let copied = taps.iter().map(|&tap| engine.read_map(&engine.copy_map(tap)));
    let maps = copied.chain(taps.iter().flat_map(|&tap| resampled(tap))).chain(resampled_blends).collect();
    let weighted = |tap| engine.weighted_gram(tap, &weights(engine.shape(tap).positions()));
    let sums = |tap| {
        let weights = weights(engine.shape(tap).positions());
        [engine.sums(tap, None), engine.sums(tap, Some(&weights))]
    };
    let grams = taps.iter().flat_map(|&tap| [engine.gram(tap), weighted(tap)]);
    let grams = grams.chain(taps.iter().flat_map(|&tap| sums(tap))).collect();
    let mut gradient = vec![f32::NAN; picture.len()];
    engine.backward(&gradients, &mut gradient);
    Answers { maps, grams, scalars, gradient }
}

fn compare(blocks: &[&[usize]], options: NetworkOptions, size: Size, taps: &[&str]) {
    let architecture = Architecture::new("test", blocks.iter().map(|block| block.to_vec()).collect());
    let weights = Arc::new(Weights::random(architecture, 7));
    let taps = layers(taps);
    let expected = answers(&mut ScalarEngine::new(&weights, options), size, &taps);
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let what = format!("{isa} {options:?} {size:?} {taps:?}");
        let found = answers(&mut CpuEngine::with_isa(weights.clone(), options, isa), size, &taps);
        for (found, expected) in found.maps.iter().zip(&expected.maps) {
            assert!(relative_error(found, expected) < 1e-5, "map, {what}");
        }
        for (found, expected) in found.grams.iter().zip(&expected.grams) {
            let largest = expected.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
            let pairs = found.iter().zip(expected);
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-4 * largest), "Gram matrix, {what}");
        }
        for (found, expected) in found.scalars.iter().zip(&expected.scalars) {
            assert!((found / expected - 1.0).abs() < 1e-3, "{found} against {expected}, {what}");
        }
        // Near ties of ReLU and max pooling may fall to the other side by rounding.
        let error = relative_error(&found.gradient, &expected.gradient);
        assert!(error < 1e-2, "gradient off by {error}, {what}");
    }
}

const SMALL: [&[usize]; 3] = [&[8, 8], &[16, 12], &[20]];

#[test]
fn every_padding_and_pooling() {
    for pooling in [Pooling::Max, Pooling::Average, Pooling::ScaledAverage, Pooling::L2] {
        for (first_padding, padding) in PADDINGS.into_iter().flat_map(|a| PADDINGS.map(|b| (a, b))) {
            let options = NetworkOptions { pooling, first_padding, padding };
            compare(
                &SMALL,
                options,
                Size { height: 23, width: 18 },
                &["relu1_1", "relu2_1", "relu2_2", "relu3_1"],
            );
        }
    }
}

#[test]
fn every_kind_of_tap() {
    for pooling in [Pooling::Max, Pooling::Average, Pooling::ScaledAverage, Pooling::L2] {
        let options = NetworkOptions { pooling, ..NetworkOptions::default() };
        let size = Size { height: 21, width: 28 };
        for taps in [
            &["conv1_1"][..],
            &["relu1_2"],
            &["pool1"],
            &["conv1_2", "relu1_2", "pool1"],
            &["conv2_1", "relu2_1"],
            &["relu2_2", "conv3_1"],
            &["pool2", "relu1_2", "relu3_1"],
            &[
                "conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1", "conv2_2", "relu2_2", "pool2",
                "conv3_1", "pool3",
            ],
        ] {
            compare(&SMALL, options, size, taps);
        }
    }
}

#[test]
fn odd_and_tiny_sizes() {
    let options = NetworkOptions { first_padding: Padding::Replicate, ..NetworkOptions::default() };
    for (height, width) in [(4, 4), (5, 4), (4, 31), (7, 7), (33, 4)] {
        compare(&SMALL, options, Size { height, width }, &["relu1_1", "relu2_1", "relu3_1"]);
    }
    compare(&[&[5]], options, Size { height: 1, width: 1 }, &["relu1_1"]);
    compare(&[&[4], &[6]], options, Size { height: 9, width: 9 }, &["relu1_1", "pool1", "relu2_1"]);
}

#[test]
fn an_engine_prepared_again_answers_the_same() {
    let weights = Arc::new(Weights::random(Architecture::new("test", vec![vec![8, 8], vec![16]]), 3));
    let taps = layers(&["relu1_1", "relu2_1"]);
    let size = Size { height: 20, width: 14 };
    let mut engine = CpuEngine::new(weights, NetworkOptions::default());
    let first = answers(&mut engine, size, &taps).gradient;
    answers(&mut engine, Size { height: 9, width: 40 }, &layers(&["relu1_2"]));
    assert_eq!(answers(&mut engine, size, &taps).gradient, first);
}

#[test]
fn pictures_that_vanish_in_the_network_are_refused() {
    let weights = Weights::random(Architecture::compact(), 3);
    let mut engine = CpuEngine::new(weights, NetworkOptions::default());
    let error = engine.prepare(Size { height: 15, width: 40 }, &layers(&["relu5_1"])).unwrap_err();
    assert!(error.to_string().contains("at least 16"), "{error}");
    let error = engine.prepare(Size { height: 99, width: 99 }, &layers(&["relu5_2"])).unwrap_err();
    assert!(error.to_string().contains("relu5_2"), "{error}");
}
