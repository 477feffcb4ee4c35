//! Which matched columns cover a position: every query patch lays its match over the k² positions that it
//! was taken from.

use super::{PatchMatches, places};
use crate::map::{Block, BlockedMap};

/// Where query patches lie in their map: one at each of the rows and each of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement<'a> {
    /// Side k of a patch.
    pub size: usize,
    /// First rows. A patch that reaches over the lower border goes on at the upper one, as in a map that
    /// [`extend_circularly`](crate::extend_circularly) made.
    pub rows: &'a [usize],
    /// First columns. A patch that reaches over the right border goes on at the left one.
    pub columns: &'a [usize],
}

/// For each of `length` positions the patches of side `size` that cover it, by ascending offset, when they begin
/// at `starts`.
fn covers(size: usize, starts: &[usize], length: usize) -> Vec<Vec<Cover>> {
    assert!((1..=length).contains(&size), "patches of side {size} in {length} positions");
    assert!(starts.iter().all(|&start| start < length), "patches that begin in {length} positions");
    let mut covers = vec![Vec::new(); length];
    for offset in 0..size {
        for (patch, &start) in starts.iter().enumerate() {
            covers[(start + offset) % length].push(Cover { patch, offset });
        }
    }
    covers
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
        placement: Placement<'_>,
        matches: &PatchMatches,
    ) -> Self {
        assert!(sources.iter().all(|source| source.channels() == channels), "sources of {channels} channels");
        let (rows, columns) = (placement.rows.len(), placement.columns.len());
        assert_eq!((matches.height, matches.width), (rows, columns), "a match for each query patch");
        assert_eq!(matches.patches.len(), rows * columns, "a match for each query patch");
        let mut ends = Vec::with_capacity(sources.len());
        let mut end = 0;
        for source in sources {
            end += places(source.height(), placement.size) * places(source.width(), placement.size);
            ends.push(end);
        }
        let locate = |&patch: &u32| {
            let patch = patch as usize;
            let source = ends.partition_point(|&end| end <= patch);
            assert!(source < ends.len(), "patch {patch} of {end}");
            let within = patch - if source > 0 { ends[source - 1] } else { 0 };
            let (width, patch_columns) =
                (sources[source].width(), places(sources[source].width(), placement.size));
            (source, within / patch_columns * width + within % patch_columns)
        };
        Covering {
            sources,
            rows: covers(placement.size, placement.rows, height),
            columns: covers(placement.size, placement.columns, width),
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
