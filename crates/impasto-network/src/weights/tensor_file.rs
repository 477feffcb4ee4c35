//! The tensors of one safetensors file.
//!
//! Eight bytes give the length of a header in little-endian order; the header is JSON that maps names to
//! number format, shape and place of each tensor, and `__metadata__` to texts; then come the numbers,
//! row-major and without gaps (<https://github.com/huggingface/safetensors>, "Format"). Parsing and the
//! check that the tensors tile the file without overlap are those of the `safetensors` crate; only the
//! comparison with the length of the file is our own, to say which tensor is cut.

use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::WeightsFault;

/// Bytes that hold the length of the header.
const LENGTH_BYTES: usize = 8;
/// Headers beyond this are refused; those of real networks have a few kilobytes.
const LONGEST_HEADER: usize = 16 << 20;

/// A file's bytes, mapped or in memory, and its table of contents.
pub(super) struct TensorFile {
    bytes: Box<dyn AsRef<[u8]> + Send + Sync>,
    /// Where the numbers start.
    data_start: usize,
    contents: Metadata,
}

impl TensorFile {
    /// Reads the header and checks that every tensor lies within the file.
    pub fn parse(bytes: Box<dyn AsRef<[u8]> + Send + Sync>) -> Result<Self, WeightsFault> {
        let all: &[u8] = (*bytes).as_ref();
        let damaged = |reason: String| Err(WeightsFault::Header(reason));
        let Some((length, rest)) = all.split_first_chunk::<LENGTH_BYTES>() else {
            return damaged(format!("{} bytes, too few for any header", all.len()));
        };
        let length = u64::from_le_bytes(*length);
        let header = usize::try_from(length).ok().filter(|&length| length <= LONGEST_HEADER);
        let Some((header, data)) = header.and_then(|length| rest.split_at_checked(length)) else {
            return damaged(format!("it announces a header of {length} bytes, {} follow", rest.len()));
        };
        let contents: Metadata = match serde_json::from_slice(header) {
            Ok(contents) => contents,
            Err(error) => return damaged(format!("header: {error}")),
        };
        let data_start = all.len() - data.len();
        let (found, expected) =
            (all.len() as u64, (data_start as u64).saturating_add(contents.data_len() as u64));
        if found > expected {
            return damaged(format!("{found} bytes, its header announces {expected}"));
        }
        if found < expected {
            let mut in_order = contents.offset_keys().into_iter();
            let cut =
                in_order.find(|name| contents.info(name).is_some_and(|it| it.data_offsets.1 > data.len()));
            return Err(WeightsFault::Truncated { tensor: cut.unwrap_or_default(), found, expected });
        }
        Ok(TensorFile { bytes, data_start, contents })
    }

    /// Names of all tensors.
    pub fn names(&self) -> Vec<String> {
        self.contents.offset_keys()
    }

    /// A text of the header's metadata.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.contents.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// Shape of a tensor.
    ///
    /// # Panics
    /// If the file has no such tensor.
    pub fn shape(&self, tensor: &str) -> &[usize] {
        &self.info(tensor).shape
    }

    /// Checks that a tensor holds finite numbers of a format that [`values`](Self::values) converts.
    ///
    /// # Panics
    /// If the file has no such tensor.
    pub fn check_values(&self, tensor: &str) -> Result<(), WeightsFault> {
        let finite = match self.info(tensor).dtype {
            // A number is finite where not all bits of its exponent are set. Asking all of a block
            // without stopping at the first lets the compiler vectorise it.
            Dtype::F32 => self.all(tensor, |bytes| u32::from_le_bytes(bytes) << 1 < 0xff << 24),
            Dtype::F16 => self.all(tensor, |bytes| u16::from_le_bytes(bytes) << 1 < 0x1f << 11),
            Dtype::BF16 => self.all(tensor, |bytes| u16::from_le_bytes(bytes) << 1 < 0xff << 8),
            other => {
                let (tensor, found) = (tensor.to_owned(), other.to_string());
                return Err(WeightsFault::NumberFormat { tensor, found });
            }
        };
        if finite {
            return Ok(());
        }
        let values = self.values(tensor);
        let element = values.iter().position(|value| !value.is_finite()).expect("one was found above");
        Err(WeightsFault::NotFinite { tensor: tensor.to_owned(), value: values[element], element })
    }

    /// The numbers of a tensor in f32, row-major.
    ///
    /// # Panics
    /// If the file has no such tensor or [`check_values`](Self::check_values) refuses its format.
    pub fn values(&self, tensor: &str) -> Vec<f32> {
        match self.info(tensor).dtype {
            Dtype::F32 => self.map(tensor, f32::from_le_bytes),
            Dtype::F16 => self.map(tensor, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Dtype::BF16 => self.map(tensor, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            other => panic!("tensor {tensor} holds {other} numbers"),
        }
    }

    fn info(&self, tensor: &str) -> &TensorInfo {
        self.contents.info(tensor).unwrap_or_else(|| panic!("no tensor {tensor}"))
    }

    /// The bytes of a tensor, number by number.
    fn numbers<const BYTES: usize>(&self, tensor: &str) -> &[[u8; BYTES]] {
        let (start, end) = self.info(tensor).data_offsets;
        let bytes: &[u8] = (*self.bytes).as_ref();
        bytes[self.data_start..][start..end].as_chunks().0
    }

    fn map<const BYTES: usize>(&self, tensor: &str, convert: impl Fn([u8; BYTES]) -> f32) -> Vec<f32> {
        self.numbers(tensor).iter().map(|&bytes| convert(bytes)).collect()
    }

    fn all<const BYTES: usize>(&self, tensor: &str, test: impl Fn([u8; BYTES]) -> bool) -> bool {
        let block = |block: &[[u8; BYTES]]| block.iter().fold(true, |all, &bytes| all & test(bytes));
        self.numbers(tensor).chunks(4096).all(block)
    }
}
