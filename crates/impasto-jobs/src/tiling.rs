//! The preview of a tiling: a picture side by side with itself.

use impasto::Picture;
use impasto_network::Size;

/// How often a picture is repeated in a preview of its tiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// From left to right.
    pub columns: usize,
    /// From top to bottom.
    pub rows: usize,
}

/// Bytes that the preview of a picture of this size takes while it is made and written, for each pixel 3
/// values, the plane in the making, and at most 16 bits for each of 3 channels in the file.
pub fn memory(size: Size, grid: Grid) -> u64 {
    let pixels = (size.width * grid.columns) as u64 * (size.height * grid.rows) as u64;
    pixels * (3 * 4 + 4 + 3 * 2)
}

/// The picture repeated.
pub fn tiled(picture: &Picture, grid: Grid) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let planes = picture.data().chunks_exact(width * height);
    let data = planes.flat_map(|plane| {
        let block: Vec<f32> = plane.chunks_exact(width).flat_map(|row| row.repeat(grid.columns)).collect();
        block.repeat(grid.rows)
    });
    Picture::new(width * grid.columns, height * grid.rows, data.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_takes_22_bytes_for_each_pixel() {
        let size = Size { height: 10, width: 20 };
        assert_eq!(memory(size, Grid { columns: 16, rows: 2 }), 320 * 20 * 22);
    }

    #[test]
    fn rows_and_columns_are_repeated() {
        let picture = Picture::new(2, 1, (0..6).map(|value| value as f32).collect());
        let tiled = tiled(&picture, Grid { columns: 2, rows: 3 });
        assert_eq!((tiled.width(), tiled.height()), (4, 3));
        assert_eq!(tiled.data()[..12], [0.0, 1.0].repeat(6));
        assert_eq!(tiled.data()[24..], [4.0, 5.0].repeat(6));
    }
}
