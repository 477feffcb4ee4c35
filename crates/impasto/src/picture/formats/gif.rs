//! GIF: up to 256 colours, often animated, of which the first picture is read.

use std::io::Cursor;

use image::AnimationDecoder;
use image::ImageDecoder;
use image::codecs::gif::GifDecoder;

use super::{ReadFailure, Sizes, Stored};
use crate::picture::ReadWarning;

/// Reads a file.
pub(super) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    let mut stored = Stored::decoded(GifDecoder::new(Cursor::new(file))?, sizes)?;
    let mut again = GifDecoder::new(Cursor::new(file))?;
    again.set_limits(sizes.limits())?;
    if again.into_frames().nth(1).is_some() {
        stored.warnings.push(ReadWarning::Animated);
    }
    Ok(stored)
}
