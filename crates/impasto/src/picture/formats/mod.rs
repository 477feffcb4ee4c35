//! What differs between the formats: how samples, their meaning and settings are laid out in the file.

mod bmp;
mod directory;
pub(super) mod exif;
mod gif;
pub(super) mod jpeg;
#[cfg(feature = "jpeg-xl")]
mod jpeg_xl;
pub(super) mod png;
mod pnm;
mod qoi;
mod srgb_profile;
mod stored;
pub(super) mod tga;
pub(super) mod tiff;
pub(super) mod webp;

use srgb_profile::srgb_profile;
pub(super) use stored::{ColorCoding, Model, Planes, Sizes, Stored, StoredSamples};

use super::PictureFormat;

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReadFailure {
    /// It has more pixels than are allowed, or than fit into memory.
    TooLarge { width: u32, height: u32 },
    /// It is cut short or contradicts itself, in words.
    Damaged(String),
    /// It uses something that is not read, in words that end with what to do.
    Unsupported(String),
    /// It is something else than a picture of its format, in words with an article.
    Foreign(String),
}

impl From<image::ImageError> for ReadFailure {
    fn from(error: image::ImageError) -> Self {
        match error {
            image::ImageError::Unsupported(error) => ReadFailure::Unsupported(error.to_string()),
            image::ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                ReadFailure::Damaged("the end is missing".to_owned())
            }
            // The format is told already; what the decoder of it says stands beneath.
            other => match std::error::Error::source(&other) {
                Some(beneath) => ReadFailure::Damaged(beneath.to_string()),
                None => ReadFailure::Damaged(other.to_string()),
            },
        }
    }
}

/// Reads the pixels of a file of this format.
pub(super) fn read(format: PictureFormat, file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    match format {
        PictureFormat::Png => png::read(file, sizes),
        PictureFormat::Jpeg => jpeg::read(file, sizes),
        PictureFormat::WebP => webp::read(file, sizes),
        PictureFormat::Tiff => tiff::read(file, sizes),
        PictureFormat::Gif => gif::read(file, sizes),
        PictureFormat::Bmp => bmp::read(file, sizes),
        PictureFormat::Pnm => pnm::read(file, sizes),
        PictureFormat::Qoi => qoi::read(file, sizes),
        PictureFormat::Tga => tga::read(file, sizes),
        #[cfg(feature = "jpeg-xl")]
        PictureFormat::JpegXl => jpeg_xl::read(file, sizes),
    }
}

/// Begins a text that this program left in a field which other programs use too.
///
/// PNG needs no mark, because its texts have keywords.
const MARK: &str = "impasto:";

/// The most bytes of settings that are read back.
const LONGEST_SETTINGS: usize = 16 << 20;

/// Samples of a picture ready to be written, rounded to the depth of the file: red, green, blue and, if
/// `has_alpha`, alpha of each pixel, row by row.
pub(super) struct Raster {
    pub width: u32,
    pub height: u32,
    pub has_alpha: bool,
    pub samples: Samples,
}

/// The samples at one of the two depths, 0 to the greatest integer.
pub(super) enum Samples {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

/// JSON in ASCII: other characters stand in strings only, where JSON allows to escape them.
///
/// The text fields of TIFF and EXIF are defined for ASCII without NUL.
fn ascii_json(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\0' {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_json_means_the_same() {
        let json = r#"{"style":"Große Welle 🌊","size":512}"#;
        let ascii = ascii_json(json);
        assert!(ascii.is_ascii());
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&ascii), parse(json));
    }
}
