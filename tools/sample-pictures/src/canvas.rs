//! A picture in memory, and its way to and from a file.

use std::path::Path;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageResult};
use rayon::prelude::*;

use crate::colour::{Colour, luminance};
use crate::noise::{hash, hash_cell, unit_interval};

/// Pixels row by row from the top left.
#[derive(Clone)]
pub struct Canvas {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<Colour>,
}

/// One of the points at which a pixel looks at its scene.
#[derive(Clone, Copy)]
pub struct Sample {
    /// Right from the left border, in pixels.
    pub x: f32,
    /// Down from the upper border, in pixels.
    pub y: f32,
    /// Different for every pixel.
    seed: u32,
    /// Counts the samples of one pixel.
    index: usize,
}

impl Sample {
    /// The number in 0..1 that belongs to this sample and one of nine purposes, such as a point on the
    /// lens. It is random from pixel to pixel, but the samples of one pixel spread evenly: steps by the
    /// root of a prime from a random start (Cranley and Patterson, 1976).
    pub fn random(self, purpose: usize) -> f32 {
        const PRIMES: [f32; 9] = [2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0];
        let start = unit_interval(hash(self.seed.wrapping_add(hash(purpose as u32))));
        (start + self.index as f32 * PRIMES[purpose].sqrt()).fract()
    }
}

impl Canvas {
    pub fn filled(width: usize, height: usize, colour: Colour) -> Self {
        Canvas { width, height, pixels: vec![colour; width * height] }
    }

    /// The colour of `draw` at the centre of every pixel.
    pub fn drawn(width: usize, height: usize, draw: impl Fn(f32, f32) -> Colour + Sync) -> Self {
        let mut canvas = Self::filled(width, height, Colour::default());
        canvas.pixels.par_chunks_mut(width).enumerate().for_each(|(row, pixels)| {
            for (column, pixel) in pixels.iter_mut().enumerate() {
                *pixel = draw(column as f32 + 0.5, row as f32 + 0.5);
            }
        });
        canvas
    }

    /// The mean of `draw` over a 3 × 3 raster of jittered points in every pixel, or over its four corners
    /// where these agree within a few percent.
    pub fn sampled(width: usize, height: usize, draw: impl Fn(Sample) -> Colour + Sync) -> Self {
        let mut canvas = Self::filled(width, height, Colour::default());
        canvas.pixels.par_chunks_mut(width).enumerate().for_each(|(row, pixels)| {
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let seed = hash_cell(column as i32, row as i32, 0);
                let mut sum = Colour::default();
                let (mut least, mut most) = (Colour::splat(f32::MAX), Colour::splat(f32::MIN));
                let mut count = 0;
                for place in [0, 2, 6, 8, 4, 1, 3, 5, 7] {
                    let jitter = |salt: usize| unit_interval(hash(seed ^ (2 * place + salt) as u32));
                    let colour = draw(Sample {
                        x: column as f32 + ((place % 3) as f32 + jitter(0)) / 3.0,
                        y: row as f32 + ((place / 3) as f32 + jitter(1)) / 3.0,
                        seed,
                        index: count,
                    });
                    sum += colour;
                    least = least.zip(colour, f32::min);
                    most = most.zip(colour, f32::max);
                    count += 1;
                    if count == 4 && luminance(most - least) < 0.01 + 0.03 * luminance(most) {
                        break;
                    }
                }
                *pixel = sum / count as f32;
            }
        });
        canvas
    }

    /// The pixel at a position, or the nearest one if the position is outside.
    pub fn at(&self, x: i32, y: i32) -> Colour {
        let column = x.clamp(0, self.width as i32 - 1) as usize;
        let row = y.clamp(0, self.height as i32 - 1) as usize;
        self.pixels[row * self.width + column]
    }

    /// The colour at any position, linear between pixel centres.
    pub fn between(&self, x: f32, y: f32) -> Colour {
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (column, row) = (left as i32, top as i32);
        let upper = self.at(column, row).mix(self.at(column + 1, row), x - left);
        let lower = self.at(column, row + 1).mix(self.at(column + 1, row + 1), x - left);
        upper.mix(lower, y - top)
    }

    /// 8-bit red, green, blue, row by row.
    pub fn bytes(&self) -> Vec<u8> {
        let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        self.pixels.iter().flat_map(|p| [byte(p.x), byte(p.y), byte(p.z)]).collect()
    }

    /// Writes the picture as an 8-bit PNG file.
    pub fn save(&self, path: &Path) -> ImageResult<()> {
        let file = std::io::BufWriter::new(std::fs::File::create(path)?);
        PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive).write_image(
            &self.bytes(),
            self.width as u32,
            self.height as u32,
            ExtendedColorType::Rgb8,
        )
    }
}
