//! Files appear whole or not at all: written under a temporary name in the same folder, then renamed.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that could not be written whole. Nothing is left behind. Every message is one line and names the
/// file.
#[derive(Debug, thiserror::Error)]
pub enum WholeFileError {
    /// The folder to write into does not exist.
    #[error("{}: the folder {} does not exist", path.display(), folder.display())]
    FolderMissing {
        /// The file asked for.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The name is that of something that is there and is no regular file, such as a folder or a device.
    #[error("{}: is {found}, so no file can be written there", path.display())]
    NotAFile {
        /// The file asked for.
        path: PathBuf,
        /// What it is, such as `a folder`.
        found: &'static str,
    },
    /// The folder or the existing file may not be written, or writing failed.
    #[error("{}: cannot be written: {source}", path.display())]
    NotWritable {
        /// The file asked for.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl WholeFileError {
    /// Whether another choice of name would have avoided it, rather than a system that refuses or fails.
    pub fn is_callers_mistake(&self) -> bool {
        !matches!(self, WholeFileError::NotWritable { .. })
    }
}

/// Puts `bytes` into the file `path`, replacing what was there. The file appears whole or not at all.
///
/// # Errors
/// If `path` is no regular file, such as a device, its folder is missing, or the system refuses; then
/// the folder is as before.
pub fn write_whole_file(path: &Path, bytes: &[u8]) -> Result<(), WholeFileError> {
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes).map_err(|source| file.not_writable(source))?;
    file.commit()
}

/// Checks that a file `path` can be written, as far as that can be known before, by making and removing a
/// temporary file.
///
/// # Errors
/// As [`write_whole_file`].
pub fn check_whole_file(path: &Path) -> Result<(), WholeFileError> {
    WholeFile::create(path).map(drop)
}

/// A file in the making, for what is too large to hold in memory as bytes. It is buffered, and takes its
/// place with [`commit`](WholeFile::commit); dropped before, it leaves nothing behind.
#[derive(Debug)]
pub struct WholeFile {
    path: PathBuf,
    target: PathBuf,
    temporary: BufWriter<NamedTempFile>,
}

impl WholeFile {
    /// Begins the file `path`.
    ///
    /// # Errors
    /// As [`write_whole_file`].
    pub fn create(path: &Path) -> Result<Self, WholeFileError> {
        let target = target(path)?;
        let temporary = BufWriter::new(temporary_file(path, &target)?);
        Ok(WholeFile { path: path.to_owned(), target, temporary })
    }

    /// Puts what was written in the place of what was there.
    ///
    /// # Errors
    /// If the system refuses, such as a full disk; then the folder is as before.
    pub fn commit(self) -> Result<(), WholeFileError> {
        let WholeFile { path, target, temporary } = self;
        let failed = |source| WholeFileError::NotWritable { path: path.clone(), source };
        let file = temporary.into_inner().map_err(|error| failed(error.into_error()))?;
        // Renaming before the bytes are on the disk could leave an empty file after a power cut.
        file.as_file().sync_all().map_err(failed)?;
        // The temporary file is removed when the error is dropped.
        file.persist(&target).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// The error of a write into this file that failed.
    pub fn not_writable(&self, source: io::Error) -> WholeFileError {
        WholeFileError::NotWritable { path: self.path.clone(), source }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

/// The file to replace: `path` itself or, if it is a symbolic link, what it leads to.
fn target(path: &Path) -> Result<PathBuf, WholeFileError> {
    let not_a_file = |found| WholeFileError::NotAFile { path: path.to_owned(), found };
    let failed = |source| WholeFileError::NotWritable { path: path.to_owned(), source };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(not_a_file("a folder")),
        // Renaming over a device such as /dev/null would replace it.
        Ok(metadata) if !metadata.is_file() => Err(not_a_file("not a regular file")),
        // Renaming needs no permission on the file it replaces, but a write-protected file means it.
        Ok(metadata) if metadata.permissions().readonly() => {
            Err(failed(io::Error::new(io::ErrorKind::PermissionDenied, "the file is write-protected")))
        }
        Ok(_) => fs::canonicalize(path).map_err(failed),
        Err(_) => Ok(end_of_links(path)),
    }
}

/// Most links that are followed one after another, as in Linux.
const MOST_LINKS: usize = 40;

/// The file that a link leads to which is not there yet, or `path` if it is no link.
fn end_of_links(path: &Path) -> PathBuf {
    let mut end = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&end) else { return end };
        end = end.parent().unwrap_or(Path::new("")).join(next);
    }
    // Links in a circle: what writing there will complain of.
    path.to_owned()
}

fn temporary_file(path: &Path, target: &Path) -> Result<NamedTempFile, WholeFileError> {
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(WholeFileError::FolderMissing { path: path.to_owned(), folder: folder.to_owned() });
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".impasto-").suffix(".part");
    #[cfg(unix)]
    {
        // Temporary files are private by default; this one becomes an ordinary file under the umask.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|error| {
        // The error itself names the temporary file, which means nothing to the user.
        WholeFileError::NotWritable { path: path.to_owned(), source: error.kind().into() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_rename_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.bin");
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        fs::create_dir_all(path.join("in the way")).unwrap();
        assert!(matches!(file.commit(), Err(WholeFileError::NotWritable { .. })));
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [path]);
    }

    #[test]
    fn checking_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        check_whole_file(&folder.path().join("out.bin")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_committed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.bin");
        write_whole_file(&path, b"old").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(&vec![7; 100_000]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "what was not committed is gone");
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_filled() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name);
        symlink("second", name("first")).unwrap();
        symlink(name("file"), name("second")).unwrap();
        write_whole_file(&name("first"), b"new").unwrap();
        assert!(name("first").is_symlink() && name("second").is_symlink());
        assert_eq!(fs::read(name("file")).unwrap(), b"new");
        symlink("circle", name("circle")).unwrap();
        write_whole_file(&name("circle"), b"new").unwrap();
        assert!(!name("circle").is_symlink(), "a circle leads to nothing, and is replaced");
    }

    #[test]
    fn names_that_cannot_work_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_whole_file(folder.path(), b"").unwrap_err();
        assert!(error.is_callers_mistake() && error.to_string().contains("is a folder"), "{error}");
        let error = write_whole_file(&folder.path().join("none/out.bin"), b"").unwrap_err();
        assert!(matches!(error, WholeFileError::FolderMissing { .. }), "{error}");
    }
}
