//! The picture formats that are read and written, told by file name or by first bytes.

use std::fmt;
use std::path::Path;

/// A format that is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureFormat {
    /// PNG, 8 or 16 bits a channel, with transparency.
    Png,
    /// JPEG, 8 bits a channel, lossy, without transparency.
    Jpeg,
    /// WebP, 8 bits a channel, with transparency; written without loss.
    WebP,
    /// TIFF, 8 or 16 bits a channel, with transparency.
    Tiff,
}

impl PictureFormat {
    /// The extensions that can be written, for messages.
    pub const EXTENSIONS: &'static str = ".png, .jpg, .jpeg, .webp, .tif or .tiff";

    /// The format that a file of this name is written in; upper and lower case are the same.
    pub fn from_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "png" => Some(PictureFormat::Png),
            "jpg" | "jpeg" => Some(PictureFormat::Jpeg),
            "webp" => Some(PictureFormat::WebP),
            "tif" | "tiff" => Some(PictureFormat::Tiff),
            _ => None,
        }
    }

    /// The format that the first bytes of a file announce, or in words what they announce instead.
    ///
    /// The name of an input does not matter: a JPEG called `.png` is a JPEG.
    pub fn from_first_bytes(bytes: &[u8]) -> Result<Self, String> {
        const READ: [(&[u8], PictureFormat); 6] = [
            (b"\x89PNG\r\n\x1a\n", PictureFormat::Png),
            (b"\xff\xd8\xff", PictureFormat::Jpeg),
            (b"II*\0", PictureFormat::Tiff),
            (b"MM\0*", PictureFormat::Tiff),
            (b"II+\0", PictureFormat::Tiff),
            (b"MM\0+", PictureFormat::Tiff),
        ];
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Ok(PictureFormat::WebP);
        }
        READ.iter()
            .find(|(signature, _)| bytes.starts_with(signature))
            .map(|&(_, format)| format)
            .ok_or_else(|| describe_foreign(bytes))
    }

    /// Whether 16 bits a channel can be written.
    pub const fn holds_sixteen_bits(self) -> bool {
        matches!(self, PictureFormat::Png | PictureFormat::Tiff)
    }

    /// Whether transparency can be written.
    pub const fn holds_alpha(self) -> bool {
        !matches!(self, PictureFormat::Jpeg)
    }

    /// The longest side, in pixels, that the format can hold.
    pub const fn longest_side(self) -> usize {
        match self {
            PictureFormat::Jpeg => u16::MAX as usize,
            PictureFormat::WebP => 1 << 14,
            PictureFormat::Png | PictureFormat::Tiff => i32::MAX as usize,
        }
    }
}

impl fmt::Display for PictureFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PictureFormat::Png => "PNG",
            PictureFormat::Jpeg => "JPEG",
            PictureFormat::WebP => "WebP",
            PictureFormat::Tiff => "TIFF",
        })
    }
}

/// What a file that is none of the four formats seems to be.
fn describe_foreign(bytes: &[u8]) -> String {
    const FOREIGN: [(usize, &[u8], &str); 16] = [
        (0, b"GIF8", "a GIF picture"),
        (0, b"BM", "a BMP picture"),
        (0, b"8BPS", "a Photoshop document"),
        (0, b"\x76\x2f\x31\x01", "an OpenEXR picture"),
        (0, b"\xff\x0a", "a JPEG XL picture"),
        (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
        (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
        (4, b"ftypavif", "an AVIF picture"),
        (4, b"ftyphei", "an HEIC picture"),
        (4, b"ftypmif1", "an HEIC picture"),
        (4, b"ftyp", "a video"),
        (0, b"\x1a\x45\xdf\xa3", "a video"),
        (0, b"%PDF", "a PDF document"),
        (0, b"<svg", "an SVG drawing"),
        (0, b"PK\x03\x04", "a ZIP archive"),
        (0, b"\x1f\x8b", "a gzip archive"),
    ];
    let known = FOREIGN
        .iter()
        .find(|(at, signature, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(signature)));
    if let Some((_, _, name)) = known {
        return (*name).to_owned();
    }
    let start = &bytes[..bytes.len().min(16)];
    match std::str::from_utf8(start) {
        Ok(text) if !text.chars().any(|c| c.is_control() && !c.is_whitespace()) => {
            format!("text that begins {text:?}")
        }
        _ => {
            let hex: Vec<String> = start.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("a file that begins with the bytes {}", hex.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_known_in_any_case() {
        for (name, format) in [
            ("a.png", PictureFormat::Png),
            ("a.b.JPG", PictureFormat::Jpeg),
            ("a.jpeg", PictureFormat::Jpeg),
            ("a.WebP", PictureFormat::WebP),
            ("a.tif", PictureFormat::Tiff),
            ("a.TIFF", PictureFormat::Tiff),
        ] {
            assert_eq!(PictureFormat::from_extension(Path::new(name)), Some(format), "{name}");
        }
        for name in ["a", "a.", "a.gif", "png", ".png"] {
            assert_eq!(PictureFormat::from_extension(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn foreign_files_are_described() {
        for (bytes, words) in [
            (&b"GIF89a"[..], "GIF"),
            (b"%PDF-1.7", "PDF"),
            (b"\0\0\0\x1cftypheic", "HEIC"),
            (b"hello", "\"hello\""),
            (b"\0\x01\x02", "00 01 02"),
            (b"RIFF\0\0\0\0WAVE", "52 49 46 46"),
        ] {
            let found = PictureFormat::from_first_bytes(bytes).unwrap_err();
            assert!(found.contains(words), "{found}");
        }
    }
}
