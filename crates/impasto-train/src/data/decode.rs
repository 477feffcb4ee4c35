//! Files of pictures, decoded on all threads while others are still being read.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use rayon::prelude::*;

use super::DataFault;

/// Most bytes that decoding a picture may take, those of 100 million pixels at 16 bits: more would be an attack or a
/// mistake.
const MOST_BYTES: u64 = 800_000_000;

/// Files that are held undecoded.
const HELD: usize = 512;

/// A picture of 8 bits, red, green, blue, pixel by pixel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pixels {
    pub width: usize,
    pub height: usize,
    /// `[height][width][3]`
    pub values: Vec<u8>,
}

/// Decodes one file.
pub(super) fn decode(file: &str, bytes: &[u8]) -> Result<Pixels, DataFault> {
    let failed = |reason: String| DataFault::Picture { file: file.to_owned(), reason };
    let mut reader = image::ImageReader::new(std::io::Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| failed(error.to_string()))?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| failed(error.to_string()))?.into_rgb8();
    if picture.width() == 0 || picture.height() == 0 {
        return Err(failed("it has no pixels".to_owned()));
    }
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Ok(Pixels { width, height, values: picture.into_raw() })
}

impl Pixels {
    /// The rectangle `(left, top, width, height)` of the picture, in pixels and parts of them, brought to another
    /// size; smaller ones are averages, not samples.
    ///
    /// # Panics
    /// If the rectangle reaches beyond the picture or a side is zero.
    pub fn resized(&self, rectangle: (f64, f64, f64, f64), width: usize, height: usize) -> Pixels {
        let (left, top, cut_width, cut_height) = rectangle;
        let from = ImageRef::new(self.width as u32, self.height as u32, &self.values, PixelType::U8x3)
            .expect("the picture has all its pixels");
        let mut to = Image::new(width as u32, height as u32, PixelType::U8x3);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
            .crop(left, top, cut_width, cut_height);
        Resizer::new().resize(&from, &mut to, &options).expect("the rectangle is inside the picture");
        Pixels { width, height, values: to.into_vec() }
    }

    /// The picture, or its middle if one side is more than `longest` times the other.
    pub fn within_aspect(self, longest: usize) -> Pixels {
        let (width, height) = (self.width.min(longest * self.height), self.height.min(longest * self.width));
        if (width, height) == (self.width, self.height) {
            return self;
        }
        let start = |whole: usize, part: usize| ((whole - part) / 2) as f64;
        let corner = (start(self.width, width), start(self.height, height));
        self.resized((corner.0, corner.1, width as f64, height as f64), width, height)
    }

    /// The whole picture at another size.
    pub fn scaled(self, width: usize, height: usize) -> Pixels {
        if (self.width, self.height) == (width, height) {
            return self;
        }
        self.resized((0.0, 0.0, self.width as f64, self.height as f64), width, height)
    }
}

/// Files on their way to being decoded, `Kept` of each is kept in the order they came.
pub(super) struct Decoding<Kept, F> {
    waiting: Vec<(String, Vec<u8>)>,
    finish: F,
    done: Vec<(String, Kept)>,
}

impl<Kept: Send, F: Fn(&str, Pixels) -> Result<Kept, DataFault> + Sync> Decoding<Kept, F> {
    /// `finish` makes what is kept of each decoded file.
    pub fn new(finish: F) -> Self {
        Decoding { waiting: Vec::new(), finish, done: Vec::new() }
    }

    /// Takes a file.
    pub fn push(&mut self, file: String, bytes: Vec<u8>) -> Result<(), DataFault> {
        self.waiting.push((file, bytes));
        if self.waiting.len() == HELD { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), DataFault> {
        let finish = &self.finish;
        let decoded: Vec<_> = self
            .waiting
            .par_drain(..)
            .map(|(file, bytes)| {
                let kept = finish(&file, decode(&file, &bytes)?)?;
                Ok((file, kept))
            })
            .collect();
        for kept in decoded {
            self.done.push(kept?);
        }
        Ok(())
    }

    /// All names with what was kept, in the order of names.
    pub fn finish(mut self) -> Result<Vec<(String, Kept)>, DataFault> {
        self.flush()?;
        self.done.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(self.done)
    }
}
