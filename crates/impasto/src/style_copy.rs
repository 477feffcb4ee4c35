//! Copies of a style picture: turned and scaled, so that patches of it fit in more directions and sizes.
//!
//! Quarter turns are exact. Of any other turn there remains the largest upright rectangle of the picture's
//! aspect that the turned picture covers, around its centre (Li and Wand 2016). For W × H and an angle θ its
//! sides are s times those of the picture:
//!
//! ```text
//! s = min(W / (W |cos θ| + H |sin θ|), H / (W |sin θ| + H |cos θ|))
//! ```

use std::borrow::Cow;

use impasto_network::Size;

use crate::Picture;
use crate::picture::Filter;
use crate::regions::Regions;

/// One copy of a style picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StyleCopy {
    /// Angle in degrees, counterclockwise.
    pub angle: f64,
    /// Factor of both sides.
    pub scale: f64,
}

impl StyleCopy {
    /// The picture itself.
    pub const ORIGINAL: StyleCopy = StyleCopy { angle: 0.0, scale: 1.0 };

    /// The copy of a picture.
    pub fn of_picture(self, picture: &Picture) -> Cow<'_, Picture> {
        if self == Self::ORIGINAL {
            return Cow::Borrowed(picture);
        }
        let (width, height) = self.sides(picture.width(), picture.height());
        let scaled = picture.resized(width, height, Filter::Bilinear);
        let turn = Turn::new(self.angle, width, height);
        let planes = scaled.data().chunks_exact(width * height);
        let turned: Vec<f32> = planes.flat_map(|plane| turn.apply(plane)).collect();
        Cow::Owned(Picture::new(turn.to.0, turn.to.1, turned))
    }

    /// The copy of its regions.
    pub fn of_regions(self, regions: &Regions) -> Regions {
        let (width, height) = self.sides(regions.width(), regions.height());
        let turn = Turn::new(self.angle, width, height);
        regions.resized(width, height).transformed(turn.to.0, turn.to.1, |mask| turn.apply(mask))
    }

    /// Size of the copy of a picture.
    pub fn of_size(self, Size { height, width }: Size) -> Size {
        let (width, height) = self.sides(width, height);
        let (width, height) = Turn::new(self.angle, width, height).to;
        Size { height, width }
    }

    fn sides(self, width: usize, height: usize) -> (usize, usize) {
        let side = |side: usize| ((side as f64 * self.scale).round() as usize).max(1);
        (side(width), side(height))
    }
}

/// A turn of planes of one size.
struct Turn {
    /// Width and height before and after.
    from: (usize, usize),
    to: (usize, usize),
    kind: Kind,
}

enum Kind {
    /// So many quarters, 0 to 3.
    Quarters(usize),
    /// Any other angle.
    Any { sine: f64, cosine: f64 },
}

impl Turn {
    /// By an angle in degrees.
    fn new(angle: f64, width: usize, height: usize) -> Self {
        let (from, angle) = ((width, height), angle.rem_euclid(360.0));
        if angle % 90.0 == 0.0 {
            let quarters = (angle / 90.0) as usize % 4;
            let to = if quarters.is_multiple_of(2) { from } else { (height, width) };
            return Turn { from, to, kind: Kind::Quarters(quarters) };
        }
        let (sine, cosine) = angle.to_radians().sin_cos();
        let (w, h) = (width as f64, height as f64);
        let covered = (w / (w * cosine.abs() + h * sine.abs())).min(h / (w * sine.abs() + h * cosine.abs()));
        let side = |side: f64| ((covered * side) as usize).max(1);
        Turn { from, to: (side(w), side(h)), kind: Kind::Any { sine, cosine } }
    }

    /// A plane turned.
    fn apply(&self, plane: &[f32]) -> Vec<f32> {
        let (width, height) = self.from;
        let places = (0..self.to.1).flat_map(|y| (0..self.to.0).map(move |x| (x, y)));
        match self.kind {
            Kind::Quarters(0) => plane.to_vec(),
            Kind::Quarters(1) => places.map(|(x, y)| plane[x * width + (width - 1 - y)]).collect(),
            Kind::Quarters(2) => plane.iter().rev().copied().collect(),
            Kind::Quarters(_) => places.map(|(x, y)| plane[(height - 1 - x) * width + y]).collect(),
            Kind::Any { sine, cosine } => {
                let value = |(x, y): (usize, usize)| {
                    let right = x as f64 + 0.5 - self.to.0 as f64 / 2.0;
                    let down = y as f64 + 0.5 - self.to.1 as f64 / 2.0;
                    let column = cosine * right - sine * down + width as f64 / 2.0 - 0.5;
                    let row = sine * right + cosine * down + height as f64 / 2.0 - 0.5;
                    between(plane, width, height, column, row)
                };
                places.map(value).collect()
            }
        }
    }
}

/// The value at a place between pixels, bilinear; beyond the border that of the border.
fn between(plane: &[f32], width: usize, height: usize, column: f64, row: f64) -> f32 {
    let tap = |place: f64, length: usize| {
        let place = place.clamp(0.0, (length - 1) as f64);
        let first = place as usize;
        (first, (first + 1).min(length - 1), (place - first as f64) as f32)
    };
    let ((left, right, across), (above, below, down)) = (tap(column, width), tap(row, height));
    let along = |row: usize| {
        let line = &plane[row * width..][..width];
        line[left] + across * (line[right] - line[left])
    };
    let (above, below) = (along(above), along(below));
    above + down * (below - above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::Regions;

    fn turned(angle: f64, picture: &Picture) -> Picture {
        StyleCopy { angle, scale: 1.0 }.of_picture(picture).into_owned()
    }

    /// Three planes of rows of 3, each pixel with a value of its own.
    fn picture() -> Picture {
        Picture::new(3, 2, (0..18).map(|value| value as f32 / 18.0).collect())
    }

    #[test]
    fn quarter_turns_are_exact_and_counterclockwise() {
        let quarter = turned(90.0, &picture());
        assert_eq!((quarter.width(), quarter.height()), (2, 3));
        let first: Vec<f32> = quarter.data()[..6].iter().map(|value| (value * 18.0).round()).collect();
        assert_eq!(first, [2.0, 5.0, 1.0, 4.0, 0.0, 3.0]);
        assert_eq!(turned(90.0, &quarter), turned(180.0, &picture()));
        assert_eq!(turned(180.0, &quarter), turned(-90.0, &picture()));
        assert_eq!(turned(270.0, &quarter), picture());
        assert_eq!(turned(360.0, &picture()), picture());
    }

    #[test]
    fn regions_turn_as_their_picture_does() {
        let mask = Picture::new(3, 2, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].repeat(3));
        let regions = Regions::from_gray_mask(&mask);
        for copy in [
            StyleCopy { angle: 90.0, scale: 1.0 },
            StyleCopy { angle: 180.0, scale: 2.0 },
            StyleCopy { angle: 270.0, scale: 1.0 },
        ] {
            let (picture, regions) = (copy.of_picture(&mask), copy.of_regions(&regions));
            assert_eq!((picture.width(), picture.height()), (regions.width(), regions.height()));
        }
        for turns in 1..4 {
            let copy = StyleCopy { angle: 90.0 * f64::from(turns), scale: 1.0 };
            // White is the first region, and the picture is grey: its mask is a plane of the picture.
            let (picture, regions) = (copy.of_picture(&mask), copy.of_regions(&regions));
            for (value, part) in picture.data().iter().zip(regions.mask(0)) {
                assert!((value - part).abs() < 1e-3, "{turns} quarters");
            }
        }
    }

    #[test]
    fn other_turns_keep_the_aspect_and_what_lies_inside() {
        // A ramp to the right, turned a little counterclockwise, falls from below to above less and less.
        let (width, height) = (60, 40);
        let ramp: Vec<f32> = (0..3 * width * height).map(|index| (index % width) as f32 / 60.0).collect();
        for angle in [7.5, -7.5, 45.0, 172.5] {
            let turned = turned(angle, &Picture::new(width, height, ramp.clone()));
            let aspect = turned.width() as f64 / turned.height() as f64;
            assert!((aspect - 1.5).abs() < 0.06, "{}x{}", turned.width(), turned.height());
            let at = |x: usize, y: usize| f64::from(turned.data()[y * turned.width() + x]) * 60.0;
            let (sine, cosine) = f64::to_radians(angle).sin_cos();
            let (x, y) = (turned.width() / 2, turned.height() / 2);
            assert!((at(x + 1, y) - at(x, y) - cosine).abs() < 1e-3, "{angle}");
            assert!((at(x, y + 1) - at(x, y) + sine).abs() < 1e-3, "{angle}");
            // Nothing comes from beyond the border, where the ramp would be flat.
            let last = turned.width() - 1;
            assert!((at(last, 0) - at(last - 1, 0) - cosine).abs() < 1e-3, "{angle}");
        }
    }
}
