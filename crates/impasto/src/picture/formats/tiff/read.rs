//! The pixels of a TIFF file.
//!
//! The reader is our own, around decompressors of others: the crate `tiff` takes reversed bits and some predicted samples
//! for what they are not, and does not read half of the kinds of colour (docs/dependencies.md).

use crate::picture::ReadWarning;
use crate::picture::formats::directory::{Directory, Tagged};
use crate::picture::formats::{ColorCoding, Model, ReadFailure, Sizes, Stored, StoredSamples, exif};

use super::layout::{Alpha, Kind, Layout, Photometric};
use super::unpack::{Problem, unpack};
use super::{colors, pages, range, samples, tags};

/// Reads a file.
pub(in crate::picture) fn read(bytes: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    let damaged = |reason: &str| ReadFailure::Damaged(reason.to_owned());
    let (file, first) = Tagged::open(bytes).ok_or_else(|| damaged("the header is cut short"))?;
    let mut warnings = Vec::new();
    let directory = pages::picture(&file, first, &mut warnings)?;
    let orientation = match file.first_number(&directory, tags::ORIENTATION) {
        Some(number @ 1..=8) => number as u8,
        _ => 1,
    };
    let profile = file.bytes_of(&directory, tags::ICC_PROFILE).map(<[u8]>::to_vec);
    let metadata = exif::of_directories(&file, first);
    let mut coding = profile.map_or(ColorCoding::Untold, ColorCoding::Profile);
    if let Some(stored) = old_jpeg(&file, &directory, sizes)? {
        let warnings = warnings.into_iter().chain(stored.warnings).collect();
        return Ok(Stored { orientation, coding, metadata, warnings, ..stored });
    }
    let layout = Layout::read(&file, &directory, sizes)?;
    let colors = layout.photometric.samples();
    let channels = colors + usize::from(layout.alpha.is_some());
    let mut sink = Sink::new(&layout, channels)?;
    chunks(&file, &directory, &layout, &mut sink)?;
    let mut samples = sink.samples;
    let is_lab = matches!(layout.photometric, Photometric::Lab { .. });
    if let (StoredSamples::Float(values), false) = (&mut samples, is_lab) {
        let scaled = match layout.kind {
            Kind::Float => range::bring_to_unit(values, channels, colors),
            Kind::Unsigned => range::whole_to_unit(values, layout.bits as u32),
            Kind::Signed => {
                let negative = values.chunks_exact(channels).filter(|pixel| pixel.iter().any(|it| *it < 0.0));
                let (pixels, of) = (negative.count(), values.len() / channels);
                if pixels > 0 {
                    warnings.push(ReadWarning::OutOfRange { pixels, of });
                }
                range::whole_to_unit(values, layout.bits as u32 - 1)
            }
        };
        warnings.extend(scaled);
    }
    let mut model = match layout.photometric {
        Photometric::WhiteIsZero => {
            samples.invert(channels, 1);
            Model::Grey
        }
        Photometric::BlackIsZero => Model::Grey,
        Photometric::Cmyk => Model::Cmyk,
        _ => Model::Rgb,
    };
    match layout.photometric {
        Photometric::Palette => {
            let map = file.numbers(&directory, tags::COLOR_MAP).unwrap_or_default();
            (samples, model) = (colors::by_palette(&samples, channels, layout.bits, &map)?, Model::Rgb);
        }
        Photometric::YCbCr if !matches!(layout.compression, 7 | 50001) => {
            colors::from_ycbcr(&mut samples, channels, &file, &directory)?;
        }
        Photometric::Lab { is_shifted } => {
            // A profile for L*a*b* says nothing that the numbers do not.
            coding = ColorCoding::Untold;
            samples = colors::from_lab(&samples, channels, is_shifted);
        }
        _ => {}
    }
    Ok(Stored {
        orientation,
        coding,
        metadata,
        warnings,
        alpha: layout.alpha.map(|(_, kind)| kind == Alpha::Premultiplied),
        ..Stored::new(layout.width, layout.height, model, samples)
    })
}

/// Where unpacked samples go.
struct Sink {
    samples: StoredSamples,
    channels: usize,
    /// For each sample of a pixel the channel that it is kept in.
    kept: Vec<Option<usize>>,
    width: usize,
    bits: usize,
    is_index: bool,
}

impl Sink {
    fn new(layout: &Layout, channels: usize) -> Result<Self, ReadFailure> {
        let colors = layout.photometric.samples();
        let kept = (0..layout.samples).map(|sample| match layout.alpha {
            _ if sample < colors => Some(sample),
            Some((alpha, _)) if sample == alpha => Some(colors),
            _ => None,
        });
        let is_index = layout.photometric == Photometric::Palette;
        let count = layout.width * layout.height * channels;
        let samples = match (layout.kind, layout.bits) {
            (Kind::Unsigned, 1 | 2 | 4 | 8) => StoredSamples::Eight(vec![0; count]),
            (Kind::Unsigned, ..=16) => StoredSamples::Sixteen(vec![0; count]),
            _ => StoredSamples::Float(vec![0.0; count]),
        };
        if is_index && layout.bits > 16 {
            let bits = layout.bits;
            return Err(ReadFailure::Damaged(format!("a palette with an index of {bits} bits")));
        }
        Ok(Sink { samples, channels, kept: kept.collect(), width: layout.width, bits: layout.bits, is_index })
    }

    /// Keeps sample `sample` of the pixel in this column and row.
    fn put(&mut self, column: usize, row: usize, sample: usize, number: u32) {
        let Some(channel) = self.kept[sample] else { return };
        let place = (row * self.width + column) * self.channels + channel;
        let greatest = u32::MAX >> (32 - self.bits.min(32));
        match &mut self.samples {
            StoredSamples::Eight(values) if self.is_index || self.bits == 8 => values[place] = number as u8,
            StoredSamples::Eight(values) => values[place] = (number * 255 / greatest) as u8,
            StoredSamples::Sixteen(values) if self.is_index || self.bits == 16 => {
                values[place] = number as u16
            }
            StoredSamples::Sixteen(values) => {
                values[place] = ((number * u32::from(u16::MAX) + greatest / 2) / greatest) as u16;
            }
            StoredSamples::Float(values) => values[place] = f32::from_bits(number),
        }
    }
}

/// Unpacks every chunk.
fn chunks(file: &Tagged, directory: &Directory, layout: &Layout, sink: &mut Sink) -> Result<(), ReadFailure> {
    let (across, down) = (layout.across(), layout.down());
    let row_bytes = layout.row_bytes();
    let is_subsampled = layout.photometric == Photometric::YCbCr
        && !matches!(layout.compression, 7 | 50001)
        && layout.subsampling != (1, 1);
    if is_subsampled && (layout.bits != 8 || layout.is_planar || layout.samples != 3) {
        let reason = "sampled colour differences other than three interleaved of 8 bits";
        return Err(ReadFailure::Unsupported(reason.to_owned()));
    }
    let tables = file.bytes_of(directory, tags::JPEG_TABLES);
    let t4_options = file.first_number(directory, tags::T4_OPTIONS).unwrap_or(0);
    let mut numbers = Vec::new();
    for (index, &(place, length)) in layout.chunks.iter().enumerate() {
        let name = if layout.is_tiled { "tile" } else { "strip" };
        let damaged = |what: &str| {
            ReadFailure::Damaged(format!("{name} {} of {}: {what}", index + 1, layout.chunks.len()))
        };
        let (plane, inside) = (index / (across * down), index % (across * down));
        let (left, top) = (inside % across * layout.chunk.0, inside / across * layout.chunk.1);
        let visible = layout.chunk.1.min(layout.height - top);
        let rows = if layout.is_tiled { layout.chunk.1 } else { visible };
        let needed = match is_subsampled {
            true => colors::sampled_bytes(layout.chunk.0, rows, layout.subsampling),
            false => row_bytes * rows,
        };
        let bytes = file.slice(place, length).or_else(|| {
            // A length that runs over the end of the file may be of a writer that rounds up.
            file.slice(place, (file.bytes.len() as u64).checked_sub(place)?)
        });
        let bytes = bytes.ok_or_else(|| damaged("lies beyond the end of the file"))?;
        let mut unpacked = match unpack(bytes, layout, rows, needed, tables, t4_options) {
            Ok(unpacked) => unpacked,
            Err(Problem::Damaged(what)) => return Err(damaged(what)),
            Err(Problem::Method(method)) => {
                return Err(ReadFailure::Unsupported(format!(
                    "compressed by {method}; save it with LZW or Deflate, for example with ImageMagick: \
                     convert in.tif -compress zip out.tif"
                )));
            }
        };
        if is_subsampled {
            unpacked = colors::spread(&unpacked, layout.chunk.0, rows, layout.subsampling);
        }
        let row_bytes = if is_subsampled { 3 * layout.chunk.0 } else { row_bytes };
        if unpacked.len() < row_bytes * visible {
            return Err(damaged("ends early"));
        }
        let per_pixel = layout.samples_in_chunk();
        let columns = layout.chunk.0.min(layout.width - left);
        for (y, row) in unpacked.chunks_exact_mut(row_bytes).take(visible).enumerate() {
            // JPEG and WebP hold samples as they are.
            if !matches!(layout.compression, 7 | 50001)
                && !samples::undo_prediction(row, layout, file.is_big_endian)
            {
                let predictor = layout.predictor;
                return Err(ReadFailure::Unsupported(format!("predictor {predictor} on such samples")));
            }
            samples::numbers(row, layout, file.is_big_endian, &mut numbers);
            if layout.kind == Kind::Unsigned && layout.bits > 16 {
                numbers.iter_mut().for_each(|it| *it = (*it as f32).to_bits());
            }
            for (x, pixel) in numbers.chunks_exact(per_pixel).take(columns).enumerate() {
                for (sample, &number) in pixel.iter().enumerate() {
                    sink.put(left + x, top + y, plane + sample, number);
                }
            }
        }
    }
    Ok(())
}

/// The picture of a file that holds a whole JPEG file in the way of before 1995.
fn old_jpeg(file: &Tagged, directory: &Directory, sizes: &Sizes) -> Result<Option<Stored>, ReadFailure> {
    if file.first_number(directory, tags::COMPRESSION) != Some(6) {
        return Ok(None);
    }
    let number = |tag| file.first_number(directory, tag);
    let whole = number(tags::OLD_JPEG_OFFSET).and_then(|place| {
        let length = number(tags::OLD_JPEG_LENGTH).filter(|&length| length > 0);
        file.slice(place, length.unwrap_or((file.bytes.len() as u64).checked_sub(place)?))
    });
    match whole.filter(|bytes| bytes.starts_with(b"\xff\xd8")) {
        Some(bytes) => Ok(Some(crate::picture::formats::jpeg::read(bytes, sizes)?)),
        None => Ok(None),
    }
}
