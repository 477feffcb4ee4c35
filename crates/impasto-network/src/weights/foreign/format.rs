//! What kind of weight file a file is, by its first bytes.

use std::fmt;

use super::pytorch;

/// The formats of weight files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForeignFormat {
    /// Our own kind of file, and Hugging Face's.
    Safetensors,
    /// HDF5, as Keras 1 and 2 save weights.
    KerasH5,
    /// The zip archive of `torch.save` since PyTorch 1.6 (2020).
    PytorchZip,
    /// The row of pickles of `torch.save` from PyTorch 0.1.10 (2017) to 1.5.
    PytorchLegacy,
    /// A Caffe network with its weights, a protocol buffer.
    Caffemodel,
}

impl ForeignFormat {
    /// The format that a file with these bytes has. A protocol buffer begins with nothing of its own, so
    /// a file that begins like no other format counts as Caffe's.
    pub(super) fn of(file: &[u8]) -> Self {
        if file.starts_with(b"\x89HDF\r\n\x1a\n") {
            ForeignFormat::KerasH5
        } else if file.starts_with(b"PK") {
            ForeignFormat::PytorchZip
        } else if file.starts_with(&[pytorch::PICKLE_START]) || pytorch::is_tar(file) {
            ForeignFormat::PytorchLegacy
        } else if file.get(8) == Some(&b'{') {
            ForeignFormat::Safetensors
        } else {
            ForeignFormat::Caffemodel
        }
    }

    /// The most numbers that one byte of a file can stand for.
    pub(super) const fn most_numbers_per_byte(self) -> u64 {
        match self {
            // Deflate repeats at most 258 bytes with two bits (RFC 1951); a number has two bytes or more.
            ForeignFormat::KerasH5 => 258 * 4 / 2,
            _ => 1,
        }
    }
}

impl fmt::Display for ForeignFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ForeignFormat::Safetensors => "safetensors",
            ForeignFormat::KerasH5 => "Keras HDF5",
            ForeignFormat::PytorchZip => "PyTorch zip archive",
            ForeignFormat::PytorchLegacy => "PyTorch pickle",
            ForeignFormat::Caffemodel => "Caffe model",
        })
    }
}
