//! The small network that learns, with batch normalisation after every convolution while it does.

use impasto_kernels::{Activated, Batch, Border, Isa, OutputGradient, Workspace, add_gradient};
use impasto_network::{Architecture, Convention, Convolution, InputChannel, Layer};
use rand_chacha::ChaCha8Rng;

use super::frozen_network::normalized;
use super::settings::CROPS_AT_A_TIME;
use crate::buffers::Buffers;
use crate::layers::{
    BatchNormalization, BatchStatistics, ConvolutionInput, MaximumPooling, PoolingStride, TrainedConvolution,
};
use crate::parameter::Parameter;

/// How the student reads pictures.
pub const CONVENTION: Convention = Convention::TORCH;

/// A network that learns.
pub struct Student {
    isa: Isa,
    input: [InputChannel; 3],
    stages: Vec<Stage>,
    workspace: Workspace,
    buffers: Buffers,
}

/// One convolution with its normalisation and ReLU, and whether a pooling follows.
struct Stage {
    layer: Layer,
    convolution: TrainedConvolution,
    normalization: BatchNormalization,
    ends_block: bool,
}

/// What a pass forward leaves for the way back.
pub struct Passed {
    planes: Vec<f32>,
    shape: (usize, usize, usize),
    stages: Vec<PassedStage>,
}

struct PassedStage {
    /// What the convolution wrote.
    convolved: Batch,
    statistics: BatchStatistics,
    /// What the ReLU wrote: the features.
    features: Batch,
    /// The features pooled.
    pooled: Option<(Batch, MaximumPooling)>,
}

impl PassedStage {
    /// What the next convolution reads.
    fn output(&self) -> &Batch {
        self.pooled.as_ref().map_or(&self.features, |(pooled, _)| pooled)
    }
}

impl Passed {
    /// The features after the ReLU of a stage.
    pub fn features(&self, stage: usize) -> &Batch {
        &self.stages[stage].features
    }
}

impl Student {
    /// A student of this shape down to `deepest`, with random weights (He et al. 2015).
    pub fn new(architecture: Architecture, deepest: Layer, isa: Isa, random: &mut ChaCha8Rng) -> Self {
        let mut inputs = 3;
        let stages = architecture.convolutions().take_while(|layer| *layer <= deepest).map(|layer| {
            let outputs = architecture.channels(layer).expect("a layer of this network");
            let inputs = std::mem::replace(&mut inputs, outputs);
            let index = layer.index().expect("a convolution");
            Stage {
                layer,
                convolution: TrainedConvolution::new(random, inputs, outputs, Border::Zero),
                normalization: BatchNormalization::new(outputs),
                ends_block: architecture.blocks()[layer.block() - 1].len() == index,
            }
        });
        let stages = stages.collect();
        let input = CONVENTION.input_channels();
        Student { isa, input, stages, workspace: Workspace::new(), buffers: Buffers::default() }
    }

    /// Which stage, and how many channels, the tap after a ReLU is.
    pub fn tap(&self, tap: Layer) -> Option<(usize, usize)> {
        let stage = self.stages.iter().position(|stage| {
            tap.is_relu() && (stage.layer.block(), stage.layer.index()) == (tap.block(), tap.index())
        })?;
        Some((stage, self.stages[stage].convolution.outputs()))
    }

    /// All that training changes, in an order that never changes. Convolutions have no biases beside β.
    pub fn parameters(&mut self) -> Vec<(String, &mut Parameter)> {
        let parameters = self.stages.iter_mut().flat_map(|stage| {
            let Stage { layer, convolution, normalization, .. } = stage;
            [
                (format!("{layer}.weight"), &mut convolution.weight),
                (format!("{layer}.gamma"), &mut normalization.gamma),
                (format!("{layer}.beta"), &mut normalization.beta),
            ]
        });
        parameters.collect()
    }

    /// The running means of the normalisations, which training changes too, by name.
    pub fn running(&mut self) -> Vec<(String, &mut Vec<f32>)> {
        let running = self.stages.iter_mut().flat_map(|stage| {
            let Stage { layer, normalization, .. } = stage;
            [
                (format!("{layer}.running_mean"), &mut normalization.running_mean),
                (format!("{layer}.running_variance"), &mut normalization.running_variance),
            ]
        });
        running.collect()
    }

    /// Memory to make gradients by features in, which [`backward`](Self::backward) takes back.
    pub fn buffers(&mut self) -> &mut Buffers {
        &mut self.buffers
    }

    /// Takes over parameters that were changed.
    pub fn update(&mut self) {
        self.stages.iter_mut().for_each(|stage| stage.convolution.update());
    }

    /// A pass forward of pictures `[N, 3, H, W]`, red, green, blue, 0..1, of `shape` (N, H, W), normalised over
    /// the batch.
    pub fn forward(&mut self, pictures: &[f32], shape: (usize, usize, usize)) -> Passed {
        let planes = normalized(pictures, &self.input, shape);
        let mut passed = Passed { planes, shape, stages: Vec::new() };
        for stage in &mut self.stages {
            let input = match passed.stages.last() {
                None => ConvolutionInput::Pictures(&passed.planes, shape),
                Some(before) => ConvolutionInput::Maps(before.output()),
            };
            let convolved = stage.convolve(self.isa, input, &mut self.workspace, &mut self.buffers);
            let mut features = self.buffers.take_like(&convolved, convolved.channels());
            let statistics = stage.normalization.forward(&convolved, &mut features);
            let pooled = stage.ends_block.then(|| pool(&features, &mut self.buffers));
            passed.stages.push(PassedStage { convolved, statistics, features, pooled });
        }
        passed
    }

    /// Sets the gradients of all parameters, from those by the features of some stages.
    /// Keeps the memory of the pass.
    pub fn backward(&mut self, passed: Passed, mut gradients: Vec<(usize, Batch)>) {
        let mut from_above: Option<Batch> = None;
        for (index, stage) in self.stages.iter_mut().enumerate().rev() {
            let own = &passed.stages[index];
            let mut gradient = match (from_above.take(), &own.pooled) {
                (None, _) => None,
                (Some(gradient), None) => Some(gradient),
                (Some(gradient), Some((_, pooling))) => {
                    let mut unpooled = self.buffers.take_like(&own.features, gradient.channels());
                    pooling.backward(&gradient, &mut unpooled);
                    self.buffers.give(gradient);
                    Some(unpooled)
                }
            };
            if let Some(at) = gradients.iter().position(|(stage, _)| *stage == index) {
                let (_, tapped) = gradients.swap_remove(at);
                gradient = Some(match gradient {
                    None => tapped,
                    Some(mut sum) => {
                        add_gradient(self.isa, OutputGradient::Plain(tapped.map()), sum.map_mut());
                        self.buffers.give(tapped);
                        sum
                    }
                });
            }
            // Stages beyond the deepest tap do not count.
            let Some(mut gradient) = gradient else { continue };
            stage.normalization.backward(&own.convolved, &own.features, &own.statistics, &mut gradient);
            let by_output = OutputGradient::Plain(gradient.map());
            let Some(before) = index.checked_sub(1).map(|index| passed.stages[index].output()) else {
                let input = ConvolutionInput::Pictures(&passed.planes, passed.shape);
                stage.convolution.weight_gradient(self.isa, input, by_output, &mut self.workspace);
                self.buffers.give(gradient);
                break;
            };
            let input = ConvolutionInput::Maps(before);
            stage.convolution.weight_gradient(self.isa, input, by_output, &mut self.workspace);
            let mut to = self.buffers.take_like(before, before.channels());
            stage.convolution.input_gradient(self.isa, by_output, &mut to, &mut self.workspace);
            self.buffers.give(gradient);
            from_above = Some(to);
        }
        for stage in passed.stages {
            self.buffers.give(stage.convolved);
            self.buffers.give(stage.features);
            if let Some((pooled, _)) = stage.pooled {
                self.buffers.give(pooled);
            }
        }
    }

    /// The features of some stages, normalised with the running means: as the folded network has them.
    pub fn infer(&mut self, pictures: &[f32], shape: (usize, usize, usize), stages: &[usize]) -> Vec<Batch> {
        let planes = normalized(pictures, &self.input, shape);
        let mut before: Option<Batch> = None;
        let mut tapped = Vec::new();
        for (index, stage) in self.stages.iter().enumerate() {
            let input = match &before {
                None => ConvolutionInput::Pictures(&planes, shape),
                Some(batch) => ConvolutionInput::Maps(batch),
            };
            let convolved = stage.convolve(self.isa, input, &mut self.workspace, &mut self.buffers);
            let mut features = self.buffers.take_like(&convolved, convolved.channels());
            stage.normalization.infer(&convolved, &mut features);
            self.buffers.give(convolved);
            let output = match stage.ends_block {
                true => pool(&features, &mut self.buffers).0,
                false => features.clone(),
            };
            if stages.contains(&index) {
                tapped.push(features);
            }
            before = Some(output);
        }
        tapped
    }

    /// The network without normalisations, each layer of mean activation 1 on pictures `[N, 3, H, W]` 0..1 of
    /// `shape` (N, H, W): what follows a layer takes its factor back.
    pub fn folded(&mut self, pictures: &[f32], shape: (usize, usize, usize)) -> Vec<(Layer, Convolution)> {
        let all: Vec<usize> = (0..self.stages.len()).collect();
        let (count, height, width) = shape;
        let mut means = vec![0.0; all.len()];
        for pictures in pictures.chunks(CROPS_AT_A_TIME * 3 * height * width) {
            let part = pictures.len() / (3 * height * width);
            let features = self.infer(pictures, (part, height, width), &all);
            let share = part as f64 / count as f64;
            means.iter_mut().zip(&features).for_each(|(sum, features)| *sum += share * mean(features));
        }
        let mut factor_before = 1.0;
        let stages = self.stages.iter().zip(means).map(|(stage, mean)| {
            let (mut weight, mut bias) = stage.normalization.fold(&stage.convolution.weight.value);
            // A layer that never answers stays as it is.
            let factor = if mean > 0.0 { (1.0 / mean) as f32 } else { 1.0 };
            weight.iter_mut().for_each(|value| *value *= factor / factor_before);
            bias.iter_mut().for_each(|value| *value *= factor);
            factor_before = factor;
            let (inputs, outputs) = (stage.convolution.inputs(), stage.convolution.outputs());
            (stage.layer, Convolution { inputs, outputs, weight, bias })
        });
        stages.collect()
    }
}

impl Stage {
    fn convolve(
        &self,
        isa: Isa,
        input: ConvolutionInput,
        workspace: &mut Workspace,
        buffers: &mut Buffers,
    ) -> Batch {
        let (pictures, height, width) = input.shape();
        let mut convolved = buffers.take(pictures, self.convolution.outputs(), height, width);
        let keep = Activated { map: Some(convolved.map_mut()), ..Default::default() };
        self.convolution.forward(isa, input, false, keep, workspace);
        convolved
    }
}

/// Halves a batch.
fn pool(features: &Batch, buffers: &mut Buffers) -> (Batch, MaximumPooling) {
    let stride = PoolingStride::Two;
    let (height, width) = stride.output_size(features.height(), features.width());
    let mut pooled = buffers.take(features.pictures(), features.channels(), height, width);
    let pooling = MaximumPooling::forward(stride, features, &mut pooled);
    (pooled, pooling)
}

/// The mean of all values, padding left out.
fn mean(batch: &Batch) -> f64 {
    let sum: f64 =
        batch.map().blocks().iter().flat_map(|block| &block.0).map(|&value| f64::from(value)).sum();
    sum / (batch.channels() * batch.map().positions()) as f64
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    const SHAPE: (usize, usize, usize) = (3, 8, 8);

    fn student() -> Student {
        let architecture = Architecture::new("small", vec![vec![16, 5], vec![17], vec![4]]);
        Student::new(architecture, Layer::relu(2, 1), Isa::detect(), &mut ChaCha8Rng::seed_from_u64(4))
    }

    fn pictures() -> Vec<f32> {
        (0..3 * 3 * 64).map(|index| 0.5 + 0.5 * (index as f32 * 1.7).sin()).collect()
    }

    /// Inner products of the features of the first and the last stage with fixed numbers.
    fn objective(student: &mut Student, wants_gradients: bool) -> f64 {
        let passed = student.forward(&pictures(), SHAPE);
        let mut sum = 0.0;
        let mut gradients = Vec::new();
        for stage in [0, 2] {
            let features = passed.features(stage);
            let planes = features.to_planes();
            let weights: Vec<f32> = (0..planes.len()).map(|index| (index as f32 * 0.9).cos()).collect();
            sum += planes.iter().zip(&weights).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            let (height, width) = (features.height(), features.width());
            gradients
                .push((stage, Batch::from_planes(SHAPE.0, features.channels(), height, width, &weights)));
        }
        if wants_gradients {
            student.backward(passed, gradients);
        }
        sum
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let mut student = student();
        assert_eq!(student.parameters().len(), 3 * 3, "nothing beyond the deepest tap");
        objective(&mut student, true);
        let gradients: Vec<Vec<f32>> =
            student.parameters().iter().map(|(_, parameter)| parameter.gradient.clone()).collect();
        for (which, gradient) in gradients.iter().enumerate() {
            // Along the gradient itself, where what poolings choose anew weighs least.
            let length = gradient.iter().map(|value| value * value).sum::<f32>().sqrt();
            let along = |by: f32| {
                let mut moved = self::student();
                let (name, parameter) = moved.parameters().swap_remove(which);
                let values = parameter.value.iter_mut().zip(gradient);
                values.for_each(|(value, gradient)| *value += by * gradient / length);
                moved.update();
                (name, objective(&mut moved, false))
            };
            let step = 1e-3;
            let ((name, above), (_, below)) = (along(step), along(-step));
            let found = (above - below) / f64::from(2.0 * step);
            assert!((found / f64::from(length) - 1.0).abs() < 0.03, "{name}: {found} {length}");
        }
    }

    #[test]
    fn a_folded_student_has_the_features_of_its_running_means_at_mean_one() {
        let mut student = student();
        (0..30).for_each(|_| drop(student.forward(&pictures(), SHAPE)));
        let expected = student.infer(&pictures(), SHAPE, &[0, 1, 2]);
        let convolutions = student.folded(&pictures(), SHAPE);
        let bytes = impasto_network::safetensors_bytes(
            &convolutions,
            &CONVENTION,
            impasto_network::Precision::F32,
            &[],
        );
        let weights = impasto_network::Weights::from_bytes("small", bytes.unwrap(), None).unwrap();
        let taps = [Layer::relu(1, 1), Layer::relu(1, 2), Layer::relu(2, 1)];
        let mut folded = super::super::frozen_network::FrozenNetwork::new(&weights, &taps, Isa::detect());
        for (found, expected) in folded.features(&pictures(), SHAPE).iter().zip(&expected) {
            assert!((mean(found) - 1.0).abs() < 1e-4, "{}", mean(found));
            let scale = 1.0 / mean(expected) as f32;
            for (found, expected) in found.to_planes().iter().zip(expected.to_planes()) {
                assert!((found - scale * expected).abs() < 1e-3 * (1.0 + found.abs()), "{found} {expected}");
            }
        }
    }
}
