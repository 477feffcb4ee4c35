//! A file that has arrived in part, and the checksum of that part.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{FetchError, MirrorFault};
use crate::checksum::{Checksum, Hasher};

/// A partial file, open and locked against other processes.
pub(super) struct PartialFile {
    path: PathBuf,
    file: File,
    length: u64,
    /// Over the `length` bytes that are there.
    hasher: Hasher,
    expected: Checksum,
    /// Whether the bytes come from more than one answer, which may not fit together.
    pieced: bool,
}

impl PartialFile {
    /// Opens or makes the file, and takes in what is there.
    pub fn open(path: &Path, expected: Checksum) -> Result<Self, FetchError> {
        let failed = |source| FetchError::NotWritable { path: path.to_owned(), source };
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(failed)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(FetchError::Busy { path: path.to_owned() }),
            // Some file systems have no locks; then two processes at once end in a wrong checksum.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let mut hasher = expected.hasher();
        hasher.update_from(&mut file).map_err(failed)?;
        let length = file.stream_position().map_err(failed)?;
        Ok(PartialFile { path: path.to_owned(), file, length, hasher, expected, pieced: false })
    }

    /// Bytes at hand.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds the next bytes.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.file.write_all(bytes).map_err(|source| self.not_writable(source))?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Notes that another answer continues what is there.
    pub fn continued(&mut self) {
        self.pieced = true;
    }

    /// Whether the bytes come from more than one answer.
    pub fn is_pieced(&self) -> bool {
        self.pieced
    }

    /// Forgets what is there.
    pub fn restart(&mut self) -> Result<(), FetchError> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|source| self.not_writable(source))?;
        (self.length, self.hasher, self.pieced) = (0, self.expected.hasher(), false);
        Ok(())
    }

    /// Compares the checksum of what is there with the expected one.
    pub fn check(&self) -> Result<(), MirrorFault> {
        let (found, expected) = (self.hasher.clone().finish(), self.expected);
        if found == expected { Ok(()) } else { Err(MirrorFault::Contents { found, expected }) }
    }

    /// Sees to it that what is there is on the disk.
    pub fn sync(&self) -> Result<(), FetchError> {
        self.file.sync_all().map_err(|source| self.not_writable(source))
    }

    fn not_writable(&self, source: io::Error) -> FetchError {
        FetchError::NotWritable { path: self.path.clone(), source }
    }
}
