//! The picture formats that are read or written, told by file name or by first bytes.

use std::fmt;
use std::path::Path;

use super::formats::tga;

/// A format that is read; the first four are written too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PictureFormat {
    /// PNG, 8 or 16 bits a channel, with transparency.
    Png,
    /// JPEG, 8 bits a channel, lossy, without transparency.
    Jpeg,
    /// WebP, 8 bits a channel, with transparency; written without loss.
    WebP,
    /// TIFF, 8 or 16 bits a channel, with transparency.
    Tiff,
    /// GIF, up to 256 colours.
    Gif,
    /// BMP, the bitmaps of Windows.
    Bmp,
    /// PBM, PGM, PPM and PAM of Netpbm.
    Pnm,
    /// QOI, the Quite OK Image format.
    Qoi,
    /// TGA, of Truevision.
    Tga,
    /// JPEG XL, with the feature `jpeg-xl`.
    #[cfg(feature = "jpeg-xl")]
    JpegXl,
}

impl PictureFormat {
    /// The extensions that can be written, for messages.
    pub const EXTENSIONS: &'static str = ".png, .jpg, .jpeg, .webp, .tif or .tiff";

    /// The formats that are read, for messages.
    pub const READ: &'static str = if cfg!(feature = "jpeg-xl") {
        "PNG, JPEG, WebP, TIFF, GIF, BMP, PPM and its kin, QOI, TGA or JPEG XL"
    } else {
        "PNG, JPEG, WebP, TIFF, GIF, BMP, PPM and its kin, QOI or TGA"
    };

    /// Whether a file of this name is a picture that is read, if the name tells the truth: to list a folder.
    pub fn is_read(path: &Path) -> bool {
        const OTHERS: [&str; 9] = ["gif", "bmp", "pbm", "pgm", "ppm", "pnm", "pam", "qoi", "tga"];
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is = |other: &str| extension.eq_ignore_ascii_case(other);
        Self::from_extension(path).is_some()
            || OTHERS.into_iter().any(is)
            || (cfg!(feature = "jpeg-xl") && is("jxl"))
    }

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
        const READ: [(&[u8], PictureFormat); 16] = [
            (b"\x89PNG\r\n\x1a\n", PictureFormat::Png),
            (b"\xff\xd8\xff", PictureFormat::Jpeg),
            (b"II*\0", PictureFormat::Tiff),
            (b"MM\0*", PictureFormat::Tiff),
            (b"II+\0", PictureFormat::Tiff),
            (b"MM\0+", PictureFormat::Tiff),
            (b"GIF87a", PictureFormat::Gif),
            (b"GIF89a", PictureFormat::Gif),
            (b"qoif", PictureFormat::Qoi),
            (b"P1", PictureFormat::Pnm),
            (b"P2", PictureFormat::Pnm),
            (b"P3", PictureFormat::Pnm),
            (b"P4", PictureFormat::Pnm),
            (b"P5", PictureFormat::Pnm),
            (b"P6", PictureFormat::Pnm),
            (b"P7", PictureFormat::Pnm),
        ];
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Ok(PictureFormat::WebP);
        }
        if let Some(&(signature, format)) = READ.iter().find(|(signature, _)| bytes.starts_with(signature)) {
            // The short names of portable maps may begin a text; there white space follows.
            let follows = bytes.get(signature.len()).copied().unwrap_or(b' ');
            if format != PictureFormat::Pnm || follows.is_ascii_whitespace() || follows == b'#' {
                return Ok(format);
            }
        }
        // Two letters are little; the four bytes of the reserved fields are zero in every bitmap.
        if bytes.starts_with(b"BM") && bytes.get(6..10).is_some_and(|reserved| reserved == [0; 4]) {
            return Ok(PictureFormat::Bmp);
        }
        #[cfg(feature = "jpeg-xl")]
        if bytes.starts_with(b"\xff\x0a") || bytes.starts_with(b"\0\0\0\x0cJXL ") {
            return Ok(PictureFormat::JpegXl);
        }
        match describe_foreign(bytes) {
            Some(found) => Err(found),
            None if tga::is_header(bytes) => Ok(PictureFormat::Tga),
            None => Err(describe_bytes(bytes)),
        }
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
            _ => i32::MAX as usize,
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
            PictureFormat::Gif => "GIF",
            PictureFormat::Bmp => "BMP",
            PictureFormat::Pnm => "PPM",
            PictureFormat::Qoi => "QOI",
            PictureFormat::Tga => "TGA",
            #[cfg(feature = "jpeg-xl")]
            PictureFormat::JpegXl => "JPEG XL",
        })
    }
}

/// What a file that is not read is known to be.
fn describe_foreign(bytes: &[u8]) -> Option<String> {
    const FOREIGN: [(usize, &[u8], &str); 24] = [
        (0, b"8BPS", "a Photoshop document"),
        (0, b"\x76\x2f\x31\x01", "an OpenEXR picture"),
        (0, b"#?RADIANCE", "a Radiance HDR picture"),
        (0, b"\xff\x0a", "a JPEG XL picture"),
        (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
        (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
        (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
        (4, b"ftypavi", "an AVIF picture"),
        (4, b"ftyphei", "an HEIC picture"),
        (4, b"ftyphev", "an HEIC picture"),
        (4, b"ftypmif1", "an HEIC picture"),
        (4, b"ftypmsf1", "an HEIC picture"),
        (4, b"ftypcrx ", "a camera raw file (Canon CR3)"),
        (0, b"FUJIFILMCCD-RAW", "a camera raw file (Fujifilm RAF)"),
        (0, b"IIRO", "a camera raw file (Olympus ORF)"),
        (0, b"IIRS", "a camera raw file (Olympus ORF)"),
        (0, b"IIU\0", "a camera raw file (Panasonic RW2)"),
        (0, b"\x46\x4f\x56\x62", "a camera raw file (Sigma X3F)"),
        (4, b"ftyp", "a video"),
        (0, b"\x1a\x45\xdf\xa3", "a video"),
        (0, b"%PDF", "a PDF document"),
        (0, b"<svg", "an SVG drawing"),
        (0, b"PK\x03\x04", "a ZIP archive"),
        (0, b"\x1f\x8b", "a gzip archive"),
    ];
    let is_it = |(at, signature, _): &&(usize, &[u8], &str)| {
        bytes.get(*at..).is_some_and(|rest| rest.starts_with(signature))
    };
    FOREIGN.iter().find(is_it).map(|(_, _, name)| (*name).to_owned())
}

/// How a file that is not known begins.
fn describe_bytes(bytes: &[u8]) -> String {
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

/// How to make a picture that is read of what a file is said to be, as a sentence's end; empty if there is no way
/// that goes for all.
pub(super) fn conversion(found: &str) -> &'static str {
    match found {
        _ if found.contains("camera raw") => {
            "; develop it with a raw converter such as darktable or RawTherapee and save it as TIFF or JPEG"
        }
        _ if found.contains("HEIC") => {
            "; convert it, for example with ImageMagick: magick in.heic out.png, or heif-convert in.heic out.png"
        }
        _ if found.contains("AVIF") => "; convert it, for example with avifdec in.avif out.png",
        _ if found.contains("JPEG XL") => "; convert it, for example with djxl in.jxl out.png",
        _ if found.contains("JPEG 2000") => {
            "; convert it, for example with ImageMagick: magick in.jp2 out.png"
        }
        _ if found.contains("OpenEXR") || found.contains("Radiance") => {
            "; tone-map it and save it as TIFF or PNG"
        }
        _ if found.contains("Photoshop") || found.contains("PDF") || found.contains("SVG") => {
            "; export it as PNG or TIFF"
        }
        _ if found.contains("video") => {
            "; extract a frame, for example with ffmpeg -i in.mp4 -frames:v 1 out.png"
        }
        _ => "",
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
        for (name, is_read) in
            [("a.GIF", true), ("a.ppm", true), ("a.png", true), ("a.txt", false), ("gif", false)]
        {
            assert_eq!(PictureFormat::is_read(Path::new(name)), is_read, "{name}");
        }
    }

    #[test]
    fn foreign_files_are_described() {
        for (bytes, words) in [
            (&b"%PDF-1.7"[..], "PDF"),
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
