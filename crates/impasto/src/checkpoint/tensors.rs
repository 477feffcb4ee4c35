//! The numbers of a checkpoint, list by list, bit by bit.

use std::borrow::Cow;
use std::io;

use half::f16;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::CheckpointError;

/// Bytes that are written at a time.
const BYTES_AT_A_TIME: usize = 1 << 20;

/// A list of numbers to be written.
pub(super) struct Tensor<'a> {
    pub name: String,
    pub shape: Vec<usize>,
    pub numbers: Numbers<'a>,
}

/// Numbers of one kind.
pub(super) enum Numbers<'a> {
    F16(&'a [f16]),
    F32(&'a [f32]),
    F64(Cow<'a, [f64]>),
    U32(&'a [u32]),
    U64(Cow<'a, [u64]>),
}

impl<'a> Tensor<'a> {
    /// A plain list.
    pub fn list(name: impl Into<String>, numbers: Numbers<'a>) -> Self {
        let shape = vec![match &numbers {
            Numbers::F16(numbers) => numbers.len(),
            Numbers::F32(numbers) => numbers.len(),
            Numbers::F64(numbers) => numbers.len(),
            Numbers::U32(numbers) => numbers.len(),
            Numbers::U64(numbers) => numbers.len(),
        }];
        Tensor { name: name.into(), shape, numbers }
    }
}

impl Numbers<'_> {
    /// The kind, by the name that the format has for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Numbers::F16(_) => "F16",
            Numbers::F32(_) => "F32",
            Numbers::F64(_) => "F64",
            Numbers::U32(_) => "U32",
            Numbers::U64(_) => "U64",
        }
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        match self {
            Numbers::F16(numbers) => size_of_val(*numbers),
            Numbers::F32(numbers) => size_of_val(*numbers),
            Numbers::F64(numbers) => size_of_val(&numbers[..]),
            Numbers::U32(numbers) => size_of_val(*numbers),
            Numbers::U64(numbers) => size_of_val(&numbers[..]),
        }
    }

    /// Hands on the bytes, some at a time.
    pub fn each_part(&self, part: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self {
            Numbers::F16(numbers) => parts(numbers, |it| it.to_le_bytes(), part),
            Numbers::F32(numbers) => parts(numbers, |it| it.to_le_bytes(), part),
            Numbers::F64(numbers) => parts(numbers, |it| it.to_le_bytes(), part),
            Numbers::U32(numbers) => parts(numbers, |it| it.to_le_bytes(), part),
            Numbers::U64(numbers) => parts(numbers, |it| it.to_le_bytes(), part),
        }
    }
}

fn parts<T: Copy, const N: usize>(
    numbers: &[T],
    to_bytes: impl Fn(T) -> [u8; N],
    part: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    numbers.chunks(BYTES_AT_A_TIME / N).try_for_each(|numbers| {
        part(&numbers.iter().flat_map(|&number| to_bytes(number)).collect::<Vec<u8>>())
    })
}

/// The lists of a file whose sizes have been checked against its length.
pub(super) struct Tensors<'a>(pub SafeTensors<'a>);

impl Tensors<'_> {
    pub fn f32s(&self, name: &str) -> Result<Vec<f32>, CheckpointError> {
        self.numbers(name, Dtype::F32, f32::from_le_bytes)
    }

    /// The same, all of them finite, so many.
    pub fn finite(&self, name: &str, count: usize) -> Result<Vec<f32>, CheckpointError> {
        require(name, self.f32s(name)?, count, f32::is_finite)
    }

    /// Whether a list is in half precision.
    pub fn is_half(&self, name: &str) -> bool {
        self.0.tensor(name).is_ok_and(|tensor| tensor.dtype() == Dtype::F16)
    }

    /// Such numbers in half precision.
    pub fn finite_halves(&self, name: &str, count: usize) -> Result<Vec<f16>, CheckpointError> {
        require(name, self.numbers(name, Dtype::F16, f16::from_le_bytes)?, count, f16::is_finite)
    }

    pub fn f64s(&self, name: &str) -> Result<Vec<f64>, CheckpointError> {
        self.numbers(name, Dtype::F64, f64::from_le_bytes)
    }

    pub fn u32s(&self, name: &str) -> Result<Vec<u32>, CheckpointError> {
        self.numbers(name, Dtype::U32, u32::from_le_bytes)
    }

    pub fn u64s(&self, name: &str) -> Result<Vec<u64>, CheckpointError> {
        self.numbers(name, Dtype::U64, u64::from_le_bytes)
    }

    fn numbers<T, const N: usize>(
        &self,
        name: &str,
        kind: Dtype,
        from_bytes: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, CheckpointError> {
        let tensor = self.0.tensor(name).map_err(|_| absent(name))?;
        if tensor.dtype() != kind {
            let found = tensor.dtype();
            return Err(CheckpointError::Damaged(format!("tensor {name} holds {found}, not {kind}")));
        }
        Ok(tensor.data().as_chunks().0.iter().map(|&bytes| from_bytes(bytes)).collect())
    }
}

/// `numbers`, if there are so many and all are finite.
fn require<T: Copy>(
    name: &str,
    numbers: Vec<T>,
    count: usize,
    is_finite: impl Fn(T) -> bool,
) -> Result<Vec<T>, CheckpointError> {
    if numbers.len() != count {
        let found = numbers.len();
        return Err(CheckpointError::Damaged(format!("tensor {name} has {found} numbers, not {count}")));
    }
    match numbers.iter().all(|&number| is_finite(number)) {
        true => Ok(numbers),
        false => Err(CheckpointError::Damaged(format!("tensor {name} is not finite"))),
    }
}

fn absent(name: &str) -> CheckpointError {
    CheckpointError::Damaged(format!("tensor {name} is absent"))
}
