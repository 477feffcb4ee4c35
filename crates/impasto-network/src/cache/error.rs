//! What can be wrong with the folder of weights, or with what is in it.

use std::io;
use std::path::PathBuf;

use crate::{WeightsError, WholeFileError, WriteError};

/// Weights that cannot be kept, found or trusted.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The environment does not say where a user's files are.
    #[error("there is no home folder to keep weights in: set IMPASTO_CACHE to a folder")]
    NoHome,
    /// A name that is none.
    #[error(
        "{name:?} is no name for weights: expected 1 to 64 of a to z, 0 to 9, '.', '_' and '-', beginning with a \
         letter or digit"
    )]
    Name {
        /// The name asked for.
        name: String,
    },
    /// The folder cannot be made or written.
    #[error("the folder {} cannot be written: {source}; IMPASTO_CACHE names another", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file in the folder cannot be read or removed.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file in the folder is not as it was written.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What shows it.
        reason: String,
    },
    /// A network that no file can hold at the precision asked for.
    #[error("the weights cannot be saved: {0}")]
    Numbers(#[from] WriteError),
    /// The file could not be written.
    #[error(transparent)]
    NotWritten(#[from] WholeFileError),
    /// The file holds no network.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}
