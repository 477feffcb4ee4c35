//! From a picture file to planes: orientation applied, colours in sRGB, transparency apart.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::formats::{self, ColorCoding, Model, Planes, ReadFailure, Sizes};
use super::profile::{self, ProfileProblem};
use super::{Alpha, BitDepth, Metadata, Picture, PictureError, PictureFormat, hidden_colors};

/// What a reader may accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Most pixels, width times height, of a picture. Checked on the header, before memory is taken.
    /// Default: 100 million. Reading takes about 24 bytes a pixel for a while, 36 of floating-point files.
    pub max_pixels: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { max_pixels: 100_000_000 }
    }
}

impl ReadOptions {
    /// The longest file read: every pixel as four uncompressed 32-bit values, and 16 MiB around them.
    fn max_bytes(&self) -> u64 {
        self.max_pixels.saturating_mul(16).saturating_add(16 << 20)
    }
}

/// A picture as it came from a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SourcePicture {
    /// The colours, upright, sRGB-encoded, 0..1. Where alpha is zero they continue the visible colours
    /// around, instead of the leftovers that files hold there.
    pub picture: Picture,
    /// The transparency, of the same size; `None` if the picture is opaque everywhere.
    pub alpha: Option<Alpha>,
    /// The format of the file, whatever its name says.
    pub format: PictureFormat,
    /// The bits a channel that keep what the file held: 16 for 16-bit and floating-point files.
    pub depth: BitDepth,
    /// What the file's EXIF data say that holds for another picture too: of JPEG, PNG, TIFF and WebP.
    pub metadata: Metadata,
    /// What was noticed and got round.
    pub warnings: Vec<ReadWarning>,
}

/// Something odd about a picture that was read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadWarning {
    /// The embedded colour profile is unusable, for the reason given; colours are taken as sRGB.
    ProfileDamaged(String),
    /// The embedded profile is for the colour space given, not for the decoded colours, which are taken
    /// as sRGB.
    ProfileForeign(String),
    /// No pixel is visible; the picture is mid grey.
    FullyTransparent,
    /// The file is an animation, of which the first picture was read.
    Animated,
    /// The file has several pages, of which one was read.
    Pages {
        /// How many.
        count: usize,
        /// Which was read, from 1.
        read: usize,
    },
    /// Parts of the file are missing or damaged, mostly its end; some rows are grey or wrong.
    RowsMissing {
        /// How many of them.
        missing: usize,
        /// Rows of the picture as it is stored.
        height: usize,
    },
    /// The file ends before its finest detail.
    DetailMissing,
    /// Colours in floating point or in whole numbers of 32 bits go up to the number given, which was taken for
    /// white.
    Rescaled {
        /// 255 or 65535.
        white: u32,
    },
    /// Colours in floating point or with a sign lie below black or beyond white and were cut there.
    OutOfRange {
        /// Pixels with such a value.
        pixels: usize,
        /// Pixels of the picture.
        of: usize,
    },
    /// The colours are coded in a way that is not known, by the numbers of ITU-T H.273; they are taken as sRGB.
    CodingUnknown {
        /// The number of the primaries.
        primaries: u8,
        /// The number of the curve.
        curve: u8,
    },
    /// The picture has high dynamic range; light above white was compressed.
    HighDynamicRange,
    /// The colours are inks without a profile, so that their red, green and blue are a rough guess.
    InksWithoutProfile,
}

impl fmt::Display for ReadWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadWarning::ProfileDamaged(reason) => {
                write!(f, "the colour profile cannot be used ({reason}); colours are taken as sRGB")
            }
            ReadWarning::ProfileForeign(space) => {
                write!(f, "the colour profile is for {space}; the decoded colours are taken as sRGB")
            }
            ReadWarning::FullyTransparent => f.write_str("no pixel is visible; mid grey is used"),
            ReadWarning::Animated => f.write_str("an animation; its first picture is used"),
            ReadWarning::Pages { count, read } => write!(f, "{count} pages; page {read} is used"),
            ReadWarning::RowsMissing { missing, height } => {
                write!(f, "{missing} of {height} rows are missing or damaged; they are wrong or grey")
            }
            ReadWarning::DetailMissing => f.write_str("the end is missing, and with it the finest detail"),
            ReadWarning::Rescaled { white } => {
                write!(f, "colours from 0 to {white} in a type made for others; {white} is taken as white")
            }
            ReadWarning::OutOfRange { pixels, of } => {
                write!(f, "colours below black or beyond white in {pixels} of {of} pixels are cut there")
            }
            ReadWarning::CodingUnknown { primaries, curve } => {
                let coding = format!("primaries {primaries} and curve {curve} of H.273");
                write!(f, "the colours are coded by {coding}, which are not known; they are taken as sRGB")
            }
            ReadWarning::HighDynamicRange => {
                f.write_str("high dynamic range; what is brighter than white is compressed")
            }
            ReadWarning::InksWithoutProfile => {
                f.write_str("CMYK without a colour profile; its colours are a rough guess")
            }
        }
    }
}

impl SourcePicture {
    /// Reads a picture file; its first bytes decide which format it is.
    ///
    /// Channels of 8 and 16 bits are divided by their greatest value. Floating-point TIFF is taken as
    /// sRGB-encoded unless its profile says otherwise, and cut to 0..1. Profiles are applied, of red, green and
    /// blue as of grey and of inks; inks without one are converted as `(1 - ink) · (1 - black)`.
    ///
    /// # Errors
    /// Any [`PictureError`] of reading. A JPEG of which at least half the rows are sound is returned with a
    /// warning; nothing else of a damaged or truncated file is.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, PictureError> {
        let path = path.as_ref();
        let bytes = read_bytes(path, options)?;
        Self::from_bytes(path, &bytes, options)
    }

    /// The same from the bytes of a file; `name` is only for messages.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_bytes(
        name: impl AsRef<Path>,
        bytes: &[u8],
        options: &ReadOptions,
    ) -> Result<Self, PictureError> {
        let path = name.as_ref();
        if bytes.is_empty() {
            return Err(PictureError::Empty { path: path.to_owned() });
        }
        let format = PictureFormat::from_first_bytes(bytes)
            .map_err(|found| PictureError::NotAPicture { path: path.to_owned(), found })?;
        let sizes = Sizes { max_pixels: options.max_pixels, max_bytes: options.max_bytes() };
        let stored = formats::read(format, bytes, &sizes)
            .map_err(|failure| reading_failed(path, format, options, failure))?;
        let Planes { width, height, mut colors, alpha } = stored.planes();
        let (model, depth, is_premultiplied) = (stored.model, stored.depth(), stored.alpha == Some(true));
        let (coding, metadata, mut warnings) = (stored.coding, stored.metadata, stored.warnings);
        drop(stored.samples);
        if colors.is_empty() {
            return Err(damaged(path, format, "a side of zero pixels"));
        }
        if !colors.iter().chain(alpha.iter().flatten()).all(|value| value.is_finite()) {
            return Err(damaged(path, format, "a value is not a finite number"));
        }
        let alpha = alpha.filter(|alpha| alpha.iter().any(|&alpha| alpha < 1.0));
        if let Some(alpha) = alpha.as_ref().filter(|_| is_premultiplied) {
            unpremultiply(&mut colors, alpha);
        }
        warnings.extend(to_srgb(&mut colors, model, coding));
        for value in &mut colors {
            // A profile may yield NaN where its curves are broken: black.
            *value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        }
        if let Some(alpha) = &alpha
            && !hidden_colors::fill(width, height, &mut colors, alpha)
        {
            warnings.push(ReadWarning::FullyTransparent);
        }
        Ok(SourcePicture {
            picture: Picture::new(width, height, colors),
            alpha: alpha.map(|alpha| Alpha::new(width, height, alpha)),
            format,
            depth,
            metadata,
            warnings,
        })
    }
}

/// The bytes of a regular file, if it is not longer than a picture within the limit can be.
pub(super) fn read_bytes(path: &Path, options: &ReadOptions) -> Result<Vec<u8>, PictureError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => PictureError::Missing { path: path.to_owned() },
        _ => PictureError::Unreadable { path: path.to_owned(), source },
    };
    // Asked before opening, because opening a pipe that nobody writes to would wait for ever.
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() { "a folder" } else { "not a regular file" };
        return Err(PictureError::NotAPicture { path: path.to_owned(), found: found.to_owned() });
    }
    let limit = options.max_bytes();
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    // One byte more than allowed tells that the file is longer, even if it grows meanwhile.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        let (bytes, max_pixels) = (metadata.len(), options.max_pixels);
        return Err(PictureError::FileTooLong { path: path.to_owned(), bytes, limit, max_pixels });
    }
    Ok(bytes)
}

/// Divides colours `[3, H, W]` by alpha `[H, W]`, where there is any.
fn unpremultiply(colors: &mut [f32], alpha: &[f32]) {
    for plane in colors.chunks_exact_mut(alpha.len()) {
        for (color, &alpha) in plane.iter_mut().zip(alpha) {
            if alpha > 0.0 {
                *color /= alpha;
            }
        }
    }
}

/// Makes planes of any model planes of sRGB, and tells what could not be done as the file wants it.
fn to_srgb(colors: &mut Vec<f32>, model: Model, coding: ColorCoding) -> Option<ReadWarning> {
    let mut warning = (model == Model::Cmyk).then_some(ReadWarning::InksWithoutProfile);
    if let ColorCoding::Profile(profile) = &coding {
        warning = match profile::to_srgb(colors, model, profile) {
            Ok(()) => return None,
            Err(ProfileProblem::Damaged(why)) => Some(ReadWarning::ProfileDamaged(one_line(&why))),
            Err(ProfileProblem::Foreign(space)) => Some(ReadWarning::ProfileForeign(space)),
        };
    }
    match model {
        Model::Grey => *colors = colors.repeat(3),
        Model::Rgb => {}
        Model::Cmyk => without_profile(colors),
    }
    match coding {
        ColorCoding::Coded(coding) if coding.convert(colors) => Some(ReadWarning::HighDynamicRange),
        _ => warning,
    }
}

/// Makes planes of inks planes of red, green and blue that look about right.
fn without_profile(colors: &mut Vec<f32>) {
    let pixels = colors.len() / 4;
    let (inks, black) = colors.split_at_mut(3 * pixels);
    for plane in inks.chunks_exact_mut(pixels) {
        plane.iter_mut().zip(&*black).for_each(|(ink, black)| *ink = (1.0 - *ink) * (1.0 - black));
    }
    colors.truncate(3 * pixels);
}

fn damaged(path: &Path, format: PictureFormat, reason: &str) -> PictureError {
    PictureError::Damaged { path: path.to_owned(), format, reason: one_line(reason) }
}

fn reading_failed(
    path: &Path,
    format: PictureFormat,
    options: &ReadOptions,
    failure: ReadFailure,
) -> PictureError {
    let path = path.to_owned();
    match failure {
        ReadFailure::TooLarge { width, height } => {
            PictureError::TooLarge { path, width, height, limit: options.max_pixels }
        }
        ReadFailure::Damaged(reason) => PictureError::Damaged { path, format, reason: one_line(&reason) },
        ReadFailure::Unsupported(reason) => {
            PictureError::Unsupported { path, format, reason: one_line(&reason) }
        }
        ReadFailure::Foreign(found) => PictureError::NotAPicture { path, found },
    }
}

/// Messages of decoders may span lines; ours do not.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
