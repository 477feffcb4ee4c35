//! Whether a sheet can be written, known before its pictures are painted.

use std::path::Path;

use impasto::picture::{PictureError, WriteOptions, check_writable};

use super::Sheet;
use crate::machine;
use crate::refusal::Refusal;

/// Bytes of a pixel of a picture: three values of 4 bytes.
const PIXEL: u64 = 3 * 4;

/// Bytes of a pixel of the file in the making: 8 bits for each of 3 channels.
const WRITTEN_PIXEL: u64 = 3;

/// The space that a tile takes, its sides in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Space<'a> {
    /// Columns of pixels.
    pub width: usize,
    /// Rows of pixels.
    pub height: usize,
    /// The line below it.
    pub caption: &'a str,
}

impl<'a> Space<'a> {
    /// That of a picture with these sides after [`shrunk`](super::shrunk).
    pub fn shrunk((width, height): (usize, usize), longest: usize, caption: &'a str) -> Self {
        let long = width.max(height);
        // Rounded as pictures are resized.
        let scaled = |side: usize| {
            if long > longest { ((2 * side * longest + long) / (2 * long)).max(1) } else { side }
        };
        Space { width: scaled(width), height: scaled(height), caption }
    }

    fn pixels(self) -> u64 {
        self.width as u64 * self.height as u64
    }
}

impl Sheet {
    /// Checks that the sheet can be written to `file` and that there is memory for it, once it has tiles of
    /// these spaces.
    ///
    /// # Errors
    /// If a side is too long for the format of the file, or the memory too small.
    pub fn check(&self, file: &Path, tiles: &[Space<'_>]) -> Result<(), Refusal> {
        let format = check_writable(file, &WriteOptions::default())?;
        let all: Vec<Option<Space<'_>>> = tiles.iter().copied().map(Some).collect();
        let layout = self.layout(&all);
        let (width, height, longest) = (layout.width, layout.height, format.longest_side());
        if width.max(height) > longest {
            let path = file.to_owned();
            return Err(PictureError::SideTooLong { path, format, width, height, longest }.into());
        }
        let of_tiles: u64 = tiles.iter().map(|tile| tile.pixels()).sum();
        let of_sheet = width as u64 * height as u64;
        let what = format!("{}, a sheet of {width}x{height},", file.display());
        machine::check_memory(of_tiles * PIXEL + of_sheet * (PIXEL + WRITTEN_PIXEL), what)
    }
}

#[cfg(test)]
mod tests {
    use impasto::Picture;

    use super::super::shrunk;
    use super::*;

    #[test]
    fn spaces_are_those_of_the_pictures() {
        for sides in [(640, 480), (481, 640), (1000, 1), (7, 9)] {
            let picture = shrunk(&Picture::new(sides.0, sides.1, vec![0.0; 3 * sides.0 * sides.1]), 100);
            let space = Space::shrunk(sides, 100, "");
            assert_eq!((space.width, space.height), (picture.width(), picture.height()), "{sides:?}");
        }
    }

    #[test]
    fn a_sheet_that_no_file_holds_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let sheet = Sheet { columns: 4, ..Sheet::default() };
        let tiles = [Space { width: 4096, height: 2, caption: "" }; 4];
        assert!(sheet.check(&file("a.png"), &tiles).is_ok());
        let refused = sheet.check(&file("a.webp"), &tiles);
        assert!(refused.unwrap_err().to_string().contains("16384"));
        let large = [Space { width: 1 << 20, height: 1 << 20, caption: "" }];
        let refused = sheet.check(&file("a.png"), &large);
        assert!(refused.unwrap_err().to_string().contains("GB of memory"));
    }
}
