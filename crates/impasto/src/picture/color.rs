//! Original colours: the luminance of the painting, the colours of the photograph.
//!
//! As in neural-style's `-original_colors` (Johnson 2015), the result keeps its Y and takes U and V from
//! the content, in the YUV of ITU-R BT.601:
//!
//! ```text
//! Y = 0.299 R + 0.587 G + 0.114 B      U = 0.492 (B - Y)      V = 0.877 (R - Y)
//! ```
//!
//! U and V say how far blue and red lie from Y. Keeping both while Y becomes Y' moves B and R by
//! Y' - Y, and with them G, because the weights of Y add up to one. So the whole exchange is
//!
//! ```text
//! rgb = rgb(content) + Y(result) - Y(content)
//! ```
//!
//! which needs no conversion matrix and keeps the colours of the content exactly where the luminances
//! agree.

use super::Picture;

/// Weights of red, green and blue in luma, BT.601.
pub const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// The luminance of `result` with the colours of `content`, both `[3, H, W]`, sRGB-encoded.
///
/// Values may leave 0..1 where a colour does not exist at the new luminance; writing clamps them.
///
/// # Panics
/// If the two sizes differ: resize `content` first.
pub fn keep_colors(result: &Picture, content: &Picture) -> Picture {
    assert_eq!(
        (result.width(), result.height()),
        (content.width(), content.height()),
        "colours come from a picture of the same size"
    );
    let shift: Vec<f32> =
        luma(result).zip(luma(content)).map(|(painted, original)| painted - original).collect();
    let data = content
        .data()
        .chunks_exact(shift.len())
        .flat_map(|plane| plane.iter().zip(&shift).map(|(value, shift)| value + shift))
        .collect();
    Picture::new(content.width(), content.height(), data)
}

/// Y of every pixel, row by row.
fn luma(picture: &Picture) -> impl Iterator<Item = f32> + '_ {
    let (red, rest) = picture.data().split_at(picture.width() * picture.height());
    let (green, blue) = rest.split_at(red.len());
    red.iter()
        .zip(green)
        .zip(blue)
        .map(|((red, green), blue)| LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RGB to YUV and back by the matrices that Torch's `image.rgb2yuv` and `image.yuv2rgb` print.
    fn by_matrices(result: [f32; 3], content: [f32; 3]) -> [f32; 3] {
        let row = |m: [f32; 3], v: [f32; 3]| m[0] * v[0] + m[1] * v[1] + m[2] * v[2];
        let y = row([0.299, 0.587, 0.114], result);
        let u = row([-0.14713, -0.28886, 0.436], content);
        let v = row([0.615, -0.51499, -0.10001], content);
        [y + 1.13983 * v, y - 0.39465 * u - 0.58060 * v, y + 2.03211 * u]
    }

    #[test]
    fn agrees_with_the_yuv_matrices() {
        let (result, content) = ([0.9, 0.1, 0.3], [0.2, 0.7, 0.4]);
        let kept = keep_colors(&Picture::new(1, 1, result.to_vec()), &Picture::new(1, 1, content.to_vec()));
        for (kept, expected) in kept.data().iter().zip(by_matrices(result, content)) {
            assert!((kept - expected).abs() < 1e-4, "{kept} {expected}");
        }
    }

    #[test]
    fn a_picture_keeps_its_own_colors() {
        let picture = Picture::new(2, 1, vec![0.0, 0.25, 0.5, 0.75, 1.0, 0.125]);
        assert_eq!(keep_colors(&picture, &picture), picture);
    }
}
