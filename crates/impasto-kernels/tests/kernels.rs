//! Every kernel against its scalar twin, on every instruction set that the machine has.

mod support;

use impasto_kernels::scalar::{self, Shape};
use impasto_kernels::{
    Activated, BlockedMap, Convolution3x3, FirstConvolution, Isa, OutputGradient, Padding, TileSize,
    WindowPooling, Workspace, activate, add_gradient, gram, matrix_product, pool_l2, squared_difference,
    squared_norm, unpool_l2, weighted_gram,
};
use support::{assert_close, map_of, sets, values};

const PADDINGS: [Padding; 3] = [Padding::Zero, Padding::Replicate, Padding::Circular];

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

struct Case {
    shape: Shape,
    outputs: usize,
    weight: Vec<f32>,
    bias: Vec<f32>,
    input: Vec<f32>,
    convolution: Convolution3x3,
}

fn case(inputs: usize, outputs: usize, height: usize, width: usize) -> Case {
    let shape = Shape { channels: inputs, height, width };
    let scale = (2.0 / (9.0 * inputs as f32)).sqrt();
    let weight: Vec<f32> = values(outputs * inputs * 9, 1).iter().map(|value| value * scale).collect();
    let bias: Vec<f32> = values(outputs, 2).iter().map(|value| value * 0.1).collect();
    let convolution = Convolution3x3::new(outputs, inputs, &weight, &bias);
    Case { shape, outputs, input: values(shape.elements(), 3), weight, bias, convolution }
}

/// Sizes that are and are not whole tiles, smaller than a tile, and channel counts that are not whole blocks.
/// The last two are large enough for weights that each thread transforms for itself.
fn cases() -> Vec<Case> {
    let sizes = [
        (16, 16, 12, 18),
        (32, 48, 13, 7),
        (19, 5, 1, 1),
        (3, 40, 2, 31),
        (256, 208, 9, 10),
        (80, 336, 25, 26),
    ];
    sizes.map(|(inputs, outputs, height, width)| case(inputs, outputs, height, width)).into()
}

#[test]
fn convolution_equals_its_scalar_twin() {
    for Case { shape, outputs, weight, bias, input, convolution } in cases() {
        let from = map_of(&input, shape);
        for (isa, padding) in sets().flat_map(|isa| PADDINGS.map(|padding| (isa, padding))) {
            let expected = scalar::convolution(&input, shape, &weight, &bias, padding);
            for tile in [TileSize::Four, TileSize::Six] {
                let mut to = BlockedMap::zeros(outputs, shape.height, shape.width);
                let keep = Activated { map: Some(&mut to), ..Activated::default() };
                let mut workspace = Workspace::new();
                convolution.forward_with(isa, tile, &from, padding, false, keep, &mut workspace);
                let what = format!("{isa} {tile:?} {padding:?} {shape:?} -> {outputs}");
                assert_close(&to.to_planes(), &expected, 4e-5, &what);
            }
        }
    }
}

#[test]
fn relu_mask_and_pooling_are_those_of_the_convolution() {
    for Case { shape, outputs, input, convolution, .. } in cases() {
        if shape.height < 2 || shape.width < 2 {
            continue;
        }
        let from = map_of(&input, shape);
        let out = Shape { channels: outputs, ..shape };
        for (isa, pooling) in sets().flat_map(|isa| {
            [WindowPooling::Maximum, WindowPooling::Average, WindowPooling::DoubledAverage]
                .map(|pooling| (isa, pooling))
        }) {
            let mut map = BlockedMap::zeros(outputs, shape.height, shape.width);
            let mut pooled = BlockedMap::zeros(outputs, shape.height / 2, shape.width / 2);
            let mut mask = vec![0u16; map.blocks().len()];
            let keep = Activated {
                map: Some(&mut map),
                mask: Some(&mut mask),
                pooled: Some((pooling, &mut pooled)),
            };
            convolution.forward(isa, &from, Padding::Zero, true, keep, &mut Workspace::new());
            let activated = map.to_planes();
            assert!(activated.iter().all(|&value| value >= 0.0));
            let (expected, chosen) = match pooling {
                WindowPooling::Maximum => {
                    let (largest, chosen) = scalar::maximum_pooling(&activated, out);
                    (largest, Some(chosen))
                }
                WindowPooling::Average => (scalar::average_pooling(&activated, out), None),
                WindowPooling::DoubledAverage => {
                    let average = scalar::average_pooling(&activated, out);
                    (average.into_iter().map(|value| 2.0 * value).collect(), None)
                }
            };
            assert_close(&pooled.to_planes(), &expected, 1e-6, "pooled");
            let windows: Vec<[usize; 4]> = scalar::windows(out).collect();
            let mut passes = vec![false; activated.len()];
            for (index, window) in windows.iter().enumerate() {
                for &at in window {
                    let is_chosen = chosen.as_ref().is_none_or(|chosen| chosen[index] == at);
                    passes[at] = activated[at] > 0.0 && is_chosen;
                }
            }
            for (index, &expected) in passes.iter().enumerate() {
                let (channel, position) = (index / out.positions(), index % out.positions());
                let word = mask[channel / 16 * out.positions() + position];
                assert_eq!(word >> (channel % 16) & 1 == 1, expected, "{isa} {pooling:?} element {index}");
            }

            // The same again from stored pre-activations.
            let mut stored = BlockedMap::zeros(outputs, shape.height, shape.width);
            let keep = Activated { map: Some(&mut stored), ..Activated::default() };
            convolution.forward(isa, &from, Padding::Zero, false, keep, &mut Workspace::new());
            let mut again = BlockedMap::zeros(outputs, shape.height / 2, shape.width / 2);
            let mut mask_again = vec![0u16; mask.len()];
            let keep =
                Activated { mask: Some(&mut mask_again), pooled: Some((pooling, &mut again)), map: None };
            activate(isa, &stored, keep);
            assert_eq!((again, mask_again), (pooled, mask));
        }
    }
}

#[test]
fn input_gradient_equals_its_scalar_twin() {
    for Case { shape, outputs, weight, convolution, .. } in cases() {
        let out = Shape { channels: outputs, ..shape };
        let gradient = values(out.elements(), 5);
        let plain = map_of(&gradient, out);
        let mask: Vec<u16> = (0..plain.blocks().len()).map(|index| (index * 40503) as u16).collect();
        let masked: Vec<f32> = (0..gradient.len())
            .map(|index| {
                let (channel, position) = (index / out.positions(), index % out.positions());
                let bit = mask[channel / 16 * out.positions() + position] >> (channel % 16) & 1;
                gradient[index] * f32::from(bit)
            })
            .collect();
        for (isa, padding) in sets().flat_map(|isa| PADDINGS.map(|padding| (isa, padding))) {
            let mut workspace = Workspace::new();
            for (from, planes) in
                [(OutputGradient::Plain(&plain), &gradient), (OutputGradient::Masked(&plain, &mask), &masked)]
            {
                let expected = scalar::convolution_input_gradient(planes, shape, &weight, padding);
                let mut to = map_of(&values(shape.elements(), 6), shape);
                convolution.input_gradient(isa, from, padding, &mut to, false, &mut workspace);
                assert_close(&to.to_planes(), &expected, 4e-5, &format!("{isa} {padding:?} {shape:?}"));
                convolution.input_gradient(isa, from, padding, &mut to, true, &mut workspace);
                let twice: Vec<f32> = expected.iter().map(|value| 2.0 * value).collect();
                assert_close(
                    &to.to_planes(),
                    &twice,
                    4e-5,
                    &format!("accumulated, {isa} {padding:?} {shape:?}"),
                );
            }
        }
    }
}

#[test]
fn gradients_through_a_pooling_are_the_adjoint() {
    for Case { shape, outputs, input, convolution, .. } in cases() {
        if shape.height < 2 || shape.width < 2 {
            continue;
        }
        let (height, width) = (shape.height, shape.width);
        let from = map_of(&input, shape);
        for (isa, pooling) in sets().flat_map(|isa| {
            [WindowPooling::Maximum, WindowPooling::Average, WindowPooling::DoubledAverage]
                .map(|pooling| (isa, pooling))
        }) {
            let mut workspace = Workspace::new();
            let mut pooled = BlockedMap::zeros(outputs, height / 2, width / 2);
            let mut mask = vec![0u16; outputs.div_ceil(16) * height * width];
            let keep = Activated { mask: Some(&mut mask), pooled: Some((pooling, &mut pooled)), map: None };
            convolution.forward(isa, &from, Padding::Zero, true, keep, &mut workspace);
            let gradient = values(outputs * (height / 2) * (width / 2), 7);
            let by_pooled = BlockedMap::from_planes(outputs, height / 2, width / 2, &gradient);
            let back = OutputGradient::Unpooled { pooled: &by_pooled, mask: &mask, pooling, height, width };
            let mut to = BlockedMap::zeros(shape.channels, height, width);
            convolution.input_gradient(isa, back, Padding::Zero, &mut to, false, &mut workspace);
            // With the masks fixed the layer is linear up to its bias: compare with its own linear part.
            let mut unpooled = BlockedMap::zeros(outputs, height, width);
            add_gradient(isa, back, &mut unpooled);
            let mut from_unpooled = BlockedMap::zeros(shape.channels, height, width);
            let plain = OutputGradient::Plain(&unpooled);
            convolution.input_gradient(isa, plain, Padding::Zero, &mut from_unpooled, false, &mut workspace);
            assert_close(&to.to_planes(), &from_unpooled.to_planes(), 1e-5, "unpooled in passing");
            // And a window's gradient goes to the positions that its value came from.
            let spread = unpooled.to_planes();
            for (window, gradient) in scalar::windows(Shape { channels: outputs, ..shape }).zip(&gradient) {
                for at in window {
                    let whole = match pooling {
                        WindowPooling::Maximum => *gradient,
                        WindowPooling::Average => 0.25 * gradient,
                        WindowPooling::DoubledAverage => 0.5 * gradient,
                    };
                    assert!(spread[at] == 0.0 || spread[at] == whole, "{} of {gradient}", spread[at]);
                }
                let receivers = window.iter().filter(|&&at| spread[at] != 0.0).count();
                assert!(pooling != WindowPooling::Maximum || receivers <= 1, "{receivers} largest positions");
            }
        }
    }
}

#[test]
fn first_convolution_equals_its_scalar_twin() {
    for (outputs, height, width) in [(64, 13, 20), (5, 1, 1), (32, 6, 12), (16, 2, 9)] {
        let shape = Shape { channels: 3, height, width };
        let (weight, bias) = (values(outputs * 27, 1), values(outputs, 2));
        let planes = values(shape.elements(), 3);
        let gradient = values(outputs * height * width, 4);
        let by_output = BlockedMap::from_planes(outputs, height, width, &gradient);
        let convolution = FirstConvolution::new(outputs, &weight, &bias);
        for (isa, padding) in sets().flat_map(|isa| PADDINGS.map(|padding| (isa, padding))) {
            let mut to = BlockedMap::zeros(outputs, height, width);
            let keep = Activated { map: Some(&mut to), ..Activated::default() };
            convolution.forward(isa, &planes, height, width, padding, false, keep);
            let expected = scalar::convolution(&planes, shape, &weight, &bias, padding);
            assert_close(&to.to_planes(), &expected, 1e-5, &format!("forward {isa} {padding:?} {shape:?}"));

            let mut back = vec![9.0; shape.elements()];
            convolution.input_gradient(isa, OutputGradient::Plain(&by_output), padding, &mut back);
            let expected = scalar::convolution_input_gradient(&gradient, shape, &weight, padding);
            assert_close(&back, &expected, 1e-5, &format!("backward {isa} {padding:?} {shape:?}"));
        }
    }
}

#[test]
fn convolution_and_input_gradient_are_adjoint() {
    for Case { shape, outputs, weight, input, .. } in cases() {
        let convolution = Convolution3x3::new(outputs, shape.channels, &weight, &vec![0.0; outputs]);
        let gradient = values(outputs * shape.positions(), 8);
        let by_output = BlockedMap::from_planes(outputs, shape.height, shape.width, &gradient);
        for (isa, padding) in sets().flat_map(|isa| PADDINGS.map(|padding| (isa, padding))) {
            let mut workspace = Workspace::new();
            let mut forward = BlockedMap::zeros(outputs, shape.height, shape.width);
            let keep = Activated { map: Some(&mut forward), ..Activated::default() };
            convolution.forward(isa, &map_of(&input, shape), padding, false, keep, &mut workspace);
            let mut back = BlockedMap::zeros(shape.channels, shape.height, shape.width);
            let plain = OutputGradient::Plain(&by_output);
            convolution.input_gradient(isa, plain, padding, &mut back, false, &mut workspace);
            let (left, right) = (dot(&forward.to_planes(), &gradient), dot(&input, &back.to_planes()));
            let size = dot(&gradient, &gradient).sqrt() * dot(&input, &input).sqrt();
            assert!((left - right).abs() < 1e-5 * size, "{isa} {padding:?}: {left} against {right}");
        }
    }
}

#[test]
fn reductions_equal_plain_sums() {
    let shape = Shape { channels: 21, height: 40, width: 33 };
    let (a, b) = (values(shape.elements(), 13), values(shape.elements(), 14));
    let (a_map, b_map) = (map_of(&a, shape), map_of(&b, shape));
    let some: Vec<f32> = (0..shape.positions()).map(|position| (position % 3) as f32).collect();
    for weights in [None, Some(&some[..])] {
        let difference = scalar::squared_difference(&a, &b, weights);
        assert!((squared_difference(&a_map, &b_map, weights) / difference - 1.0).abs() < 1e-6);
        let norm = scalar::squared_norm(&a, weights);
        assert!((squared_norm(&a_map, weights) / norm - 1.0).abs() < 1e-6);
    }
    // What has no weight is not looked at.
    let mut lost = a.clone();
    lost[0] = f32::NAN;
    let lost = squared_norm(&map_of(&lost, shape), Some(&some));
    assert!((lost / scalar::squared_norm(&a, Some(&some)) - 1.0).abs() < 1e-6);
}

#[test]
fn l2_pooling_and_its_gradient() {
    let shape = Shape { channels: 19, height: 7, width: 8 };
    let planes: Vec<f32> = values(shape.elements(), 15).iter().map(|value| value.max(0.0)).collect();
    let mut pooled = BlockedMap::zeros(19, 3, 4);
    pool_l2(&map_of(&planes, shape), &mut pooled);
    assert_close(&pooled.to_planes(), &scalar::l2_pooling(&planes, shape), 1e-6, "pooled");

    let gradient = values(19 * 3 * 4, 16);
    let mut back = map_of(&planes, shape);
    unpool_l2(&mut back, &pooled, &BlockedMap::from_planes(19, 3, 4, &gradient));
    let twin = scalar::l2_pooling_gradient(&planes, shape, &gradient);
    assert_close(&back.to_planes(), &twin, 1e-6, "gradient");
    let loss = |planes: &[f32]| dot(&scalar::l2_pooling(planes, shape), &gradient);
    for at in (0..planes.len()).filter(|&at| planes[at] > 0.05).step_by(7) {
        let (mut up, mut down) = (planes.clone(), planes.clone());
        (up[at], down[at]) = (up[at] + 0.01, down[at] - 0.01);
        let slope = (loss(&up) - loss(&down)) / 0.02;
        assert!((slope - f64::from(twin[at])).abs() < 2e-3, "element {at}: {slope} against {}", twin[at]);
    }
}

#[test]
fn matrix_product_equals_its_scalar_twin() {
    for (rows, depth, columns) in [(1, 1, 1), (7, 33, 18), (100, 300, 65)] {
        let (a, b) = (values(rows * depth, 17), values(depth * columns, 18));
        let expected = scalar::matrix_product(rows, depth, columns, &a, &b);
        for isa in sets() {
            assert_close(&matrix_product(isa, rows, depth, columns, &a, &b), &expected, 1e-5, "product");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let Case { shape, outputs, input, convolution, .. } = case(80, 336, 25, 26);
    let from = map_of(&input, shape);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut map = BlockedMap::zeros(outputs, shape.height, shape.width);
            let keep = Activated { map: Some(&mut map), ..Activated::default() };
            convolution.forward(Isa::detect(), &from, Padding::Zero, true, keep, &mut Workspace::new());
            let weights: Vec<f32> = (0..map.positions()).map(|at| (at % 3) as f32).collect();
            let weighted = weighted_gram(Isa::detect(), &map, &weights);
            (gram(Isa::detect(), &map), weighted, squared_norm(&map, None), map)
        })
    };
    let one = run(1);
    assert!([2, 3, 8].into_iter().all(|threads| run(threads) == one));
}
