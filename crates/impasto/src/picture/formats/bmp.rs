//! BMP, the bitmaps of Windows.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;

use super::{ReadFailure, Sizes, Stored};

/// Reads a file.
pub(super) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    Stored::decoded(BmpDecoder::new(Cursor::new(file))?, sizes)
}
