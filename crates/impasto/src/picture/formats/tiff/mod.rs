//! TIFF: every kind that is read, as [`read`] tells; written are Deflate-compressed strips with an sRGB profile and
//! settings in `ImageDescription`.

mod colors;
mod fax;
mod layout;
mod pages;
mod range;
mod read;
mod samples;
mod tags;
mod unpack;

pub(in crate::picture) use read::read;

use std::io::Cursor;

use tiff::TiffResult;
use tiff::encoder::colortype::{ColorType, RGB8, RGB16, RGBA8, RGBA16};
use tiff::encoder::{Compression, DeflateLevel, Predictor, TiffEncoder, TiffValue};
use tiff::tags::Tag;

use super::directory::Tagged;
use super::{MARK, Raster, Samples, ascii_json, srgb_profile};

/// The value of the tag `ExtraSamples` for opacity that colours are not multiplied by (TIFF 6.0, section 18).
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
    directory.write_tag(Tag::IccProfile, srgb_profile().as_slice())?;
    if let Some(settings) = settings {
        let text = format!("{MARK}{}", ascii_json(settings));
        directory.write_tag(Tag::ImageDescription, text.as_str())?;
    }
    image.write_data(samples)?;
    Ok(file.into_inner())
}

/// The settings in the bytes of a TIFF file.
pub(in crate::picture) fn settings(file: &[u8]) -> Option<String> {
    let (file, first) = Tagged::open(file)?;
    let text = file.text(&file.directory(first)?, tags::DESCRIPTION)?;
    text.strip_prefix(MARK).map(str::to_owned)
}
