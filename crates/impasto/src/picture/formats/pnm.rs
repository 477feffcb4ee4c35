//! PBM, PGM, PPM and PAM, the portable maps of Netpbm.

use std::io::Cursor;

use image::codecs::pnm::PnmDecoder;

use super::{ReadFailure, Sizes, Stored};

/// Reads a file.
pub(super) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    Stored::decoded(PnmDecoder::new(Cursor::new(file))?, sizes)
}
