//! Crops of photographs and paintings, and of what an optimiser passes through on its way between them.
//!
//! A student that has only seen photographs answers wrongly where a picture is half noise or half painted. So some
//! crops are noisy, blended with noise or with another crop, or blocky.

use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;

use super::data_set::checksum;
use super::decode::{Decoding, Pixels};
use super::files::for_each_file;
use super::order::{below, stream, uniform};
use super::{DataError, DataFault};

/// Short sides of larger pictures are brought to this, those of pictures smaller than a crop to a crop's.
const LARGEST: usize = 640;

/// Of longer pictures the middle is taken: enlarged to a crop, a line of pixels would fill the memory.
const LONGEST_ASPECT: usize = 16;

/// One in so many pictures of a collection is never learnt from, if it has that many.
const HELD_OUT: usize = 20;

/// A folder or archive of pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    /// The folder, `.tar` or `.tar.gz`, or a folder with one such archive and nothing else.
    pub path: PathBuf,
    /// How often it is drawn from, relative to the others; more than 0.
    pub share: f32,
}

/// Pictures to take crops from.
pub struct Crops {
    /// Rows and columns of a crop.
    side: usize,
    groups: Vec<Group>,
}

struct Group {
    /// Sum of the shares up to and with this one, of 1.
    up_to: f32,
    pictures: Vec<Pixels>,
    held_out: Vec<Pixels>,
}

impl Crops {
    /// Reads all pictures of some collections, for crops of `side`×`side`.
    ///
    /// # Errors
    /// If a collection cannot be read, has no picture, or a file that is none.
    pub fn open(collections: &[Collection], side: usize) -> Result<Self, DataError> {
        let total: f32 = collections.iter().map(|collection| collection.share).sum();
        let mut up_to = 0.0;
        let groups = collections.iter().map(|collection| {
            up_to += collection.share / total;
            let read = read(&collection.path, side);
            let all = read.map_err(|fault| DataError { path: collection.path.clone(), fault })?;
            let (mut pictures, mut held_out) = (Vec::new(), Vec::new());
            for (index, picture) in all.into_iter().enumerate() {
                let to = if index % HELD_OUT == HELD_OUT - 1 { &mut held_out } else { &mut pictures };
                to.push(picture);
            }
            Ok(Group { up_to, pictures, held_out })
        });
        Ok(Crops { side, groups: groups.collect::<Result<_, _>>()? })
    }

    /// Rows and columns of a crop.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Pictures that are learnt from, and those that are kept apart.
    pub fn counts(&self) -> (usize, usize) {
        let count = |of: fn(&Group) -> usize| self.groups.iter().map(of).sum();
        (count(|group| group.pictures.len()), count(|group| group.held_out.len()))
    }

    /// What it is, in a line: two collections of one description are hardly ever different.
    pub fn description(&self) -> String {
        let (learnt, kept_apart) = self.counts();
        let pictures = |group: &Group| {
            let all = group.pictures.iter().chain(&group.held_out);
            all.fold(group.up_to.to_bits(), |sum, picture| sum.rotate_left(1) ^ checksum(&picture.values))
        };
        let sum = self.groups.iter().fold(0, |sum: u32, group| sum.rotate_left(1) ^ pictures(group));
        format!("{learnt} pictures, {kept_apart} kept apart, checksum {sum:08x}")
    }

    /// `count` crops of a step, `[N, 3, side, side]`, red, green, blue, 0..1: a function of seed and step.
    pub fn batch(&self, seed: u64, step: u64, count: usize) -> Vec<f32> {
        (0..count as u32).flat_map(|index| self.disturbed(&mut stream(seed, step, index))).collect()
    }

    /// Undisturbed crops of pictures that are learnt from, `[N, 3, side, side]`.
    pub fn plain(&self, seed: u64, count: usize) -> Vec<f32> {
        (0..count as u32).flat_map(|index| self.cut(&mut stream(seed, u64::from(u32::MAX), index))).collect()
    }

    /// The middles of the pictures that are kept apart, `[N, 3, side, side]`.
    pub fn held_out(&self) -> Vec<f32> {
        let pictures = self.groups.iter().flat_map(|group| &group.held_out);
        let crops = pictures.flat_map(|picture| {
            let cut = picture.width.min(picture.height) as f64;
            let corner = |length: usize| (length as f64 - cut) / 2.0;
            planes(&picture.resized(
                (corner(picture.width), corner(picture.height), cut, cut),
                self.side,
                self.side,
            ))
        });
        crops.collect()
    }

    /// A crop with colours and noise of its own.
    fn disturbed(&self, random: &mut ChaCha8Rng) -> Vec<f32> {
        let mut crop = self.cut(random);
        let area = self.side * self.side;
        if uniform(random) < 0.3 {
            // Channels in another order.
            let order = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][below(random, 5) as usize];
            crop = order.iter().flat_map(|&channel| crop[channel * area..][..area].to_vec()).collect();
        }
        if uniform(random) < 0.5 {
            let (contrast, offset) = (0.5 + uniform(random), 0.3 * (uniform(random) - 0.5));
            crop.iter_mut().for_each(|value| *value = (*value - 0.5) * contrast + 0.5 + offset);
        }
        let kind = uniform(random);
        if kind < 0.15 {
            let deviation = 0.3 * uniform(random);
            crop.iter_mut().for_each(|value| *value += deviation * normal(random));
        } else if kind < 0.23 {
            let keep = uniform(random);
            crop.iter_mut().for_each(|value| *value = keep * *value + (1.0 - keep) * uniform(random));
        } else if kind < 0.31 {
            let keep = uniform(random);
            let other = self.cut(random);
            crop.iter_mut()
                .zip(other)
                .for_each(|(value, other)| *value = keep * *value + (1.0 - keep) * other);
        } else if kind < 0.35 {
            let block = 2 + below(random, 7) as usize;
            for plane in crop.chunks_exact_mut(area) {
                for at in 0..area {
                    let (row, column) = (at / self.side, at % self.side);
                    plane[at] = plane[row / block * block * self.side + column / block * block];
                }
            }
        }
        crop.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        crop
    }

    /// A square of a random picture, of any size down to that of a crop, mirrored or not.
    fn cut(&self, random: &mut ChaCha8Rng) -> Vec<f32> {
        let share = uniform(random);
        let group = self.groups.iter().find(|group| share < group.up_to);
        let group = group.or(self.groups.last()).expect("at least one collection");
        let picture = &group.pictures[below(random, group.pictures.len() as u32) as usize];
        let (width, height) = (picture.width as f64, picture.height as f64);
        let smallest = self.side as f64;
        let cut = smallest * (f64::from(uniform(random)) * (width.min(height) / smallest).ln()).exp();
        let cut = cut.min(width).min(height);
        let mut corner = |length: f64| f64::from(uniform(random)) * (length - cut);
        let (left, top) = (corner(width), corner(height));
        let mut planes = planes(&picture.resized((left, top, cut, cut), self.side, self.side));
        if below(random, 2) == 1 {
            planes.chunks_exact_mut(self.side).for_each(<[f32]>::reverse);
        }
        planes
    }
}

/// All pictures of a collection in the order of their names.
fn read(path: &Path, side: usize) -> Result<Vec<Pixels>, DataFault> {
    let mut decoding = Decoding::new(|_: &str, pixels: Pixels| {
        let pixels = pixels.within_aspect(LONGEST_ASPECT);
        let Pixels { width, height, .. } = pixels;
        let short = width.min(height);
        // A few pictures of a collection are often thumbnails; those are enlarged to one crop.
        let factor = short.clamp(side, LARGEST.max(side)) as f64 / short as f64;
        let scaled = |length: usize| ((length as f64 * factor).round() as usize).max(side);
        Ok(pixels.scaled(scaled(width), scaled(height)))
    });
    for_each_file(path, |file, bytes| decoding.push(file, bytes))?;
    let pictures = decoding.finish()?;
    if pictures.is_empty() {
        return Err(DataFault::Empty { split: "training" });
    }
    Ok(pictures.into_iter().map(|(_, picture)| picture).collect())
}

/// `[3, height, width]`, 0..1.
fn planes(pixels: &Pixels) -> Vec<f32> {
    let channel =
        |channel| pixels.values.iter().skip(channel).step_by(3).map(|&value| f32::from(value) / 255.0);
    (0..3).flat_map(channel).collect()
}

/// A normal random number of mean 0 and deviation 1 (Box and Muller 1958).
fn normal(random: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * uniform(random).max(1e-7).ln()).sqrt();
    radius * (std::f32::consts::TAU * uniform(random)).cos()
}
