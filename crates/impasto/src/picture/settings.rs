//! The settings of a run, read back from the picture it made.

use std::path::Path;

use super::decode::read_bytes;
use super::formats::{jpeg, png, tiff, webp};
use super::{PictureError, PictureFormat, ReadOptions};

/// The settings that [`WriteOptions::settings`](super::WriteOptions::settings) put into the file, or
/// `None` if it has none, whoever wrote it.
///
/// # Errors
/// If the file cannot be read or is no picture.
pub fn read_settings(path: impl AsRef<Path>) -> Result<Option<String>, PictureError> {
    let path = path.as_ref();
    let file = read_bytes(path, &ReadOptions::default())?;
    if file.is_empty() {
        return Err(PictureError::Empty { path: path.to_owned() });
    }
    match PictureFormat::from_first_bytes(&file) {
        Ok(PictureFormat::Png) => Ok(png::settings(&file)),
        Ok(PictureFormat::Jpeg) => Ok(jpeg::settings(&file)),
        Ok(PictureFormat::WebP) => Ok(webp::settings(&file)),
        Ok(PictureFormat::Tiff) => Ok(tiff::settings(&file)),
        // What is never written holds none.
        Ok(_) => Ok(None),
        Err(found) => Err(PictureError::NotAPicture { path: path.to_owned(), found }),
    }
}
