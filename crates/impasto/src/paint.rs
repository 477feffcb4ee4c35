//! The whole job in one call.

use impasto_network::{CpuEngine, Weights};

use crate::{Control, Picture, Preset, Transfer, TransferError};

/// Repaints `content` in the style of `style`: the preset [`Impasto`](Preset::Impasto) with the network that is built in,
/// 512 pixels along the longer side. A [`Transfer`] has the choices.
///
#[cfg_attr(feature = "image-crate", doc = "```no_run")]
#[cfg_attr(not(feature = "image-crate"), doc = "```ignore")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let painted = impasto::paint(image::open("photo.jpg")?, image::open("painting.jpg")?)?;
/// image::DynamicImage::from(&painted).save("painted.png")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If a picture is too small for the network, or a loss becomes infinite or undefined.
///
/// # Panics
/// If a side of a picture of the crate `image` is zero.
pub fn paint(content: impl Into<Picture>, style: impl Into<Picture>) -> Result<Picture, TransferError> {
    let settings = Preset::Impasto.settings();
    let mut engine = CpuEngine::new(Weights::compact());
    let transfer = Transfer::new(settings).content(content.into()).style(style.into(), 1.0);
    Ok(transfer.run(&mut engine, |_| Control::Continue)?.picture)
}
