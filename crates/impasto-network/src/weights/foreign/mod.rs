//! Weight files of other programs: Keras `.h5`, PyTorch `.pth`, Caffe `.caffemodel`.
//!
//! One reader for each format finds the tensors and says what they are called and shaped; what makes them
//! a network is checked here, by the rules of our own files: which names are convolutions, that each
//! reads as many channels as the one before writes, that all numbers are finite. Fully connected layers
//! are passed over without their numbers being touched.
//!
//! The files come from strangers. Nothing in them is executed, memory stays within a small multiple of
//! the file's own size, nothing recurses deeper than a fixed bound, and a damaged file is an error that
//! says where and what was expected.

mod caffemodel;
mod cursor;
mod fault;
mod format;
mod keras_h5;
mod protobuf;
mod pytorch;
mod tensor;

use std::collections::BTreeSet;
use std::path::Path;

use impasto_kernels::MappedFile;

pub use fault::ForeignFault;
pub use format::ForeignFormat;
use tensor::Tensors;

use super::naming::{NamedConvolution, Naming, find_convolutions};
use super::{Convention, Convolution, Weights, WeightsError, WeightsFault, check_shapes, recognition};
use crate::{Architecture, Layer};

/// The most numbers that the convolutions of a network may have together: six times VGG-19.
const MOST_NUMBERS: u64 = 1 << 27;

/// The bytes of a file, mapped or in memory.
type Bytes = Box<dyn AsRef<[u8]> + Send + Sync>;

/// A network read from a weight file of any known format, whole and in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignNetwork {
    /// What kind of file it was.
    pub format: ForeignFormat,
    /// Its shape, named after the known network of this shape or else the file.
    pub architecture: Architecture,
    /// How it reads pictures: for safetensors what the file says, otherwise that of the program which
    /// writes such files. Tensors named as in torchvision follow [`Convention::TORCH`], all others
    /// [`Convention::CAFFE`], as the VGG networks of Keras and Caffe do.
    pub convention: Convention,
    /// Its convolutions in the order that a picture passes them.
    pub convolutions: Vec<(Layer, Convolution)>,
}

impl ForeignNetwork {
    /// Reads a weight file; the first bytes tell its format. The file is mapped while it is read, see
    /// [`MappedFile::open`].
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or does not hold a network; see [`WeightsFault`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        MappedFile::open(path)
            .map_err(WeightsFault::Unreadable)
            .and_then(|bytes| read(path, Box::new(bytes)))
            .map_err(|fault| WeightsError { file: path.to_owned(), fault })
    }

    /// The same from the bytes of a file in memory. `name` stands for its path in messages.
    ///
    /// # Errors
    /// As [`open`](ForeignNetwork::open).
    pub fn from_bytes(
        name: impl AsRef<Path>,
        bytes: impl AsRef<[u8]> + Send + Sync + 'static,
    ) -> Result<Self, WeightsError> {
        let name = name.as_ref();
        read(name, Box::new(bytes)).map_err(|fault| WeightsError { file: name.to_owned(), fault })
    }
}

fn read(name: &Path, bytes: Bytes) -> Result<ForeignNetwork, WeightsFault> {
    let file: &[u8] = (*bytes).as_ref();
    let format = ForeignFormat::of(file);
    let tensors = match format {
        ForeignFormat::Safetensors => return read_safetensors(name, bytes),
        ForeignFormat::KerasH5 => keras_h5::read(file),
        ForeignFormat::PytorchZip => pytorch::read_zip(file),
        ForeignFormat::PytorchLegacy => pytorch::read_legacy(file),
        ForeignFormat::Caffemodel => caffemodel::read(file),
    };
    let foreign = |fault| WeightsFault::Foreign { format, fault };
    let tensors = tensors.map_err(foreign)?;

    let names: BTreeSet<&str> = tensors.names().collect();
    let (naming, convolutions) = find_convolutions(&names)?;
    // Other things may have names that convolutions have.
    let needed = convolutions.iter().flat_map(|it| [it.weight(), it.bias()]);
    if let Some(name) = needed.into_iter().find(|name| !tensors.contains(name)) {
        let (found, expected) = (format!("{name} that is no tensor"), "a tensor of floating-point numbers");
        return Err(foreign(ForeignFault::Unsupported { found, expected }));
    }
    let blocks = check_shapes(&convolutions, |tensor| &tensors.get(tensor).shape)?;
    check_size(&tensors, &convolutions, format, file).map_err(foreign)?;
    let stem = name.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let architecture = recognition::recognise(blocks, stem)?;
    let convention = match naming {
        Naming::Blocks => Convention::CAFFE,
        Naming::Torchvision => Convention::TORCH,
    };

    let values = |name: String| {
        let values = (tensors.get(&name).load)().map_err(foreign)?;
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(element) => Err(WeightsFault::NotFinite { tensor: name, value: values[element], element }),
        }
    };
    let convolutions = convolutions.iter().map(|convolution| {
        let shape = &tensors.get(&convolution.weight()).shape;
        let (weight, bias) = (values(convolution.weight())?, values(convolution.bias())?);
        Ok((convolution.layer, Convolution { inputs: shape[1], outputs: shape[0], weight, bias }))
    });
    let convolutions = convolutions.collect::<Result<Vec<_>, WeightsFault>>()?;
    Ok(ForeignNetwork { format, architecture, convention, convolutions })
}

fn read_safetensors(name: &Path, bytes: Bytes) -> Result<ForeignNetwork, WeightsFault> {
    let weights = Weights::read(name, name.display().to_string(), bytes, None)?;
    let architecture = weights.architecture().clone();
    let convolutions = architecture.convolutions().map(|layer| (layer, weights.convolution(layer))).collect();
    let (format, convention) = (ForeignFormat::Safetensors, *weights.convention());
    Ok(ForeignNetwork { format, architecture, convention, convolutions })
}

/// Refuses networks that claim more numbers than a network of this kind needs or the file can hold.
fn check_size(
    tensors: &Tensors<'_>,
    convolutions: &[NamedConvolution],
    format: ForeignFormat,
    file: &[u8],
) -> Result<(), ForeignFault> {
    let count = |name: String| tensor::count(&tensors.get(&name).shape).map_or(u64::MAX, |it| it as u64);
    let counts = convolutions.iter().map(|it| count(it.weight()).saturating_add(count(it.bias())));
    let found = counts.fold(0, u64::saturating_add);
    let most = MOST_NUMBERS.min((file.len() as u64).saturating_mul(format.most_numbers_per_byte()));
    if found > most {
        return Err(ForeignFault::TooMuch { what: "the numbers in its convolutions are", found, most });
    }
    Ok(())
}
