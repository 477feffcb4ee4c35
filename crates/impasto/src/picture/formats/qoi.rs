//! QOI, the Quite OK Image format.

use std::io::Cursor;

use image::codecs::qoi::QoiDecoder;

use super::{ReadFailure, Sizes, Stored};

/// Reads a file.
pub(super) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    Stored::decoded(QoiDecoder::new(Cursor::new(file))?, sizes)
}
