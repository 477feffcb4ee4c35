//! The state of a training run in one file, from which it goes on as if it had never stopped.
//!
//! A checkpoint is a safetensors file: every tensor in f32, bit by bit, and in its metadata the `kind` of run and
//! its `state`, a JSON text. It appears whole or not at all, so that a crash while saving leaves the one before.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use impasto_kernels::MappedFile;
use impasto_network::{WholeFile, WholeFileError};
use safetensors::tensor::{Dtype, SafeTensors};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Bytes that are written at a time.
const BYTES_AT_A_TIME: usize = 1 << 20;

/// A checkpoint that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("checkpoint {}: {fault}", file.display())]
pub struct CheckpointError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong.
    pub fault: CheckpointFault,
}

/// What is wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// The system refuses the file.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It is no safetensors file, or a damaged one.
    #[error("not a checkpoint, or a damaged one: {0}")]
    Damaged(String),
    /// It holds something else.
    #[error("it holds {found}, expected {expected}")]
    Kind {
        /// What it holds.
        found: String,
        /// What was to go on.
        expected: String,
    },
    /// A tensor is absent or of another length.
    #[error("tensor {tensor} has {found} numbers, expected {expected}")]
    Tensor {
        /// Its name.
        tensor: String,
        /// Its numbers; none if it is absent.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// The run was started with other settings.
    #[error(
        "it was started with {setting} {found}, not {asked}: go on with the same settings, or start anew"
    )]
    Settings {
        /// What differs.
        setting: String,
        /// Its value in the checkpoint.
        found: String,
        /// Its value now.
        asked: String,
    },
}

/// Saves a checkpoint of a run of `kind` with its `state` and tensors, replacing the one before.
///
/// # Errors
/// If the file cannot be written; then the one before is as it was.
pub fn save<'a>(
    path: &Path,
    kind: &str,
    state: &impl Serialize,
    tensors: impl Iterator<Item = (String, &'a [f32])>,
) -> Result<(), WholeFileError> {
    let tensors: Vec<_> = tensors.collect();
    let state = serde_json::to_string(state).expect("a state of numbers and texts");
    let mut header = Map::new();
    header.insert("__metadata__".into(), json!({ "kind": kind, "state": state }));
    let mut start = 0;
    for (name, values) in &tensors {
        let end = start + 4 * values.len();
        let entry = json!({ "dtype": "F32", "shape": [values.len()], "data_offsets": [start, end] });
        header.insert(name.clone(), entry);
        start = end;
    }
    let mut header = Value::Object(header).to_string();
    // The numbers begin at a multiple of eight.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut file = WholeFile::create(path)?;
    let written = (|| {
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        for values in tensors.iter().flat_map(|(_, values)| values.chunks(BYTES_AT_A_TIME / 4)) {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            file.write_all(&bytes)?;
        }
        Ok(())
    })();
    written.map_err(|source| file.not_writable(source))?;
    file.commit()
}

/// What a checkpoint holds.
pub struct Checkpoint {
    file: PathBuf,
    state: String,
    tensors: HashMap<String, Vec<f32>>,
}

impl Checkpoint {
    /// Reads the checkpoint of a run of `kind`.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or holds something else.
    pub fn open(path: &Path, kind: &str) -> Result<Self, CheckpointError> {
        Self::read(path, kind).map_err(|fault| CheckpointError { file: path.to_owned(), fault })
    }

    fn read(path: &Path, kind: &str) -> Result<Self, CheckpointFault> {
        let bytes = MappedFile::open(path).map_err(CheckpointFault::Unreadable)?;
        let damaged = |error: safetensors::SafeTensorError| CheckpointFault::Damaged(error.to_string());
        let (_, contents) = SafeTensors::read_metadata(bytes.as_ref()).map_err(damaged)?;
        let texts = contents.metadata().clone().unwrap_or_default();
        let found = texts.get("kind").map_or("no training run", String::as_str);
        if found != kind {
            return Err(CheckpointFault::Kind { found: found.to_owned(), expected: kind.to_owned() });
        }
        let state = texts.get("state").cloned().unwrap_or_default();
        let file = SafeTensors::deserialize(bytes.as_ref()).map_err(damaged)?;
        let mut tensors = HashMap::new();
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(CheckpointFault::Damaged(format!(
                    "tensor {name} holds {} numbers",
                    view.dtype()
                )));
            }
            let values = view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
            tensors.insert(name.to_owned(), values);
        }
        Ok(Checkpoint { file: path.to_owned(), state, tensors })
    }

    /// The state of the run.
    ///
    /// # Errors
    /// If it is not what such a run saves.
    pub fn state<State: DeserializeOwned>(&self) -> Result<State, CheckpointError> {
        serde_json::from_str(&self.state)
            .map_err(|error| self.fault(CheckpointFault::Damaged(format!("state: {error}"))))
    }

    /// `to` ← the numbers of a tensor.
    ///
    /// # Errors
    /// If it is absent, or of another length.
    pub fn restore(&self, tensor: &str, to: &mut [f32]) -> Result<(), CheckpointError> {
        let found = self.tensors.get(tensor).map_or(&[][..], Vec::as_slice);
        if found.len() != to.len() || !self.tensors.contains_key(tensor) {
            let (tensor, found, expected) = (tensor.to_owned(), found.len(), to.len());
            return Err(self.fault(CheckpointFault::Tensor { tensor, found, expected }));
        }
        to.copy_from_slice(found);
        Ok(())
    }

    /// Compares settings of two runs, key by key.
    ///
    /// # Errors
    /// Names the first that differs.
    pub fn expect_same(&self, found: &impl Serialize, asked: &impl Serialize) -> Result<(), CheckpointError> {
        let (found, asked) = (object(found), object(asked));
        for (setting, asked) in asked {
            let found = found.get(&setting).cloned().unwrap_or(Value::Null);
            if found != asked {
                let (found, asked) = (found.to_string(), asked.to_string());
                return Err(self.fault(CheckpointFault::Settings { setting, found, asked }));
            }
        }
        Ok(())
    }

    /// An error about this file.
    pub fn fault(&self, fault: CheckpointFault) -> CheckpointError {
        CheckpointError { file: self.file.clone(), fault }
    }
}

/// Settings as they are saved.
fn object(settings: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(object)) => object,
        other => unreachable!("settings are an object of numbers and texts: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_return_every_bit_and_refuse_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.checkpoint");
        let values = [f32::MIN_POSITIVE / 8.0, -0.0, 1.5, f32::NAN];
        let tensors = || [("a".to_owned(), &values[..]), ("empty".to_owned(), &[][..])].into_iter();
        save(&path, "test", &vec![1, 2], tensors()).unwrap();
        let checkpoint = Checkpoint::open(&path, "test").unwrap();
        assert_eq!(checkpoint.state::<Vec<u32>>().unwrap(), [1, 2]);
        let mut found = [0.0; 4];
        checkpoint.restore("a", &mut found).unwrap();
        assert_eq!(found.map(f32::to_bits), values.map(f32::to_bits));
        checkpoint.restore("empty", &mut []).unwrap();

        let error = checkpoint.restore("a", &mut [0.0; 3]).unwrap_err().to_string();
        assert!(error.ends_with("run.checkpoint: tensor a has 4 numbers, expected 3"), "{error}");
        assert!(checkpoint.restore("b", &mut []).is_err());
        assert!(checkpoint.state::<String>().is_err());
        let error = Checkpoint::open(&path, "other").err().unwrap().to_string();
        assert!(error.ends_with("it holds test, expected other"), "{error}");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
        assert!(matches!(Checkpoint::open(&path, "test").err().unwrap().fault, CheckpointFault::Damaged(_)));
    }
}
