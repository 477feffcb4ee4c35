//! The scalar engine: its maps and gradients against PyTorch and finite differences, its questions against
//! their definitions, and its contract.

mod common;

use std::sync::Arc;

use common::pytorch;
use impasto_network::{
    Architecture, Convention, Engine, EngineError, Layer, MapGradient, NetworkOptions, Padding, PlanarMap,
    Pooling, ScalarEngine, Size, Weights,
};

const SIZE: Size = Size { height: 13, width: 10 };
const TAPS: [Layer; 4] =
    [Layer::relu(1, 1), Layer::convolution(2, 1), Layer::pool(2), Layer::convolution(3, 1)];

/// Random weights for 2 + 2 + 1 convolutions.
fn weights() -> Weights {
    Weights::random(Architecture::new("tiny", vec![vec![4, 5], vec![6, 5], vec![7]]), 11)
}

fn all_options() -> impl Iterator<Item = NetworkOptions> {
    let paddings = [Padding::Zero, Padding::Replicate, Padding::Circular];
    [Pooling::Max, Pooling::Average, Pooling::ScaledAverage, Pooling::L2].into_iter().flat_map(
        move |pooling| {
            paddings.into_iter().flat_map(move |first_padding| {
                paddings.map(|padding| NetworkOptions { pooling, first_padding, padding })
            })
        },
    )
}

fn prepared(options: NetworkOptions, size: Size, taps: &[Layer]) -> ScalarEngine {
    let mut engine = ScalarEngine::new(&weights(), options);
    engine.prepare(size, taps).unwrap();
    engine
}

/// Numbers in -1..1 that look random, another sequence for every seed.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn picture(size: Size) -> Vec<f32> {
    numbers(3 * size.height * size.width, 1).iter().map(|value| 0.5 + 0.5 * value).collect()
}

/// A loss at every tap, and the description of its gradient. In turn: half the squared distance from a
/// target; half of Fᵀ·M·F summed over positions; the same with weights; the inner product with a map. Last,
/// at the second tap, the inner products of all columns with one column, weighted.
fn losses(engine: &ScalarEngine) -> Vec<(Layer, MapGradient<PlanarMap>)> {
    let describe = |(place, &tap): (usize, &Layer)| {
        let shape = engine.shape(tap);
        let seed = 100 + place as u64;
        let map = || Arc::new(PlanarMap { shape, values: numbers(shape.elements(), seed) });
        let gradient = if place % 4 == 0 {
            MapGradient::Difference { scale: 0.7, target: map() }
        } else if place % 4 == 3 {
            MapGradient::Given { scale: 0.3, gradient: map() }
        } else {
            let random = numbers(shape.channels * shape.channels, seed);
            let symmetric = |element: usize| {
                let (row, column) = (element / shape.channels, element % shape.channels);
                random[element] + random[column * shape.channels + row]
            };
            let weights = (place % 4 == 2).then(|| some_weights(shape.positions()));
            MapGradient::Linear { matrix: (0..random.len()).map(symmetric).collect(), weights }
        };
        (tap, gradient)
    };
    let shape = engine.shape(TAPS[1]);
    let (column, weights) = (numbers(shape.channels, 99).into(), Some(some_weights(shape.positions())));
    let column = (TAPS[1], MapGradient::Column { column, weights });
    TAPS.iter().enumerate().map(describe).chain([column]).collect()
}

/// Weights of positions, every third of them 0.
fn some_weights(positions: usize) -> Arc<[f32]> {
    (0..positions).map(|position| (position % 3) as f32 / 2.0).collect()
}

/// Value of the losses at the maps of the last `forward`.
fn value(engine: &ScalarEngine, losses: &[(Layer, MapGradient<PlanarMap>)]) -> f64 {
    let value = |(tap, gradient): &(Layer, MapGradient<PlanarMap>)| match gradient {
        MapGradient::Difference { scale, target } => {
            0.5 * f64::from(*scale) * engine.squared_difference(*tap, target)
        }
        MapGradient::Given { scale, gradient } => {
            let values = engine.read_map(&engine.copy_map(*tap));
            let products = values.iter().zip(&gradient.values);
            f64::from(*scale) * products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        }
        MapGradient::Resampled { scale, gradient, resampling } => {
            let values = engine.resampled_map(*tap, resampling).values;
            let products = values.iter().zip(&gradient.values);
            f64::from(*scale) * products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        }
        MapGradient::Column { column, weights } => {
            let sums = engine.sums(*tap, weights.as_deref());
            sums.iter().zip(column.iter()).map(|(sum, &value)| sum * f64::from(value)).sum()
        }
        MapGradient::Linear { matrix, weights } => {
            let gram = match weights {
                Some(weights) => engine.weighted_gram(*tap, weights),
                None => engine.gram(*tap),
            };
            0.5 * gram.iter().zip(matrix.iter()).map(|(gram, &weight)| gram * f64::from(weight)).sum::<f64>()
        }
    };
    losses.iter().map(value).sum()
}

/// Largest difference of two maps, over the largest value of the second.
fn relative_error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let differences = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
    differences.fold(0.0, f32::max) / expected.iter().map(|value| value.abs()).fold(0.0, f32::max)
}

#[test]
fn maps_and_gradients_are_those_of_pytorch() {
    let (weights, picture) = (pytorch::weights(), pytorch::picture());
    for case in pytorch::cases() {
        let taps: Vec<Layer> = case.maps.iter().map(|&(tap, _)| tap).collect();
        let mut engine = ScalarEngine::new(&weights, case.options);
        engine.prepare(pytorch::SIZE, &taps).unwrap();
        engine.forward(&picture);
        let mut losses = Vec::new();
        for (tap, expected) in case.maps {
            let PlanarMap { shape, mut values } = engine.copy_map(tap);
            let error = relative_error(&values, &expected);
            assert!(error < 2e-6, "{} {tap}: {error:e}", case.name);
            // F − (F − probe) is the probe.
            values
                .iter_mut()
                .zip(pytorch::probe(shape.elements()))
                .for_each(|(value, probe)| *value -= probe);
            let target = Arc::new(PlanarMap { shape, values });
            losses.push((tap, MapGradient::Difference { scale: 1.0, target }));
        }
        let mut gradient = vec![f32::NAN; picture.len()];
        engine.backward(&losses, &mut gradient);
        let error = relative_error(&gradient, &case.gradient);
        assert!(error < 1e-5, "{} gradient: {error:e}", case.name);
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    const STEP: f32 = 1e-4;
    for options in all_options() {
        let mut engine = prepared(options, SIZE, &TAPS);
        let (picture, losses) = (picture(SIZE), losses(&engine));
        let mut gradient = vec![0.0; picture.len()];
        engine.forward(&picture);
        engine.backward(&losses, &mut gradient);
        let norm = gradient.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
        // The loss is piecewise smooth; in some directions the step crosses a kink of ReLU or max pooling.
        let mut errors: Vec<f64> = (0..9)
            .map(|seed| {
                let direction = numbers(picture.len(), 1000 + seed);
                let mut value_at = |step: f32| {
                    let moved: Vec<f32> =
                        picture.iter().zip(&direction).map(|(value, along)| value + step * along).collect();
                    engine.forward(&moved);
                    value(&engine, &losses)
                };
                let difference = (value_at(STEP) - value_at(-STEP)) / f64::from(2.0 * STEP);
                let slope = |(&gradient, &along): (&f32, &f32)| f64::from(gradient) * f64::from(along);
                let derivative: f64 = gradient.iter().zip(&direction).map(slope).sum();
                (difference - derivative).abs() / norm
            })
            .collect();
        errors.sort_by(f64::total_cmp);
        assert!(errors[4] < 1e-3, "{options:?}: errors {errors:?}");
    }
}

#[test]
fn gradients_of_several_taps_add_up() {
    let mut engine = prepared(NetworkOptions::default(), SIZE, &TAPS);
    let (picture, losses) = (picture(SIZE), losses(&engine));
    let mut gradient_of = |losses: &[(Layer, MapGradient<PlanarMap>)]| {
        let mut gradient = vec![f32::NAN; picture.len()];
        engine.forward(&picture);
        engine.backward(losses, &mut gradient);
        gradient
    };
    let together = gradient_of(&losses);
    let alone: Vec<Vec<f32>> = losses.iter().map(|loss| gradient_of(std::slice::from_ref(loss))).collect();
    for (element, &value) in together.iter().enumerate() {
        let sum: f32 = alone.iter().map(|gradient| gradient[element]).sum();
        assert!((value - sum).abs() <= 1e-4 * (1.0 + sum.abs()), "{value} is not {sum}");
    }
    assert!(gradient_of(&[]).iter().all(|&value| value == 0.0));
}

#[test]
fn convolution_relu_and_pooling_of_one_block_are_seen_apart() {
    let taps = [Layer::convolution(1, 2), Layer::relu(1, 2), Layer::pool(1)];
    let mut engine = prepared(NetworkOptions::default(), SIZE, &taps);
    engine.forward(&picture(SIZE));
    let [before, after, pooled] = taps.map(|tap| engine.copy_map(tap));
    assert!(before.values.iter().any(|&value| value < 0.0));
    assert!(before.values.iter().zip(&after.values).all(|(before, &after)| before.max(0.0) == after));
    assert_eq!((pooled.shape.height, pooled.shape.width), (6, 5));
    let corner = [0, 1, SIZE.width, SIZE.width + 1].map(|position| after.values[position]);
    assert_eq!(pooled.values[0], corner.into_iter().fold(0.0, f32::max));
}

#[test]
fn a_flat_picture_stays_flat_under_circular_padding() {
    let options = NetworkOptions { first_padding: Padding::Circular, ..NetworkOptions::default() };
    let weights = weights().with_convention(Convention::CAFFE);
    let (tap, colour) = (Layer::convolution(1, 1), [0.2f32, 0.5, 0.9]);
    let mut engine = ScalarEngine::new(&weights, options);
    engine.prepare(SIZE, &[tap]).unwrap();
    let positions = SIZE.height * SIZE.width;
    engine.forward(&colour.map(|value| vec![value; positions]).concat());
    let map = engine.copy_map(tap);
    let bgr = [255.0 * 0.9 - 103.939, 255.0 * 0.5 - 116.779, 255.0 * 0.2 - 123.68];
    let convolution = weights.convolution(tap);
    for (output, plane) in map.values.chunks(positions).enumerate() {
        let kernels = convolution.weight[27 * output..][..27].chunks(9);
        let sums = kernels.map(|kernel| kernel.iter().sum::<f32>());
        let expected: f32 =
            convolution.bias[output] + sums.zip(bgr).map(|(sum, value)| sum * value).sum::<f32>();
        assert!(plane.iter().all(|value| (value - expected).abs() < 1e-3), "{} is not {expected}", plane[0]);
    }
}

#[test]
fn questions_about_maps_are_answered_by_definition() {
    let mut engine = prepared(NetworkOptions::default(), SIZE, &TAPS);
    engine.forward(&picture(SIZE));
    for (tap, gradient) in losses(&engine) {
        let map = engine.copy_map(tap);
        assert_eq!(map.shape, engine.shape(tap));
        let values = engine.read_map(&map);
        let (channels, positions) = (map.shape.channels, map.shape.positions());
        let at = |channel: usize, position: usize| f64::from(values[channel * positions + position]);
        let gram = engine.gram(tap);
        let entry: f64 = (0..positions).map(|position| at(1, position) * at(2, position)).sum();
        assert!((gram[channels + 2] - entry).abs() < 1e-9 * (1.0 + entry.abs()));
        assert_eq!(gram[channels + 2], gram[2 * channels + 1], "the Gram matrix is symmetric");
        let trace: f64 = (0..channels).map(|channel| gram[channel * channels + channel]).sum();
        assert!((trace - engine.squared_norm(tap)).abs() < 1e-9 * trace);
        assert_eq!(engine.squared_difference(tap, &map), 0.0);

        let by_hand = |channel: usize, position: usize| match &gradient {
            MapGradient::Difference { scale, target } => {
                f64::from(*scale)
                    * (at(channel, position) - f64::from(target.values[channel * positions + position]))
            }
            MapGradient::Given { scale, gradient } => {
                f64::from(*scale) * f64::from(gradient.values[channel * positions + position])
            }
            MapGradient::Resampled { .. } => unreachable!("not a function of the map"),
            MapGradient::Column { column, weights } => {
                let weight = weights.as_ref().map_or(1.0, |weights| f64::from(weights[position]));
                weight * f64::from(column[channel])
            }
            MapGradient::Linear { matrix, weights } => {
                let row = &matrix[channel * channels..][..channels];
                let sum: f64 =
                    row.iter().zip(0..).map(|(&weight, other)| f64::from(weight) * at(other, position)).sum();
                weights.as_ref().map_or(1.0, |weights| f64::from(weights[position])) * sum
            }
        };
        let norm: f64 = (0..channels)
            .flat_map(|channel| (0..positions).map(move |position| (channel, position)))
            .map(|(channel, position)| by_hand(channel, position).abs())
            .sum();
        assert!((engine.gradient_norm(tap, &gradient) - norm).abs() < 1e-6 * norm, "{tap}");
    }
}

#[test]
fn a_picture_may_be_as_small_as_the_stride() {
    for options in all_options() {
        let mut engine = prepared(options, Size { height: 4, width: 4 }, &[Layer::relu(3, 1)]);
        engine.forward(&numbers(48, 5));
        assert_eq!(engine.copy_map(Layer::relu(3, 1)).values.len(), 7);
    }
}

#[test]
fn what_cannot_run_is_refused() {
    let mut engine = ScalarEngine::new(&weights(), NetworkOptions::default());
    let small = Size { height: 100, width: 3 };
    let error = engine.prepare(small, &TAPS).unwrap_err();
    assert_eq!(error, EngineError::TooSmall { size: small, layer: Layer::pool(2), smallest: 4 });
    assert_eq!(engine.memory_needed(small, &TAPS), Err(error));
    let error = engine.prepare(SIZE, &[Layer::relu(4, 1)]).unwrap_err();
    assert!(matches!(error, EngineError::NoSuchLayer { layer, .. } if layer == Layer::relu(4, 1)));
}

#[test]
fn memory_is_counted_down_to_the_deepest_tap() {
    let engine = ScalarEngine::new(&weights(), NetworkOptions::default());
    let needed = |side, tap| engine.memory_needed(Size { height: side, width: side }, &[tap]).unwrap();
    let (shallow, deep) = (needed(64, Layer::relu(1, 1)), needed(64, Layer::relu(3, 1)));
    // The picture and two maps of four channels are kept; three more of four channels on the way back.
    assert!(shallow as usize > 4 * 64 * 64 * (3 + 4 + 4 + 3 * 4));
    assert!(deep > shallow);
    let growth = needed(512, Layer::relu(3, 1)) as f64 / needed(256, Layer::relu(3, 1)) as f64;
    assert!((growth - 4.0).abs() < 0.01, "{growth}");
    assert_eq!(needed(usize::MAX, Layer::relu(3, 1)), u64::MAX, "absurd sizes do not overflow");
}

#[test]
fn values_that_are_no_numbers_are_not_hidden() {
    let mut engine = prepared(NetworkOptions::default(), SIZE, &[Layer::relu(1, 2)]);
    let mut picture = picture(SIZE);
    picture[40] = f32::NAN;
    engine.forward(&picture);
    assert!(engine.squared_norm(Layer::relu(1, 2)).is_nan());
}

#[test]
#[should_panic = "relu1_2 is not among the taps"]
fn layers_that_are_not_tapped_cannot_be_asked() {
    let mut engine = prepared(NetworkOptions::default(), SIZE, &TAPS);
    engine.forward(&picture(SIZE));
    engine.gram(Layer::relu(1, 2));
}

#[test]
#[should_panic = "forward comes before each backward"]
fn maps_are_gone_after_the_way_back() {
    let mut engine = prepared(NetworkOptions::default(), SIZE, &TAPS);
    let mut gradient = picture(SIZE);
    engine.forward(&picture(SIZE));
    engine.backward(&[], &mut gradient);
    engine.backward(&[], &mut gradient);
}

#[test]
#[should_panic = "values of a 10x13 picture"]
fn pictures_of_another_size_are_refused() {
    prepared(NetworkOptions::default(), SIZE, &TAPS).forward(&[0.5; 3 * 13 * 11]);
}
