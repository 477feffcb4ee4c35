//! Layers as training has them, forward and backward, on batches.
//!
//! Each keeps what it needs on the way back with its caller, and none knows of the others: a network is the code
//! that calls them in turn.

mod batch_normalization;
mod convolution;
mod dense;
mod dropout;
mod global_average_pooling;
mod maximum_pooling;
mod softmax_cross_entropy;

pub use batch_normalization::{BatchNormalization, BatchStatistics};
pub use convolution::{ConvolutionInput, TrainedConvolution};
pub use dense::{TrainedDense, flatten, unflatten};
pub use dropout::Dropout;
pub use global_average_pooling::{global_average, global_average_backward};
pub use maximum_pooling::{MaximumPooling, PoolingStride};
pub use softmax_cross_entropy::{CrossEntropy, softmax_cross_entropy};
