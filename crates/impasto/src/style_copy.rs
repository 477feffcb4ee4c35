//! Copies of a style picture: turned and scaled, so that patches of it fit in more directions and sizes.

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
    pub fn of_picture(self, picture: &Picture) -> Picture {
        let (width, height) = self.sides(picture.width(), picture.height());
        picture.resized(width, height, Filter::Bilinear)
    }

    /// The copy of its regions.
    pub fn of_regions(self, regions: &Regions) -> Regions {
        let (width, height) = self.sides(regions.width(), regions.height());
        regions.resized(width, height)
    }

    /// Size of the copy of a picture.
    pub fn of_size(self, Size { height, width }: Size) -> Size {
        let (width, height) = self.sides(width, height);
        Size { height, width }
    }

    fn sides(self, width: usize, height: usize) -> (usize, usize) {
        let side = |side: usize| ((side as f64 * self.scale).round() as usize).max(1);
        (side(width), side(height))
    }
}
