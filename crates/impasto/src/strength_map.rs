//! Strength by place: where a painting may act, and how much.

use impasto_network::Size;

use crate::Picture;
use crate::picture::luma;
use crate::regions::resized_plane;

/// How strongly a painting acts at every pixel, `[height, width]`, 0..1: where it is 0 the photograph stays, where
/// it is 1 nothing holds the painting back.
#[derive(Clone, Debug, PartialEq)]
pub struct StrengthMap {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl StrengthMap {
    /// From a picture in greys: white is 1, black 0. Of a picture with colours its luma counts; what is not a
    /// number counts as black.
    pub fn from_picture(picture: &Picture) -> Self {
        StrengthMap { width: picture.width(), height: picture.height(), values: luma(picture) }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The values, `[height, width]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Whether the photograph stays anywhere.
    pub(crate) fn keeps_any(&self) -> bool {
        self.values.contains(&0.0)
    }

    /// At a size, 1 where the painting may act at all and 0 where it may not, `[H, W]`.
    pub(crate) fn moving_at(&self, size: Size) -> Vec<f32> {
        self.at(size).into_iter().map(|strength| f32::from(strength > 0.0)).collect()
    }

    /// The values at a size, each the average of what it covers: where all of that is black it is exactly 0, where
    /// all of it is white exactly 1.
    pub(crate) fn at(&self, size: Size) -> Vec<f32> {
        let mut values = resized_plane(&self.values, (self.width, self.height), (size.width, size.height));
        // Weights of an average may add up to a last bit less than 1.
        values.iter_mut().filter(|value| **value > 1.0 - 1e-6).for_each(|value| *value = 1.0);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_and_black_stay_so_at_any_size() {
        let gray: Vec<f32> = (0..70).map(|index| if index % 10 < 5 { 0.0 } else { 1.0 }).collect();
        let map = StrengthMap::from_picture(&Picture::new(10, 7, gray.repeat(3)));
        for (width, height) in [(10, 7), (4, 3), (33, 21)] {
            let values = map.at(Size { height, width });
            let row = &values[..width];
            assert!(row[0] == 0.0 && row[width - 1] == 1.0 && row.is_sorted(), "{width}: {row:?}");
            assert!(values.iter().filter(|value| **value == 0.0).count() >= height * (width / 2 - 1));
        }
    }

    #[test]
    fn what_is_no_number_is_black_and_what_is_too_bright_white() {
        let values = [f32::NAN, 7.0, -3.0, 0.5].repeat(3);
        let map = StrengthMap::from_picture(&Picture::new(2, 2, values));
        assert_eq!(map.values(), [0.0, 1.0, 0.0, 0.5]);
    }
}
