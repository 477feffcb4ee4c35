//! Weights of a network: where they come from, what shape of network they make, and how it reads
//! pictures.
//!
//! Files are safetensors, in f32, f16 or bf16, with the convolutions named by block (`conv4_2.weight`) or
//! as torchvision does (`features.21.weight`). The shape of the network is read off the tensors, down to
//! wherever the file ends; fully connected layers are ignored. Opening a file maps it into memory and
//! checks all of it that matters, so that a [`Weights`] that exists can be used without further errors.
//! Files of other programs are read whole into a [`ForeignNetwork`], which [`safetensors_bytes`] saves as one
//! of ours.
//!
//! The input convention is, in this order: the caller's; what the file says under `input` in its
//! metadata; for names by block that of the original Caffe networks, from which such files are converted;
//! for torchvision's names that of torchvision.

mod activations;
mod convention;
mod error;
mod foreign;
mod naming;
mod random;
mod recognition;
mod tensor_file;
mod writer;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

pub use activations::Activations;
pub use convention::{ChannelOrder, Convention, ConventionError, InputChannel};
pub use error::{WeightsError, WeightsFault};
pub use foreign::{ForeignFault, ForeignFormat, ForeignNetwork};
use impasto_kernels::MappedFile;
use naming::{NamedConvolution, Naming};
use tensor_file::TensorFile;
pub use writer::{Precision, WriteError, safetensors_bytes};

use crate::checksum::Checksum;
use crate::{Architecture, Layer};

/// The compact network; `docs/compact-network.md` says how it was made and what it is worth.
const COMPACT: &[u8] = include_bytes!("../../weights/compact.safetensors");

/// The convolutions of one network, down to some layer.
pub struct Weights {
    architecture: Architecture,
    convention: Convention,
    activations: Activations,
    origin: String,
    source: Source,
    /// Of all convolutions, once it was asked for.
    checksum: OnceLock<Checksum>,
}

/// Where the numbers are.
enum Source {
    /// In a file; the convolutions in order.
    File(TensorFile, Vec<NamedConvolution>),
    /// Made up when asked for, from this seed.
    Random(u64),
}

/// One 3×3 convolution: `output[o] = bias[o] + Σ weight[o, i, y, x] · input[i]` shifted by (y − 1, x − 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// Channels it reads.
    pub inputs: usize,
    /// Channels it writes.
    pub outputs: usize,
    /// `[outputs, inputs, 3, 3]`, row-major.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
}

impl Weights {
    /// Opens a weight file. `convention` overrides what the file says or implies about its input.
    ///
    /// The network is named after the known one whose shape it has, or the start of it, else after the
    /// file. The file is mapped, not copied; see [`MappedFile::open`] for what happens to a file that is
    /// changed meanwhile.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or does not hold a network; see [`WeightsFault`].
    pub fn open(path: impl AsRef<Path>, convention: Option<Convention>) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        let origin = path.display().to_string();
        MappedFile::open(path)
            .map_err(WeightsFault::Unreadable)
            .and_then(|bytes| Self::read(path, origin, Box::new(bytes), convention))
            .map_err(|fault| WeightsError { file: path.to_owned(), fault })
    }

    /// The same from the bytes of a file in memory. `name` stands for its path in messages.
    ///
    /// # Errors
    /// As [`open`](Weights::open).
    pub fn from_bytes(
        name: impl AsRef<Path>,
        bytes: impl AsRef<[u8]> + Send + Sync + 'static,
        convention: Option<Convention>,
    ) -> Result<Self, WeightsError> {
        let name = name.as_ref();
        Self::read(name, name.display().to_string(), Box::new(bytes), convention)
            .map_err(|fault| WeightsError { file: name.to_owned(), fault })
    }

    /// The small network that is part of the program (9 convolutions, 1.8 million weights, 3.5 MB).
    pub fn compact() -> Self {
        Self::from_bytes("compact", COMPACT, None).expect("the embedded file is sound, as a test shows")
    }

    /// Random weights that keep the size of activations (He et al. 2015), for measurements and tests.
    /// They depend on `seed` and the architecture alone. The convention is [`Convention::TORCH`].
    pub fn random(architecture: Architecture, seed: u64) -> Self {
        Weights {
            architecture,
            convention: Convention::TORCH,
            activations: Activations::OfWeights,
            origin: format!("random, seed {seed}"),
            source: Source::Random(seed),
            checksum: OnceLock::new(),
        }
    }

    /// The same weights, read under another convention.
    pub fn with_convention(self, convention: Convention) -> Self {
        Weights { convention, ..self }
    }

    /// The same network with maps of the size that VGG-19's have, if its own are known: see [`Activations`]. That is
    /// the compact network and those of its shape; all others stay as they are.
    pub fn with_activations_of_vgg19(self) -> Self {
        let activations = Activations::of_vgg19(&self.architecture).unwrap_or(self.activations);
        Weights { activations, checksum: OnceLock::new(), ..self }
    }

    /// How strongly its layers answer.
    pub fn activations(&self) -> Activations {
        self.activations
    }

    /// The shape of the network.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// How the network reads pictures.
    pub fn convention(&self) -> &Convention {
        &self.convention
    }

    /// Where the weights come from, for people: the path of a file, `compact`, or `random, seed 7`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The convolution whose output is `layer`, converted to f32. Only its own part of a file is read.
    ///
    /// # Panics
    /// If `layer` is not among the [`convolutions`](Architecture::convolutions) of the network.
    pub fn convolution(&self, layer: Layer) -> Convolution {
        let (place, outputs) = self
            .architecture
            .convolutions()
            .position(|convolution| convolution == layer)
            .zip(self.architecture.channels(layer))
            .unwrap_or_else(|| panic!("network {} has no {layer}", self.architecture.name()));
        let before = self.architecture.blocks().iter().flatten().take(place).last();
        let inputs = before.copied().unwrap_or(3);
        let mut convolution = match &self.source {
            Source::Random(seed) => random::convolution(*seed, layer, inputs, outputs),
            Source::File(file, convolutions) => Convolution {
                inputs,
                outputs,
                weight: file.values(&convolutions[place].weight()),
                bias: file.values(&convolutions[place].bias()),
            },
        };
        if self.activations != Activations::OfWeights {
            let factor = self.activations.factor(Some(layer));
            let layer_before = self.architecture.convolutions().take(place).last();
            let ratio = factor / self.activations.factor(layer_before);
            convolution.weight.iter_mut().for_each(|weight| *weight *= ratio);
            convolution.bias.iter_mut().for_each(|bias| *bias *= factor);
        }
        convolution
    }

    /// A SHA-256 of the weights of all convolutions, as [`convolution`](Weights::convolution) gives them. Computed once.
    pub fn checksum(&self) -> &Checksum {
        self.checksum.get_or_init(|| {
            let mut hasher = Checksum::Sha256([0; 32]).hasher();
            for layer in self.architecture.convolutions() {
                let convolution = self.convolution(layer);
                hasher.update_with_values(&convolution.weight);
                hasher.update_with_values(&convolution.bias);
            }
            hasher.finish()
        })
    }

    fn read(
        name: &Path,
        origin: String,
        bytes: Box<dyn AsRef<[u8]> + Send + Sync>,
        convention: Option<Convention>,
    ) -> Result<Self, WeightsFault> {
        let file = TensorFile::parse(bytes)?;
        let names = file.names();
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let (naming, convolutions) = naming::find_convolutions(&names)?;
        let blocks = check_tensors(&file, &convolutions)?;
        let stem = name.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let architecture = recognition::recognise(blocks, stem)?;
        let convention = match (convention, file.metadata("input"), naming) {
            (Some(convention), ..) => convention,
            (None, Some(input), _) => input.parse()?,
            (None, None, Naming::Blocks) => Convention::CAFFE,
            (None, None, Naming::Torchvision) => Convention::TORCH,
        };
        let activations = Activations::OfWeights;
        Ok(Weights {
            architecture,
            convention,
            activations,
            origin,
            source: Source::File(file, convolutions),
            checksum: OnceLock::new(),
        })
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Weights")
            .field("architecture", &self.architecture)
            .field("convention", &self.convention)
            .field("activations", &self.activations)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Checks shapes and values of all convolutions. Returns their output channels, block by block.
fn check_tensors(
    file: &TensorFile,
    convolutions: &[NamedConvolution],
) -> Result<Vec<Vec<usize>>, WeightsFault> {
    let blocks = check_shapes(convolutions, |tensor| file.shape(tensor))?;
    for convolution in convolutions {
        file.check_values(&convolution.weight())?;
        file.check_values(&convolution.bias())?;
    }
    Ok(blocks)
}

/// Checks that the convolutions chain. Returns their output channels, block by block.
fn check_shapes<'a>(
    convolutions: &[NamedConvolution],
    shape: impl Fn(&str) -> &'a [usize],
) -> Result<Vec<Vec<usize>>, WeightsFault> {
    let mut inputs = 3;
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for convolution in convolutions {
        let (weight, bias) = (convolution.weight(), convolution.bias());
        let outputs = match *shape(&weight) {
            [outputs, found, 3, 3] if outputs > 0 && found == inputs => outputs,
            ref found => {
                let expected = match convolution.layer {
                    first if first == Layer::convolution(1, 1) => "[channels, 3, 3, 3]".to_owned(),
                    _ => {
                        format!("[channels, {inputs}, 3, 3], as the convolution before has {inputs} outputs")
                    }
                };
                return Err(WeightsFault::Shape { tensor: weight, found: found.to_vec(), expected });
            }
        };
        let found = shape(&bias);
        if found != [outputs] {
            let expected = format!("[{outputs}], one for each output of {weight}");
            return Err(WeightsFault::Shape { tensor: bias, found: found.to_vec(), expected });
        }
        if convolution.layer.block() > blocks.len() {
            blocks.push(Vec::new());
        }
        blocks.last_mut().expect("the first convolution opens a block").push(outputs);
        inputs = outputs;
    }
    Ok(blocks)
}
