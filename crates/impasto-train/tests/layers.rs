//! The layers of training against PyTorch's, forward and backward (fixtures/make_layers.py).

mod support;

use impasto_kernels::{Activated, Batch, Border, Isa, OutputGradient, Workspace};
use impasto_train::layers::{
    BatchNormalization, ConvolutionInput, Dropout, MaximumPooling, PoolingStride, TrainedConvolution,
    TrainedDense, flatten, global_average, global_average_backward, softmax_cross_entropy, unflatten,
};
use support::{Tensor, assert_close, fixture, on_pools};

/// A tensor `[N, C, H, W]` or `[N, C]` as a batch.
fn batch(tensor: &Tensor) -> Batch {
    let side = |index: usize| tensor.shape.get(index).copied().unwrap_or(1);
    Batch::from_planes(side(0), side(1), side(2), side(3), &tensor.values)
}

/// A batch of that shape whose values are to be overwritten.
fn unset(tensor: &Tensor) -> Batch {
    let mut batch = batch(tensor);
    batch.map_mut().blocks_mut().iter_mut().for_each(|block| block.0.fill(f32::NAN));
    batch
}

#[test]
fn batch_normalisation_is_that_of_pytorch() {
    let fixture = fixture("layers.safetensors");
    let of = |name: &str| &fixture[&format!("batch_normalization.{name}")];
    let mut layer = BatchNormalization::new(of("gamma").values.len());
    layer.gamma.value.clone_from(&of("gamma").values);
    layer.beta.value.clone_from(&of("beta").values);
    layer.forward(&batch(of("first_input")), &mut unset(of("first_input")));
    let (input, mut output) = (batch(of("input")), unset(of("input")));
    let statistics = layer.forward(&input, &mut output);
    assert_close(&output.to_planes(), &of("output").values, 2e-5, "output");
    assert_close(&layer.running_mean, &of("running_mean").values, 1e-6, "running mean");
    assert_close(&layer.running_variance, &of("running_variance").values, 1e-5, "running variance");
    let mut gradient = batch(of("gradient"));
    layer.backward(&input, &output, &statistics, &mut gradient);
    assert_close(&gradient.to_planes(), &of("input_gradient").values, 5e-5, "by input");
    assert_close(&layer.gamma.gradient, &of("gamma_gradient").values, 5e-5, "by gamma");
    assert_close(&layer.beta.gradient, &of("beta_gradient").values, 2e-5, "by beta");
    let mut inferred = unset(of("input"));
    layer.infer(&input, &mut inferred);
    assert_close(&inferred.to_planes(), &of("inferred").values, 2e-5, "inferred");
}

#[test]
fn a_folded_normalisation_is_a_convolution() {
    let fixture = fixture("layers.safetensors");
    let of = |name: &str| &fixture[&format!("convolution.{name}")];
    let (input, channels) = (batch(of("input")), of("bias").values.len());
    let mut normalization = BatchNormalization::new(channels);
    for channel in 0..channels {
        let value = channel as f32 / channels as f32;
        normalization.gamma.value[channel] = 0.5 + value;
        normalization.beta.value[channel] = value - 0.5;
        normalization.running_mean[channel] = 1.0 - 2.0 * value;
        normalization.running_variance[channel] = 0.2 + value;
    }
    let convolve = |weight: Vec<f32>, bias: Vec<f32>, relu: bool| {
        let layer = TrainedConvolution::from_weights(input.channels(), Border::Zero, weight, bias);
        let mut output = unset(of("output"));
        let keep = Activated { map: Some(output.map_mut()), ..Default::default() };
        layer.forward(Isa::detect(), ConvolutionInput::Maps(&input), relu, keep, &mut Workspace::new());
        output
    };
    let mut expected = unset(of("output"));
    normalization.infer(&convolve(of("weight").values.clone(), vec![0.0; channels], false), &mut expected);
    let (weight, bias) = normalization.fold(&of("weight").values);
    assert_close(&convolve(weight, bias, true).to_planes(), &expected.to_planes(), 1e-5, "folded");
}

#[test]
fn poolings_are_those_of_pytorch() {
    let fixture = fixture("layers.safetensors");
    for (name, stride) in [("pooling_two", PoolingStride::Two), ("pooling_one", PoolingStride::One)] {
        let of = |part: &str| &fixture[&format!("{name}.{part}")];
        let mut output = unset(of("output"));
        let pooling = MaximumPooling::forward(stride, &batch(of("input")), &mut output);
        assert_close(&output.to_planes(), &of("output").values, 0.0, name);
        let mut gradient = unset(of("input"));
        pooling.backward(&batch(of("gradient")), &mut gradient);
        assert_close(&gradient.to_planes(), &of("input_gradient").values, 1e-6, name);
    }
}

#[test]
fn the_cross_entropy_is_that_of_pytorch() {
    let fixture = fixture("layers.safetensors");
    let labels: Vec<u8> = fixture["softmax.labels"].values.iter().map(|&label| label as u8).collect();
    let outputs = &fixture["softmax.input"];
    let found = softmax_cross_entropy(&batch(outputs), &labels);
    assert_close(&[found.loss as f32], &fixture["softmax.loss"].values, 1e-5, "loss");
    let gradient = found.gradient.to_planes();
    assert_close(&gradient, &fixture["softmax.input_gradient"].values, 1e-5, "gradient");
    let classes = outputs.shape[1];
    let wrong = outputs.values.chunks_exact(classes).zip(&labels).filter(|(outputs, label)| {
        outputs.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0 != usize::from(**label)
    });
    assert_eq!(found.wrong, wrong.count());
}

#[test]
fn global_averages_are_those_of_pytorch() {
    let fixture = fixture("layers.safetensors");
    let of = |part: &str| &fixture[&format!("average.{part}")];
    let input = batch(of("input"));
    assert_close(&global_average(&input).to_planes(), &of("output").values, 1e-6, "mean");
    let gradient = global_average_backward(&batch(of("gradient")), input.height(), input.width());
    assert_close(&gradient.to_planes(), &of("input_gradient").values, 1e-6, "gradient");
}

#[test]
fn fully_connected_layers_are_those_of_pytorch() {
    let fixture = fixture("layers.safetensors");
    let of = |part: &str| &fixture[&format!("dense.{part}")];
    let [outputs, inputs] = of("weight").shape[..] else { panic!("a matrix") };
    let isa = Isa::detect();
    let mut layer =
        TrainedDense::from_matrix(inputs, outputs, &of("weight").values, of("bias").values.clone());
    let (input, gradient) = (batch(of("input")), batch(of("gradient")));
    let mut output = unset(of("output"));
    layer.forward(isa, input.map(), false, output.map_mut());
    assert_close(&output.to_planes(), &of("output").values, 1e-5, "output");
    layer.weight_gradient(isa, input.map(), gradient.map());
    let mut by_input = unset(of("input"));
    layer.input_gradient(isa, gradient.map(), by_input.map_mut());
    assert_close(&by_input.to_planes(), &of("input_gradient").values, 1e-5, "by input");
    assert_close(&layer.bias.gradient, &of("bias_gradient").values, 1e-5, "by bias");
    layer.weight.value.clone_from(&layer.weight.gradient);
    assert_close(&layer.matrix(), &of("weight_gradient").values, 1e-5, "by weight");
}

#[test]
fn convolutions_are_those_of_pytorch() {
    let fixture = fixture("layers.safetensors");
    for (name, border) in [("convolution", Border::Zero), ("convolution_valid", Border::Cut)] {
        let of = |part: &str| &fixture[&format!("{name}.{part}")];
        let (isa, mut workspace) = (Isa::detect(), Workspace::new());
        let (input, gradient) = (batch(of("input")), batch(of("gradient")));
        let (weight, bias) = (of("weight").values.clone(), of("bias").values.clone());
        let mut layer = TrainedConvolution::from_weights(input.channels(), border, weight, bias);
        let mut output = unset(of("output"));
        let mut mask = vec![0; output.map().blocks().len()];
        let keep = Activated { map: Some(output.map_mut()), mask: Some(&mut mask), ..Default::default() };
        layer.forward(isa, ConvolutionInput::Maps(&input), true, keep, &mut workspace);
        assert_close(&output.to_planes(), &of("output").values, 1e-5, name);
        let by_output = OutputGradient::Masked(gradient.map(), &mask);
        layer.weight_gradient(isa, ConvolutionInput::Maps(&input), by_output, &mut workspace);
        assert_close(
            &layer.weight.gradient,
            &of("weight_gradient").values,
            2e-5,
            &format!("{name} by weight"),
        );
        assert_close(&layer.bias.gradient, &of("bias_gradient").values, 2e-5, &format!("{name} by bias"));
        let mut by_input = unset(of("input"));
        layer.input_gradient(isa, by_output, &mut by_input, &mut workspace);
        assert_close(&by_input.to_planes(), &of("input_gradient").values, 2e-5, &format!("{name} by input"));
    }
}

#[test]
fn flattening_is_in_the_order_of_planes_and_back() {
    let planes: Vec<f32> = (0..2 * 19 * 6).map(|value| value as f32).collect();
    let maps = Batch::from_planes(2, 19, 2, 3, &planes);
    let mut flat = Batch::zeros(2, 19 * 6, 1, 1);
    flatten(&maps, &mut flat);
    assert_eq!(flat.to_planes(), planes);
    let mut again = Batch::zeros(2, 19, 2, 3);
    unflatten(&flat, &mut again);
    assert!(again == maps);
}

#[test]
fn dropout_keeps_the_mean_and_depends_on_seed_and_layer_alone() {
    let ones = Batch::from_planes(100, 64, 1, 1, &[1.0; 6400]);
    let dropped = |seed, layer| {
        on_pools(|| {
            let mut batch = ones.clone();
            Dropout::new(0.25, seed, layer).apply(&mut batch);
            batch.to_planes()
        })
    };
    let [one, three] = dropped(1, 0);
    assert_eq!(one, three, "any number of threads");
    assert!(one.iter().all(|&value| value == 0.0 || value == 1.0 / 0.75));
    let mean = one.iter().sum::<f32>() / one.len() as f32;
    assert!((mean - 1.0).abs() < 0.03, "{mean}");
    assert!(one != dropped(2, 0)[0] && one != dropped(1, 1)[0]);
    let mut kept = ones.clone();
    Dropout::new(0.0, 1, 0).apply(&mut kept);
    assert!(kept == ones);
}
