//! The tensors that a reader finds: named, shaped, and read only when asked for.

use std::collections::BTreeMap;

use half::{bf16, f16};

use super::ForeignFault;

/// Gives the numbers of a tensor in f32, row-major.
type Load<'a> = Box<dyn Fn() -> Result<Vec<f32>, ForeignFault> + 'a>;

/// One tensor of a file.
pub(super) struct Tensor<'a> {
    /// Its shape, with convolutions as `[out, in, 3, 3]` whatever the file's order.
    pub shape: Vec<usize>,
    /// Its numbers, in that order. They are as many as the shape says.
    pub load: Load<'a>,
}

/// The tensors of a file by the names that our own files would give them, `conv1_1.weight` or
/// `features.0.weight`.
#[derive(Default)]
pub(super) struct Tensors<'a> {
    tensors: BTreeMap<String, Tensor<'a>>,
    others: Vec<String>,
}

/// How many names of other things are kept, and how long they may be.
const MOST_OTHERS: usize = 8;
const LONGEST_OTHER: usize = 80;

impl<'a> Tensors<'a> {
    /// Adds a tensor, which must not be there yet.
    pub fn insert(&mut self, name: String, tensor: Tensor<'a>) -> Result<(), ForeignFault> {
        match self.tensors.insert(name.clone(), tensor) {
            None => Ok(()),
            Some(_) => Err(ForeignFault::Twice { tensor: name }),
        }
    }

    /// Remembers something that is there but no tensor of a convolution, for a message to name. Of many,
    /// the first few are kept.
    pub fn note(&mut self, name: &str) {
        if self.others.len() < MOST_OTHERS && name.len() <= LONGEST_OTHER {
            self.others.push(name.to_owned());
        }
    }

    /// Names of all tensors, and of what was noted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().chain(&self.others).map(String::as_str)
    }

    /// Whether a tensor of this name was inserted.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A tensor that was inserted.
    pub fn get(&self, name: &str) -> &Tensor<'a> {
        &self.tensors[name]
    }
}

/// A floating-point format, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Float {
    F16,
    Bf16,
    F32,
    F64,
}

impl Float {
    /// Bytes of one number.
    pub const fn bytes(self) -> usize {
        match self {
            Float::F16 | Float::Bf16 => 2,
            Float::F32 => 4,
            Float::F64 => 8,
        }
    }

    /// The numbers in `bytes`, converted to f32. A rest that is no whole number is left out.
    pub fn decode(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Float::F16 => map(bytes, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Float::Bf16 => map(bytes, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            Float::F32 => map(bytes, f32::from_le_bytes),
            Float::F64 => map(bytes, |bytes| f64::from_le_bytes(bytes) as f32),
        }
    }
}

fn map<const BYTES: usize>(bytes: &[u8], convert: impl Fn([u8; BYTES]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&bytes| convert(bytes)).collect()
}

/// How many numbers a shape has, if that can be counted.
pub(super) fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1, |count: usize, &side| count.checked_mul(side))
}
