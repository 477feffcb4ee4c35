//! Read-only memory-mapped files, for weights of many megabytes of which only a part is read.
//!
//! The mapping lives in this crate because it is the one that may use `unsafe`.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

/// The bytes of a file, read by the operating system page by page as they are touched.
///
/// The file should stay as it is while it is mapped: see [`open`](MappedFile::open).
#[derive(Debug)]
pub struct MappedFile {
    bytes: Mmap,
}

impl MappedFile {
    /// Maps the whole file read-only. An empty file is an empty slice.
    ///
    /// If another program shortens the file while it is mapped, touching the lost pages ends this
    /// process with a bus error; if it writes into the file, the bytes change under the reader. Replacing
    /// the file by renaming another over it, as downloads and package managers do, harms nothing.
    ///
    /// # Errors
    /// Whatever the operating system says, and [`io::ErrorKind::InvalidInput`] for anything that is not a
    /// regular file (opening a pipe would wait for its writer).
    pub fn open(path: &Path) -> io::Result<Self> {
        let kind = std::fs::metadata(path)?;
        if !kind.is_file() {
            let found = if kind.is_dir() { "a folder" } else { "not a regular file" };
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {found}")));
        }
        let file = File::open(path)?;
        // SAFETY: the mapping is private to this value, read-only and unmapped when it is dropped. That
        // nobody changes the file meanwhile cannot be enforced on the systems we run on, and is asked of the
        // user in the documentation. The bytes are read as plain numbers, of which every pattern is valid: a
        // change shows as wrong numbers. This is the risk that every user of mapped files takes.
        let bytes = unsafe { Mmap::map(&file)? };
        Ok(MappedFile { bytes })
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_the_file_are_seen() {
        let path = std::env::temp_dir().join(format!("impasto-mapped-{}", std::process::id()));
        std::fs::write(&path, b"pigment").unwrap();
        let mapped = MappedFile::open(&path);
        std::fs::write(path.with_extension("empty"), b"").unwrap();
        let empty = MappedFile::open(&path.with_extension("empty"));
        std::fs::remove_file(path.with_extension("empty")).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(&*mapped.unwrap(), b"pigment", "a mapping outlives the name of its file");
        assert!(empty.unwrap().is_empty());
    }

    #[test]
    fn folders_are_refused() {
        let error = MappedFile::open(&std::env::temp_dir()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), "it is a folder");
    }
}
