//! What can be wrong with a weight file.

use std::path::PathBuf;

/// A weight file that cannot be used: which one, and why.
#[derive(Debug, thiserror::Error)]
#[error("weight file {}: {fault}", file.display())]
pub struct WeightsError {
    /// The file, as the caller named it.
    pub file: PathBuf,
    /// What is wrong with it.
    pub fault: WeightsFault,
}

/// What is wrong with a weight file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsFault {
    /// The operating system refuses the file.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// The header is not that of a safetensors file, or is damaged.
    #[error("not a safetensors file, or a damaged one: {0}")]
    Header(String),
    /// The file ends before its last tensor.
    #[error(
        "truncated: it ends within tensor {tensor}, after {found} bytes; its header announces {expected}"
    )]
    Truncated {
        /// The first tensor that is not complete.
        tensor: String,
        /// Bytes in the file.
        found: u64,
        /// Bytes it should have.
        expected: u64,
    },
    /// No tensor has the name of a convolution.
    #[error("no convolutions: expected tensors conv1_1.weight … or features.0.weight …, found {found}")]
    NoConvolutions {
        /// Some of the names that are there.
        found: String,
    },
    /// A convolution is left out although deeper ones are there.
    #[error("convolution {missing} is missing, but {present} is there")]
    MissingConvolution {
        /// The first convolution that is not there.
        missing: String,
        /// One that is, and needs the missing one.
        present: String,
    },
    /// A convolution has a weight but no bias, or a bias but no weight.
    #[error("tensor {tensor} is missing, but {present} is there")]
    MissingTensor {
        /// The tensor that is not there.
        tensor: String,
        /// Its counterpart.
        present: String,
    },
    /// The numbers of two consecutive torchvision convolutions tell no block structure.
    #[error(
        "after features.{previous} the next convolution is features.{next}: expected features.{} in the \
         same block or features.{} after a pooling",
        previous + 2, previous + 3
    )]
    Spacing {
        /// Number of a convolution.
        previous: usize,
        /// Number of the next one.
        next: usize,
    },
    /// More blocks, or convolutions in a block, than layer names can count.
    #[error("{stem} would be convolution {index} of block {block}: at most 9 blocks of 9 are supported")]
    TooDeep {
        /// The convolution.
        stem: String,
        /// Its block, from 1.
        block: u8,
        /// Its number in the block, from 1.
        index: u8,
    },
    /// The network normalises its batches; these weights alone do not say what it computes.
    #[error(
        "tensor {tensor} belongs to a batch normalisation, which is not supported: use the variant of the \
         network without it, or fold it into the convolutions"
    )]
    BatchNormalisation {
        /// A tensor that shows it.
        tensor: String,
    },
    /// A tensor has another shape than its place demands.
    #[error("tensor {tensor} has shape {found:?}, expected {expected}")]
    Shape {
        /// Its name.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape demanded, in words.
        expected: String,
    },
    /// A tensor is stored in a number format that is not read.
    #[error("tensor {tensor} holds {found} numbers, expected F32, F16 or BF16")]
    NumberFormat {
        /// Its name.
        tensor: String,
        /// Its number format, as safetensors calls it.
        found: String,
    },
    /// A tensor holds a value that is not a finite number.
    #[error("tensor {tensor} holds {value} at element {element}, expected finite numbers")]
    NotFinite {
        /// Its name.
        tensor: String,
        /// NaN or an infinity.
        value: f32,
        /// Index of the first such element.
        element: usize,
    },
    /// A file of another program is damaged, or not what its reader knows.
    #[error("read as {format}: {fault}")]
    Foreign {
        /// What kind of file it begins like.
        format: super::ForeignFormat,
        /// What is wrong.
        fault: super::ForeignFault,
    },
    /// The file's own account of its input convention cannot be understood.
    #[error("its metadata says input {0}; name a convention to read it nevertheless")]
    Convention(#[from] super::ConventionError),
}
