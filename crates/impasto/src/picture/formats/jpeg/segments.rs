//! The chain of segments that a JPEG file is made of.
//!
//! A segment is `FF marker length payload`; after a start-of-scan segment follow entropy-coded bytes, in which `FF`
//! is always followed by `00` or a restart marker (ITU-T T.81, B.1.1). Bytes that belong to nothing are skipped,
//! as every viewer does.

pub(super) const START_OF_IMAGE: u8 = 0xd8;
pub(super) const END_OF_IMAGE: u8 = 0xd9;
pub(super) const START_OF_SCAN: u8 = 0xda;
pub(super) const QUANTIZATION: u8 = 0xdb;
pub(super) const HUFFMAN: u8 = 0xc4;
pub(super) const LINES: u8 = 0xdc;
pub(super) const RESTART_INTERVAL: u8 = 0xdd;
pub(super) const APP0: u8 = 0xe0;
pub(super) const APP1: u8 = 0xe1;
pub(super) const APP2: u8 = 0xe2;
pub(super) const APP14: u8 = 0xee;
pub(super) const COMMENT: u8 = 0xfe;

/// A segment. The end of the image is one without payload.
pub(super) struct Segment<'a> {
    pub marker: u8,
    /// What stands behind the length.
    pub payload: &'a [u8],
    /// Offset of the byte behind the segment.
    pub end: usize,
}

/// Whether a byte behind `FF` makes a marker that ends entropy-coded bytes.
pub(super) fn ends_scan(byte: u8) -> bool {
    !matches!(byte, 0x00 | 0x01 | 0xd0..=0xd7 | 0xff)
}

/// The segments of a file, up to the end of the image or of what can be followed.
pub(super) fn segments(file: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut position = 2;
    let mut finished = false;
    std::iter::from_fn(move || {
        if finished {
            return None;
        }
        let is_marker = |pair: &[u8]| pair[0] == 0xff && ends_scan(pair[1]) && pair[1] != START_OF_IMAGE;
        position += file.get(position..)?.windows(2).position(is_marker)? + 1;
        let marker = file[position];
        if marker == END_OF_IMAGE {
            finished = true;
            return Some(Segment { marker, payload: &[], end: position + 1 });
        }
        let length = file.get(position + 1..position + 3)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
        let end = position + 1 + length;
        let payload = file.get(position + 3..end)?;
        position = end;
        Some(Segment { marker, payload, end })
    })
}
