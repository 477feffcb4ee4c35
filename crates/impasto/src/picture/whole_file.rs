//! Files appear whole or not at all: written under a temporary name in the same folder, then renamed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::PictureError;

/// Puts `bytes` into the file `path`, replacing what was there. The file appears whole or not at all.
///
/// # Errors
/// If `path` is no regular file, such as a device, its folder is missing, or the system refuses; then
/// the folder is as before.
pub fn write_whole_file(path: &Path, bytes: &[u8]) -> Result<(), PictureError> {
    let failed = |source| PictureError::NotWritable { path: path.to_owned(), source };
    let target = target(path)?;
    let mut file = temporary_file(path, &target)?;
    file.write_all(bytes).map_err(failed)?;
    // Renaming before the bytes are on the disk could leave an empty file after a power cut.
    file.as_file().sync_all().map_err(failed)?;
    // The temporary file is removed when the error is dropped.
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Checks that [`write_whole_file`] to `path` has every reason to succeed, by making and removing a temporary
/// file.
///
/// # Errors
/// As `write_whole_file`.
pub fn check_whole_file(path: &Path) -> Result<(), PictureError> {
    let target = target(path)?;
    temporary_file(path, &target).map(drop)
}

/// The file to replace: `path` itself or, if it is a symbolic link, what it leads to.
fn target(path: &Path) -> Result<PathBuf, PictureError> {
    let not_a_file = |found| PictureError::NotAFile { path: path.to_owned(), found };
    let failed = |source| PictureError::NotWritable { path: path.to_owned(), source };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(not_a_file("a folder")),
        // Renaming over a device such as /dev/null would replace it.
        Ok(metadata) if !metadata.is_file() => Err(not_a_file("not a regular file")),
        // Renaming needs no permission on the file it replaces, but a write-protected file means it.
        Ok(metadata) if metadata.permissions().readonly() => {
            Err(failed(io::Error::new(io::ErrorKind::PermissionDenied, "the file is write-protected")))
        }
        Ok(_) => fs::canonicalize(path).map_err(failed),
        Err(_) => Ok(path.to_owned()),
    }
}

fn temporary_file(path: &Path, target: &Path) -> Result<NamedTempFile, PictureError> {
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(PictureError::FolderMissing { path: path.to_owned(), folder: folder.to_owned() });
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
        PictureError::NotWritable { path: path.to_owned(), source: error.kind().into() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_rename_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.png");
        let file = temporary_file(&path, &path).unwrap();
        fs::create_dir_all(path.join("in the way")).unwrap();
        let error = file.persist(&path).unwrap_err();
        drop(error);
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [path]);
    }

    #[test]
    fn checking_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        check_whole_file(&folder.path().join("out.png")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
