//! The convolution on the matrix unit against its scalar twin, where the machine has the unit.
//!
//! Operands are given as bfloat16, so that rounding them changes nothing and the results differ by the order of sums
//! alone.

mod support;

use impasto_kernels::scalar::{self, Shape};
use impasto_kernels::{
    Activated, BlockedMap, Isa, OutputGradient, Padding, RoundedConvolution3x3, WindowPooling, Workspace,
    activate, add_gradient,
};
use support::{assert_close, map_of, values};

const PADDINGS: [Padding; 3] = [Padding::Zero, Padding::Replicate, Padding::Circular];

const POOLINGS: [WindowPooling; 3] =
    [WindowPooling::Maximum, WindowPooling::Average, WindowPooling::DoubledAverage];

struct Case {
    shape: Shape,
    outputs: usize,
    weight: Vec<f32>,
    bias: Vec<f32>,
    input: Vec<f32>,
    convolution: RoundedConvolution3x3,
}

/// Values that are bfloat16 already.
fn short_values(count: usize, seed: u64) -> Vec<f32> {
    values(count, seed).into_iter().map(|value| f32::from_bits(value.to_bits() & 0xffff_0000)).collect()
}

fn case(inputs: usize, outputs: usize, height: usize, width: usize) -> Case {
    let shape = Shape { channels: inputs, height, width };
    let weight: Vec<f32> = short_values(outputs * inputs * 9, 1).iter().map(|value| value / 32.0).collect();
    let bias = values(outputs, 2);
    let convolution = RoundedConvolution3x3::new(outputs, inputs, &weight, &bias);
    Case { shape, outputs, input: short_values(shape.elements(), 3), weight, bias, convolution }
}

/// Sizes that are and are not whole blocks, smaller than one, channels that are not whole tiles, and a map that is too
/// large to be rounded at once. None where there is no unit.
fn cases() -> Vec<Case> {
    if !Isa::Amx.is_available() {
        eprintln!("skipped: no matrix unit");
        return Vec::new();
    }
    let sizes = [
        (64, 64, 8, 32),
        (16, 16, 12, 18),
        (32, 48, 13, 7),
        (19, 5, 1, 1),
        (3, 40, 2, 31),
        (130, 70, 9, 17),
        (33, 64, 3, 65),
        (5, 20, 301, 701),
    ];
    sizes.map(|(inputs, outputs, height, width)| case(inputs, outputs, height, width)).into()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

#[test]
fn forward_equals_its_scalar_twin() {
    for Case { shape, outputs, weight, bias, input, convolution } in cases() {
        let from = map_of(&input, shape);
        for padding in PADDINGS {
            let expected = scalar::convolution(&input, shape, &weight, &bias, padding);
            for relu in [false, true] {
                let mut to = BlockedMap::zeros(outputs, shape.height, shape.width);
                let keep = Activated { map: Some(&mut to), ..Activated::default() };
                convolution.forward(&from, padding, relu, keep, &mut Workspace::new());
                let expected: Vec<f32> =
                    expected.iter().map(|&value| if relu { value.max(0.0) } else { value }).collect();
                let what = format!("{padding:?} {shape:?} -> {outputs}");
                assert_close(&to.to_planes(), &expected, 4e-6, &what);
            }
        }
    }
}

#[test]
fn masks_and_poolings_are_those_of_the_stored_map() {
    for Case { shape, outputs, input, convolution, .. } in cases() {
        let (height, width) = (shape.height, shape.width);
        if height < 2 || width < 2 {
            continue;
        }
        let from = map_of(&input, shape);
        let mut stored = BlockedMap::zeros(outputs, height, width);
        let keep = Activated { map: Some(&mut stored), ..Activated::default() };
        convolution.forward(&from, Padding::Zero, false, keep, &mut Workspace::new());
        for pooling in POOLINGS {
            let [found, expected] = [false, true].map(|afterwards| {
                let mut pooled = BlockedMap::zeros(outputs, height / 2, width / 2);
                let mut map = BlockedMap::zeros(outputs, height, width);
                let mut mask = vec![0x5555u16; map.blocks().len()];
                let keep = Activated {
                    map: Some(&mut map),
                    mask: Some(&mut mask),
                    pooled: Some((pooling, &mut pooled)),
                };
                match afterwards {
                    true => activate(Isa::Amx, &stored, keep),
                    false => convolution.forward(&from, Padding::Zero, true, keep, &mut Workspace::new()),
                }
                (pooled, map, mask)
            });
            assert!(found == expected, "{pooling:?} {shape:?}");
        }
        let [found, expected] = [false, true].map(|afterwards| {
            let mut mask = vec![0x5555u16; stored.blocks().len()];
            let keep = Activated { mask: Some(&mut mask), ..Activated::default() };
            match afterwards {
                true => activate(Isa::Amx, &stored, keep),
                false => convolution.forward(&from, Padding::Zero, true, keep, &mut Workspace::new()),
            }
            mask
        });
        assert!(found == expected, "mask alone of {shape:?}");
    }
}

#[test]
fn input_gradient_equals_its_scalar_twin() {
    for Case { shape, outputs, weight, convolution, .. } in cases() {
        let out = Shape { channels: outputs, ..shape };
        let gradient = short_values(out.elements(), 5);
        let plain = map_of(&gradient, out);
        let mask: Vec<u16> = (0..plain.blocks().len()).map(|index| (index * 40503) as u16).collect();
        let masked: Vec<f32> = (0..gradient.len())
            .map(|index| {
                let (channel, position) = (index / out.positions(), index % out.positions());
                let bit = mask[channel / 16 * out.positions() + position] >> (channel % 16) & 1;
                gradient[index] * f32::from(bit)
            })
            .collect();
        for padding in PADDINGS {
            let mut workspace = Workspace::new();
            for (from, planes) in
                [(OutputGradient::Plain(&plain), &gradient), (OutputGradient::Masked(&plain, &mask), &masked)]
            {
                let expected = scalar::convolution_input_gradient(planes, shape, &weight, padding);
                let what = format!("{padding:?} {shape:?} -> {outputs}");
                let mut to = map_of(&values(shape.elements(), 6), shape);
                convolution.input_gradient(from, padding, &mut to, false, &mut workspace);
                assert_close(&to.to_planes(), &expected, 4e-6, &what);
                convolution.input_gradient(from, padding, &mut to, true, &mut workspace);
                let twice: Vec<f32> = expected.iter().map(|value| 2.0 * value).collect();
                assert_close(&to.to_planes(), &twice, 4e-6, &format!("accumulated, {what}"));
            }
        }
    }
}

#[test]
fn a_pooled_gradient_is_spread_while_it_is_read() {
    for Case { shape, outputs, convolution, .. } in cases() {
        let (height, width) = (shape.height, shape.width);
        if height < 2 || width < 2 {
            continue;
        }
        // An odd last row or column is in no window.
        let words = outputs.div_ceil(16) * height * width;
        let is_pooled = |at: usize| at / width % height < height / 2 * 2 && at % width < width / 2 * 2;
        let mask: Vec<u16> =
            (0..words).map(|at| if is_pooled(at) { (at * 40503) as u16 } else { 0 }).collect();
        let gradient = short_values(outputs * (height / 2) * (width / 2), 7);
        let pooled = BlockedMap::from_planes(outputs, height / 2, width / 2, &gradient);
        for pooling in POOLINGS {
            let back = OutputGradient::Unpooled { pooled: &pooled, mask: &mask, pooling, height, width };
            let mut spread = BlockedMap::zeros(outputs, height, width);
            add_gradient(Isa::Amx, back, &mut spread);
            let [found, expected] = [back, OutputGradient::Plain(&spread)].map(|gradient| {
                let mut to = BlockedMap::zeros(shape.channels, height, width);
                convolution.input_gradient(gradient, Padding::Zero, &mut to, false, &mut Workspace::new());
                to
            });
            assert!(found == expected, "{pooling:?} {shape:?}");
        }
    }
}

#[test]
fn forward_and_gradient_are_adjoint() {
    for Case { shape, outputs, weight, input, .. } in cases() {
        let convolution = RoundedConvolution3x3::new(outputs, shape.channels, &weight, &vec![0.0; outputs]);
        let gradient = short_values(outputs * shape.positions(), 8);
        let by_output = BlockedMap::from_planes(outputs, shape.height, shape.width, &gradient);
        for padding in PADDINGS {
            let mut workspace = Workspace::new();
            let mut forward = BlockedMap::zeros(outputs, shape.height, shape.width);
            let keep = Activated { map: Some(&mut forward), ..Activated::default() };
            convolution.forward(&map_of(&input, shape), padding, false, keep, &mut workspace);
            let mut back = BlockedMap::zeros(shape.channels, shape.height, shape.width);
            let plain = OutputGradient::Plain(&by_output);
            convolution.input_gradient(plain, padding, &mut back, false, &mut workspace);
            let (left, right) = (dot(&forward.to_planes(), &gradient), dot(&input, &back.to_planes()));
            let size = dot(&gradient, &gradient).sqrt() * dot(&input, &input).sqrt();
            assert!((left - right).abs() < 1e-6 * size, "{padding:?}: {left} against {right}");
        }
    }
}

#[test]
fn rounding_costs_some_thousandths() {
    for Case { shape, outputs, weight, bias, convolution, .. } in cases() {
        let input = values(shape.elements(), 9);
        let expected = scalar::convolution(&input, shape, &weight, &bias, Padding::Zero);
        let mut to = BlockedMap::zeros(outputs, shape.height, shape.width);
        let keep = Activated { map: Some(&mut to), ..Activated::default() };
        convolution.forward(&map_of(&input, shape), Padding::Zero, false, keep, &mut Workspace::new());
        assert_close(&to.to_planes(), &expected, 4e-3, &format!("{shape:?} -> {outputs}"));
    }
}

#[test]
fn what_is_not_finite_reaches_its_neighbours_alone() {
    for Case { shape, outputs, mut input, convolution, .. } in cases() {
        let (row, column) = (shape.height / 2, shape.width / 2);
        input[row * shape.width + column] = f32::NAN;
        let mut to = BlockedMap::zeros(outputs, shape.height, shape.width);
        let keep = Activated { map: Some(&mut to), ..Activated::default() };
        convolution.forward(&map_of(&input, shape), Padding::Zero, true, keep, &mut Workspace::new());
        for (at, value) in to.to_planes().into_iter().enumerate() {
            let position = at % shape.positions();
            let (y, x) = (position / shape.width, position % shape.width);
            let sees = y.abs_diff(row) <= 1 && x.abs_diff(column) <= 1;
            assert_eq!(value.is_nan(), sees, "{shape:?} at {y}, {x}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for Case { shape, outputs, input, convolution, .. } in cases() {
        let from = map_of(&input, shape);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut workspace = Workspace::new();
                let mut map = BlockedMap::zeros(outputs, shape.height, shape.width);
                let keep = Activated { map: Some(&mut map), ..Activated::default() };
                convolution.forward(&from, Padding::Zero, true, keep, &mut workspace);
                let mut back = BlockedMap::zeros(shape.channels, shape.height, shape.width);
                let gradient = OutputGradient::Plain(&map);
                convolution.input_gradient(gradient, Padding::Zero, &mut back, false, &mut workspace);
                let need = |height, width| {
                    RoundedConvolution3x3::workspace_need(outputs, shape.channels, height, width).bytes()
                };
                assert!(workspace.bytes() <= need(shape.height, shape.width), "the need is told");
                (map, back)
            })
        };
        let one = run(1);
        assert!([2, 3].into_iter().all(|threads| run(threads) == one), "{shape:?}");
    }
}
