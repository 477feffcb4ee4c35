//! Pictures of a data set, as a classifier reads them.

use impasto_network::{Convention, InputChannel};

use crate::data::Split;

/// Mean and standard deviation of red, green and blue over the training pictures of CIFAR-10, 0..1: how the
/// classifiers read pictures.
pub const CIFAR_CONVENTION: Convention =
    Convention { mean: [0.4914, 0.4822, 0.4465], deviation: [0.2470, 0.2435, 0.2616], ..Convention::TORCH };

/// Pictures on their way into the network.
#[derive(Default)]
pub(super) struct LabelledBatch {
    /// `[N, 3, side, side]`
    pub planes: Vec<f32>,
    /// `[N]`: numbers of classes.
    pub labels: Vec<u8>,
}

impl LabelledBatch {
    /// Adds a picture, whose planes 0..1 `prepare` writes.
    pub fn add(
        &mut self,
        split: &Split,
        index: usize,
        side: usize,
        prepare: impl FnOnce(&[u8], &mut Vec<f32>),
    ) {
        let length = 3 * side * side;
        prepare(&split.pixels[index * length..][..length], &mut self.planes);
        self.labels.push(split.labels[index]);
    }

    /// Planes 0..1 as the network reads them. Its channels are red, green and blue in that order.
    pub fn normalize(&mut self, side: usize) {
        let channels = CIFAR_CONVENTION.input_channels();
        for (index, plane) in self.planes.chunks_exact_mut(side * side).enumerate() {
            let InputChannel { factor, offset, .. } = channels[index % 3];
            plane.iter_mut().for_each(|value| *value = factor * *value + offset);
        }
    }
}
