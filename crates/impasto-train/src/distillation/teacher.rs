//! The network whose features are to be reproduced.

use impasto_kernels::{Activated, Batch, Border, Isa, WindowPooling, Workspace};
use impasto_network::{Architecture, InputChannel, Layer, Weights};

use crate::layers::{ConvolutionInput, TrainedConvolution};

/// A network with frozen weights that tells its features of a batch of pictures.
pub struct Teacher {
    isa: Isa,
    input: [InputChannel; 3],
    architecture: Architecture,
    /// The convolutions down to the deepest tap.
    convolutions: Vec<(Layer, TrainedConvolution)>,
    taps: Vec<Layer>,
    workspace: Workspace,
}

impl Teacher {
    /// A teacher of the features of `weights` after the ReLUs `taps`, in the order the picture passes them.
    ///
    /// # Panics
    /// If the network has no such layers, or one is not after a ReLU.
    pub fn new(weights: &Weights, taps: &[Layer]) -> Self {
        let architecture = weights.architecture().clone();
        let deepest = *taps.iter().max().expect("a tap");
        assert!(taps.iter().all(|tap| tap.is_relu() && architecture.contains(*tap)), "taps of the network");
        let convolutions = architecture.convolutions().take_while(|layer| *layer <= deepest).map(|layer| {
            let convolution = weights.convolution(layer);
            let (weight, bias) = (convolution.weight, convolution.bias);
            (layer, TrainedConvolution::from_weights(convolution.inputs, Border::Zero, weight, bias))
        });
        Teacher {
            isa: Isa::detect(),
            input: weights.convention().input_channels(),
            convolutions: convolutions.collect(),
            architecture,
            taps: taps.to_vec(),
            workspace: Workspace::new(),
        }
    }

    /// Channels of each tap.
    pub fn channels(&self) -> Vec<usize> {
        self.taps.iter().map(|&tap| self.architecture.channels(tap).expect("a tap of the network")).collect()
    }

    /// The features at each tap of pictures `[N, 3, H, W]`, red, green, blue, 0..1, of `shape` (N, H, W).
    pub fn features(&mut self, pictures: &[f32], shape: (usize, usize, usize)) -> Vec<Batch> {
        let planes = normalized(pictures, &self.input, shape);
        let (count, mut height, mut width) = shape;
        let mut taps = Vec::new();
        let mut input: Option<Batch> = None;
        for (layer, convolution) in &self.convolutions {
            let (block, index) = (layer.block(), layer.index().expect("a convolution"));
            let is_tapped = self.taps.contains(&Layer::relu(block as u8, index as u8));
            let ends_block = self.architecture.blocks()[block - 1].len() == index;
            let outputs = convolution.outputs();
            let mut map = Batch::zeros(0, outputs, 0, 0);
            let mut pooled = Batch::zeros(0, outputs, 0, 0);
            let mut keep = Activated::default();
            if is_tapped || !ends_block {
                map.reshape(count, outputs, height, width);
                keep.map = Some(map.map_mut());
            }
            if ends_block {
                pooled.reshape(count, outputs, height / 2, width / 2);
                keep.pooled = Some((WindowPooling::Maximum, pooled.map_mut()));
            }
            let from = match &input {
                None => ConvolutionInput::Pictures(&planes, shape),
                Some(batch) => ConvolutionInput::Maps(batch),
            };
            convolution.forward(self.isa, from, true, keep, &mut self.workspace);
            if ends_block {
                (height, width) = (height / 2, width / 2);
                input = Some(pooled);
                if is_tapped {
                    taps.push(map);
                }
            } else {
                if is_tapped {
                    taps.push(map.clone());
                }
                input = Some(map);
            }
        }
        taps
    }
}

/// Pictures `[N, 3, H, W]`, red, green, blue, 0..1, as a network reads them.
pub(crate) fn normalized(
    pictures: &[f32],
    input: &[InputChannel; 3],
    (count, height, width): (usize, usize, usize),
) -> Vec<f32> {
    let area = height * width;
    assert_eq!(pictures.len(), count * 3 * area, "planes of {count} pictures of {width}x{height}");
    let mut planes = Vec::with_capacity(pictures.len());
    for picture in pictures.chunks_exact(3 * area) {
        for channel in input {
            let plane = &picture[channel.picture_channel * area..][..area];
            planes.extend(plane.iter().map(|value| channel.factor * value + channel.offset));
        }
    }
    planes
}
