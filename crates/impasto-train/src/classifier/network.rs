//! A classifier as it is trained: its layers, and one pass of a batch through them, forward and back.

use impasto_kernels::{Activated, Batch, Isa, OutputGradient, WindowPooling, Workspace};
use impasto_network::Layer;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::shape::{BlockPooling, ClassifierShape};
use crate::buffers::Buffers;
use crate::layers::{
    ConvolutionInput, Dropout, MaximumPooling, PoolingStride, TrainedConvolution, TrainedDense, flatten,
    softmax_cross_entropy, unflatten,
};
use crate::parameter::Parameter;

/// Factor of the last layer's first weights.
const FIRST_CONFIDENCE: f32 = 0.1;

/// A classifier with its weights and their gradients.
pub struct Classifier {
    shape: ClassifierShape,
    isa: Isa,
    convolutions: Vec<TrainedConvolution>,
    dense: Vec<TrainedDense>,
    workspace: Workspace,
    buffers: Buffers,
}

/// What a pass forward leaves for the way back.
struct Passed {
    convolutions: Vec<PassedConvolution>,
    /// What each fully connected layer read.
    dense_inputs: Vec<Batch>,
    /// What dropout kept of the hidden layers.
    dropouts: Vec<Dropout>,
    logits: Batch,
}

/// What one convolution, and the pooling after it, leave.
struct PassedConvolution {
    /// What the next layer reads.
    output: Batch,
    /// Where the gradient passes back through the ReLU, and through a halving pooling.
    mask: Vec<u16>,
    /// The pooling that keeps the size, where one follows.
    pooling: Option<MaximumPooling>,
    /// Rows and columns before the pooling, if a halving one follows.
    halved: Option<(usize, usize)>,
}

/// How a batch was classified.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Cross-entropy, mean over the pictures.
    pub loss: f64,
    /// Pictures whose most probable class is not their label.
    pub wrong: usize,
    /// Pictures.
    pub pictures: usize,
}

impl Classifier {
    /// A classifier with random weights that depend on `seed` alone (He et al. 2015), run on `isa`.
    pub fn new(shape: ClassifierShape, isa: Isa, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut inputs = 3;
        let widths = shape.architecture.blocks().iter().flatten();
        let convolutions = widths
            .map(|&outputs| {
                let inputs = std::mem::replace(&mut inputs, outputs);
                TrainedConvolution::new(&mut random, inputs, outputs, shape.border)
            })
            .collect();
        let dense = shape.dense_layers();
        let mut dense: Vec<_> =
            dense.iter().map(|&(inputs, outputs)| TrainedDense::new(&mut random, inputs, outputs)).collect();
        // Nothing is known at first, so all classes should be about as probable.
        if let Some(last) = dense.last_mut() {
            last.weight.value.iter_mut().for_each(|value| *value *= FIRST_CONFIDENCE);
        }
        Classifier {
            shape,
            isa,
            convolutions,
            dense,
            workspace: Workspace::new(),
            buffers: Buffers::default(),
        }
    }

    /// Its shape.
    pub fn shape(&self) -> &ClassifierShape {
        &self.shape
    }

    /// The convolutions with their places, as the picture passes them.
    pub fn convolutions(&self) -> impl Iterator<Item = (Layer, &TrainedConvolution)> {
        self.shape.architecture.convolutions().zip(&self.convolutions)
    }

    /// All that training changes, in an order that never changes, by name: `conv1_1.weight`, `dense1.bias`.
    pub fn parameters(&mut self) -> Vec<(String, &mut Parameter)> {
        let names = self.shape.architecture.convolutions().map(|layer| layer.to_string());
        let convolutions = names.zip(&mut self.convolutions).flat_map(|(name, layer)| {
            [(format!("{name}.weight"), &mut layer.weight), (format!("{name}.bias"), &mut layer.bias)]
        });
        let dense = self.dense.iter_mut().zip(1..).flat_map(|(layer, number)| {
            [
                (format!("dense{number}.weight"), &mut layer.weight),
                (format!("dense{number}.bias"), &mut layer.bias),
            ]
        });
        convolutions.chain(dense).collect()
    }

    /// Takes over parameters that were changed.
    pub fn update(&mut self) {
        self.convolutions.iter_mut().for_each(TrainedConvolution::update);
    }

    /// How `planes` `[N, 3, side, side]`, normalised, are classified.
    ///
    /// # Panics
    /// If there is not one label below the number of classes for each picture of this size.
    pub fn evaluate(&mut self, planes: &[f32], labels: &[u8]) -> Score {
        let passed = self.forward(planes, labels.len(), None);
        let outcome = softmax_cross_entropy(&passed.logits, labels);
        self.give(passed);
        Score { loss: outcome.loss, wrong: outcome.wrong, pictures: labels.len() }
    }

    /// The same in training, with dropout drawn from `dropout` (its probability and a seed of this step), which
    /// also sets the gradients of all parameters.
    ///
    /// # Panics
    /// As [`evaluate`](Self::evaluate).
    pub fn learn(&mut self, planes: &[f32], labels: &[u8], dropout: (f32, u64)) -> Score {
        let passed = self.forward(planes, labels.len(), Some(dropout));
        let outcome = softmax_cross_entropy(&passed.logits, labels);
        let score = Score { loss: outcome.loss, wrong: outcome.wrong, pictures: labels.len() };
        let gradient = self.dense_backward(&passed, outcome.gradient);
        self.convolutions_backward(&passed, planes, gradient);
        self.give(passed);
        score
    }

    fn forward(&mut self, planes: &[f32], pictures: usize, dropout: Option<(f32, u64)>) -> Passed {
        let side = self.shape.side;
        assert_eq!(planes.len(), pictures * 3 * side * side, "planes of {pictures} pictures");
        let mut convolutions: Vec<PassedConvolution> = Vec::new();
        let blocks = self.shape.architecture.blocks().iter();
        let ends: Vec<bool> =
            blocks.flat_map(|block| (1..=block.len()).map(|at| at == block.len())).collect();
        for (layer, &ends_block) in self.convolutions.iter().zip(&ends) {
            let input = match convolutions.last() {
                None => ConvolutionInput::Pictures(planes, (pictures, side, side)),
                Some(last) => ConvolutionInput::Maps(&last.output),
            };
            let pooling = ends_block.then_some(self.shape.pooling);
            let memory = (&mut self.workspace, &mut self.buffers);
            let passed = convolve(self.isa, layer, input, pooling, memory);
            convolutions.push(passed);
        }
        let last = &convolutions.last().expect("a convolution").output;
        let mut flat = self.buffers.take(pictures, self.dense[0].inputs(), 1, 1);
        flatten(last, &mut flat);
        let mut dense_inputs = vec![flat];
        let mut dropouts = Vec::new();
        let mut logits = Batch::zeros(0, 0, 1, 1);
        for (index, layer) in self.dense.iter().enumerate() {
            let input = &dense_inputs[index];
            let mut output = self.buffers.take(pictures, layer.outputs(), 1, 1);
            let is_hidden = index + 1 < self.dense.len();
            layer.forward(self.isa, input.map(), is_hidden, output.map_mut());
            if !is_hidden {
                logits = output;
                break;
            }
            if let Some((probability, seed)) = dropout {
                let dropout = Dropout::new(probability, seed, index as u64);
                dropout.apply(&mut output);
                dropouts.push(dropout);
            }
            dense_inputs.push(output);
        }
        Passed { convolutions, dense_inputs, dropouts, logits }
    }

    /// Sets the gradients of the fully connected layers; answers that by the maps they read.
    fn dense_backward(&mut self, passed: &Passed, mut gradient: Batch) -> Batch {
        let layers = self.dense.len();
        for (index, layer) in self.dense.iter_mut().enumerate().rev() {
            let input = &passed.dense_inputs[index];
            layer.weight_gradient(self.isa, input.map(), gradient.map());
            let mut to = self.buffers.take_like(input, input.channels());
            layer.input_gradient(self.isa, gradient.map(), to.map_mut());
            if index > 0 {
                passed.dropouts[index - 1].apply(&mut to);
                // What the ReLU cut is zero, and so is what dropout cut, where the gradient already is.
                for (gradient, output) in to.map_mut().blocks_mut().iter_mut().zip(input.map().blocks()) {
                    for (gradient, &output) in gradient.0.iter_mut().zip(&output.0) {
                        if output <= 0.0 {
                            *gradient = 0.0;
                        }
                    }
                }
            }
            let before = std::mem::replace(&mut gradient, to);
            // That by the logits is not from here, and would pile up.
            if index + 1 < layers {
                self.buffers.give(before);
            }
        }
        let last = &passed.convolutions.last().expect("a convolution").output;
        let mut to = self.buffers.take_like(last, last.channels());
        unflatten(&gradient, &mut to);
        self.buffers.give(gradient);
        to
    }

    fn convolutions_backward(&mut self, passed: &Passed, planes: &[f32], mut gradient: Batch) {
        let side = self.shape.side;
        for (index, layer) in self.convolutions.iter_mut().enumerate().rev() {
            let own = &passed.convolutions[index];
            if let Some(pooling) = &own.pooling {
                let mut unpooled = self.buffers.take_like(&gradient, gradient.channels());
                pooling.backward(&gradient, &mut unpooled);
                self.buffers.give(std::mem::replace(&mut gradient, unpooled));
            }
            let by_output = match own.halved {
                Some((height, width)) => OutputGradient::Unpooled {
                    pooled: gradient.map(),
                    mask: &own.mask,
                    pooling: WindowPooling::Maximum,
                    height,
                    width,
                },
                None => OutputGradient::Masked(gradient.map(), &own.mask),
            };
            let Some(before) = index.checked_sub(1).map(|index| &passed.convolutions[index].output) else {
                let input = ConvolutionInput::Pictures(planes, (gradient.pictures(), side, side));
                layer.weight_gradient(self.isa, input, by_output, &mut self.workspace);
                break;
            };
            layer.weight_gradient(self.isa, ConvolutionInput::Maps(before), by_output, &mut self.workspace);
            let mut to = self.buffers.take_like(before, before.channels());
            layer.input_gradient(self.isa, by_output, &mut to, &mut self.workspace);
            self.buffers.give(std::mem::replace(&mut gradient, to));
        }
        self.buffers.give(gradient);
    }

    /// Keeps the memory of a pass for the next.
    fn give(&mut self, passed: Passed) {
        for convolution in passed.convolutions {
            self.buffers.give(convolution.output);
            self.buffers.give_mask(convolution.mask);
        }
        passed.dense_inputs.into_iter().chain([passed.logits]).for_each(|batch| self.buffers.give(batch));
    }
}

/// One convolution with its ReLU, and the pooling that ends its block.
fn convolve(
    isa: Isa,
    layer: &TrainedConvolution,
    input: ConvolutionInput,
    pooling: Option<BlockPooling>,
    (workspace, buffers): (&mut Workspace, &mut Buffers),
) -> PassedConvolution {
    let (pictures, height, width) = input.shape();
    let (height, width) = (layer.border().output(height), layer.border().output(width));
    let mut mask =
        buffers.take_mask(layer.outputs().div_ceil(impasto_kernels::LANES) * pictures * height * width);
    let halves = pooling == Some(BlockPooling::Halving);
    let (out_height, out_width) = if halves { (height / 2, width / 2) } else { (height, width) };
    let mut output = buffers.take(pictures, layer.outputs(), out_height, out_width);
    let mut keep = Activated { mask: Some(&mut mask), ..Default::default() };
    if halves {
        keep.pooled = Some((WindowPooling::Maximum, output.map_mut()));
    } else {
        keep.map = Some(output.map_mut());
    }
    layer.forward(isa, input, true, keep, workspace);
    let mut passed =
        PassedConvolution { output, mask, pooling: None, halved: halves.then_some((height, width)) };
    if pooling == Some(BlockPooling::KeepingSize) {
        let mut pooled = buffers.take_like(&passed.output, passed.output.channels());
        passed.pooling = Some(MaximumPooling::forward(PoolingStride::One, &passed.output, &mut pooled));
        buffers.give(std::mem::replace(&mut passed.output, pooled));
    }
    passed
}
