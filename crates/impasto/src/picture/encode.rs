//! From planes to a picture file, in the format its name asks for.
//!
//! Values are clamped to 0..1. Of 16 bits they are rounded to the nearest step, of 8 bits dithered: the same picture always
//! gives the same file, and what lies on a step stays there. Files are marked as sRGB.

use std::path::Path;

use super::formats::{Raster, Samples, jpeg, png, tiff, webp};
use super::{
    Alpha, Metadata, Picture, PictureError, PictureFormat, check_whole_file, dither, write_whole_file,
};

/// Bits a channel of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BitDepth {
    /// 256 steps, dithered so that smooth colours show no bands; a colour that lies on a step is written as it is.
    #[default]
    Eight,
    /// 65536 steps: PNG and TIFF only.
    Sixteen,
}

/// How a picture is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Bits a channel. Default: 8.
    pub depth: BitDepth,
    /// Quality of a JPEG, 1 to 100; other formats are without loss. Default: 95. Colour is never
    /// subsampled: strokes have hard colour edges.
    pub jpeg_quality: u8,
    /// Settings of the run as JSON, kept in the file's metadata. Default: none.
    ///
    /// PNG holds them in an `iTXt` chunk with keyword `impasto`, JPEG in comments, TIFF and WebP in
    /// `ImageDescription`, with characters beyond ASCII as JSON escapes. [`read_settings`] returns them.
    ///
    /// [`read_settings`]: super::read_settings
    pub settings: Option<String>,
    /// What the file carries on of a photograph's metadata, such as
    /// [`source.metadata.kept(KeptMetadata::Credits)`](Metadata::kept). Default: nothing.
    ///
    /// It stands in EXIF data: PNG has the chunk `eXIf` for them, JPEG the segment APP1, WebP the chunk `EXIF`, TIFF its
    /// own directories. Settings that would stand in a description which is kept stand in `ImageHistory` then.
    pub metadata: Metadata,
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions {
            depth: BitDepth::Eight,
            jpeg_quality: 95,
            settings: None,
            metadata: Metadata::default(),
        }
    }
}

impl WriteOptions {
    /// The format of `path`, if it can be written with these options.
    fn format_of(&self, path: &Path) -> Result<PictureFormat, PictureError> {
        let format = PictureFormat::from_extension(path).ok_or_else(|| {
            let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
            PictureError::UnknownExtension { path: path.to_owned(), extension: extension.unwrap_or_default() }
        })?;
        if self.depth == BitDepth::Sixteen && !format.holds_sixteen_bits() {
            return Err(PictureError::DepthNotSupported { path: path.to_owned(), format });
        }
        if format == PictureFormat::Jpeg && !(1..=100).contains(&self.jpeg_quality) {
            let quality = self.jpeg_quality;
            return Err(PictureError::QualityOutOfRange { path: path.to_owned(), quality });
        }
        Ok(format)
    }
}

/// Checks before a long run that its result can be written to `path`: the extension is known and goes
/// with the options, the folder is there and can be written. Returns the format. Changes nothing.
///
/// # Errors
/// What [`Picture::write`] would meet, but for the size and the values of the picture.
pub fn check_writable(path: impl AsRef<Path>, options: &WriteOptions) -> Result<PictureFormat, PictureError> {
    let format = options.format_of(path.as_ref())?;
    check_whole_file(path.as_ref())?;
    Ok(format)
}

impl Picture {
    /// Writes the picture in the format of the extension: .png, .jpg, .jpeg, .webp, .tif or .tiff.
    ///
    /// `alpha` is written where the format has it; for JPEG the picture is laid over white, in encoded
    /// values as browsers do. The file appears whole, replacing one of that name, or not at all.
    ///
    /// # Errors
    /// Any [`PictureError`] of writing; nothing is left behind.
    ///
    /// # Panics
    /// If `alpha` has another size.
    pub fn write(
        &self,
        path: impl AsRef<Path>,
        alpha: Option<&Alpha>,
        options: &WriteOptions,
    ) -> Result<(), PictureError> {
        let path = path.as_ref();
        write_whole_file(path, &self.encode(path, alpha, options)?)
    }

    /// The bytes that [`write`](Self::write) puts into a file of this name.
    ///
    /// # Errors
    /// As `write`, but for what concerns the folder.
    ///
    /// # Panics
    /// If `alpha` has another size.
    pub fn encode(
        &self,
        name: impl AsRef<Path>,
        alpha: Option<&Alpha>,
        options: &WriteOptions,
    ) -> Result<Vec<u8>, PictureError> {
        let path = name.as_ref();
        let format = options.format_of(path)?;
        if let Some(alpha) = alpha {
            assert_eq!((alpha.width(), alpha.height()), (self.width(), self.height()), "size of alpha");
        }
        let (width, height) = (self.width(), self.height());
        let longest = format.longest_side();
        if width.max(height) > longest {
            return Err(PictureError::SideTooLong { path: path.to_owned(), format, width, height, longest });
        }
        self.check_finite(path)?;
        let raster = Raster {
            width: width as u32,
            height: height as u32,
            has_alpha: alpha.is_some() && format.holds_alpha(),
            samples: match options.depth {
                BitDepth::Eight => Samples::Eight(self.interleaved(alpha, format, dither::byte)),
                BitDepth::Sixteen => Samples::Sixteen(
                    self.interleaved(alpha, format, |value, _| (value * 65535.0 + 0.5) as u16),
                ),
            },
        };
        let (settings, metadata) = (options.settings.as_deref(), &options.metadata);
        let encoded = match format {
            PictureFormat::Png => png::encode(&raster, settings, metadata).map_err(|error| error.to_string()),
            PictureFormat::Jpeg => jpeg::encode(&raster, options.jpeg_quality, settings, metadata)
                .map_err(|error| error.to_string()),
            PictureFormat::WebP => {
                webp::encode(&raster, settings, metadata).map_err(|error| error.to_string())
            }
            PictureFormat::Tiff => {
                tiff::encode(&raster, settings, metadata).map_err(|error| error.to_string())
            }
            _ => Err(format!("pictures are not written as {format}")),
        };
        encoded.map_err(|reason| PictureError::NotEncoded { path: path.to_owned(), format, reason })
    }

    fn check_finite(&self, path: &Path) -> Result<(), PictureError> {
        match self.data().iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(index) => {
                let pixel = index % (self.width() * self.height());
                Err(PictureError::NotFinite {
                    path: path.to_owned(),
                    column: pixel % self.width(),
                    row: pixel / self.width(),
                    value: self.data()[index],
                })
            }
        }
    }

    /// Red, green, blue and, where the format holds it, alpha of each pixel, clamped and through
    /// `round`, which also gets the offset of dithering at the place.
    fn interleaved<T>(
        &self,
        alpha: Option<&Alpha>,
        format: PictureFormat,
        round: impl Fn(f32, f32) -> T,
    ) -> Vec<T> {
        let pixels = self.width() * self.height();
        let opacity = |pixel: usize| alpha.map_or(1.0, |alpha| alpha.data()[pixel].clamp(0.0, 1.0));
        let channels = if alpha.is_some() && format.holds_alpha() { 4 } else { 3 };
        let mut samples = Vec::with_capacity(channels * pixels);
        for pixel in 0..pixels {
            let opacity = opacity(pixel);
            let offset = dither::offset(pixel % self.width(), pixel / self.width());
            for channel in 0..3 {
                let color = self.data()[channel * pixels + pixel].clamp(0.0, 1.0);
                let over_white = color * opacity + (1.0 - opacity);
                samples.push(round(if format.holds_alpha() { color } else { over_white }, offset));
            }
            if channels == 4 {
                samples.push(round(opacity, offset));
            }
        }
        samples
    }
}
