//! How much of a convolution on the matrix unit is worked on at a time.

use std::ops::Range;

use super::lines::Line;
use super::sink::COLUMNS;
use super::weights::GROUP;
use crate::map::LANES;
use crate::winograd::WorkspaceNeed;

/// Bytes of lines that are made once for all threads, at most; of larger maps each thread makes a band of rows at a time
/// in its own cache.
const SHARED_BYTES: usize = 12 << 20;

/// Bytes of lines of a band: half a second-level cache of 2 MiB, which every processor with the unit has.
const BAND_BYTES: usize = 1 << 20;

/// Bands of a map, at least, if it has rows for them.
const BANDS: usize = 8;

/// Extents of one convolution.
#[derive(Clone, Copy)]
pub(super) struct Extents {
    /// Input channels in steps of 32, output channels in groups of 32.
    pub(super) depth: usize,
    pub(super) groups: usize,
    /// Rows and columns of the output.
    pub(super) height: usize,
    pub(super) width: usize,
    /// Output rows of a band, an even number.
    band: usize,
    /// Whether the lines of all bands are made once.
    pub(super) shared: bool,
}

impl Extents {
    pub(super) fn new(depth: usize, groups: usize, height: usize, width: usize) -> Self {
        let row = depth * columns(width) * size_of::<Line>();
        let shared = (height.next_multiple_of(2) + 2) * row <= SHARED_BYTES;
        let most = (BAND_BYTES / row).saturating_sub(2).min(height.div_ceil(BANDS)).max(2);
        let band = height.div_ceil(height.div_ceil(most).max(1)).next_multiple_of(2).max(2);
        Extents { depth, groups, height, width, band, shared }
    }

    /// Lines of a row: a border of one pixel, and up to whole tiles.
    pub(super) fn columns(self) -> usize {
        columns(self.width)
    }

    /// Bands of rows.
    pub(super) fn bands(self) -> usize {
        self.height.div_ceil(self.band)
    }

    /// The output rows of band `index`.
    pub(super) fn band(self, index: usize) -> Range<usize> {
        index * self.band..self.height.min((index + 1) * self.band)
    }

    /// Rows of lines that are kept at a time: of a band or of all, with a border of one pixel.
    pub(super) fn rows(self) -> usize {
        2 + if self.shared { self.height.next_multiple_of(2) } else { self.band }
    }

    /// Lines that are kept at a time.
    pub(super) fn lines(self) -> usize {
        self.depth * self.rows() * self.columns()
    }

    /// In f32.
    pub(super) fn need(self) -> WorkspaceNeed {
        let length = self.lines() * size_of::<Line>() / size_of::<f32>();
        match self.shared {
            true => WorkspaceNeed { tiles: length, ..WorkspaceNeed::default() },
            false => WorkspaceNeed { thread_tiles: length, ..WorkspaceNeed::default() },
        }
    }
}

fn columns(width: usize) -> usize {
    width.next_multiple_of(COLUMNS) + 2
}

/// What a convolution of `inputs` to `outputs` channels needs of a workspace for an output of the given size.
pub(super) fn need(outputs: usize, inputs: usize, height: usize, width: usize) -> WorkspaceNeed {
    Extents::new(inputs.div_ceil(2 * LANES), outputs.div_ceil(GROUP), height, width).need()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_pairs_of_rows_that_cover_the_map_within_their_limit() {
        for (depth, width) in [(1, 1), (2, 512), (16, 64), (4, 5000), (16, 100_000)] {
            for height in [0, 1, 2, 7, 64, 513] {
                let extents = Extents::new(depth, 1, height, width);
                let mut next = 0;
                for index in 0..extents.bands() {
                    let band = extents.band(index);
                    assert!(band.start == next && next % 2 == 0 && !band.is_empty(), "{band:?} after {next}");
                    next = band.end;
                }
                assert_eq!(next, height);
                let bytes = extents.lines() * size_of::<Line>();
                let row = depth * extents.columns() * size_of::<Line>();
                // A band is rounded up to pairs, and has one at least.
                let most = if extents.shared { SHARED_BYTES } else { (BAND_BYTES + row).max(4 * row) };
                assert!(bytes <= most, "{bytes} bytes of {depth}, {height}x{width}");
            }
        }
    }
}
