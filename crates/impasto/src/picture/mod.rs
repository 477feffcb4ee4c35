//! Pictures: planar f32, sRGB-encoded, 0..1; read from files, resized, written to files.

mod alpha;
mod coding;
#[cfg(feature = "image-crate")]
mod conversions;
mod crop;
mod decode;
mod dither;
mod encode;
mod error;
mod format;
mod formats;
mod hidden_colors;
mod luma;
mod metadata;
mod noise;
mod press;
mod profile;
mod resize;
mod settings;
mod translucent;
mod whole_file;

pub use alpha::Alpha;
pub use decode::{ReadOptions, ReadWarning, SourcePicture};
pub use encode::{BitDepth, WriteOptions, check_writable};
pub use error::PictureError;
pub use format::PictureFormat;
pub(crate) use luma::luma;
pub use metadata::{KeptMetadata, Metadata};
pub use resize::Filter;
pub(crate) use resize::fit_longest_side;
pub use settings::read_settings;
pub(crate) use translucent::Translucent;
pub use whole_file::{check_whole_file, write_whole_file};

/// A picture, planar `[3, height, width]`: all of red, then green, then blue, row by row, sRGB-encoded.
///
/// Values are 0..1 when read from a file; in the middle of an optimisation they may leave that range.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    width: usize,
    height: usize,
    data: Vec<f32>,
}

impl Picture {
    /// A picture from its planes.
    ///
    /// # Panics
    /// If `data` does not hold `3 · height · width` values, or a side is zero.
    pub fn new(width: usize, height: usize, data: Vec<f32>) -> Self {
        assert!(width > 0 && height > 0, "a picture of {width}x{height}");
        assert_eq!(data.len(), 3 * width * height, "planes of a {width}x{height} picture");
        Picture { width, height, data }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The planes, `[3, height, width]`.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The planes, `[3, height, width]`, of a picture that is needed no more.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    /// The planes, to be changed.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }
}
