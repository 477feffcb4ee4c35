//! The folder in which a user's weights are kept: one safetensors file for each name, which says where it
//! comes from and carries its own checksum.
//!
//! While weights are fetched, what has arrived is beside them as `NAME.part`; the file as it was published
//! stays under its own name if the user wants to keep it.

mod error;
mod folder;
mod installed;
mod seal;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use error::CacheError;
pub use folder::folder_of_user;
pub use installed::{Installed, Provenance};

use crate::catalogue;
use crate::{ForeignNetwork, Precision, safetensors_bytes, write_whole_file};

/// What files of weights end in.
const EXTENSION: &str = "safetensors";

/// A folder of weights. It need not be there until something is put into it.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The user's: `weights` in [`folder_of_user`]: in `IMPASTO_CACHE`, or where the system keeps what can be fetched again, such as
    /// `~/.cache/impasto`.
    ///
    /// # Errors
    /// If the environment names neither that nor a home.
    pub fn of_user() -> Result<Self, CacheError> {
        folder_of_user().map(|folder| Cache::in_folder(folder.join("weights"))).ok_or(CacheError::NoHome)
    }

    /// The one in this folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Cache { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder if it is missing, and checks that it can be written.
    ///
    /// # Errors
    /// If it cannot.
    pub fn prepare(&self) -> Result<(), CacheError> {
        let failed = |source| CacheError::Folder { folder: self.folder.clone(), source };
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let probe = tempfile::Builder::new().prefix(".impasto-").tempfile_in(&self.folder);
        probe.map(drop).map_err(|error| failed(error.kind().into()))
    }

    /// Where the weights of this name are, or would be.
    ///
    /// # Errors
    /// If it is no name.
    pub fn path(&self, name: &str) -> Result<PathBuf, CacheError> {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let sound = (1..=64).contains(&name.len())
            && name.bytes().next().is_some_and(letter)
            && name.bytes().all(|byte| letter(byte) || matches!(byte, b'.' | b'_' | b'-'));
        match sound {
            true => Ok(self.folder.join(format!("{name}.{EXTENSION}"))),
            false => Err(CacheError::Name { name: name.to_owned() }),
        }
    }

    /// Where what has arrived of these weights is kept meanwhile.
    ///
    /// # Errors
    /// If it is no name.
    pub fn partial_file(&self, name: &str) -> Result<PathBuf, CacheError> {
        Ok(self.path(name)?.with_file_name(format!("{name}.part")))
    }

    /// The weights of this name, if they are there.
    ///
    /// # Errors
    /// If it is no name, or the file is unreadable or damaged.
    pub fn find(&self, name: &str) -> Result<Option<Installed>, CacheError> {
        match Installed::read(name, &self.path(name)?) {
            Err(CacheError::File { source, .. }) if is_missing(&source) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Names of all weights that are there, in alphabetical order. Without a folder there are none.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, CacheError> {
        let failed = |source| CacheError::File { path: self.folder.clone(), source };
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if is_missing(&error) => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(failed)?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(EXTENSION)?.strip_suffix('.'));
            names.extend(name.filter(|name| self.path(name).is_ok()).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Puts a network into the folder under this name, in the place of what was there. The file appears
    /// whole or not at all.
    ///
    /// # Errors
    /// If it is no name, a number is out of the range of the precision, or the system refuses.
    pub fn install(
        &self,
        name: &str,
        network: &ForeignNetwork,
        precision: Precision,
        provenance: &Provenance,
    ) -> Result<Installed, CacheError> {
        let path = self.path(name)?;
        let word = match precision {
            Precision::F16 => "f16",
            Precision::F32 => "f32",
        };
        let mut metadata = vec![
            (seal::KEY.to_owned(), seal::placeholder()),
            ("network".to_owned(), network.architecture.name().to_owned()),
            ("precision".to_owned(), word.to_owned()),
        ];
        metadata.extend(provenance.entries());
        let mut file = safetensors_bytes(&network.convolutions, &network.convention, precision, &metadata)?;
        seal::seal(&mut file);
        self.prepare()?;
        write_whole_file(&path, &file)?;
        Installed::read(name, &path)
    }

    /// Removes the weights of this name, what has arrived of them, and the published file if it was kept.
    /// Returns what was removed, which may be nothing.
    ///
    /// # Errors
    /// If it is no name, or the system refuses.
    pub fn remove(&self, name: &str) -> Result<Vec<PathBuf>, CacheError> {
        let published = catalogue::find(name).map(|published| self.folder.join(published.file));
        let mut removed = Vec::new();
        for path in [self.path(name)?, self.partial_file(name)?].into_iter().chain(published) {
            match fs::remove_file(&path) {
                Ok(()) => removed.push(path),
                Err(error) if is_missing(&error) => {}
                Err(source) => return Err(CacheError::File { path, source }),
            }
        }
        Ok(removed)
    }
}

/// Whether a file is not there, or its folder.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
