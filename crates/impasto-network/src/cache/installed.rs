//! Weights in the cache, and what their file says of them.

use std::path::{Path, PathBuf};

use impasto_kernels::MappedFile;
use safetensors::SafeTensors;

use super::{CacheError, seal};
use crate::catalogue::Published;

/// Where weights come from; it travels in the metadata of their file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The address or file that they were taken from.
    pub source: Option<String>,
    /// Checksum of that file, such as `md5 253f8cb515780f3b799900260a226db6`.
    pub source_checksum: Option<String>,
    /// The published weights that this checksum shows them to be.
    pub published: Option<String>,
    /// Under which terms, and whose work they are, if that is known.
    pub terms: Option<String>,
}

impl Provenance {
    /// Of a file whose checksum is that of published weights.
    pub fn of_published(published: &Published, source: impl Into<String>) -> Self {
        Provenance {
            source: Some(source.into()),
            source_checksum: Some(published.checksum.to_string()),
            published: Some(published.name.to_owned()),
            terms: Some(published.terms.to_owned()),
        }
    }

    /// As metadata of a file.
    pub(super) fn entries(&self) -> Vec<(String, String)> {
        let Provenance { source, source_checksum, published, terms } = self;
        let entries = [
            ("source", source),
            ("source_checksum", source_checksum),
            ("published", published),
            ("terms", terms),
        ];
        entries.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text.clone()?))).collect()
    }
}

/// Weights in the cache, or a file that was once put there, ready for [`Weights::open`](crate::Weights::open).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// What they are asked for by.
    pub name: String,
    /// Their file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// The network they are of, if the file says so.
    pub network: Option<String>,
    /// `f32` or `f16`, if the file says so.
    pub precision: Option<String>,
    /// Where they come from, as far as the file says so.
    pub provenance: Provenance,
}

impl Installed {
    /// Reads what a file says of itself; its numbers are not looked at.
    ///
    /// # Errors
    /// If the file is unreadable or no safetensors file.
    pub fn read(name: &str, path: &Path) -> Result<Self, CacheError> {
        let unreadable = |source| CacheError::File { path: path.to_owned(), source };
        let file = MappedFile::open(path).map_err(unreadable)?;
        let (_, header) = SafeTensors::read_metadata(&file)
            .map_err(|error| CacheError::Damaged { path: path.to_owned(), reason: error.to_string() })?;
        let text = |key: &str| header.metadata().as_ref()?.get(key).cloned();
        Ok(Installed {
            name: name.to_owned(),
            path: path.to_owned(),
            bytes: file.len() as u64,
            network: text("network"),
            precision: text("precision"),
            provenance: Provenance {
                source: text("source"),
                source_checksum: text("source_checksum"),
                published: text("published"),
                terms: text("terms"),
            },
        })
    }

    /// Computes the checksum of the file again, and returns it in hexadecimal.
    ///
    /// # Errors
    /// If it cannot be read, is not the one that was written with the file, or none was.
    pub fn verify(&self) -> Result<String, CacheError> {
        let damaged = |reason| Err(CacheError::Damaged { path: self.path.clone(), reason });
        let file = MappedFile::open(&self.path)
            .map_err(|source| CacheError::File { path: self.path.clone(), source })?;
        match seal::claimed_and_found(&file) {
            None => damaged("it carries no checksum of its own".to_owned()),
            Some((claimed, found)) if claimed != found => {
                damaged(format!("its sha256 is {found}, but was {claimed} when it was written"))
            }
            Some((_, found)) => Ok(found),
        }
    }
}
