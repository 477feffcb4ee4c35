//! Pictures and what goes with them appear whole or not at all; the errors are those of pictures.

use std::path::Path;

use impasto_network::WholeFileError;

use super::PictureError;

/// Puts `bytes` into the file `path`, replacing what was there. The file appears whole or not at all.
///
/// # Errors
/// If `path` is no regular file, such as a device, its folder is missing, or the system refuses; then
/// the folder is as before.
pub fn write_whole_file(path: &Path, bytes: &[u8]) -> Result<(), PictureError> {
    Ok(impasto_network::write_whole_file(path, bytes)?)
}

/// Checks that [`write_whole_file`] to `path` has every reason to succeed, by making and removing a temporary
/// file.
///
/// # Errors
/// As `write_whole_file`.
pub fn check_whole_file(path: &Path) -> Result<(), PictureError> {
    Ok(impasto_network::check_whole_file(path)?)
}

impl From<WholeFileError> for PictureError {
    fn from(error: WholeFileError) -> Self {
        match error {
            WholeFileError::FolderMissing { path, folder } => PictureError::FolderMissing { path, folder },
            WholeFileError::NotAFile { path, found } => PictureError::NotAFile { path, found },
            WholeFileError::NotWritable { path, source } => PictureError::NotWritable { path, source },
        }
    }
}
