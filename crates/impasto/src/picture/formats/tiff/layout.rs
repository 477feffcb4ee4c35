//! How the pixels of a page are laid out in the file.

use crate::picture::formats::directory::{Directory, Tagged};
use crate::picture::formats::{ReadFailure, Sizes};

use super::tags;

/// Samples of a pixel that are read; multispectral files may have more.
const MOST_SAMPLES: usize = 64;

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unsigned,
    Signed,
    Float,
}

/// How samples make a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Photometric {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
    /// CIE L*a*b*, with differences as signed numbers, or shifted so as not to need a sign.
    Lab {
        is_shifted: bool,
    },
}

impl Photometric {
    /// Samples of a colour.
    pub fn samples(self) -> usize {
        match self {
            Photometric::WhiteIsZero | Photometric::BlackIsZero | Photometric::Palette => 1,
            Photometric::Rgb | Photometric::YCbCr | Photometric::Lab { .. } => 3,
            Photometric::Cmyk => 4,
        }
    }
}

/// What an extra sample means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    Straight,
    Premultiplied,
}

/// A page.
pub(super) struct Layout {
    pub width: usize,
    pub height: usize,
    pub samples: usize,
    pub bits: usize,
    pub kind: Kind,
    pub photometric: Photometric,
    /// Which sample is opacity.
    pub alpha: Option<(usize, Alpha)>,
    pub compression: u64,
    pub predictor: u64,
    /// Whether each sample has chunks of its own.
    pub is_planar: bool,
    /// Whether the first pixel of a byte stands in its lowest bit.
    pub is_reversed: bool,
    /// Columns and rows of a chunk, a strip or a tile. A strip at the bottom may have fewer rows.
    pub chunk: (usize, usize),
    pub is_tiled: bool,
    /// Place and length of each chunk.
    pub chunks: Vec<(u64, u64)>,
    /// Horizontal and vertical sampling of colour differences.
    pub subsampling: (usize, usize),
}

impl Layout {
    /// Reads what a directory says. The size is checked before anything else is believed.
    pub fn read(file: &Tagged, directory: &Directory, sizes: &Sizes) -> Result<Self, ReadFailure> {
        let damaged = |reason: &str| ReadFailure::Damaged(reason.to_owned());
        let number = |tag, default| file.first_number(directory, tag).unwrap_or(default);
        let side = |tag| u32::try_from(number(tag, 0)).unwrap_or(u32::MAX);
        let (width, height) = (side(tags::WIDTH), side(tags::HEIGHT));
        sizes.check(width, height)?;
        if width == 0 || height == 0 {
            return Err(damaged("a side of zero pixels"));
        }
        let (width, height) = (width as usize, height as usize);
        let samples = number(tags::SAMPLES_PER_PIXEL, 1) as usize;
        if samples == 0 || samples > MOST_SAMPLES {
            return Err(ReadFailure::Unsupported(format!(
                "{samples} samples a pixel; 1 to {MOST_SAMPLES} are read"
            )));
        }
        let compression = number(tags::COMPRESSION, 1);
        let photometric = photometric(file, directory, samples)?;
        let bits = same_for_all(file.numbers(directory, tags::BITS_PER_SAMPLE).unwrap_or_else(|| vec![1]))
            .ok_or_else(|| ReadFailure::Unsupported("samples of several depths in a pixel".to_owned()))?
            as usize;
        let kind = sample_kind(file, directory, bits)?;
        if kind == Kind::Signed && !matches!(photometric, Photometric::BlackIsZero | Photometric::Rgb) {
            let reason = "samples with a sign in other colours than grey or RGB; convert it to RGB";
            return Err(ReadFailure::Unsupported(reason.to_owned()));
        }
        if samples < photometric.samples() {
            let (found, needed) = (samples, photometric.samples());
            return Err(damaged(&format!("{found} samples a pixel where its colours need {needed}")));
        }
        let subsampling = match file.numbers(directory, tags::YCBCR_SUBSAMPLING).as_deref() {
            _ if photometric != Photometric::YCbCr => (1, 1),
            Some(&[across @ (1 | 2 | 4), down @ (1 | 2 | 4)]) => (across as usize, down as usize),
            None => (2, 2),
            Some(other) => return Err(damaged(&format!("colour differences sampled by {other:?}"))),
        };
        let (chunk, chunks, is_tiled) = chunks(file, directory, (width, height), compression)?;
        let mut layout = Layout {
            width,
            height,
            samples,
            bits,
            kind,
            photometric,
            alpha: alpha(file, directory, photometric.samples(), samples),
            compression,
            predictor: number(tags::PREDICTOR, 1),
            is_planar: number(tags::PLANAR_CONFIGURATION, 1) == 2 && samples > 1,
            is_reversed: number(tags::FILL_ORDER, 1) == 2,
            chunk,
            is_tiled,
            chunks,
            subsampling,
        };
        let planes = if layout.is_planar { samples } else { 1 };
        let needed = layout.across() * layout.down() * planes;
        if layout.chunks.len() < needed {
            let found = layout.chunks.len();
            return Err(damaged(&format!("{found} strips or tiles where {needed} are needed")));
        }
        layout.chunks.truncate(needed);
        // Rows of a chunk are held whole while they are unpacked.
        if layout.row_bytes().saturating_mul(layout.chunk.1) as u64 > sizes.max_bytes {
            return Err(damaged("a strip or tile larger than the picture"));
        }
        Ok(layout)
    }

    /// Columns of chunks.
    pub fn across(&self) -> usize {
        self.width.div_ceil(self.chunk.0)
    }

    /// Rows of chunks.
    pub fn down(&self) -> usize {
        self.height.div_ceil(self.chunk.1)
    }

    /// Samples that stand together in a chunk.
    pub fn samples_in_chunk(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }

    /// Bytes of a row of a chunk, before its colour differences are spread.
    pub fn row_bytes(&self) -> usize {
        self.chunk.0.saturating_mul(self.samples_in_chunk()).saturating_mul(self.bits).div_ceil(8)
    }
}

fn same_for_all(values: Vec<u64>) -> Option<u64> {
    let first = *values.first()?;
    values.iter().all(|&value| value == first).then_some(first)
}

fn photometric(file: &Tagged, directory: &Directory, samples: usize) -> Result<Photometric, ReadFailure> {
    let unsupported = |what: &str| Err(ReadFailure::Unsupported(what.to_owned()));
    Ok(match file.first_number(directory, tags::PHOTOMETRIC) {
        Some(0) => Photometric::WhiteIsZero,
        Some(1 | 4) => Photometric::BlackIsZero,
        Some(2) => Photometric::Rgb,
        Some(3) => Photometric::Palette,
        Some(5) => match file.first_number(directory, tags::INK_SET).unwrap_or(1) {
            1 if samples >= 4 => Photometric::Cmyk,
            _ => return unsupported("inks other than cyan, magenta, yellow and black; convert it to RGB"),
        },
        Some(6) => Photometric::YCbCr,
        Some(8) => Photometric::Lab { is_shifted: false },
        Some(9) => Photometric::Lab { is_shifted: true },
        Some(32844 | 32845) => return unsupported("LogLuv colours; convert it to RGB, 16 bits a channel"),
        Some(other) => return unsupported(&format!("colours of kind {other}; convert it to RGB")),
        // The tag is required; writers that forget it mean what is usual.
        None if samples >= 3 => Photometric::Rgb,
        None => Photometric::BlackIsZero,
    })
}

fn sample_kind(file: &Tagged, directory: &Directory, bits: usize) -> Result<Kind, ReadFailure> {
    let formats = file.numbers(directory, tags::SAMPLE_FORMAT).unwrap_or_else(|| vec![1]);
    let unsupported = |what: String| Err(ReadFailure::Unsupported(what));
    match same_for_all(formats) {
        Some(1 | 4) if (1..=32).contains(&bits) => Ok(Kind::Unsigned),
        Some(3) if matches!(bits, 16 | 24 | 32 | 64) => Ok(Kind::Float),
        Some(2) if matches!(bits, 8 | 16 | 24 | 32) => Ok(Kind::Signed),
        Some(1..=4) => unsupported(format!("samples of {bits} bits; convert it to 8 or 16 bits a channel")),
        Some(5 | 6) => unsupported("complex numbers, which are no colours".to_owned()),
        _ => unsupported("samples of several formats in a pixel".to_owned()),
    }
}

/// Which extra sample is opacity. One that is not declared, against the standard, is taken for it; one that is
/// declared as something else is not.
fn alpha(file: &Tagged, directory: &Directory, colors: usize, samples: usize) -> Option<(usize, Alpha)> {
    let extra = file.numbers(directory, tags::EXTRA_SAMPLES).unwrap_or_else(|| vec![2; samples - colors]);
    let place = extra.iter().position(|&meaning| matches!(meaning, 1 | 2))?;
    let kind = if extra[place] == 1 { Alpha::Premultiplied } else { Alpha::Straight };
    (colors + place < samples).then_some((colors + place, kind))
}

type Chunks = ((usize, usize), Vec<(u64, u64)>, bool);

/// The size of chunks, their places, and whether they are tiles.
fn chunks(
    file: &Tagged,
    directory: &Directory,
    (width, height): (usize, usize),
    compression: u64,
) -> Result<Chunks, ReadFailure> {
    let missing = || ReadFailure::Damaged("the places of the pixels are missing".to_owned());
    let numbers = |tag| file.numbers(directory, tag);
    let side = |tag| file.first_number(directory, tag).and_then(|side| usize::try_from(side).ok());
    let is_tiled = numbers(tags::TILE_OFFSETS).is_some();
    let (places, lengths, chunk) = if is_tiled {
        let size = side(tags::TILE_WIDTH).zip(side(tags::TILE_HEIGHT)).ok_or_else(missing)?;
        (numbers(tags::TILE_OFFSETS), numbers(tags::TILE_BYTE_COUNTS), size)
    } else {
        let rows = side(tags::ROWS_PER_STRIP).unwrap_or(height).clamp(1, height);
        (numbers(tags::STRIP_OFFSETS), numbers(tags::STRIP_BYTE_COUNTS), (width, rows))
    };
    if chunk.0 == 0 || chunk.1 == 0 {
        return Err(ReadFailure::Damaged("a tile of zero pixels".to_owned()));
    }
    // Old writers leave the length of a single strip out: it goes on to the end of the file.
    let places = match places {
        Some(places) => places,
        None if compression == 6 => vec![0],
        None => return Err(missing()),
    };
    let lengths = lengths.unwrap_or_default();
    let whole = file.bytes.len() as u64;
    let length = |index: usize, place: u64| match lengths.get(index) {
        Some(&length) if length > 0 || places.len() > 1 => length,
        _ => whole.saturating_sub(place),
    };
    let chunks = places.iter().enumerate().map(|(index, &place)| (place, length(index, place)));
    Ok((chunk, chunks.collect(), is_tiled))
}
