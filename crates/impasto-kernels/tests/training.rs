//! The kernels of training against their scalar twins, on every instruction set that the machine has.

mod support;

use impasto_kernels::scalar::BatchConvolution;
use impasto_kernels::{
    Activated, Batch, BlockedMap, Border, Convolution3x3, Dense, FirstConvolution, OutputGradient,
    WindowPooling, Workspace,
};
use support::{assert_close, sets, values};

/// Whole tiles and not, channels that are whole blocks and not, runs of tiles that end and go on.
fn cases() -> Vec<BatchConvolution> {
    let sizes = [
        (3, 16, 32, 8, 8),
        (2, 19, 5, 7, 9),
        (5, 32, 16, 32, 32),
        (4, 48, 64, 6, 6),
        (2, 16, 16, 3, 5),
        (130, 16, 16, 4, 4),
    ];
    let case = |(pictures, inputs, outputs, height, width)| {
        [Border::Zero, Border::Cut].map(|border| BatchConvolution {
            pictures,
            inputs,
            outputs,
            height,
            width,
            border,
        })
    };
    sizes.into_iter().flat_map(case).collect()
}

fn batch(case: &BatchConvolution, channels: usize, planes: &[f32]) -> Batch {
    Batch::from_planes(case.pictures, channels, case.height, case.width, planes)
}

fn output_batch(case: &BatchConvolution, planes: &[f32]) -> Batch {
    let (height, width) = case.output_size();
    Batch::from_planes(case.pictures, case.outputs, height, width, planes)
}

#[test]
fn batches_are_convolved_picture_by_picture() {
    for case in cases() {
        let weight = values(case.outputs * case.inputs * 9, 1);
        let bias = values(case.outputs, 2);
        let input = values(case.input_elements(), 3);
        let expected = case.forward(&input, &weight, &bias);
        let convolution = Convolution3x3::new(case.outputs, case.inputs, &weight, &bias);
        for isa in sets() {
            let mut found = output_batch(&case, &vec![0.0; case.output_elements()]);
            let keep = Activated { map: Some(found.map_mut()), ..Default::default() };
            let mut workspace = Workspace::new();
            let input = batch(&case, case.inputs, &input);
            convolution.forward_batch(isa, &input, case.border, false, keep, &mut workspace);
            assert_close(&found.to_planes(), &expected, 2e-5, &format!("{isa} {case:?}"));

            let gradient = values(case.output_elements(), 4);
            let expected = case.input_gradient(&gradient, &weight);
            let mut to = batch(&case, case.inputs, &vec![0.0; case.input_elements()]);
            let gradient = output_batch(&case, &gradient);
            let plain = OutputGradient::Plain(gradient.map());
            convolution.input_gradient_batch(isa, plain, case.border, &mut to, &mut workspace);
            assert_close(&to.to_planes(), &expected, 2e-5, &format!("gradient, {isa} {case:?}"));
        }
    }
}

#[test]
fn gradients_by_weights_are_sums_over_pictures_and_positions() {
    for case in cases() {
        let (input, gradient) = (values(case.input_elements(), 5), values(case.output_elements(), 6));
        let (expected, expected_bias) = case.weight_gradient(&input, &gradient);
        let (input, gradient) = (batch(&case, case.inputs, &input), output_batch(&case, &gradient));
        for isa in sets() {
            let mut weight = vec![f32::NAN; expected.len()];
            let mut bias = vec![f32::NAN; case.outputs];
            let plain = OutputGradient::Plain(gradient.map());
            let mut workspace = Workspace::new();
            Convolution3x3::weight_gradient(
                isa,
                &input,
                plain,
                case.border,
                &mut weight,
                &mut bias,
                &mut workspace,
            );
            assert_close(&weight, &expected, 5e-5, &format!("{isa} {case:?}"));
            assert_close(&bias, &expected_bias, 5e-5, &format!("bias, {isa} {case:?}"));
        }
    }
}

#[test]
fn gradients_by_weights_read_through_relu_and_pooling() {
    for pooling in [WindowPooling::Maximum, WindowPooling::Average, WindowPooling::DoubledAverage] {
        let case = BatchConvolution {
            pictures: 3,
            inputs: 16,
            outputs: 32,
            height: 10,
            width: 7,
            border: Border::Zero,
        };
        let kernels = values(case.outputs * case.inputs * 9, 1);
        let (bias, input) = (values(case.outputs, 2), values(case.input_elements(), 3));
        let output = case.forward(&input, &kernels, &bias);
        let (half_height, half_width) = (case.height / 2, case.width / 2);
        let gradient = values(case.pictures * case.outputs * half_height * half_width, 7);
        // Written out: each window hands its gradient to where its value came from.
        let mut spread = vec![0.0; output.len()];
        for (index, &value) in gradient.iter().enumerate() {
            let (plane, window) = (index / (half_height * half_width), index % (half_height * half_width));
            let (row, column) = (window / half_width * 2, window % half_width * 2);
            let at = |dy: usize, dx: usize| (plane * case.height + row + dy) * case.width + column + dx;
            let places = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)];
            match pooling {
                WindowPooling::Maximum => {
                    let best = places.into_iter().reduce(|a, b| if output[b] > output[a] { b } else { a });
                    let best = best.expect("four places");
                    spread[best] = if output[best] > 0.0 { value } else { 0.0 };
                }
                WindowPooling::Average | WindowPooling::DoubledAverage => {
                    let share = if pooling == WindowPooling::Average { 0.25 } else { 0.5 };
                    for place in places {
                        spread[place] = if output[place] > 0.0 { share * value } else { 0.0 };
                    }
                }
            }
        }
        let (expected, expected_bias) = case.weight_gradient(&input, &spread);
        let convolution = Convolution3x3::new(case.outputs, case.inputs, &kernels, &bias);
        for isa in sets() {
            let mut workspace = Workspace::new();
            let mut mask = vec![0; case.outputs / 16 * case.pictures * case.height * case.width];
            let mut pooled = Batch::zeros(case.pictures, case.outputs, half_height, half_width);
            let input = batch(&case, case.inputs, &input);
            let keep = Activated {
                mask: Some(&mut mask),
                pooled: Some((pooling, pooled.map_mut())),
                ..Default::default()
            };
            convolution.forward_batch(isa, &input, case.border, true, keep, &mut workspace);
            let gradient =
                Batch::from_planes(case.pictures, case.outputs, half_height, half_width, &gradient);
            let unpooled = OutputGradient::Unpooled {
                pooled: gradient.map(),
                mask: &mask,
                pooling,
                height: case.height,
                width: case.width,
            };
            let (mut weight, mut bias) = (vec![0.0; expected.len()], vec![0.0; case.outputs]);
            Convolution3x3::weight_gradient(
                isa,
                &input,
                unpooled,
                case.border,
                &mut weight,
                &mut bias,
                &mut workspace,
            );
            assert_close(&weight, &expected, 5e-5, &format!("{isa} {pooling:?}"));
            assert_close(&bias, &expected_bias, 5e-5, &format!("bias, {isa} {pooling:?}"));
            let mut to = batch(&case, case.inputs, &vec![0.0; case.input_elements()]);
            convolution.input_gradient_batch(isa, unpooled, case.border, &mut to, &mut workspace);
            let expected = case.input_gradient(&spread, &kernels);
            assert_close(&to.to_planes(), &expected, 5e-5, &format!("input, {isa} {pooling:?}"));
        }
    }
}

#[test]
fn the_first_convolution_takes_batches() {
    for (border, outputs, height, width) in [
        (Border::Zero, 32, 9, 14),
        (Border::Cut, 32, 9, 14),
        (Border::Zero, 5, 3, 20),
        (Border::Cut, 16, 32, 32),
    ] {
        let case = BatchConvolution { pictures: 3, inputs: 3, outputs, height, width, border };
        let (weight, bias) = (values(outputs * 27, 1), values(outputs, 2));
        let input = values(case.input_elements(), 3);
        let gradient = values(case.output_elements(), 4);
        let shape = (case.pictures, height, width);
        let first = FirstConvolution::new(outputs, &weight, &bias);
        for isa in sets() {
            let mut found = output_batch(&case, &vec![0.0; case.output_elements()]);
            let keep = Activated { map: Some(found.map_mut()), ..Default::default() };
            first.forward_batch(isa, &input, shape, border, false, keep);
            let expected = case.forward(&input, &weight, &bias);
            assert_close(&found.to_planes(), &expected, 1e-5, &format!("{isa} {case:?}"));
            let (expected, expected_bias) = case.weight_gradient(&input, &gradient);
            let (mut weight, mut bias) = (vec![0.0; expected.len()], vec![0.0; outputs]);
            let gradient = output_batch(&case, &gradient);
            let plain = OutputGradient::Plain(gradient.map());
            FirstConvolution::weight_gradient(isa, &input, shape, plain, border, &mut weight, &mut bias);
            assert_close(&weight, &expected, 1e-5, &format!("{isa} {case:?}"));
            assert_close(&bias, &expected_bias, 1e-5, &format!("bias, {isa} {case:?}"));
        }
    }
}

#[test]
fn fully_connected_layers_are_matrix_products() {
    for (inputs, outputs, positions) in [(16, 32, 5), (37, 10, 3), (64, 19, 1000), (300, 48, 128)] {
        let layer = Dense { inputs, outputs };
        let (matrix, bias) = (values(inputs * outputs, 1), values(outputs, 2));
        let mut weights = vec![0.0; layer.weights_length()];
        for (index, &value) in matrix.iter().enumerate() {
            weights[layer.weight_index(index / inputs, index % inputs)] = value;
        }
        let (x, g) = (values(inputs * positions, 3), values(outputs * positions, 4));
        let sum = |terms: &mut dyn Iterator<Item = (f32, f32)>| -> f32 {
            terms.map(|(a, b)| f64::from(a) * f64::from(b)).sum::<f64>() as f32
        };
        let mut forward = Vec::new();
        for output in 0..outputs {
            for position in 0..positions {
                let mut terms = (0..inputs)
                    .map(|input| (matrix[output * inputs + input], x[input * positions + position]));
                forward.push((sum(&mut terms) + bias[output]).max(0.0));
            }
        }
        let mut backward = Vec::new();
        for input in 0..inputs {
            for position in 0..positions {
                let mut terms = (0..outputs)
                    .map(|output| (matrix[output * inputs + input], g[output * positions + position]));
                backward.push(sum(&mut terms));
            }
        }
        let mut by_weight = vec![0.0; weights.len()];
        for output in 0..outputs {
            for input in 0..inputs {
                let mut terms = (0..positions)
                    .map(|position| (x[input * positions + position], g[output * positions + position]));
                by_weight[layer.weight_index(output, input)] = sum(&mut terms);
            }
        }
        let by_bias: Vec<f32> =
            g.chunks_exact(positions).map(|g| sum(&mut g.iter().map(|&g| (g, 1.0)))).collect();
        for isa in sets() {
            let what = format!("{isa} {layer:?} {positions}");
            let input = BlockedMap::from_planes(inputs, 1, positions, &x);
            let gradient = BlockedMap::from_planes(outputs, 1, positions, &g);
            let mut output = BlockedMap::zeros(outputs, 1, positions);
            layer.forward(isa, &input, &weights, &bias, true, &mut output);
            assert_close(&output.to_planes(), &forward, 1e-5, &what);
            let mut to = BlockedMap::zeros(inputs, 1, positions);
            layer.input_gradient(isa, &gradient, &weights, &mut to);
            assert_close(&to.to_planes(), &backward, 1e-5, &what);
            let (mut weight, mut bias) = (vec![f32::NAN; weights.len()], vec![f32::NAN; outputs]);
            layer.weight_gradient(isa, &input, &gradient, &mut weight, &mut bias);
            assert_close(&weight, &by_weight, 1e-5, &what);
            assert_close(&bias, &by_bias, 1e-5, &what);
        }
    }
}

#[test]
fn gradients_by_weights_do_not_depend_on_the_number_of_threads() {
    let case = BatchConvolution {
        pictures: 9,
        inputs: 32,
        outputs: 32,
        height: 24,
        width: 24,
        border: Border::Zero,
    };
    let (input, gradient) = (values(case.input_elements(), 5), values(case.output_elements(), 6));
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (mut weight, mut bias) = (vec![0.0; 32 * 32 * 9], vec![0.0; 32]);
            let gradient = output_batch(&case, &gradient);
            Convolution3x3::weight_gradient(
                impasto_kernels::Isa::detect(),
                &batch(&case, 32, &input),
                OutputGradient::Plain(gradient.map()),
                case.border,
                &mut weight,
                &mut bias,
                &mut Workspace::new(),
            );
            (weight, bias)
        })
    };
    assert!(run(1) == run(3));
}
