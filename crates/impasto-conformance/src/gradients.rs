//! Gradients against finite differences of the answers.

use std::sync::Arc;

use impasto_network::{
    Answer, Engine, Layer, MapGradient, NetworkOptions, Question, Size, Statistic, Target, Weights,
};

use super::inputs::{all_options, noise, numbers, weights};

const SIZE: Size = Size { height: 13, width: 10 };

const LAYERS: [Layer; 4] =
    [Layer::relu(1, 1), Layer::convolution(2, 1), Layer::pool(2), Layer::convolution(3, 1)];

/// A loss that an engine's answers make.
struct TestLoss<Map> {
    question: Question<Map>,
    /// What its answer is multiplied by, element by element.
    factors: Vec<f64>,
    gradient: MapGradient<Map>,
}

/// Compares gradients with finite differences, for all options, and those of several losses with the sum of theirs.
///
/// # Panics
/// If they differ.
pub fn gradients<E: Engine>(make: &impl Fn(Arc<Weights>) -> E) {
    let weights = weights(&[&[4, 5], &[6, 5], &[7]], 11);
    for options in all_options() {
        finite_differences(&mut make(weights.clone()), options);
    }
    add_up(&mut make(weights));
}

/// At each layer in turn: half the squared distance from a target, weighted; half of Fᵀ·M·F summed over positions;
/// the same with weights; the inner products of all columns with one column, weighted.
fn losses<E: Engine>(engine: &E) -> Vec<TestLoss<E::Map>> {
    let describe = |(place, &layer): (usize, &Layer)| {
        let shape = engine.architecture().map_shape(layer, SIZE).expect("a large enough picture");
        let seed = 100 + place as u64;
        let some: Arc<[f32]> = (0..shape.positions()).map(|position| (position % 3) as f32 / 2.0).collect();
        if place == 0 {
            let target = Arc::new(Target::Full(engine.map_from(shape, &numbers(shape.elements(), seed))));
            let (weights, scale) = (Some(some), 0.7);
            let statistic = Statistic::SquaredDifference { target: target.clone(), weights: weights.clone() };
            let gradient = MapGradient::Difference { scale, target, weights };
            return TestLoss {
                question: statistic.at(layer),
                factors: vec![0.5 * f64::from(scale)],
                gradient,
            };
        }
        let weights = (place > 1).then_some(some);
        if place == 3 {
            let column: Arc<[f32]> = numbers(shape.channels, seed).into();
            let factors = column.iter().map(|&value| f64::from(value)).collect();
            let question = Statistic::Sums { weights: weights.clone() }.at(layer);
            return TestLoss { question, factors, gradient: MapGradient::Column { column, weights } };
        }
        let random = numbers(shape.channels * shape.channels, seed);
        let symmetric = |element: usize| {
            let (row, column) = (element / shape.channels, element % shape.channels);
            random[element] + random[column * shape.channels + row]
        };
        let matrix: Arc<[f32]> = (0..random.len()).map(symmetric).collect();
        let factors = matrix.iter().map(|&value| 0.5 * f64::from(value)).collect();
        let question = Statistic::Gram { weights: weights.clone() }.at(layer);
        TestLoss { question, factors, gradient: MapGradient::Linear { matrix, weights } }
    };
    LAYERS.iter().enumerate().map(describe).collect()
}

fn prepare<E: Engine>(engine: &mut E, options: NetworkOptions, losses: &[TestLoss<E::Map>]) {
    let questions = losses.iter().map(|loss| loss.question.clone()).collect();
    engine.prepare(SIZE, options, questions).expect("prepared");
}

fn value<Map>(losses: &[TestLoss<Map>], answers: Vec<Answer>) -> f64 {
    let value = |(loss, answer): (&TestLoss<Map>, Answer)| -> f64 {
        answer.into_sums().iter().zip(&loss.factors).map(|(sum, factor)| sum * factor).sum()
    };
    losses.iter().zip(answers).map(value).sum()
}

fn described<Map>(losses: &[TestLoss<Map>]) -> Vec<(Layer, MapGradient<Map>)> {
    losses.iter().map(|loss| (loss.question.layer, loss.gradient.clone())).collect()
}

fn finite_differences<E: Engine>(engine: &mut E, options: NetworkOptions) {
    const STEP: f32 = 1e-4;
    let losses = losses(engine);
    prepare(engine, options, &losses);
    let picture = noise(SIZE, 1);
    let mut gradient = vec![f32::NAN; picture.len()];
    engine.measure(&picture).expect("measured");
    engine.backward(&picture, &described(&losses), &mut gradient).expect("a gradient");
    let norm = gradient.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    // The loss is piecewise smooth; in some directions the step crosses a kink of ReLU or max pooling.
    let mut error = |seed: u64| {
        let direction = numbers(picture.len(), 1000 + seed);
        let mut value_at = |step: f32| {
            let moved: Vec<f32> =
                picture.iter().zip(&direction).map(|(value, along)| value + step * along).collect();
            value(&losses, engine.measure(&moved).expect("measured"))
        };
        let difference = (value_at(STEP) - value_at(-STEP)) / f64::from(2.0 * STEP);
        let slope = |(&gradient, &along): (&f32, &f32)| f64::from(gradient) * f64::from(along);
        let derivative: f64 = gradient.iter().zip(&direction).map(slope).sum();
        (difference - derivative).abs() / norm
    };
    let mut errors: Vec<f64> = (0..9).map(&mut error).collect();
    errors.sort_by(f64::total_cmp);
    // Sums in f32 leave some noise in the difference.
    assert!(errors[4] < 2e-2, "{options:?}: finite differences are off by {errors:?}");
}

fn add_up<E: Engine>(engine: &mut E) {
    let losses = losses(engine);
    prepare(engine, NetworkOptions::default(), &losses);
    let (picture, all) = (noise(SIZE, 1), described(&losses));
    let mut gradient_of = |gradients: &[(Layer, MapGradient<E::Map>)]| {
        let mut gradient = vec![f32::NAN; picture.len()];
        engine.measure(&picture).expect("measured");
        engine.backward(&picture, gradients, &mut gradient).expect("a gradient");
        gradient
    };
    let together = gradient_of(&all);
    let alone: Vec<Vec<f32>> = all.iter().map(|loss| gradient_of(std::slice::from_ref(loss))).collect();
    for (element, &value) in together.iter().enumerate() {
        let sum: f32 = alone.iter().map(|gradient| gradient[element]).sum();
        assert!((value - sum).abs() <= 1e-4 * (1.0 + sum.abs()), "gradients add up to {sum}, not {value}");
    }
    assert!(gradient_of(&[]).iter().all(|&value| value == 0.0), "no gradient at all is 0");
}
