//! The query patches of a search, and what has been found for them so far.

use super::bank::grid;
use super::places;
use crate::map::{BlockedMap, LANES, product};

/// The query patches.
#[derive(Clone, Copy)]
pub(super) struct Queries<'a> {
    pub(super) map: &'a BlockedMap,
    pub(super) size: usize,
    /// Rows and columns of the map's [`grid`].
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Rows of query patches, and patches in a row.
    pub(super) height: usize,
    pub(super) width: usize,
}

impl<'a> Queries<'a> {
    pub(super) fn new(map: &'a BlockedMap, size: usize) -> Self {
        let [rows, columns] = grid([map.height(), map.width()], size);
        let (height, width) = (places(rows, size), places(columns, size));
        assert!(height > 0 && width > 0, "queries of at least {size}x{size}");
        Queries { map, size, rows, columns, height, width }
    }
}

/// Stands for no patch.
pub(super) const NONE: u32 = u32::MAX;

/// The highest score so far of every query, and its patch.
///
/// A thread meets the patches in the order of their indices, because it takes its pieces in theirs; so only a
/// higher score needs to replace another for the lowest index to win.
pub(super) struct Best {
    pub(super) scores: Vec<f32>,
    pub(super) patches: Vec<u32>,
}

impl Best {
    pub(super) fn new(queries: Queries) -> Self {
        let count = product([queries.height, queries.width]);
        Best { scores: vec![f32::NEG_INFINITY; count], patches: vec![NONE; count] }
    }

    /// Takes the lanes of `scores` whose bit in `higher` is set for patches from `patch` on, and returns the
    /// highest score of the query at `place`.
    #[cold]
    pub(super) fn take(&mut self, place: usize, scores: &[f32; LANES], higher: u32, patch: usize) -> f32 {
        for (lane, &score) in scores.iter().enumerate() {
            if higher >> lane & 1 == 1 && score > self.scores[place] {
                self.scores[place] = score;
                self.patches[place] = (patch + lane) as u32;
            }
        }
        self.scores[place]
    }

    /// The higher of both scores for each query; of equal ones the lower index. So it does not matter which
    /// thread found what.
    pub(super) fn join(mut self, other: Best) -> Best {
        let mine = self.scores.iter_mut().zip(&mut self.patches);
        for ((score, patch), (other_score, other_patch)) in
            mine.zip(other.scores.into_iter().zip(other.patches))
        {
            if other_score > *score || (other_score == *score && other_patch < *patch) {
                (*score, *patch) = (other_score, other_patch);
            }
        }
        self
    }
}
