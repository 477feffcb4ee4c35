//! Bytes of a chunk, as compressed in the file, to bytes of samples.

use std::io::{Cursor, Read};

use image::ImageDecoder;

use crate::picture::formats::jpeg::{self, Transform};
use crate::picture::formats::{Sizes, StoredSamples};

use super::fax;
use super::layout::{Layout, Photometric};

/// A chunk that could not be unpacked, and why.
pub(super) enum Problem {
    /// The method is not read; its name.
    Method(String),
    /// The bytes make no sense.
    Damaged(&'static str),
}

/// Unpacks a chunk of `rows` rows and at most `length` bytes.
pub(super) fn unpack(
    bytes: &[u8],
    layout: &Layout,
    rows: usize,
    length: usize,
    tables: Option<&[u8]>,
    t4_options: u64,
) -> Result<Vec<u8>, Problem> {
    let reversed: Vec<u8>;
    let bytes = if layout.is_reversed && !matches!(layout.compression, 6 | 7) {
        reversed = bytes.iter().map(|byte| byte.reverse_bits()).collect();
        &reversed
    } else {
        bytes
    };
    match layout.compression {
        1 => Ok(bytes[..bytes.len().min(length)].to_vec()),
        method @ 2..=4 => {
            if layout.bits != 1 || layout.samples_in_chunk() != 1 {
                return Err(Problem::Damaged("fax compression of more than one bit a pixel"));
            }
            fax::unpack(bytes, method, t4_options, layout.chunk.0, rows)
                .ok_or(Problem::Damaged("its fax codes end early"))
        }
        5 => lzw(bytes, length),
        7 => by_jpeg(bytes, layout, rows, tables),
        8 | 32946 => all(flate2::read::ZlibDecoder::new(bytes), length),
        32773 => Ok(pack_bits(bytes, length)),
        50000 => match ruzstd::decoding::StreamingDecoder::new(bytes) {
            Ok(decoder) => all(decoder, length),
            Err(_) => Err(Problem::Damaged("its Zstandard frame is damaged")),
        },
        50001 => by_webp(bytes, layout, rows),
        6 => Err(Problem::Method("the old kind of JPEG in TIFF".to_owned())),
        34925 => Err(Problem::Method("LZMA".to_owned())),
        34887 => Err(Problem::Method("LERC".to_owned())),
        33003 | 33005 | 34712 => Err(Problem::Method("JPEG 2000".to_owned())),
        50002 | 52546 => Err(Problem::Method("JPEG XL".to_owned())),
        other => Err(Problem::Method(format!("number {other}"))),
    }
}

/// What a decoder gives, up to `length` bytes. What it gave before an error counts.
fn all(decoder: impl Read, length: usize) -> Result<Vec<u8>, Problem> {
    let mut unpacked = Vec::new();
    match decoder.take(length as u64).read_to_end(&mut unpacked) {
        Err(_) if unpacked.len() < length => Err(Problem::Damaged("its compressed bytes are damaged")),
        _ => Ok(unpacked),
    }
}

fn lzw(bytes: &[u8], length: usize) -> Result<Vec<u8>, Problem> {
    // Writers of before TIFF 5.0 put codes lowest bit first; their first code, to clear the table, shows it.
    let mut decoder = match bytes {
        [0, second, ..] if second & 1 == 1 => weezl::decode::Decoder::new(weezl::BitOrder::Lsb, 8),
        _ => weezl::decode::Decoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8),
    };
    let mut unpacked = vec![0; length];
    let (mut read, mut written) = (0, 0);
    while written < length {
        let result = decoder.decode_bytes(&bytes[read..], &mut unpacked[written..]);
        read += result.consumed_in;
        written += result.consumed_out;
        match result.status {
            Ok(weezl::LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
            Ok(_) => break,
            Err(_) => return Err(Problem::Damaged("its LZW codes are damaged")),
        }
    }
    unpacked.truncate(written);
    Ok(unpacked)
}

/// Runs and literal bytes (TIFF 6.0, section 9).
fn pack_bits(mut bytes: &[u8], length: usize) -> Vec<u8> {
    let mut unpacked = Vec::with_capacity(length);
    while let [head, rest @ ..] = bytes {
        if unpacked.len() >= length {
            break;
        }
        let count = usize::from(*head);
        bytes = match (count, rest) {
            (0..128, _) => {
                let (literal, rest) = rest.split_at(rest.len().min(count + 1));
                unpacked.extend_from_slice(literal);
                rest
            }
            (128, _) => rest,
            (_, [value, rest @ ..]) => {
                unpacked.resize(unpacked.len() + 257 - count, *value);
                rest
            }
            (_, []) => break,
        };
    }
    unpacked.truncate(length);
    unpacked
}

fn by_jpeg(bytes: &[u8], layout: &Layout, rows: usize, tables: Option<&[u8]>) -> Result<Vec<u8>, Problem> {
    let transform = match layout.photometric {
        Photometric::YCbCr => Transform::YCbCr,
        _ => Transform::None,
    };
    // Frame headers may claim more than the chunk holds; a multiple of 16 is what writers round up to.
    let most = (layout.chunk.0 as u64 + 16) * (rows.max(layout.chunk.1) as u64 + 16);
    let sizes = Sizes { max_pixels: most, max_bytes: most.saturating_mul(16) };
    let pixels = jpeg::pixels(bytes, tables, Some(transform), &sizes).map_err(|failure| match failure {
        crate::picture::formats::ReadFailure::Unsupported(kind) => Problem::Method(kind),
        _ => Problem::Damaged("its JPEG is damaged"),
    })?;
    if pixels.missing_rows > 0 {
        return Err(Problem::Damaged("its JPEG is cut short"));
    }
    let StoredSamples::Eight(samples) = pixels.samples else {
        return Err(Problem::Method("JPEG of 12 bits in TIFF".to_owned()));
    };
    if pixels.components != layout.samples_in_chunk() {
        return Err(Problem::Damaged("its JPEG has another number of samples"));
    }
    fit(&samples, pixels.width, layout, rows)
}

fn by_webp(bytes: &[u8], layout: &Layout, rows: usize) -> Result<Vec<u8>, Problem> {
    let damaged = |_| Problem::Damaged("its WebP is damaged");
    let decoder = image::codecs::webp::WebPDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let is_fitting = width as usize <= layout.chunk.0 && height as usize <= layout.chunk.1;
    let samples = usize::from(decoder.color_type().channel_count());
    if !is_fitting || samples != layout.samples_in_chunk() {
        return Err(Problem::Damaged("its WebP has another size"));
    }
    let mut pixels = vec![0; width as usize * height as usize * samples];
    decoder.read_image(&mut pixels).map_err(damaged)?;
    fit(&pixels, width as usize, layout, rows)
}

/// Pixels of a picture of `width` columns in a chunk that has others.
fn fit(samples: &[u8], width: usize, layout: &Layout, rows: usize) -> Result<Vec<u8>, Problem> {
    let row_bytes = layout.row_bytes();
    let mut fitted = Vec::with_capacity(row_bytes * rows);
    for row in samples.chunks_exact(width * layout.samples_in_chunk()).take(rows) {
        let used = &row[..row.len().min(row_bytes)];
        fitted.extend_from_slice(used);
        fitted.resize(fitted.len() + row_bytes - used.len(), 0);
    }
    Ok(fitted)
}
