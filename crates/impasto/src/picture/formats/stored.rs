//! Pixels as a file stores them, whatever its format, and from them planes.

use image::{DynamicImage, ImageDecoder, Limits};

use super::ReadFailure;
use crate::picture::coding::Coding;
use crate::picture::{BitDepth, Metadata, ReadWarning};

/// How large a picture may be.
#[derive(Clone, Copy, Debug)]
pub(in crate::picture) struct Sizes {
    /// Most pixels.
    pub max_pixels: u64,
    /// About how many bytes a decoder may take.
    pub max_bytes: u64,
}

impl Sizes {
    /// Refuses a picture of too many pixels.
    pub fn check(&self, width: u32, height: u32) -> Result<(), ReadFailure> {
        match u64::from(width) * u64::from(height) <= self.max_pixels {
            true => Ok(()),
            false => Err(ReadFailure::TooLarge { width, height }),
        }
    }

    /// The same for decoders of the crate `image`.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(self.max_bytes);
        limits
    }
}

/// What the channels of a colour are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::picture) enum Model {
    Grey,
    Rgb,
    /// Inks, 0 for none.
    Cmyk,
}

impl Model {
    /// Channels of a colour.
    pub fn channels(self) -> usize {
        match self {
            Model::Grey => 1,
            Model::Rgb => 3,
            Model::Cmyk => 4,
        }
    }
}

/// Interleaved samples; whole numbers span their type, floating point is 0..1.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::picture) enum StoredSamples {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
    Float(Vec<f32>),
}

impl StoredSamples {
    /// Samples of all pixels.
    pub fn len(&self) -> usize {
        match self {
            StoredSamples::Eight(values) => values.len(),
            StoredSamples::Sixteen(values) => values.len(),
            StoredSamples::Float(values) => values.len(),
        }
    }

    /// Makes the first `inverted` of `channels` channels their difference to the greatest value.
    pub fn invert(&mut self, channels: usize, inverted: usize) {
        match self {
            StoredSamples::Eight(values) => {
                values
                    .chunks_exact_mut(channels)
                    .flat_map(|it| &mut it[..inverted])
                    .for_each(|it| *it = !*it);
            }
            StoredSamples::Sixteen(values) => {
                values
                    .chunks_exact_mut(channels)
                    .flat_map(|it| &mut it[..inverted])
                    .for_each(|it| *it = !*it);
            }
            StoredSamples::Float(values) => {
                let values = values.chunks_exact_mut(channels).flat_map(|it| &mut it[..inverted]);
                values.for_each(|it| *it = 1.0 - *it);
            }
        }
    }

    /// Sample `index`, 0..1.
    fn unit(&self, index: usize) -> f32 {
        match self {
            StoredSamples::Eight(values) => f32::from(values[index]) / 255.0,
            StoredSamples::Sixteen(values) => f32::from(values[index]) / 65535.0,
            StoredSamples::Float(values) => values[index],
        }
    }
}

/// What a file says about the meaning of its colours.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::picture) enum ColorCoding {
    /// Nothing, or that they are sRGB.
    Untold,
    /// An ICC profile.
    Profile(Vec<u8>),
    /// A curve and primaries.
    Coded(Coding),
}

/// What a file holds, in its own colours.
pub(in crate::picture) struct Stored {
    pub width: usize,
    pub height: usize,
    pub model: Model,
    /// Whether there is opacity behind the colours, and if so whether they are multiplied by it.
    pub alpha: Option<bool>,
    pub samples: StoredSamples,
    /// How the picture is to be turned to stand upright, 1 to 8 as EXIF counts.
    pub orientation: u8,
    pub coding: ColorCoding,
    pub metadata: Metadata,
    pub warnings: Vec<ReadWarning>,
}

/// The channels of a picture that stands upright.
pub(in crate::picture) struct Planes {
    pub width: usize,
    pub height: usize,
    /// `[channels, height, width]`, 0..1 unless the file goes beyond.
    pub colors: Vec<f32>,
    /// `[height, width]`, 0..1.
    pub alpha: Option<Vec<f32>>,
}

impl Stored {
    /// Opaque pixels that stand upright, of which nothing else is known.
    pub fn new(width: usize, height: usize, model: Model, samples: StoredSamples) -> Self {
        let (orientation, coding) = (1, ColorCoding::Untold);
        Stored {
            width,
            height,
            model,
            alpha: None,
            samples,
            orientation,
            coding,
            metadata: Metadata::default(),
            warnings: Vec::new(),
        }
    }

    /// The pixels of a picture of the crate `image`.
    pub fn of_image(image: DynamicImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let color = image.color();
        let model = if color.has_color() { Model::Rgb } else { Model::Grey };
        let samples = match image {
            DynamicImage::ImageLuma8(image) => StoredSamples::Eight(image.into_raw()),
            DynamicImage::ImageLumaA8(image) => StoredSamples::Eight(image.into_raw()),
            DynamicImage::ImageRgb8(image) => StoredSamples::Eight(image.into_raw()),
            DynamicImage::ImageRgba8(image) => StoredSamples::Eight(image.into_raw()),
            DynamicImage::ImageLuma16(image) => StoredSamples::Sixteen(image.into_raw()),
            DynamicImage::ImageLumaA16(image) => StoredSamples::Sixteen(image.into_raw()),
            DynamicImage::ImageRgb16(image) => StoredSamples::Sixteen(image.into_raw()),
            DynamicImage::ImageRgba16(image) => StoredSamples::Sixteen(image.into_raw()),
            DynamicImage::ImageRgb32F(image) => StoredSamples::Float(image.into_raw()),
            other => {
                let samples = StoredSamples::Float(other.into_rgba32f().into_raw());
                return Stored { alpha: Some(false), ..Stored::new(width, height, Model::Rgb, samples) };
            }
        };
        Stored { alpha: color.has_alpha().then_some(false), ..Stored::new(width, height, model, samples) }
    }

    /// What a decoder of the crate `image` gives. The size is checked before memory is taken.
    pub fn decoded(mut decoder: impl ImageDecoder, sizes: &Sizes) -> Result<Self, ReadFailure> {
        let (width, height) = decoder.dimensions();
        sizes.check(width, height)?;
        decoder.set_limits(sizes.limits())?;
        let profile = decoder.icc_profile();
        let exif = decoder.exif_metadata().ok().flatten();
        let stored = Stored::of_image(DynamicImage::from_decoder(decoder)?);
        let (coding, problem) = match profile {
            Ok(Some(profile)) => (ColorCoding::Profile(profile), None),
            Ok(None) => (ColorCoding::Untold, None),
            Err(error) => (ColorCoding::Untold, Some(ReadWarning::ProfileDamaged(error.to_string()))),
        };
        let orientation = exif.as_deref().and_then(super::exif::orientation).unwrap_or(1);
        let metadata = exif.as_deref().map(super::exif::metadata).unwrap_or_default();
        Ok(Stored { coding, orientation, metadata, warnings: problem.into_iter().collect(), ..stored })
    }

    /// The bits a channel that keep what the file holds; floating point counts as 16.
    pub fn depth(&self) -> BitDepth {
        match self.samples {
            StoredSamples::Eight(_) => BitDepth::Eight,
            _ => BitDepth::Sixteen,
        }
    }

    /// The channels, upright.
    pub fn planes(&self) -> Planes {
        let channels = self.model.channels() + usize::from(self.alpha.is_some());
        let (stored_width, stored_height) = (self.width, self.height);
        let (width, height) = match self.orientation {
            5..=8 => (stored_height, stored_width),
            _ => (stored_width, stored_height),
        };
        let source = |x: usize, y: usize| {
            let (column, row) = match self.orientation {
                2 => (stored_width - 1 - x, y),
                3 => (stored_width - 1 - x, stored_height - 1 - y),
                4 => (x, stored_height - 1 - y),
                5 => (y, x),
                6 => (y, stored_height - 1 - x),
                7 => (stored_width - 1 - y, stored_height - 1 - x),
                8 => (stored_width - 1 - y, x),
                _ => (x, y),
            };
            channels * (row * stored_width + column)
        };
        let plane = |channel: usize| {
            let samples = &self.samples;
            (0..height).flat_map(move |y| (0..width).map(move |x| samples.unit(source(x, y) + channel)))
        };
        let mut colors = Vec::with_capacity(self.model.channels().max(3) * width * height);
        (0..self.model.channels()).for_each(|channel| colors.extend(plane(channel)));
        let alpha = self.alpha.map(|_| plane(channels - 1).map(|alpha| alpha.clamp(0.0, 1.0)).collect());
        Planes { width, height, colors, alpha }
    }
}
