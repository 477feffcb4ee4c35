//! Maps, statistics and gradients against those of the scalar engine.

use std::sync::Arc;

use impasto_network::{
    Answer, Engine, Layer, MapGradient, MapShape, NetworkOptions, Padding, Question, Resampling,
    ScalarEngine, Size, Statistic, Target, Weights,
};

use super::Tolerance;
use super::inputs::{POOLINGS, all_options, layers, picture, relative_error, weights};

const SMALL: [&[usize]; 3] = [&[8, 8], &[16, 12], &[20]];

/// Compares all answers and gradients with those of the scalar engine: for all paddings and poolings, all kinds of
/// layers, and odd and tiny sizes.
///
/// # Panics
/// If they differ by more than `tolerance`.
pub fn answers<E: Engine>(make: &impl Fn(Arc<Weights>) -> E, tolerance: &Tolerance) {
    let compare = |blocks: &[&[usize]], options, size, names: &[&str]| {
        compare(make, tolerance, blocks, options, size, &layers(names));
    };
    for options in all_options() {
        let size = Size { height: 23, width: 18 };
        compare(&SMALL, options, size, &["relu1_1", "relu2_1", "relu2_2", "relu3_1"]);
    }
    for pooling in POOLINGS {
        let options = NetworkOptions { pooling, ..NetworkOptions::default() };
        for names in [
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
            compare(&SMALL, options, Size { height: 21, width: 28 }, names);
        }
    }
    let options = NetworkOptions { first_padding: Padding::Replicate, ..NetworkOptions::default() };
    for (height, width) in [(4, 4), (5, 4), (4, 31), (7, 7), (33, 4)] {
        compare(&SMALL, options, Size { height, width }, &["relu1_1", "relu2_1", "relu3_1"]);
    }
    compare(&[&[5]], options, Size { height: 1, width: 1 }, &["relu1_1"]);
    compare(&[&[4], &[6]], options, Size { height: 9, width: 9 }, &["relu1_1", "pool1", "relu2_1"]);
}

/// Weights of positions, some of them 0.
fn position_weights(positions: usize) -> Arc<[f32]> {
    (0..positions).map(|position| ((position + 1) % 5) as f32 / 4.0).collect()
}

/// Smaller in one direction, larger in the other; and every second row and column.
fn resamplings(MapShape { height, width, .. }: MapShape) -> [Arc<Resampling>; 2] {
    let from = (height, width);
    [
        Resampling::aligned(from, (height / 2 + 1, width + 3)),
        Resampling::every(from, 2, (height.min(2) - 1, 0)),
    ]
    .map(Arc::new)
}

/// Targets of the resampled map.
fn resampled_targets<E: Engine>(engine: &E, shape: MapShape, resampling: &Resampling) -> Arc<E::Map> {
    let (height, width) = resampling.to();
    let shape = MapShape { height, width, ..shape };
    let values: Vec<f32> = (0..shape.elements()).map(|at| (at % 17) as f32 / 17.0).collect();
    Arc::new(engine.map_from(shape, &values))
}

/// A question of each kind for every layer.
fn questions<E: Engine>(
    engine: &E,
    size: Size,
    targets: &[(Layer, Arc<Target<E::Map>>)],
) -> Vec<Question<E::Map>> {
    let mut questions = Vec::new();
    for (layer, target) in targets {
        let shape = engine.architecture().map_shape(*layer, size).expect("a large enough picture");
        let mut ask = |statistic: Statistic<E::Map>| questions.push(statistic.at(*layer));
        ask(Statistic::Map);
        for weights in [None, Some(position_weights(shape.positions()))] {
            ask(Statistic::Gram { weights: weights.clone() });
            ask(Statistic::Sums { weights: weights.clone() });
            ask(Statistic::SquaredNorm { weights: weights.clone() });
            ask(Statistic::SquaredDifference { target: target.clone(), weights });
        }
        for resampling in resamplings(shape) {
            let targets = resampled_targets(engine, shape, &resampling);
            ask(Statistic::Resampled { resampling: resampling.clone() });
            ask(Statistic::ResampledProducts { resampling, targets });
        }
    }
    questions
}

/// A gradient of each kind for every layer.
fn gradients<E: Engine>(
    engine: &E,
    targets: &[(Layer, Arc<Target<E::Map>>)],
) -> Vec<(Layer, MapGradient<E::Map>)> {
    let mut gradients = Vec::new();
    for (place, &(layer, ref target)) in targets.iter().enumerate() {
        let shape = engine.shape(layer);
        let scale = 1.0 / shape.elements() as f32;
        let entry = |row: usize, column: usize| scale * ((row * column + place) % 7) as f32 / 7.0;
        let matrix = (0..shape.channels * shape.channels)
            .map(|at| entry(at / shape.channels, at % shape.channels))
            .collect();
        let matrix: Arc<[f32]> = matrix;
        let column: Arc<[f32]> = (0..shape.channels).map(|channel| scale * (channel % 3) as f32).collect();
        let mut add = |gradient| gradients.push((layer, gradient));
        for weights in [None, Some(position_weights(shape.positions()))] {
            add(MapGradient::Linear { matrix: matrix.clone(), weights: weights.clone() });
            add(MapGradient::Column { column: column.clone(), weights: weights.clone() });
            add(MapGradient::Difference { scale: 20.0 * scale, target: target.clone(), weights });
        }
        let given: Vec<f32> = (0..shape.elements()).map(|at| (at % 13) as f32 / 13.0 - 0.5).collect();
        let given = Arc::new(engine.map_from(shape, &given));
        add(MapGradient::Given { scale: 5.0 * scale, gradient: given });
        for resampling in resamplings(shape) {
            let targets = resampled_targets(engine, shape, &resampling);
            let (height, width) = resampling.to();
            let factors = (0..height * width).map(|at| [(at % 3) as f32, (at % 5) as f32 - 1.0]).collect();
            add(MapGradient::Resampled {
                scale: 2.0 * scale,
                gradient: targets.clone(),
                resampling: resampling.clone(),
            });
            add(MapGradient::Blended { scale, resampling, targets, factors });
        }
    }
    gradients
}

/// Everything an engine says about one picture, in plain numbers.
#[derive(Debug, PartialEq)]
pub struct Said {
    maps: Vec<Vec<f32>>,
    answers: Vec<Answer>,
    norms: Vec<f64>,
    gradient: Vec<f32>,
}

/// All that `engine` says about a picture.
pub fn said<E: Engine>(engine: &mut E, options: NetworkOptions, size: Size, layers: &[Layer]) -> Said {
    let picture = picture(size);
    let dimmed: Vec<f32> = picture.iter().map(|value| 0.7 * value + 0.1).collect();
    engine
        .prepare(size, options, layers.iter().map(|&layer| Statistic::Map.at(layer)).collect())
        .expect("prepared");
    engine.measure(&dimmed).expect("measured");
    let target = |&layer: &Layer| (layer, Arc::new(Target::Full(engine.copy_map(engine.map(layer)))));
    let targets: Vec<_> = layers.iter().map(target).collect();
    let questions = questions(engine, size, &targets);
    engine.prepare(size, options, questions).expect("prepared for other questions");
    let answers = engine.measure(&picture).expect("measured");
    let gradients = gradients(engine, &targets);
    let norms = engine.gradient_norms(&picture, &gradients).expect("norms");
    let maps = layers.iter().map(|&layer| engine.read_map(engine.map(layer))).collect();
    let mut gradient = vec![f32::NAN; picture.len()];
    engine.backward(&picture, &gradients, &mut gradient).expect("a gradient");
    Said { maps, answers, norms, gradient }
}

/// All that an engine says about a picture of some size.
pub fn all<E: Engine>(make: &impl Fn(Arc<Weights>) -> E) -> Said {
    let (size, names) = (Size { height: 61, width: 45 }, ["relu1_1", "relu2_1", "relu2_2", "relu3_1"]);
    said(&mut make(weights(&SMALL, 7)), NetworkOptions::default(), size, &layers(&names))
}

fn compare<E: Engine>(
    make: &impl Fn(Arc<Weights>) -> E,
    tolerance: &Tolerance,
    blocks: &[&[usize]],
    options: NetworkOptions,
    size: Size,
    layers: &[Layer],
) {
    let weights = weights(blocks, 7);
    let expected = said(&mut ScalarEngine::new(&weights), options, size, layers);
    let mut engine = make(weights);
    let what = format!("{} {options:?} {size:?} {layers:?}", engine.describe());
    let found = said(&mut engine, options, size, layers);
    for (found, expected) in found.maps.iter().zip(&expected.maps) {
        let error = relative_error(found, expected);
        assert!(error < tolerance.maps, "map off by {error:e}, {what}");
    }
    assert_eq!(found.answers.len(), expected.answers.len(), "answers, {what}");
    for (index, pair) in found.answers.iter().zip(&expected.answers).enumerate() {
        let (found, expected, allowed): (Vec<f64>, Vec<f64>, f64) = match pair {
            (Answer::Sums(found), Answer::Sums(expected)) if expected.len() == 1 => {
                (found.clone(), expected.clone(), tolerance.numbers)
            }
            (Answer::Sums(found), Answer::Sums(expected)) => {
                (found.clone(), expected.clone(), tolerance.sums)
            }
            (Answer::Values(found), Answer::Values(expected)) => {
                let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
                (wide(found), wide(expected), tolerance.sums)
            }
            (Answer::Kept, Answer::Kept) => continue,
            _ => panic!("another kind of answer to question {index}, {what}"),
        };
        assert_eq!(found.len(), expected.len(), "numbers of answer {index}, {what}");
        let largest = expected.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        for (a, b) in found.iter().zip(&expected) {
            assert!((a - b).abs() <= allowed * largest, "answer {index}: {a}, not {b}, {what}");
        }
    }
    for (found, expected) in found.norms.iter().zip(&expected.norms) {
        let error = (found / expected - 1.0).abs();
        assert!(error < tolerance.numbers, "norm of a gradient: {found}, not {expected}, {what}");
    }
    let error = relative_error(&found.gradient, &expected.gradient);
    assert!(error < tolerance.gradient, "gradient off by {error}, {what}");
}
