//! Sizes of pictures and feature maps.

use std::ops::Range;

/// Height and width of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// Shape of a feature map, `[channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MapShape {
    /// Feature channels.
    pub channels: usize,
    /// Rows of the map.
    pub height: usize,
    /// Columns of the map.
    pub width: usize,
}

impl MapShape {
    /// Positions of one channel, `height · width`.
    pub fn positions(&self) -> usize {
        self.height * self.width
    }

    /// Elements of the map, `channels · height · width`.
    pub fn elements(&self) -> usize {
        self.channels * self.positions()
    }
}

/// A rectangle of a map or a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows.
    pub rows: Range<usize>,
    /// Columns.
    pub columns: Range<usize>,
}

impl Window {
    /// Its height and width.
    pub fn size(&self) -> Size {
        Size { height: self.rows.len(), width: self.columns.len() }
    }
}
