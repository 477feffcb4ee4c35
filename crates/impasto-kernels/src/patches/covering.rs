//! Which matched columns cover a position: every query patch lays its match over the k² positions that it
//! was taken from.

use super::{PatchMatches, places};
use crate::map::{Block, BlockedMap};

/// How query patches lie in their map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Side k of a patch.
    pub size: usize,
    /// Rows, and columns, from one patch to the next.
    pub stride: usize,
    /// Patches reach over the right and lower border to the opposite one, as in a map that
    /// [`extend_circularly`](crate::extend_circularly) made. Otherwise they lie within the map.
    pub circular: bool,
}

impl Placement {
    /// Patches in `length` positions.
    fn places(self, length: usize) -> usize {
        assert!((1..=length).contains(&self.size), "patches of side {} in {length} positions", self.size);
        places(if self.circular { length + self.size - 1 } else { length }, self.size, self.stride)
    }

    /// For each of `length` positions the patches that cover it, by ascending offset.
    fn covers(self, length: usize) -> Vec<Vec<Cover>> {
        let mut covers = vec![Vec::new(); length];
        for offset in 0..self.size {
            for patch in 0..self.places(length) {
                covers[(patch * self.stride + offset) % length].push(Cover { patch, offset });
            }
        }
        covers
    }
}

/// A patch of one axis, and where in it a position lies.
#[derive(Clone, Copy)]
struct Cover {
    patch: usize,
    offset: usize,
}

/// The matches of all query patches, laid over their map.
pub(super) struct Covering<'a> {
    sources: &'a [&'a BlockedMap],
    rows: Vec<Vec<Cover>>,
    columns: Vec<Vec<Cover>>,
    /// Of each match its source and the position of its first column there.
    matched: Vec<(usize, usize)>,
    /// Matches in a row.
    width: usize,
}

impl<'a> Covering<'a> {
    /// # Panics
    /// If `matches` are not those of a map `[C, height, width]` with patches of `sources`.
    pub(super) fn new(
        [channels, height, width]: [usize; 3],
        sources: &'a [&'a BlockedMap],
        placement: Placement,
        matches: &PatchMatches,
    ) -> Self {
        assert!(sources.iter().all(|source| source.channels() == channels), "sources of {channels} channels");
        let (rows, columns) = (placement.places(height), placement.places(width));
        assert_eq!((matches.height, matches.width), (rows, columns), "a match for each query patch");
        assert_eq!(matches.patches.len(), rows * columns, "a match for each query patch");
        let mut ends = Vec::with_capacity(sources.len());
        let mut end = 0;
        for source in sources {
            end += places(source.height(), placement.size, 1) * places(source.width(), placement.size, 1);
            ends.push(end);
        }
        let locate = |&patch: &u32| {
            let patch = patch as usize;
            let source = ends.partition_point(|&end| end <= patch);
            assert!(source < ends.len(), "patch {patch} of {end}");
            let within = patch - if source > 0 { ends[source - 1] } else { 0 };
            let (width, patch_columns) =
                (sources[source].width(), places(sources[source].width(), placement.size, 1));
            (source, within / patch_columns * width + within % patch_columns)
        };
        Covering {
            sources,
            rows: placement.covers(height),
            columns: placement.covers(width),
            matched: matches.patches.iter().map(locate).collect(),
            width: matches.width,
        }
    }

    /// Calls `visit` with one block of channels of each matched column over a position, always in the same
    /// order.
    #[inline]
    pub(super) fn for_each(&self, block: usize, row: usize, column: usize, mut visit: impl FnMut(&Block)) {
        for vertical in &self.rows[row] {
            for horizontal in &self.columns[column] {
                let (source, first) = self.matched[vertical.patch * self.width + horizontal.patch];
                let source = self.sources[source];
                let position = first + vertical.offset * source.width() + horizontal.offset;
                visit(&source.blocks()[block * source.positions() + position]);
            }
        }
    }
}
