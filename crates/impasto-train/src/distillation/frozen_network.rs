//! A network that no longer learns, and the features it has of pictures: the teacher, or a finished student.

use impasto_kernels::{Activated, Batch, Border, Isa, WindowPooling, Workspace};
use impasto_network::{Architecture, EngineError, InputChannel, Layer, Weights};

use super::feature_source::FeatureSource;
use crate::buffers::Buffers;
use crate::layers::{ConvolutionInput, TrainedConvolution};

/// A network with frozen weights that tells its features of a batch of pictures.
pub struct FrozenNetwork {
    isa: Isa,
    input: [InputChannel; 3],
    architecture: Architecture,
    /// The convolutions down to the deepest tap.
    convolutions: Vec<(Layer, TrainedConvolution)>,
    taps: Vec<Layer>,
    workspace: Workspace,
    buffers: Buffers,
}

impl FrozenNetwork {
    /// A network that tells the features of `weights` after the ReLUs `taps`, in the order the picture passes them.
    ///
    /// # Panics
    /// If the network has no such layers, or one is not after a ReLU.
    pub fn new(weights: &Weights, taps: &[Layer], isa: Isa) -> Self {
        let architecture = weights.architecture().clone();
        let deepest = *taps.iter().max().expect("a tap");
        assert!(taps.iter().all(|tap| tap.is_relu() && architecture.contains(*tap)), "taps of the network");
        let convolutions = architecture.convolutions().take_while(|layer| *layer <= deepest).map(|layer| {
            let convolution = weights.convolution(layer);
            let (weight, bias) = (convolution.weight, convolution.bias);
            (layer, TrainedConvolution::from_weights(convolution.inputs, Border::Zero, weight, bias))
        });
        FrozenNetwork {
            isa,
            input: weights.convention().input_channels(),
            convolutions: convolutions.collect(),
            architecture,
            taps: taps.to_vec(),
            workspace: Workspace::new(),
            buffers: Buffers::default(),
        }
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
            let mut keep = Activated::default();
            let mut map =
                (is_tapped || !ends_block).then(|| self.buffers.take(count, outputs, height, width));
            let mut pooled = ends_block.then(|| self.buffers.take(count, outputs, height / 2, width / 2));
            keep.map = map.as_mut().map(Batch::map_mut);
            keep.pooled = pooled.as_mut().map(|pooled| (WindowPooling::Maximum, pooled.map_mut()));
            let from = match &input {
                None => ConvolutionInput::Pictures(&planes, shape),
                Some(batch) => ConvolutionInput::Maps(batch),
            };
            convolution.forward(self.isa, from, true, keep, &mut self.workspace);
            if let Some(before) = input.take() {
                self.buffers.give(before);
            }
            if ends_block {
                (height, width) = (height / 2, width / 2);
            } else if is_tapped {
                // The next convolution reads the very map that is handed out.
                let tapped = map.as_ref().expect("a tapped map is kept");
                let mut copy = self.buffers.take_like(tapped, outputs);
                copy.map_mut().blocks_mut().copy_from_slice(tapped.map().blocks());
                taps.push(copy);
            }
            if ends_block && is_tapped {
                taps.extend(map.take());
            }
            input = pooled.or(map);
        }
        if let Some(last) = input {
            self.buffers.give(last);
        }
        taps
    }

    /// Keeps the memory of features that are no longer needed for the next.
    pub fn give(&mut self, features: Batch) {
        self.buffers.give(features);
    }
}

impl FeatureSource for FrozenNetwork {
    fn taps(&self) -> &[Layer] {
        &self.taps
    }

    fn features(
        &mut self,
        pictures: &[f32],
        shape: (usize, usize, usize),
    ) -> Result<Vec<Batch>, EngineError> {
        Ok(FrozenNetwork::features(self, pictures, shape))
    }

    fn give(&mut self, features: Batch) {
        FrozenNetwork::give(self, features);
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
