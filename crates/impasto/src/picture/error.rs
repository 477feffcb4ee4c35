//! What can go wrong between a picture and a file, and whose mistake it is.

use std::io;
use std::path::PathBuf;

use super::PictureFormat;

/// A picture that could not be read or written. Every message is one line and names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// There is no file of this name.
    #[error("{}: no such file", path.display())]
    Missing {
        /// The file asked for.
        path: PathBuf,
    },
    /// The file is there but cannot be read: no permission, or a failing disk.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file asked for.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("{}: the file is empty", path.display())]
    Empty {
        /// The file asked for.
        path: PathBuf,
    },
    /// The file is no picture, or a picture of a kind that is not read.
    #[error(
        "{}: {found}, not a picture that can be read ({}){}",
        path.display(), PictureFormat::READ, super::format::conversion(found)
    )]
    NotAPicture {
        /// The file asked for.
        path: PathBuf,
        /// What it is instead, such as `a PDF document`.
        found: String,
    },
    /// The file is a picture, but cut short or damaged.
    #[error("{}: a damaged or truncated {format} file: {reason}", path.display())]
    Damaged {
        /// The file asked for.
        path: PathBuf,
        /// What its first bytes say it is.
        format: PictureFormat,
        /// What the decoder met.
        reason: String,
    },
    /// The picture uses a part of its format that is not supported.
    #[error("{}: a {format} file of a kind that is not supported: {reason}", path.display())]
    Unsupported {
        /// The file asked for.
        path: PathBuf,
        /// Its format.
        format: PictureFormat,
        /// The part that is missing.
        reason: String,
    },
    /// The picture has more pixels than [`ReadOptions::max_pixels`](super::ReadOptions::max_pixels).
    #[error(
        "{}: {width}x{height} is {}, above the limit of {}: make it smaller, or raise the limit on pixels",
        path.display(), area(u64::from(*width) * u64::from(*height)), area(*limit)
    )]
    TooLarge {
        /// The file asked for.
        path: PathBuf,
        /// Columns its header claims.
        width: u32,
        /// Rows its header claims.
        height: u32,
        /// Pixels allowed.
        limit: u64,
    },
    /// The file is longer than any picture within the limit on pixels.
    #[error(
        "{}: {bytes} bytes is more than a picture of {}, the limit, can take ({limit} bytes): \
         raise the limit on pixels",
        path.display(), area(*max_pixels)
    )]
    FileTooLong {
        /// The file asked for.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The longest file read under `max_pixels`.
        limit: u64,
        /// The limit in force.
        max_pixels: u64,
    },
    /// The output name does not say which format to write.
    #[error("{}: {}; use {}", path.display(), extension_complaint(extension), PictureFormat::EXTENSIONS)]
    UnknownExtension {
        /// The output asked for.
        path: PathBuf,
        /// Its extension without the dot, empty if it has none.
        extension: String,
    },
    /// 16 bits a channel were asked of a format that holds 8.
    #[error("{}: {format} holds 8 bits a channel, not 16: write .png, .tif or .tiff", path.display())]
    DepthNotSupported {
        /// The output asked for.
        path: PathBuf,
        /// Its format.
        format: PictureFormat,
    },
    /// A JPEG quality outside 1..=100.
    #[error("{}: JPEG quality {quality}: expected 1 to 100", path.display())]
    QualityOutOfRange {
        /// The output asked for.
        path: PathBuf,
        /// The quality asked for.
        quality: u8,
    },
    /// The picture is longer than the format allows.
    #[error("{}: {width}x{height}: {format} holds at most {longest} pixels a side", path.display())]
    SideTooLong {
        /// The output asked for.
        path: PathBuf,
        /// Its format.
        format: PictureFormat,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// The longest side the format allows.
        longest: usize,
    },
    /// A value of the picture is NaN or infinite, so the picture is not written.
    #[error("{}: not written, because the value at column {column}, row {row} is {value}", path.display())]
    NotFinite {
        /// The output asked for.
        path: PathBuf,
        /// Column of the first such value.
        column: usize,
        /// Row of the first such value.
        row: usize,
        /// The value.
        value: f32,
    },
    /// The folder to write into does not exist.
    #[error("{}: the folder {} does not exist", path.display(), folder.display())]
    FolderMissing {
        /// The output asked for.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The output names something that is there and is no regular file, such as a folder or a device.
    #[error("{}: is {found}, so no picture can be written there", path.display())]
    NotAFile {
        /// The output asked for.
        path: PathBuf,
        /// What it is, such as `a folder`.
        found: &'static str,
    },
    /// The folder or the existing file may not be written, or writing failed. Nothing is left behind.
    #[error("{}: cannot be written: {source}", path.display())]
    NotWritable {
        /// The output asked for.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The encoder of the format refused the picture.
    #[error("{}: cannot be encoded as {format}: {reason}", path.display())]
    NotEncoded {
        /// The output asked for.
        path: PathBuf,
        /// Its format.
        format: PictureFormat,
        /// What the encoder says.
        reason: String,
    },
}

impl PictureError {
    /// Whether another choice of file or option would have avoided it (exit code 2), rather than a
    /// system that refuses or fails (exit code 1).
    ///
    /// A named file that is missing, empty, damaged, too large or no picture is the caller's choice, as
    /// is an output name that cannot work. A permission denied, a full disk, or a value that is not
    /// finite is not.
    pub fn is_callers_mistake(&self) -> bool {
        use PictureError::*;
        match self {
            Unreadable { .. } | NotWritable { .. } | NotFinite { .. } | NotEncoded { .. } => false,
            Missing { .. }
            | Empty { .. }
            | NotAPicture { .. }
            | Damaged { .. }
            | Unsupported { .. }
            | TooLarge { .. }
            | FileTooLong { .. }
            | UnknownExtension { .. }
            | DepthNotSupported { .. }
            | QualityOutOfRange { .. }
            | SideTooLong { .. }
            | FolderMissing { .. }
            | NotAFile { .. } => true,
        }
    }
}

/// `12.3 megapixels`, or below one, `3600 pixels`.
fn area(pixels: u64) -> String {
    match pixels {
        0..1_000_000 => format!("{pixels} pixels"),
        _ => format!("{:.1} megapixels", pixels as f64 / 1e6),
    }
}

fn extension_complaint(extension: &str) -> String {
    if extension.is_empty() {
        "the name has no extension, so the format is unknown".to_owned()
    } else {
        format!("pictures are not written as .{extension}")
    }
}
