//! Pixels as a file stores them, upright and in planes, whatever the format.

use std::io::Cursor;

use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, tiff::TiffDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageResult, Limits};

use super::formats::{exif, jpeg, webp};
use super::{BitDepth, PictureFormat};

/// What a file holds, in its own colours.
pub(super) struct Stored {
    pub width: usize,
    pub height: usize,
    /// Whether the file has one channel of colour, repeated in the planes.
    pub is_grey: bool,
    /// The bits a channel that keep the values; floating point counts as 16.
    pub depth: BitDepth,
    /// `[3, H, W]`, 0..1 for integers.
    pub colors: Vec<f32>,
    /// `[H, W]`, 0..1.
    pub alpha: Option<Vec<f32>>,
}

/// A decoder that has read the header, and no pixel.
pub(super) fn open<'a>(
    format: PictureFormat,
    bytes: &'a [u8],
    max_bytes: u64,
) -> ImageResult<Box<dyn ImageDecoder + 'a>> {
    let file = Cursor::new(bytes);
    Ok(match format {
        PictureFormat::Png => Box::new(PngDecoder::with_limits(file, limits(max_bytes))?),
        PictureFormat::Jpeg => Box::new(JpegDecoder::new(file)?),
        PictureFormat::WebP => Box::new(WebPDecoder::new(file)?),
        PictureFormat::Tiff => Box::new(TiffDecoder::new(file)?),
    })
}

/// Decodes the pixels and turns them upright, allocating about `max_bytes` at most.
pub(super) fn decode(mut decoder: Box<dyn ImageDecoder + '_>, max_bytes: u64) -> ImageResult<Stored> {
    decoder.set_limits(limits(max_bytes))?;
    let orientation = orientation(&mut *decoder);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let (width, height) = (image.width() as usize, image.height() as usize);
    let is_grey = !image.color().has_color();
    let bits = image.color().bits_per_pixel() / u16::from(image.color().channel_count());
    let depth = if bits == 8 { BitDepth::Eight } else { BitDepth::Sixteen };
    let (colors, alpha) = planes(image);
    Ok(Stored { width, height, is_grey, depth, colors, alpha })
}

/// Whether the file reaches its end, for the formats whose decoders do not insist.
pub(super) fn is_complete(format: PictureFormat, bytes: &[u8]) -> bool {
    match format {
        PictureFormat::Jpeg => jpeg::is_complete(bytes),
        PictureFormat::WebP => webp::is_complete(bytes),
        PictureFormat::Png | PictureFormat::Tiff => true,
    }
}

/// Whether more pictures follow the first.
pub(super) fn is_animated(format: PictureFormat, bytes: &[u8], max_bytes: u64) -> bool {
    let file = Cursor::new(bytes);
    match format {
        PictureFormat::Png => {
            PngDecoder::with_limits(file, limits(max_bytes)).is_ok_and(|png| png.is_apng().unwrap_or(false))
        }
        PictureFormat::WebP => WebPDecoder::new(file).is_ok_and(|webp| webp.has_animation()),
        PictureFormat::Jpeg | PictureFormat::Tiff => false,
    }
}

/// Bounds on what a decoder allocates beside the pixels, such as compressed metadata.
fn limits(max_bytes: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(max_bytes);
    limits
}

/// How the stored pixels must be turned to stand upright; damaged metadata turns nothing.
fn orientation(decoder: &mut dyn ImageDecoder) -> Orientation {
    match decoder.orientation() {
        Ok(Orientation::NoTransforms) | Err(_) => decoder
            .exif_metadata()
            .ok()
            .flatten()
            .and_then(|block| Orientation::from_exif_chunk(exif::without_prefix(&block)))
            .unwrap_or(Orientation::NoTransforms),
        Ok(orientation) => orientation,
    }
}

/// Colours `[3, H, W]` and alpha `[H, W]`, as stored, integers divided by their greatest value.
pub(super) fn planes(image: DynamicImage) -> (Vec<f32>, Option<Vec<f32>>) {
    let eight = |sample: u8| f32::from(sample) / 255.0;
    let sixteen = |sample: u16| f32::from(sample) / 65535.0;
    let channels = usize::from(image.color().channel_count());
    match image {
        DynamicImage::ImageLuma8(image) => split(&image.into_raw(), channels, eight),
        DynamicImage::ImageLumaA8(image) => split(&image.into_raw(), channels, eight),
        DynamicImage::ImageRgb8(image) => split(&image.into_raw(), channels, eight),
        DynamicImage::ImageRgba8(image) => split(&image.into_raw(), channels, eight),
        DynamicImage::ImageLuma16(image) => split(&image.into_raw(), channels, sixteen),
        DynamicImage::ImageLumaA16(image) => split(&image.into_raw(), channels, sixteen),
        DynamicImage::ImageRgb16(image) => split(&image.into_raw(), channels, sixteen),
        DynamicImage::ImageRgba16(image) => split(&image.into_raw(), channels, sixteen),
        DynamicImage::ImageRgb32F(image) => split(&image.into_raw(), channels, |sample| sample),
        other => split(&other.into_rgba32f().into_raw(), 4, |sample| sample),
    }
}

/// Interleaved samples of 1 to 4 channels as planes; grey is repeated.
fn split<T: Copy>(
    samples: &[T],
    channels: usize,
    unit: impl Fn(T) -> f32 + Copy,
) -> (Vec<f32>, Option<Vec<f32>>) {
    let plane = |channel: usize| samples.iter().skip(channel).step_by(channels).map(move |&s| unit(s));
    let is_grey = channels < 3;
    let mut colors = Vec::with_capacity(3 * (samples.len() / channels));
    for channel in 0..3 {
        colors.extend(plane(if is_grey { 0 } else { channel }));
    }
    let has_alpha = channels.is_multiple_of(2);
    (colors, has_alpha.then(|| plane(channels - 1).map(|alpha| alpha.clamp(0.0, 1.0)).collect()))
}
