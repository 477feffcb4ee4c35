//! The HDF5 files of Keras 1 and 2: a group for each layer, with its tensors somewhere below.
//!
//! What lies below differs from version to version: `block1_conv1/block1_conv1_W_1:0`,
//! `block1_conv1/block1_conv1/kernel:0`, all of it under `model_weights` where a whole model was saved. So
//! a tensor is known by the layer's name and its own rank: four sides are the weight, in Keras's order
//! `[3, 3, in, out]`, one is the bias.
//!
//! HDF5 itself is read by the `hdf5-pure` library. Numbers are read through it only after the size that a
//! file claims for them has been held against the size of the file. The library follows what a damaged file
//! points to without noticing circles, so its reads are counted ([`Bounded`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use hdf5_pure::{DType, Dataset, File, FormatError, Group, Source};

use super::tensor::{Tensor, Tensors, count};
use super::{ForeignFault, ForeignFormat};
use crate::Layer;

/// How many groups deep below a layer's own tensors are looked for; Keras uses up to three.
const DEEPEST: usize = 4;
/// The most objects in a layer's group; Keras writes two tensors and up to three groups.
const MOST_OBJECTS: usize = 16;

/// The tensors of the convolutions in a file.
pub(super) fn read(bytes: &[u8]) -> Result<Tensors<'static>, ForeignFault> {
    let size = bytes.len();
    guarded("/", || {
        let file = File::from_source(Bounded::new(bytes)).map_err(|error| fault("/", error))?;
        let mut layers = file.root();
        let has = |group: &Group, name| group.groups().map(|names| names.iter().any(|it| it == name));
        if has(&layers, "model_weights").map_err(|error| fault("/", error))? {
            layers = layers.group("model_weights").map_err(|error| fault("model_weights", error))?;
        }
        let mut tensors = Tensors::default();
        for name in layers.groups().map_err(|error| fault("/", error))? {
            match layer(&name) {
                None => tensors.note(&name),
                Some(layer) => {
                    let group = layers.group(&name).map_err(|error| fault(&name, error))?;
                    let mut search = Search { layer, size, objects: 0, tensors: &mut tensors };
                    search.group(&group, &name, DEEPEST)?;
                }
            }
        }
        Ok(tensors)
    })
}

/// A file in memory that refuses further reads when more were made than any sound file needs.
///
/// A node of a B-tree may name itself as its child many times; walked to the depth that the library allows,
/// such a tree has no end that anyone could wait for.
struct Bounded {
    bytes: Vec<u8>,
    /// Cost of the reads that may still be made: a byte costs 1, a read [`Bounded::READ`] more.
    left: AtomicU64,
}

impl Bounded {
    const READ: u64 = 32;

    fn new(bytes: &[u8]) -> Self {
        // Sound files cost 1.0 to 1.4 for each of their bytes.
        Bounded { bytes: bytes.to_vec(), left: AtomicU64::new(65536 + 16 * bytes.len() as u64) }
    }
}

impl Source for Bounded {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        let cost = Self::READ + buffer.len() as u64;
        let paid =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost));
        if paid.is_err() {
            return Err(FormatError::Source("its parts point at each other without end".to_owned()));
        }
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = start.checked_add(buffer.len()).and_then(|end| self.bytes.get(start..end));
        let expected = start.saturating_add(buffer.len());
        let found = found.ok_or(FormatError::UnexpectedEof { expected, available: self.bytes.len() })?;
        buffer.copy_from_slice(found);
        Ok(())
    }
}

/// The convolution that Keras calls `block4_conv2`.
fn layer(name: &str) -> Option<Layer> {
    let (block, index) = name.strip_prefix("block")?.split_once("_conv")?;
    format!("conv{block}_{index}").parse().ok()
}

/// Looks for the tensors of one layer.
struct Search<'t> {
    layer: Layer,
    /// Bytes of the file.
    size: usize,
    /// Objects seen so far.
    objects: usize,
    tensors: &'t mut Tensors<'static>,
}

impl Search<'_> {
    fn group(&mut self, group: &Group, path: &str, depth: usize) -> Result<(), ForeignFault> {
        let datasets = group.datasets().map_err(|error| fault(path, error))?;
        let groups = group.groups().map_err(|error| fault(path, error))?;
        self.objects += datasets.len() + groups.len();
        if self.objects > MOST_OBJECTS {
            let (what, found) = ("the objects in the group of one layer are", self.objects as u64);
            return Err(ForeignFault::TooMuch { what, found, most: MOST_OBJECTS as u64 });
        }
        for name in datasets {
            let path = format!("{path}/{name}");
            let dataset = group.dataset(&name).map_err(|error| fault(&path, error))?;
            self.dataset(dataset, path)?;
        }
        for name in groups {
            let path = format!("{path}/{name}");
            if depth == 0 {
                let expected = "the tensors of a layer at most five groups deep";
                return Err(ForeignFault::Unsupported { found: format!("group {path}"), expected });
            }
            let group = group.group(&name).map_err(|error| fault(&path, error))?;
            self.group(&group, &path, depth - 1)?;
        }
        Ok(())
    }

    fn dataset(&mut self, dataset: Dataset, path: String) -> Result<(), ForeignFault> {
        let stored = dataset.shape().map_err(|error| fault(&path, error))?;
        let sides: Option<Vec<usize>> = stored.iter().map(|&side| usize::try_from(side).ok()).collect();
        let (kind, shape) = match sides.as_deref() {
            Some(&[height, width, inputs, outputs]) => ("weight", vec![outputs, inputs, height, width]),
            Some(&[outputs]) => ("bias", vec![outputs]),
            _ => {
                let found = format!("{path} of shape {stored:?}");
                let expected = "a weight of four sides and a bias of one in each layer";
                return Err(ForeignFault::Unsupported { found, expected });
            }
        };
        let (size, sides) = (self.size, shape.clone());
        let load = move || {
            guarded(&path, || {
                check(&dataset, &path, size)?;
                let values = dataset.read_f32().map_err(|error| fault(&path, error))?;
                if count(&sides) != Some(values.len()) {
                    return Err(fault(&path, format!("{} numbers for shape {stored:?}", values.len())));
                }
                Ok(if let [outputs, inputs, 3, 3] = sides[..] {
                    reorder(&values, outputs, inputs)
                } else {
                    values
                })
            })
        };
        self.tensors.insert(format!("{}.{kind}", self.layer), Tensor { shape, load: Box::new(load) })
    }
}

/// Checks that a dataset holds floating-point numbers, and that neither it nor one of the chunks that it is
/// unpacked by claims more than a file of `size` bytes can hold.
fn check(dataset: &Dataset, path: &str, size: usize) -> Result<(), ForeignFault> {
    let numbers = dataset.dtype().map_err(|error| fault(path, error))?;
    if !matches!(numbers, DType::F32 | DType::F64) {
        let (found, expected) = (format!("{path} of {numbers} numbers"), "f32 or f64");
        return Err(ForeignFault::Unsupported { found, expected });
    }
    let whole = dataset.shape().map_err(|error| fault(path, error))?;
    let chunk = dataset.chunk_shape().map_err(|error| fault(path, error))?;
    let most = (size as u64).saturating_mul(ForeignFormat::KerasH5.most_numbers_per_byte());
    let held = |what, found, most| {
        if found > most { Err(ForeignFault::TooMuch { what, found, most }) } else { Ok(()) }
    };
    held("the numbers of one dataset are", product(&whole), most)?;
    let Some(chunk) = chunk else { return Ok(()) };
    // The library reserves what a chunk claims to take in the file, and unpacks what lies past the data.
    let chunks = dataset.chunks().map_err(|error| fault(path, error))?;
    let numbers = product(&chunk).saturating_mul(chunks.len() as u64);
    held("the numbers of the chunks of one dataset are", numbers, most)?;
    let stored = chunks.iter().map(|chunk| chunk.storage_size).fold(0, u64::saturating_add);
    held("the bytes of the chunks of one dataset are", stored, size as u64)
}

/// The product of the sides of a dataset or a chunk, at most 2⁶⁴ - 1.
fn product(sides: &[u64]) -> u64 {
    sides.iter().fold(1, |count: u64, &side| count.saturating_mul(side))
}

/// From Keras's order `[3, 3, in, out]` to ours, `[out, in, 3, 3]`.
fn reorder(values: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
    let tap = |output, input, place| values[(place * inputs + input) * outputs + output];
    let places = |output, input| (0..9).map(move |place| tap(output, input, place));
    (0..outputs).flat_map(|output| (0..inputs).flat_map(move |input| places(output, input))).collect()
}

fn fault(object: &str, reason: impl ToString) -> ForeignFault {
    ForeignFault::Hdf5 { object: object.to_owned(), reason: reason.to_string() }
}

/// Runs what calls the library, and turns a panic within it into an error. The library is young and large,
/// and its promise not to panic on damaged files is newer than the files; nothing of its state survives the
/// call.
fn guarded<T>(object: &str, run: impl FnOnce() -> Result<T, ForeignFault>) -> Result<T, ForeignFault> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(fault(object, "the HDF5 library gave up")))
}
