//! A picture in tiles against the same picture whole.

use std::sync::Arc;

use impasto_network::{
    Answer, Engine, EngineError, Layer, MapGradient, NetworkOptions, Padding, Pooling, Question, Resampling,
    Size, Statistic, Target, TiledEngine, Tiling, Weights,
};

use super::Tolerance;
use super::inputs::{layers, numbers, picture, relative_error, weights};

/// Compares statistics, maps and gradients of pictures in tiles with those of the whole picture.
///
/// # Panics
/// If they differ by more than rounding in f32, gradients by more than rounding as `tolerance` says.
pub fn tiles<E: Engine>(make: &impl Fn(Arc<Weights>) -> E, tolerance: &Tolerance) {
    // Where cores of tiles meet, a gradient is the sum of what each of them sends back, rounded one by one.
    let allowed = if tolerance.smooth { 1e-4 } else { tolerance.maps };
    let weights = weights(&[&[6, 5], &[7], &[9, 8]], 13);
    let names = ["relu1_1", "conv2_1", "pool2", "relu3_2"];
    for padding in [Padding::Zero, Padding::Replicate, Padding::Circular] {
        let mut most = 0;
        for pooling in [Pooling::Max, Pooling::Average, Pooling::L2] {
            let options = NetworkOptions { pooling, first_padding: padding, padding };
            for (height, width) in [(60, 48), (51, 29), (13, 68)] {
                let size = Size { height, width };
                let mut engine = make(weights.clone());
                let whole = say(&mut engine, options, size, &layers(&names));
                let layers = layers(&names);
                let needed = |side| {
                    let size = Size { height: side, width: side };
                    let memory = engine.memory_needed(size, options, &layers).expect("a size that runs");
                    memory.host.max(memory.device)
                };
                for budget in [needed(40), needed(28)] {
                    let tiling =
                        Tiling::within(&engine, size, options, &layers, &layers, budget).expect("tiles");
                    most = most.max(tiling.tiles());
                    let tiled = say(&mut TiledEngine::new(&mut engine, budget), options, size, &layers);
                    let what = format!("{options:?}, {size:?} in {} tiles", tiling.tiles());
                    compare(&whole, &tiled, allowed, &what);
                    targets(&mut engine, options, size, budget, allowed, &what);
                }
            }
        }
        assert!(most >= 4, "{padding:?}: {most} tiles at most");
    }
    resampled_maps_are_refused(&mut make(weights));
}

/// Compares distances from another picture, whose maps the engine gives away, and their gradient: whole, in tiles,
/// and in tiles with targets in half precision.
fn targets<E: Engine>(
    engine: &mut E,
    options: NetworkOptions,
    size: Size,
    budget: u64,
    allowed: f64,
    what: &str,
) {
    let layers = layers(&["relu2_1", "relu3_2"]);
    let (whole, gradient) = distances(engine, options, size, &layers, |_| {});
    for (half, tolerance) in [(false, 1e-5), (true, 1e-3)] {
        let mut tiled = TiledEngine::new(engine, budget);
        tiled.set_half_targets(half);
        // Learnt in tiles, and compared in tiles or whole.
        for is_whole in [false, true] {
            tiled.set_budget(budget);
            let between = |tiled: &mut TiledEngine<'_, E>| {
                if is_whole {
                    tiled.set_budget(u64::MAX);
                }
            };
            let what = format!("{what}, half precision: {half}, then whole: {is_whole}");
            let (distances, of_tiles) = distances(&mut tiled, options, size, &layers, between);
            for (tiled, whole) in distances.iter().zip(&whole) {
                let error = (tiled / whole - 1.0).abs();
                assert!(error < tolerance, "distance {tiled}, not {whole}, {what}");
            }
            let error = relative_error(&of_tiles, &gradient);
            assert!(error < allowed.max(10.0 * tolerance), "gradient off by {error:e}, {what}");
        }
    }
}

/// The squared distances at `layers` of one picture from another, and the gradient of half their sum. `between` comes
/// once the targets are there.
fn distances<E: Engine>(
    engine: &mut E,
    options: NetworkOptions,
    size: Size,
    layers: &[Layer],
    between: impl FnOnce(&mut E),
) -> (Vec<f64>, Vec<f32>) {
    let (picture, mut other) = (picture(size), picture(size));
    other.reverse();
    let questions = layers.iter().map(|&layer| Statistic::Target.at(layer)).collect();
    engine.prepare(size, options, questions).expect("prepared");
    engine.measure(&other).expect("measured");
    let targets: Vec<_> = layers.iter().map(|&layer| (layer, Arc::new(engine.take_target(layer)))).collect();
    between(engine);
    let ask = |(layer, target): &(Layer, Arc<Target<E::Map>>)| {
        Statistic::SquaredDifference { target: target.clone(), weights: None }.at(*layer)
    };
    engine.prepare(size, options, targets.iter().map(ask).collect()).expect("prepared");
    let answers = engine.measure(&picture).expect("measured").into_iter().map(Answer::into_number).collect();
    let difference = |(layer, target)| (layer, MapGradient::Difference { scale: 1.0, target, weights: None });
    let gradients: Vec<_> = targets.into_iter().map(difference).collect();
    let mut gradient = vec![f32::NAN; picture.len()];
    engine.backward(&picture, &gradients, &mut gradient).expect("a gradient");
    (answers, gradient)
}

struct Said {
    answers: Vec<Answer>,
    maps: Vec<Vec<f32>>,
    norms: Vec<f64>,
    gradient: Vec<f32>,
}

fn say<E: Engine>(engine: &mut E, options: NetworkOptions, size: Size, layers: &[Layer]) -> Said {
    let mut questions: Vec<Question<E::Map>> = Vec::new();
    let mut gradients = Vec::new();
    for (&layer, seed) in layers.iter().zip(1..) {
        let shape = engine.architecture().map_shape(layer, size).expect("a large enough picture");
        let some: Arc<[f32]> = (0..shape.positions()).map(|position| (position % 3) as f32 / 2.0).collect();
        let values = numbers(shape.elements(), seed);
        let target = Arc::new(Target::Full(engine.map_from(shape, &values)));
        let scale = 1.0 / shape.elements() as f32;
        let random = numbers(shape.channels * shape.channels, seed + 50);
        let symmetric = |at: usize| {
            scale * (random[at] + random[at % shape.channels * shape.channels + at / shape.channels])
        };
        let matrix: Arc<[f32]> = (0..random.len()).map(symmetric).collect();
        let column: Arc<[f32]> =
            numbers(shape.channels, seed + 70).into_iter().map(|value| scale * value).collect();
        questions.push(Statistic::Map.at(layer));
        for weights in [None, Some(some)] {
            questions.push(Statistic::Gram { weights: weights.clone() }.at(layer));
            questions.push(Statistic::Sums { weights: weights.clone() }.at(layer));
            questions.push(Statistic::SquaredNorm { weights: weights.clone() }.at(layer));
            let difference =
                Statistic::SquaredDifference { target: target.clone(), weights: weights.clone() };
            questions.push(difference.at(layer));
            let (matrix, column, target) = (matrix.clone(), column.clone(), target.clone());
            gradients.push((layer, MapGradient::Linear { matrix, weights: weights.clone() }));
            gradients.push((layer, MapGradient::Column { column, weights: weights.clone() }));
            gradients.push((layer, MapGradient::Difference { scale, target, weights }));
        }
        gradients.push((
            layer,
            MapGradient::Given { scale: 0.5 * scale, gradient: Arc::new(engine.map_from(shape, &values)) },
        ));
    }
    let picture = picture(size);
    engine.prepare(size, options, questions).expect("prepared");
    let answers = engine.measure(&picture).expect("measured");
    let maps = layers.iter().map(|&layer| engine.read_map(engine.map(layer))).collect();
    let norms = engine.gradient_norms(&picture, &gradients).expect("norms");
    let mut gradient = vec![f32::NAN; picture.len()];
    engine.backward(&picture, &gradients, &mut gradient).expect("a gradient");
    Said { answers, maps, norms, gradient }
}

fn compare(whole: &Said, tiled: &Said, allowed: f64, what: &str) {
    for (whole, tiled) in whole.answers.iter().zip(&tiled.answers) {
        let (Answer::Sums(whole), Answer::Sums(tiled)) = (whole, tiled) else {
            assert_eq!(whole, tiled, "{what}");
            continue;
        };
        let largest = whole.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        for (a, b) in whole.iter().zip(tiled) {
            assert!((a - b).abs() <= 1e-5 * largest, "{b}, not {a}, {what}");
        }
    }
    for (whole, tiled) in whole.maps.iter().zip(&tiled.maps) {
        let error = relative_error(tiled, whole);
        assert!(error < 1e-5, "map off by {error:e}, {what}");
    }
    for (whole, tiled) in whole.norms.iter().zip(&tiled.norms) {
        assert!((tiled / whole - 1.0).abs() < 1e-5, "norm {tiled}, not {whole}, {what}");
    }
    let error = relative_error(&tiled.gradient, &whole.gradient);
    assert!(error < allowed, "gradient off by {error:e}, {what}");
}

fn resampled_maps_are_refused<E: Engine>(engine: &mut E) {
    let (size, layer) = (Size { height: 96, width: 80 }, Layer::relu(1, 1));
    let resampling = Arc::new(Resampling::every((96, 80), 2, (0, 0)));
    let questions = vec![Statistic::Resampled { resampling }.at(layer)];
    let mut tiled = TiledEngine::new(engine, 1);
    let error = tiled.prepare(size, NetworkOptions::default(), questions).expect_err("refused");
    assert!(matches!(error, EngineError::Unsupported { .. }), "{error}");
}
