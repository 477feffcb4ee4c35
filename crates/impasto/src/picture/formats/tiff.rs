//! TIFF: Deflate-compressed strips, an sRGB profile, settings in `ImageDescription`.

use std::io::Cursor;

use tiff::TiffResult;
use tiff::decoder::Decoder;
use tiff::encoder::colortype::{ColorType, RGB8, RGB16, RGBA8, RGBA16};
use tiff::encoder::{Compression, DeflateLevel, Predictor, TiffEncoder, TiffValue};
use tiff::tags::Tag;

use super::{MARK, Raster, Samples, ascii_json, srgb_profile};

/// Values of the tag `ExtraSamples` (TIFF 6.0, section 18).
const PREMULTIPLIED: u16 = 1;
const STRAIGHT: u16 = 2;

/// The bytes of a TIFF file.
pub(in crate::picture) fn encode(raster: &Raster, settings: Option<&str>) -> TiffResult<Vec<u8>> {
    match (&raster.samples, raster.has_alpha) {
        (Samples::Eight(samples), false) => encode_as::<RGB8>(raster, samples, settings),
        (Samples::Eight(samples), true) => encode_as::<RGBA8>(raster, samples, settings),
        (Samples::Sixteen(samples), false) => encode_as::<RGB16>(raster, samples, settings),
        (Samples::Sixteen(samples), true) => encode_as::<RGBA16>(raster, samples, settings),
    }
}

fn encode_as<C: ColorType>(
    raster: &Raster,
    samples: &[C::Inner],
    settings: Option<&str>,
) -> TiffResult<Vec<u8>>
where
    [C::Inner]: TiffValue,
{
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file)?
        .with_compression(Compression::Deflate(DeflateLevel::Balanced))
        .with_predictor(Predictor::Horizontal);
    let mut image = encoder.new_image::<C>(raster.width, raster.height)?;
    let directory = image.encoder();
    if raster.has_alpha {
        directory.write_tag(Tag::ExtraSamples, &[STRAIGHT][..])?;
    }
    if let Some(profile) = srgb_profile() {
        directory.write_tag(Tag::IccProfile, profile.as_slice())?;
    }
    if let Some(settings) = settings {
        let text = format!("{MARK}{}", ascii_json(settings));
        directory.write_tag(Tag::ImageDescription, text.as_str())?;
    }
    image.write_data(samples)?;
    Ok(file.into_inner())
}

/// The settings in the bytes of a TIFF file.
pub(in crate::picture) fn settings(file: &[u8]) -> Option<String> {
    let mut decoder = Decoder::new(Cursor::new(file)).ok()?;
    let text = decoder.get_tag_ascii_string(Tag::ImageDescription).ok()?;
    text.strip_prefix(MARK).map(str::to_owned)
}

/// Whether colours in the bytes of a TIFF file are already multiplied by its alpha.
pub(in crate::picture) fn is_premultiplied(file: &[u8]) -> bool {
    Decoder::new(Cursor::new(file))
        .and_then(|mut decoder| decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples))
        .is_ok_and(|extra| extra.is_some_and(|extra| extra.first() == Some(&PREMULTIPLIED)))
}
