//! The convolutions of a network, transformed for both directions and kept on the card.

use bytemuck::{Pod, Zeroable};
use impasto_network::{Convolution, EngineError};

use crate::device::Device;
use crate::dispatch::Dispatch;
use crate::kernel::Kernel;
use crate::map::blocks;

/// Places of a transformed tile of F(4×4, 3×3).
pub(crate) const PLACES: usize = 36;

/// Blocks of columns that a product takes at a time.
const PRODUCT_BLOCKS: usize = 16;

/// A convolution from the three planes of a picture.
#[derive(Debug)]
pub(crate) struct FirstConvolution {
    pub(crate) outputs: usize,
    /// `[3 planes, 9 taps, outputs]`.
    pub(crate) weights: wgpu::Buffer,
    pub(crate) bias: wgpu::Buffer,
}

/// A convolution between feature maps.
#[derive(Debug)]
pub(crate) struct InnerConvolution {
    pub(crate) forward: TransformedWeights,
    pub(crate) backward: TransformedWeights,
    pub(crate) bias: wgpu::Buffer,
}

/// U = G g Gᵀ, `[36 places, inputs, outputs]`.
#[derive(Debug)]
pub(crate) struct TransformedWeights {
    pub(crate) buffer: wgpu::Buffer,
    /// Blocks of four inputs and outputs, padded as maps are.
    pub(crate) input_blocks: usize,
    pub(crate) output_blocks: usize,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Parameters {
    inputs: u32,
    output_blocks: u32,
    kernel_outputs: u32,
    kernel_inputs: u32,
    turned: u32,
}

impl FirstConvolution {
    pub(crate) fn new(device: &Device, convolution: &Convolution) -> Self {
        let length = 4 * blocks(convolution.outputs);
        let mut weights = vec![0.0; 27 * length];
        for (output, kernels) in convolution.weight.chunks_exact(27).enumerate() {
            for (tap, value) in kernels.iter().enumerate() {
                weights[tap * length + output] = *value;
            }
        }
        FirstConvolution {
            outputs: convolution.outputs,
            weights: device.buffer_of(&weights),
            bias: device.buffer_of(&padded_bias(convolution)),
        }
    }

    /// Bytes on the card for so many outputs.
    pub(crate) fn bytes(outputs: usize) -> u64 {
        28 * 16 * blocks(outputs) as u64
    }
}

fn padded_bias(convolution: &Convolution) -> Vec<f32> {
    let mut bias = convolution.bias.clone();
    bias.resize(4 * blocks(convolution.outputs), 0.0);
    bias
}

impl InnerConvolution {
    pub(crate) fn new(device: &Device, convolution: &Convolution) -> Result<Self, EngineError> {
        let kernels = device.buffer_of(&convolution.weight);
        let transformed = |turned: bool| {
            let (inputs, outputs) = match turned {
                false => (convolution.inputs, convolution.outputs),
                true => (convolution.outputs, convolution.inputs),
            };
            let weights = TransformedWeights {
                buffer: device.buffer(Self::values(inputs, outputs))?,
                input_blocks: blocks(inputs),
                output_blocks: blocks(outputs),
            };
            let parameters = Parameters {
                inputs: 4 * weights.input_blocks as u32,
                output_blocks: weights.product_blocks() as u32,
                kernel_outputs: convolution.outputs as u32,
                kernel_inputs: convolution.inputs as u32,
                turned: turned.into(),
            };
            let count = 4 * weights.input_blocks * weights.product_blocks();
            let buffers = [&kernels, &weights.buffer];
            let dispatch =
                Dispatch::each(device, Kernel::WinogradWeights, &buffers, &parameters, count, 300.0);
            device.run([&dispatch], &[])?;
            Ok::<_, EngineError>(weights)
        };
        Ok(InnerConvolution {
            forward: transformed(false)?,
            backward: transformed(true)?,
            bias: device.buffer_of(&padded_bias(convolution)),
        })
    }

    /// Values of the weights of one direction.
    fn values(inputs: usize, outputs: usize) -> usize {
        let columns = 4 * blocks(outputs).next_multiple_of(PRODUCT_BLOCKS);
        PLACES * 4 * blocks(inputs) * columns
    }

    /// Bytes on the card for so many inputs and outputs.
    pub(crate) fn bytes(inputs: usize, outputs: usize) -> u64 {
        let values = Self::values(inputs, outputs) + Self::values(outputs, inputs) + 4 * blocks(outputs);
        4 * values as u64
    }
}

impl TransformedWeights {
    /// Blocks of outputs, padded for products.
    pub(crate) fn product_blocks(&self) -> usize {
        self.output_blocks.next_multiple_of(PRODUCT_BLOCKS)
    }
}
