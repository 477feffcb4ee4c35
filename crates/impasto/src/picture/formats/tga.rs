//! TGA, of Truevision. Its files do not begin with a signature, so the header has to make sense.

use std::io::Cursor;

use image::codecs::tga::TgaDecoder;

use super::{ReadFailure, Sizes, Stored};

/// Bytes of the header.
const HEADER: usize = 18;

/// Reads a file.
pub(super) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    Stored::decoded(TgaDecoder::new(Cursor::new(file))?, sizes)
}

/// Whether the first bytes are a header of TGA in every field that has few values.
pub(in crate::picture) fn is_header(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..HEADER) else { return false };
    let (has_map, kind, map_bits, bits) = (header[1], header[2], header[7], header[16]);
    let side = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let is_known = match (has_map, kind) {
        (1, 1 | 9) => bits == 8 && matches!(map_bits, 15 | 16 | 24 | 32),
        (0, 2 | 10) => matches!(bits, 15 | 16 | 24 | 32) && map_bits == 0,
        (0, 3 | 11) => matches!(bits, 8 | 16) && map_bits == 0,
        _ => false,
    };
    // The two highest bits of the description are unused.
    is_known && side(12) > 0 && side(14) > 0 && header[17] & 0xc0 == 0
}
