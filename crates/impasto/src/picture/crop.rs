//! Pictures cut to another aspect.

use super::Picture;

/// Aspects that differ by no more than this factor are the same but for rounding.
const SAME_ASPECT: f64 = 1.01;

impl Picture {
    /// The middle of the picture with the aspect of `width × height`, as large as it can be. The picture itself if
    /// its aspect is the same within 1 %, or if a side is zero.
    pub fn cropped_to_aspect(&self, width: usize, height: usize) -> Self {
        if width == 0 || height == 0 {
            return self.clone();
        }
        let aspect = width as f64 / height as f64;
        let stretch = self.width() as f64 / self.height() as f64 / aspect;
        if (1.0 / SAME_ASPECT..=SAME_ASPECT).contains(&stretch) {
            return self.clone();
        }
        let side = |side: f64, longest: usize| (side.round() as usize).clamp(1, longest);
        let (to_width, to_height) = if stretch > 1.0 {
            (side(self.height() as f64 * aspect, self.width()), self.height())
        } else {
            (self.width(), side(self.width() as f64 / aspect, self.height()))
        };
        let (left, top) = ((self.width() - to_width) / 2, (self.height() - to_height) / 2);
        let mut data = Vec::with_capacity(3 * to_width * to_height);
        for plane in self.data().chunks_exact(self.width() * self.height()) {
            for row in plane.chunks_exact(self.width()).skip(top).take(to_height) {
                data.extend_from_slice(&row[left..][..to_width]);
            }
        }
        Picture::new(to_width, to_height, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pixel has its column and row as its red and green.
    fn places(width: usize, height: usize) -> Picture {
        let red = (0..width * height).map(|index| (index % width) as f32);
        let green = (0..width * height).map(|index| (index / width) as f32);
        let blue = std::iter::repeat_n(0.0, width * height);
        Picture::new(width, height, red.chain(green).chain(blue).collect())
    }

    #[test]
    fn the_middle_remains() {
        let square = places(10, 4).cropped_to_aspect(7, 7);
        assert_eq!((square.width(), square.height()), (4, 4));
        assert_eq!(square.data()[..4], [3.0, 4.0, 5.0, 6.0]);
        let wide = places(4, 9).cropped_to_aspect(200, 100);
        assert_eq!((wide.width(), wide.height()), (4, 2));
        assert_eq!(wide.data()[8..], [vec![3.0; 4], vec![4.0; 4], vec![0.0; 8]].concat());
    }

    #[test]
    fn nearly_the_same_aspect_is_the_same() {
        let picture = places(200, 100);
        assert_eq!(picture.cropped_to_aspect(201, 100), picture);
        assert_eq!(picture.cropped_to_aspect(199, 100), picture);
        assert_ne!(picture.cropped_to_aspect(100, 51), picture);
    }

    #[test]
    fn extreme_aspects_leave_a_line() {
        let line = places(3, 5).cropped_to_aspect(1, 4000);
        assert_eq!((line.width(), line.height()), (1, 5));
        assert_eq!(places(3, 5).cropped_to_aspect(0, 4), places(3, 5));
    }
}
