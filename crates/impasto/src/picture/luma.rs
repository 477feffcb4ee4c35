//! Luma: how bright an encoded colour is, by the weights of ITU-R BT.601.
//!
//! ```text
//! Y = 0.299 R + 0.587 G + 0.114 B
//! ```

use super::Picture;

/// Luma of every pixel of a mask, row by row, cut to 0..1; what is not a number counts as 0.
pub(crate) fn luma(picture: &Picture) -> Vec<f32> {
    let (red, rest) = picture.data().split_at(picture.width() * picture.height());
    let (green, blue) = rest.split_at(red.len());
    let luma = |((red, green), blue): ((&f32, &f32), &f32)| {
        // A grey is its own luma to the last bit, so that white is all and black nothing.
        let luma =
            if red == green && green == blue { *red } else { 0.299 * red + 0.587 * green + 0.114 * blue };
        if luma.is_nan() { 0.0 } else { luma.clamp(0.0, 1.0) }
    };
    red.iter().zip(green).zip(blue).map(luma).collect()
}
