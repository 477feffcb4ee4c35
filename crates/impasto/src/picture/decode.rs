//! From a picture file to planes: orientation applied, colours in sRGB, transparency apart.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use image::{ImageDecoder, ImageError, ImageResult};

use super::formats::{png, tiff};
use super::profile::{self, ProfileProblem};
use super::stored::{self, Stored};
use super::{Alpha, BitDepth, Picture, PictureError, PictureFormat, hidden_colors};

/// What a reader may accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Most pixels, width times height, of a picture. Checked on the header, before memory is taken.
    /// Default: 100 million. Reading takes about 24 bytes a pixel for a while.
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
    /// as sRGB. So it goes with CMYK.
    ProfileForeign(String),
    /// No pixel is visible; the picture is mid grey.
    FullyTransparent,
    /// The file is an animation, of which the first picture was read.
    Animated,
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
        }
    }
}

impl SourcePicture {
    /// Reads a PNG, JPEG, WebP or TIFF file; its first bytes decide which it is.
    ///
    /// Channels of 8 and 16 bits are divided by their greatest value. Floating-point TIFF is taken as
    /// sRGB-encoded unless its profile says otherwise, and clamped to 0..1. CMYK is converted without
    /// its profile. `gAMA` and `cHRM` of PNG are ignored.
    ///
    /// # Errors
    /// Any [`PictureError`] of reading. Nothing of a damaged or truncated file is returned.
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
        let failed = |error| decoding_failed(path, format, error);
        let check_size = |(width, height)| match u64::from(width) * u64::from(height) {
            pixels if pixels <= options.max_pixels => Ok(()),
            _ => Err(PictureError::TooLarge {
                path: path.to_owned(),
                width,
                height,
                limit: options.max_pixels,
            }),
        };
        // The decoder of PNG refuses a size that overflows its buffers, in words that do not tell which.
        if format == PictureFormat::Png {
            png::claimed_size(bytes).map_or(Ok(()), check_size)?;
        }
        let mut decoder = stored::open(format, bytes, options.max_bytes()).map_err(failed)?;
        check_size(decoder.dimensions())?;
        if !stored::is_complete(format, bytes) {
            return Err(damaged(path, format, "the end is missing"));
        }
        let profile = decoder.icc_profile();
        let Stored { width, height, is_grey, depth, mut colors, alpha } =
            stored::decode(decoder, options.max_bytes()).map_err(failed)?;
        if colors.is_empty() {
            return Err(damaged(path, format, "a side of zero pixels"));
        }
        if !colors.iter().chain(alpha.iter().flatten()).all(|value| value.is_finite()) {
            return Err(damaged(path, format, "a value is not a finite number"));
        }
        let alpha = alpha.filter(|alpha| alpha.iter().any(|&alpha| alpha < 1.0));
        if let Some(alpha) = &alpha
            && format == PictureFormat::Tiff
            && tiff::is_premultiplied(bytes)
        {
            unpremultiply(&mut colors, alpha);
        }
        let mut warnings = Vec::new();
        if stored::is_animated(format, bytes, options.max_bytes()) {
            warnings.push(ReadWarning::Animated);
        }
        warnings.extend(apply_profile(&mut colors, is_grey, profile));
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

/// Converts the colours to sRGB, or tells why they are left as they are.
fn apply_profile(
    colors: &mut [f32],
    is_grey: bool,
    profile: ImageResult<Option<Vec<u8>>>,
) -> Option<ReadWarning> {
    match profile {
        Ok(None) => None,
        Ok(Some(profile)) => match profile::to_srgb(colors, is_grey, &profile) {
            Ok(()) => None,
            Err(ProfileProblem::Damaged(why)) => Some(ReadWarning::ProfileDamaged(why)),
            Err(ProfileProblem::Foreign(space)) => Some(ReadWarning::ProfileForeign(space)),
        },
        Err(error) => Some(ReadWarning::ProfileDamaged(one_line(&error.to_string()))),
    }
}

fn damaged(path: &Path, format: PictureFormat, reason: &str) -> PictureError {
    PictureError::Damaged { path: path.to_owned(), format, reason: one_line(reason) }
}

fn decoding_failed(path: &Path, format: PictureFormat, error: ImageError) -> PictureError {
    match error {
        ImageError::Unsupported(error) => {
            PictureError::Unsupported { path: path.to_owned(), format, reason: one_line(&error.to_string()) }
        }
        ImageError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            damaged(path, format, "the end is missing")
        }
        other => damaged(path, format, &other.to_string()),
    }
}

/// Messages of decoders may span lines; ours do not.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
