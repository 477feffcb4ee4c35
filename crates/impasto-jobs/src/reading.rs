//! Picture files on their way in.

use std::path::Path;

use impasto::picture::{PictureError, ReadOptions, SourcePicture};

use crate::message::{Field, Message, Note};
use crate::order::Order;
use crate::refusal::Refusal;
use crate::words;

/// Reads the picture in the file of a field. What the reader warns of goes to `notes`.
///
/// # Errors
/// If it cannot be read, or has more than `max_pixels`.
pub(crate) fn read(
    order: &Order,
    field: &'static str,
    path: &Path,
    notes: &mut Vec<Note>,
) -> Result<SourcePicture, Refusal> {
    let (source, warnings) =
        read_picture(path, order.picture.max_pixels).map_err(|refusal| refusal.of(field))?;
    notes.extend(warnings.into_iter().map(|note| Note { message: note.message.of(field), ..note }));
    Ok(source)
}

/// Reads the picture in a file, and what the reader warns of.
///
/// # Errors
/// If it cannot be read, or has more than `max_pixels`.
pub fn read_picture(path: &Path, max_pixels: u64) -> Result<(SourcePicture, Vec<Note>), Refusal> {
    let source =
        SourcePicture::read(path, &ReadOptions { max_pixels }).map_err(|error| unreadable(path, error))?;
    let warning = |warning: &_| Note::warning(Message::new(format!("{}: {warning}", path.display())));
    let warnings = source.warnings.iter().map(warning).collect();
    Ok((source, warnings))
}

/// Says why a picture cannot be read, and the field that says how large it may be if that is why.
pub(crate) fn unreadable(path: &Path, error: PictureError) -> Refusal {
    let refusal = match error {
        PictureError::TooLarge { .. } | PictureError::FileTooLong { .. } => {
            Refusal::order(words![format!("{error} ("), Field("max_pixels"), ")"])
        }
        error => error.into(),
    };
    Refusal { file: Some(path.to_owned()), ..refusal }
}
