//! The scalar engine beside hand-made arithmetic: what the suite of `impasto-conformance` takes from it.

use impasto_network::{
    Architecture, Convention, Engine, Layer, NetworkOptions, Padding, ScalarEngine, Size, Statistic, Target,
    Weights,
};

const SIZE: Size = Size { height: 13, width: 10 };

/// Random weights for 2 + 2 + 1 convolutions.
fn weights() -> Weights {
    Weights::random(Architecture::new("tiny", vec![vec![4, 5], vec![6, 5], vec![7]]), 11)
}

fn picture() -> Vec<f32> {
    (0..3 * SIZE.height * SIZE.width).map(|at| 0.5 + 0.5 * (at as f32 * 12.9898).sin()).collect()
}

/// The scalar engine with a picture measured, which holds the maps at these layers.
fn measured(layers: &[Layer]) -> ScalarEngine {
    let mut engine = ScalarEngine::new(&weights());
    let questions = layers.iter().map(|&layer| Statistic::Map.at(layer)).collect();
    engine.prepare(SIZE, NetworkOptions::default(), questions).unwrap();
    engine.measure(&picture()).unwrap();
    engine
}

#[test]
fn convolution_relu_and_pooling_of_one_block_are_seen_apart() {
    let layers = [Layer::convolution(1, 2), Layer::relu(1, 2), Layer::pool(1)];
    let engine = measured(&layers);
    let [before, after, pooled] = layers.map(|layer| engine.map(layer));
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
    let (layer, colour) = (Layer::convolution(1, 1), [0.2f32, 0.5, 0.9]);
    let mut engine = ScalarEngine::new(&weights);
    engine.prepare(SIZE, options, vec![Statistic::Map.at(layer)]).unwrap();
    let positions = SIZE.height * SIZE.width;
    engine.measure(&colour.map(|value| vec![value; positions]).concat()).unwrap();
    let bgr = [255.0 * 0.9 - 103.939, 255.0 * 0.5 - 116.779, 255.0 * 0.2 - 123.68];
    let convolution = weights.convolution(layer);
    for (output, plane) in engine.map(layer).values.chunks(positions).enumerate() {
        let kernels = convolution.weight[27 * output..][..27].chunks(9);
        let sums = kernels.map(|kernel| kernel.iter().sum::<f32>());
        let expected: f32 =
            convolution.bias[output] + sums.zip(bgr).map(|(sum, value)| sum * value).sum::<f32>();
        assert!(plane.iter().all(|value| (value - expected).abs() < 1e-3), "{} is not {expected}", plane[0]);
    }
}

#[test]
fn statistics_are_those_of_their_definitions() {
    let layer = Layer::convolution(2, 1);
    let mut engine = measured(&[layer]);
    let map = engine.copy_map(engine.map(layer));
    let (channels, positions) = (map.shape.channels, map.shape.positions());
    let at = |channel: usize, position: usize| f64::from(map.values[channel * positions + position]);
    let weights: Vec<f32> = (0..positions).map(|position| (position % 3) as f32 / 2.0).collect();
    let target =
        std::sync::Arc::new(Target::Full(engine.map_from(map.shape, &vec![0.25; map.shape.elements()])));
    let some = Some(weights.clone().into());
    let questions = vec![
        Statistic::Gram { weights: some.clone() }.at(layer),
        Statistic::Sums { weights: some.clone() }.at(layer),
        Statistic::SquaredNorm { weights: some.clone() }.at(layer),
        Statistic::SquaredDifference { target, weights: some }.at(layer),
    ];
    engine.prepare(SIZE, NetworkOptions::default(), questions).unwrap();
    let mut answers = engine.measure(&picture()).unwrap().into_iter();
    let mut sums = || answers.next().unwrap().into_sums();
    let weighted = |value: &dyn Fn(usize) -> f64| -> f64 {
        (0..positions).map(|position| f64::from(weights[position]) * value(position)).sum()
    };
    let over_channels = |value: &dyn Fn(f64) -> f64| {
        weighted(&|position| (0..channels).map(|channel| value(at(channel, position))).sum())
    };
    let close = |found: f64, expected: f64| {
        assert!((found - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{found}, not {expected}");
    };
    let gram = sums();
    close(gram[channels + 2], weighted(&|position| at(1, position) * at(2, position)));
    assert_eq!(gram[channels + 2], gram[2 * channels + 1], "the Gram matrix is symmetric");
    close(sums()[3], weighted(&|position| at(3, position)));
    close(sums()[0], over_channels(&|value| value * value));
    close(sums()[0], over_channels(&|value| (value - 0.25).powi(2)));
}

#[test]
fn memory_is_counted_down_to_the_deepest_layer() {
    let engine = ScalarEngine::new(&weights());
    let needed = |side, layer| {
        let size = Size { height: side, width: side };
        engine.memory_needed(size, NetworkOptions::default(), &[layer]).unwrap().host
    };
    // The picture and two maps of four channels are kept; three more of four channels on the way back.
    assert!(needed(64, Layer::relu(1, 1)) as usize > 4 * 64 * 64 * (3 + 4 + 4 + 3 * 4));
    assert_eq!(needed(usize::MAX, Layer::relu(3, 1)), u64::MAX, "absurd sizes do not overflow");
}
