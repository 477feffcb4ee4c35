//! What is done to a picture before a classifier learns from it.

use rand_chacha::ChaCha8Rng;

use super::order::{below, uniform};

/// Random changes that leave a picture in its class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Augmentation {
    /// Pixels by which a picture is shifted at most, each way; what comes in is black. Default 4.
    pub shift: usize,
    /// Whether half of the pictures are mirrored. Default yes.
    pub mirror: bool,
    /// Brightness is changed by at most so much, of a range of 0..1. Default 0.1.
    pub brightness: f32,
    /// Contrast is multiplied by 1 − this to 1 + this. Default 0.2.
    pub contrast: f32,
}

impl Default for Augmentation {
    fn default() -> Self {
        Augmentation { shift: 4, mirror: true, brightness: 0.1, contrast: 0.2 }
    }
}

impl Augmentation {
    /// Nothing is changed.
    pub const NONE: Augmentation = Augmentation { shift: 0, mirror: false, brightness: 0.0, contrast: 0.0 };

    /// Adds to `to` the planes `[3, side, side]`, 0..1, of `picture`, 8 bits, changed as `random` has it.
    pub(crate) fn apply(&self, random: &mut ChaCha8Rng, picture: &[u8], side: usize, to: &mut Vec<f32>) {
        let mut offset = || below(random, 2 * self.shift as u32 + 1) as isize - self.shift as isize;
        let (down, right) = (offset(), offset());
        let mirrored = self.mirror && below(random, 2) == 1;
        let mut around_zero = |most: f32| most * (2.0 * uniform(random) - 1.0);
        let (brightness, contrast) = (around_zero(self.brightness), 1.0 + around_zero(self.contrast));
        let inside = |at: isize| (0..side as isize).contains(&at).then_some(at as usize);
        for plane in picture.chunks_exact(side * side) {
            for row in 0..side {
                let Some(row) = inside(row as isize + down) else {
                    to.extend(std::iter::repeat_n(0.0, side));
                    continue;
                };
                to.extend((0..side).map(|column| {
                    let column = if mirrored { side - 1 - column } else { column };
                    inside(column as isize + right).map_or(0.0, |column| {
                        let value = f32::from(plane[row * side + column]) / 255.0;
                        ((value - 0.5) * contrast + 0.5 + brightness).clamp(0.0, 1.0)
                    })
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::order::stream;

    #[test]
    fn without_changes_a_picture_is_itself() {
        let picture: Vec<u8> = (0..3 * 16).map(|value| value * 5).collect();
        let mut planes = Vec::new();
        Augmentation::NONE.apply(&mut stream(1, 1, 1), &picture, 4, &mut planes);
        let expected: Vec<f32> = picture.iter().map(|&value| f32::from(value) / 255.0).collect();
        for (found, expected) in planes.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn shifts_and_mirrors_move_pixels_and_lose_those_beyond_the_border() {
        // One bright pixel in the middle comes to every place around it.
        let mut picture = vec![0u8; 3 * 25];
        picture[12] = 255;
        let moves = Augmentation { shift: 1, mirror: true, ..Augmentation::NONE };
        let mut seen = std::collections::BTreeSet::new();
        for place in 0..200 {
            let mut planes = Vec::new();
            moves.apply(&mut stream(1, 0, place), &picture, 5, &mut planes);
            assert_eq!(planes.len(), 75);
            seen.insert(planes.iter().position(|&value| value > 0.0).unwrap());
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [6, 7, 8, 11, 12, 13, 16, 17, 18]);
    }
}
