//! What can be wrong with a data set.

use std::io;
use std::path::PathBuf;

/// A data set that cannot be used: which one, and why.
#[derive(Debug, thiserror::Error)]
#[error("data {}: {fault}", path.display())]
pub struct DataError {
    /// The folder or archive, as the caller named it.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: DataFault,
}

/// What is wrong with a data set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataFault {
    /// The system refuses a file or folder.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file within.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The archive ends early or is no archive.
    #[error(
        "the archive is damaged or cut off after {entries} files, at byte {offset} of its contents: {reason}"
    )]
    Archive {
        /// Files that were read before.
        entries: usize,
        /// Bytes of the unpacked archive that were read before.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// Neither layout is there.
    #[error(
        "no data set: expected CIFAR-10's data_batch_1.bin … and test_batch.bin, or folders train/CLASS/PICTURE, \
         found {found}"
    )]
    Unknown {
        /// Some of what is there.
        found: String,
    },
    /// A batch of CIFAR-10 is no whole number of records.
    #[error(
        "{file}: {bytes} bytes, expected a multiple of {record}: record {} is cut off at byte {}",
        bytes / record, bytes / record * record
    )]
    RecordSize {
        /// The batch.
        file: String,
        /// Its bytes.
        bytes: usize,
        /// Bytes of a record.
        record: usize,
    },
    /// A label is no class.
    #[error("{file}: label {label} of record {index}, at byte {offset}, expected 0 to {}", classes - 1)]
    Label {
        /// The batch.
        file: String,
        /// The record, from 0.
        index: usize,
        /// Where its label is.
        offset: usize,
        /// The label.
        label: u8,
        /// Classes.
        classes: usize,
    },
    /// Training or test pictures are missing.
    #[error("no {split} pictures")]
    Empty {
        /// `training` or `test`.
        split: &'static str,
    },
    /// A class has no pictures.
    #[error("class {class} has no {split} pictures")]
    EmptyClass {
        /// The class.
        class: String,
        /// `training` or `test`.
        split: &'static str,
    },
    /// Too few classes, or more than a label can name.
    #[error("{found} classes, expected 2 to 256")]
    Classes {
        /// How many there are.
        found: usize,
    },
    /// A file that is no picture.
    #[error("{file}: not a picture that can be read: {reason}")]
    Picture {
        /// The file within.
        file: String,
        /// What the decoder says.
        reason: String,
    },
}

impl DataFault {
    /// Whether the system failed rather than the data.
    pub fn is_systems(&self) -> bool {
        let choice = [io::ErrorKind::NotFound, io::ErrorKind::InvalidInput, io::ErrorKind::NotADirectory];
        matches!(self, DataFault::Unreadable { source, .. } if !choice.contains(&source.kind()))
    }
}
