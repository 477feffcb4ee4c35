//! TIFF: every kind that is read, as [`read`] tells; written are Deflate-compressed strips with an sRGB profile settings in
//! `ImageDescription`, and metadata in directories of EXIF.

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

use std::io::{Cursor, Seek, Write};

use tiff::encoder::colortype::{ColorType, RGB8, RGB16, RGBA8, RGBA16};
use tiff::encoder::{
    Compression, DeflateLevel, DirectoryEncoder, Predictor, TiffEncoder, TiffKind, TiffValue,
};
use tiff::tags::{Tag, Type};
use tiff::{Directory, TiffResult};

use super::{Raster, Samples, exif, srgb_profile};
use crate::picture::Metadata;
use crate::picture::metadata::Entry;

/// The value of the tag `ExtraSamples` for opacity that colours are not multiplied by (TIFF 6.0, section 18).
const STRAIGHT: u16 = 2;

/// The bytes of a TIFF file.
pub(in crate::picture) fn encode(
    raster: &Raster,
    settings: Option<&str>,
    metadata: &Metadata,
) -> TiffResult<Vec<u8>> {
    match (&raster.samples, raster.has_alpha) {
        (Samples::Eight(samples), false) => encode_as::<RGB8>(raster, samples, settings, metadata),
        (Samples::Eight(samples), true) => encode_as::<RGBA8>(raster, samples, settings, metadata),
        (Samples::Sixteen(samples), false) => encode_as::<RGB16>(raster, samples, settings, metadata),
        (Samples::Sixteen(samples), true) => encode_as::<RGBA16>(raster, samples, settings, metadata),
    }
}

fn encode_as<C: ColorType>(
    raster: &Raster,
    samples: &[C::Inner],
    settings: Option<&str>,
    metadata: &Metadata,
) -> TiffResult<Vec<u8>>
where
    [C::Inner]: TiffValue,
{
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file)?
        .with_compression(Compression::Deflate(DeflateLevel::Balanced))
        .with_predictor(Predictor::Horizontal);
    let mut below = Vec::new();
    let taking = exif::of_taking(metadata);
    for (pointer, entries) in [(Tag::ExifDirectory, &taking), (Tag::GpsDirectory, &metadata.place)] {
        if !entries.is_empty() {
            let mut directory = encoder.extra_directory()?;
            put(&mut directory, entries)?;
            below.push((pointer, directory.finish_with_offsets()?.offset));
        }
    }
    let mut image = encoder.new_image::<C>(raster.width, raster.height)?;
    let directory = image.encoder();
    if raster.has_alpha {
        directory.write_tag(Tag::ExtraSamples, &[STRAIGHT][..])?;
    }
    directory.write_tag(Tag::IccProfile, srgb_profile().as_slice())?;
    put(directory, &exif::of_picture(metadata, settings))?;
    for (pointer, place) in below {
        directory.write_tag(pointer, place)?;
    }
    image.write_data(samples)?;
    Ok(file.into_inner())
}

/// Puts entries into a directory of a file, whose numbers are in the order of the machine.
fn put<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    entries: &[Entry],
) -> TiffResult<()> {
    for entry in entries {
        let kind = Type::from_u16(entry.kind).unwrap_or(Type::UNDEFINED);
        let mut entry = entry.clone();
        if cfg!(target_endian = "big") {
            entry.reverse();
        }
        let written = directory.write_entry_bytes(kind, &entry.bytes)?;
        let mut one = Directory::empty();
        one.extend([(Tag::from_u16_exhaustive(entry.tag), written)]);
        directory.extend_from(&one);
    }
    Ok(())
}

/// The settings in the bytes of a TIFF file.
pub(in crate::picture) fn settings(file: &[u8]) -> Option<String> {
    exif::settings(file)
}
