//! The HDF5 files of Keras 1 and 2: a group for each layer, with its tensors somewhere below.
//!
//! What lies below differs from version to version: `block1_conv1/block1_conv1_W_1:0`,
//! `block1_conv1/block1_conv1/kernel:0`, all of it under `model_weights` where a whole model was saved. So
//! a tensor is known by the layer's name and its own rank: four sides are the weight, in Keras's order
//! `[3, 3, in, out]`, one is the bias.
//!
//! HDF5 itself is read by the `hdf5-pure` library. Numbers are read through it only after the size that a
//! file claims for them has been held against the size of the file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hdf5_pure::{DType, Dataset, File, Group};

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
        // A copy of the file: read piecewise instead, the library reserves whatever size a chunk claims
        // before it notices that the file is shorter.
        let file = File::from_bytes(bytes.to_vec()).map_err(|error| fault("/", error))?;
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
    let chunk = dataset.chunk_shape().map_err(|error| fault(path, error))?.unwrap_or_default();
    let most = (size as u64).saturating_mul(ForeignFormat::KerasH5.most_numbers_per_byte());
    for sides in [whole, chunk] {
        let found = sides.iter().fold(1, |count: u64, &side| count.saturating_mul(side));
        if found > most {
            return Err(ForeignFault::TooMuch { what: "the numbers of one dataset are", found, most });
        }
    }
    Ok(())
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
