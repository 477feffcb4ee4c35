//! Picture files on their way in.

use std::path::Path;

use impasto::picture::{PictureError, ReadOptions, SourcePicture};

use super::request::Request;
use super::values::TraceTo;
use crate::failure::Failure;

/// The picture in a file. What the reader warns of goes to `notes`.
///
/// # Errors
/// If it cannot be read or is larger than `--max-pixels`.
pub fn read(request: &Request<'_>, path: &Path, notes: &mut Vec<String>) -> Result<SourcePicture, Failure> {
    let options = ReadOptions { max_pixels: request.shared.picture.max_pixels };
    let source = SourcePicture::read(path, &options).map_err(|error| match error {
        error if is_meant_for_json(request, path) => Failure::mistake(format_args!(
            "{error}; to write the JSON there, use an equals sign: --json={}",
            path.display()
        )),
        error => unreadable(error),
    })?;
    notes.extend(source.warnings.iter().map(|warning| format!("warning: {}: {warning}", path.display())));
    Ok(source)
}

/// Why a picture cannot be read, with the flag that says how large it may be if that is why.
pub fn unreadable(error: PictureError) -> Failure {
    match error {
        PictureError::TooLarge { .. } | PictureError::FileTooLong { .. } => {
            Failure::mistake(format_args!("{error} (--max-pixels)"))
        }
        error => error.into(),
    }
}

/// Whether `--json FILE` was typed for `--json=FILE`, so that the file counts as a picture.
fn is_meant_for_json(request: &Request<'_>, path: &Path) -> bool {
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    is_json && request.shared.output.json == Some(TraceTo::Output)
}
