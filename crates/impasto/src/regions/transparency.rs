//! Maps with an alpha channel.

use crate::Picture;
use crate::picture::SourcePicture;

/// The colours of a file over `background`, 0..1: `alpha · color + (1 − alpha) · background`.
///
/// A colour map is read over white (1), as a paint program shows what has not been painted, and a soft mask
/// over black (0): what has been erased is not in it. Colours that hide under full transparency do not count.
/// Without transparency it is the picture itself.
pub fn flattened(source: &SourcePicture, background: f32) -> Picture {
    let Some(alpha) = &source.alpha else { return source.picture.clone() };
    let over = |(color, alpha): (&f32, &f32)| alpha * color + (1.0 - alpha) * background;
    let planes = source.picture.data().chunks_exact(alpha.data().len());
    let data = planes.flat_map(|plane| plane.iter().zip(alpha.data()).map(over)).collect();
    Picture::new(source.picture.width(), source.picture.height(), data)
}
