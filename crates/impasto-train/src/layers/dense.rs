//! A fully connected layer, or a 1×1 convolution, whose weights are trained.

use impasto_kernels::{Batch, Block, BlockedMap, Dense, Isa, LANES};
use rand_chacha::ChaCha8Rng;

use crate::parameter::{Parameter, he_normal};

/// `y = W·x + b` at every position, with its weights and their gradients.
#[derive(Clone, Debug)]
pub struct TrainedDense {
    shape: Dense,
    /// In panels, as [`Dense`] keeps them; padding is zero.
    pub weight: Parameter,
    /// `[outputs]`.
    pub bias: Parameter,
}

impl TrainedDense {
    /// A layer with random weights (He et al. 2015) and biases of zero.
    pub fn new(random: &mut ChaCha8Rng, inputs: usize, outputs: usize) -> Self {
        Self::from_matrix(inputs, outputs, &he_normal(random, inputs, inputs * outputs), vec![0.0; outputs])
    }

    /// A layer with these weights `[outputs, inputs]`, row-major, and biases `[outputs]`.
    ///
    /// # Panics
    /// If their lengths do not fit.
    pub fn from_matrix(inputs: usize, outputs: usize, matrix: &[f32], bias: Vec<f32>) -> Self {
        assert_eq!((matrix.len(), bias.len()), (inputs * outputs, outputs), "weights of {outputs}x{inputs}");
        let shape = Dense { inputs, outputs };
        let mut layer = TrainedDense {
            shape,
            weight: Parameter::zeros(shape.weights_length()),
            bias: Parameter::new(bias),
        };
        layer.set_matrix(matrix);
        layer
    }

    /// Values read at a position.
    pub fn inputs(&self) -> usize {
        self.shape.inputs
    }

    /// Values written at a position.
    pub fn outputs(&self) -> usize {
        self.shape.outputs
    }

    /// The weights `[outputs, inputs]`, row-major.
    pub fn matrix(&self) -> Vec<f32> {
        let Dense { inputs, outputs } = self.shape;
        (0..outputs * inputs)
            .map(|index| self.weight.value[self.shape.weight_index(index / inputs, index % inputs)])
            .collect()
    }

    /// Sets the weights from `[outputs, inputs]`, row-major.
    ///
    /// # Panics
    /// If the length does not fit.
    pub fn set_matrix(&mut self, matrix: &[f32]) {
        let Dense { inputs, outputs } = self.shape;
        assert_eq!(matrix.len(), outputs * inputs, "weights of {outputs}x{inputs}");
        for (index, &value) in matrix.iter().enumerate() {
            self.weight.value[self.shape.weight_index(index / inputs, index % inputs)] = value;
        }
    }

    /// Adds `[outputs, inputs]`, row-major, to the gradient by the weights.
    ///
    /// # Panics
    /// If the length does not fit.
    pub fn add_to_gradient(&mut self, matrix: &[f32]) {
        let Dense { inputs, outputs } = self.shape;
        assert_eq!(matrix.len(), outputs * inputs, "gradients of {outputs}x{inputs}");
        for (index, &value) in matrix.iter().enumerate() {
            self.weight.gradient[self.shape.weight_index(index / inputs, index % inputs)] += value;
        }
    }

    /// `to` ← the output for `input`, after a ReLU if `relu`; see [`Dense::forward`].
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn forward(&self, isa: Isa, input: &BlockedMap, relu: bool, to: &mut BlockedMap) {
        self.shape.forward(isa, input, &self.weight.value, &self.bias.value, relu, to);
    }

    /// Sets the gradients by weights and biases.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn weight_gradient(&mut self, isa: Isa, input: &BlockedMap, gradient: &BlockedMap) {
        let (weight, bias) = (&mut self.weight.gradient, &mut self.bias.gradient);
        self.shape.weight_gradient(isa, input, gradient, weight, bias);
    }

    /// `to` ← the gradient by the input.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn input_gradient(&self, isa: Isa, gradient: &BlockedMap, to: &mut BlockedMap) {
        self.shape.input_gradient(isa, gradient, &self.weight.value, to);
    }
}

/// `flat` `[N, C·H·W, 1, 1]` ← the maps of a batch as one fully connected input each, in the order of planes.
///
/// # Panics
/// If shapes do not fit.
pub fn flatten(batch: &Batch, flat: &mut Batch) {
    let (pictures, channels, area) = (batch.pictures(), batch.channels(), batch.height() * batch.width());
    assert_eq!((flat.pictures(), flat.channels()), (pictures, channels * area), "flattened maps");
    flat.map_mut().blocks_mut().fill(Block::default());
    let (from, to) = (batch.map().blocks(), flat.map_mut().blocks_mut());
    for_each_value(channels, pictures, area, |[from_block, from_lane], [to_block, to_lane]| {
        to[to_block].0[to_lane] = from[from_block].0[from_lane];
    });
}

/// The inverse of [`flatten`], and so its adjoint: `to` ← `flat`.
///
/// # Panics
/// If shapes do not fit.
pub fn unflatten(flat: &Batch, to: &mut Batch) {
    let (pictures, channels, area) = (to.pictures(), to.channels(), to.height() * to.width());
    assert_eq!((flat.pictures(), flat.channels()), (pictures, channels * area), "flattened maps");
    to.map_mut().blocks_mut().fill(Block::default());
    let (from, to) = (flat.map().blocks(), to.map_mut().blocks_mut());
    for_each_value(channels, pictures, area, |[to_block, to_lane], [from_block, from_lane]| {
        to[to_block].0[to_lane] = from[from_block].0[from_lane];
    });
}

/// Calls `visit` with the block and lane of every value, in maps and flattened.
fn for_each_value(
    channels: usize,
    pictures: usize,
    area: usize,
    mut visit: impl FnMut([usize; 2], [usize; 2]),
) {
    for channel in 0..channels {
        for picture in 0..pictures {
            for position in 0..area {
                let in_maps = (channel / LANES * pictures + picture) * area + position;
                let value = channel * area + position;
                visit([in_maps, channel % LANES], [value / LANES * pictures + picture, value % LANES]);
            }
        }
    }
}
