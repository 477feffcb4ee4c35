//! A 3×3 convolution whose weights are trained.

use impasto_kernels::{
    Activated, Batch, Border, Convolution3x3, FirstConvolution, Isa, OutputGradient, Workspace,
};
use rand_chacha::ChaCha8Rng;

use crate::parameter::{Parameter, he_normal};

/// What a convolution reads.
#[derive(Clone, Copy)]
pub enum ConvolutionInput<'a> {
    /// Pictures `[N, 3, H, W]` as planes, and (N, H, W).
    Pictures(&'a [f32], (usize, usize, usize)),
    /// The maps of another layer.
    Maps(&'a Batch),
}

impl ConvolutionInput<'_> {
    /// Pictures, rows and columns.
    pub fn shape(&self) -> (usize, usize, usize) {
        match self {
            ConvolutionInput::Pictures(_, shape) => *shape,
            ConvolutionInput::Maps(batch) => (batch.pictures(), batch.height(), batch.width()),
        }
    }
}

/// A 3×3 convolution with its weights and their gradients.
#[derive(Clone, Debug)]
pub struct TrainedConvolution {
    inputs: usize,
    border: Border,
    /// `[outputs, inputs, 3, 3]`, row-major.
    pub weight: Parameter,
    /// `[outputs]`.
    pub bias: Parameter,
    packed: Packed,
}

/// The weights in the order that the kernels read.
#[derive(Clone, Debug)]
enum Packed {
    First(FirstConvolution),
    Later(Convolution3x3),
}

impl TrainedConvolution {
    /// A convolution with random weights (He et al. 2015) and biases of zero. One of three inputs reads pictures.
    pub fn new(random: &mut ChaCha8Rng, inputs: usize, outputs: usize, border: Border) -> Self {
        Self::from_weights(
            inputs,
            border,
            he_normal(random, 9 * inputs, 9 * inputs * outputs),
            vec![0.0; outputs],
        )
    }

    /// A convolution with these weights `[outputs, inputs, 3, 3]` and biases `[outputs]`.
    ///
    /// # Panics
    /// If their lengths do not fit.
    pub fn from_weights(inputs: usize, border: Border, weight: Vec<f32>, bias: Vec<f32>) -> Self {
        let packed = pack(inputs, &weight, &bias);
        TrainedConvolution {
            inputs,
            border,
            weight: Parameter::new(weight),
            bias: Parameter::new(bias),
            packed,
        }
    }

    /// Channels it reads.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Channels it writes.
    pub fn outputs(&self) -> usize {
        self.bias.value.len()
    }

    /// What it does at the border of pictures.
    pub fn border(&self) -> Border {
        self.border
    }

    /// Takes over weights that were changed.
    pub fn update(&mut self) {
        self.packed = pack(self.inputs, &self.weight.value, &self.bias.value);
    }

    /// Convolves `input`; see [`Convolution3x3::forward_batch`].
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn forward(
        &self,
        isa: Isa,
        input: ConvolutionInput,
        relu: bool,
        keep: Activated,
        workspace: &mut Workspace,
    ) {
        match (&self.packed, input) {
            (Packed::First(first), ConvolutionInput::Pictures(planes, shape)) => {
                first.forward_batch(isa, planes, shape, self.border, relu, keep);
            }
            (Packed::Later(later), ConvolutionInput::Maps(batch)) => {
                later.forward_batch(isa, batch, self.border, relu, keep, workspace);
            }
            _ => panic!("a convolution of {} inputs was given another kind", self.inputs),
        }
    }

    /// Sets the gradients by weights and biases, from what the convolution read and the gradient by its output.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn weight_gradient(
        &mut self,
        isa: Isa,
        input: ConvolutionInput,
        gradient: OutputGradient,
        workspace: &mut Workspace,
    ) {
        let (weight, bias) = (&mut self.weight.gradient, &mut self.bias.gradient);
        match input {
            ConvolutionInput::Pictures(planes, shape) => {
                FirstConvolution::weight_gradient(isa, planes, shape, gradient, self.border, weight, bias);
            }
            ConvolutionInput::Maps(batch) => {
                Convolution3x3::weight_gradient(isa, batch, gradient, self.border, weight, bias, workspace);
            }
        }
    }

    /// The gradient by the input: overwrites `to`.
    ///
    /// # Panics
    /// If shapes do not fit, or the input is pictures: training does not change them.
    pub fn input_gradient(
        &self,
        isa: Isa,
        gradient: OutputGradient,
        to: &mut Batch,
        workspace: &mut Workspace,
    ) {
        match &self.packed {
            Packed::Later(later) => later.input_gradient_batch(isa, gradient, self.border, to, workspace),
            Packed::First(_) => panic!("no gradient by pictures"),
        }
    }
}

fn pack(inputs: usize, weight: &[f32], bias: &[f32]) -> Packed {
    match inputs {
        3 => Packed::First(FirstConvolution::new(bias.len(), weight, bias)),
        _ => Packed::Later(Convolution3x3::new(bias.len(), inputs, weight, bias)),
    }
}
