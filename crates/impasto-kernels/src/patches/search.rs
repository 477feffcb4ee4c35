//! The search: shares the diagonals among the threads, and joins what each has found.

use super::bank::{PatchBank, grid};
use super::diagonal::{Diagonal, Tiles};
use super::{PatchMatches, places};
use crate::isa::Isa;
use crate::map::{BlockedMap, LANES, product};
use crate::parallel::for_each_with;

/// Query columns that are multiplied at a time, at most (more only where one patch needs it): a multiple of
/// the product's six rows. Products and sums of so many then lie in a second-level cache of 512 KiB.
const QUERY_COLUMNS: usize = 132;

/// The patch of `bank` with the highest score for every patch of `queries` `[C, H, W]` that begins at a row and
/// column divisible by `stride`. `offsets` `[patches]` are added to the scores; −∞ excludes a patch.
///
/// Of equal scores the lowest index wins; a score that is not a number never does. A query that gets no score
/// above −∞, because its features are not finite, is given the first patch that is not excluded, and −∞. The
/// time does not depend on the stride as long as that is no longer than a patch.
///
/// # Panics
/// If channels differ, `queries` is smaller than a patch, `stride` is 0, there is not one offset for each
/// patch, all patches are excluded, or the machine lacks `isa`.
pub fn find_patches(
    isa: Isa,
    bank: &PatchBank,
    queries: &BlockedMap,
    stride: usize,
    offsets: &[f32],
) -> PatchMatches {
    assert_eq!(queries.channels(), bank.channels(), "channels of the bank");
    assert_eq!(offsets.len(), bank.patches(), "an offset for each patch");
    let usable = offsets.iter().position(|&offset| offset > f32::NEG_INFINITY);
    let usable = usable.expect("a patch that is not excluded");
    assert!(stride > 0, "a stride of at least 1");
    let places_in = |length| places(length, bank.size(), stride);
    let (height, width) = (places_in(queries.height()), places_in(queries.width()));
    let queries = Queries::new(queries, bank.size(), stride);
    let lanes: Vec<Vec<f32>> = bank
        .sources()
        .iter()
        .map(|source| {
            let patches = source.patch_rows * source.patch_columns;
            source.by_lane(&offsets[source.first..][..patches], f32::NEG_INFINITY)
        })
        .collect();
    let pieces = pieces(bank, queries);
    let threads = rayon::current_num_threads().min(pieces.len());
    let mut found: Vec<(Best, Tiles)> =
        (0..threads).map(|_| (Best::new(queries), Tiles::default())).collect();
    for_each_with(&mut found, pieces.len(), |(best, tiles), index| {
        let Piece { source, shift, tile, first, count } = pieces[index];
        let (offsets, source) = (&lanes[source][..], &bank.sources()[source]);
        let tile = source.tiles[tile];
        // SAFETY: the diagonal's pointers are those of slices, whose lengths the pieces respect.
        unsafe { isa.run(Diagonal { queries, first, count, source, tile, offsets, shift, tiles, best }) }
    });
    let mut best = found.into_iter().map(|(best, _)| best).reduce(Best::join).expect("a thread");
    for patch in best.patches.iter_mut().filter(|patch| **patch == NONE) {
        *patch = usable as u32;
    }
    PatchMatches { height, width, patches: best.patches, scores: best.scores }
}

/// Bytes that [`find_patches`] needs beside the bank and the queries `[H, W]`, on the current pool's threads.
pub fn search_bytes(bank: &PatchBank, height: usize, width: usize, stride: usize) -> usize {
    let [rows, columns] =
        grid([height, width], bank.size(), stride).map(|length| places(length, bank.size(), stride));
    let tiles = bank.sources().iter().flat_map(|source| &source.tiles);
    let lanes = tiles.map(|tile| tile.panels).max().unwrap_or(0) * LANES;
    let patches = tile_patches(bank.size(), stride).min(columns);
    let query_columns = patches.saturating_sub(1) * stride + bank.size();
    let tiles: usize = Tiles::lengths(bank.size(), query_columns, patches, lanes).iter().sum();
    let matches = rows * columns * (size_of::<f32>() + size_of::<u32>());
    let offsets: usize = bank.sources().iter().map(|source| source.scales().len()).sum();
    rayon::current_num_threads() * (4 * tiles + matches) + 4 * offsets
}

/// The query patches.
#[derive(Clone, Copy)]
pub(super) struct Queries<'a> {
    pub(super) map: &'a BlockedMap,
    pub(super) size: usize,
    pub(super) stride: usize,
    /// Rows and columns of the map's [`grid`].
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Rows of query patches, and patches in a row.
    pub(super) height: usize,
    pub(super) width: usize,
}

impl<'a> Queries<'a> {
    fn new(map: &'a BlockedMap, size: usize, stride: usize) -> Self {
        let [rows, columns] = grid([map.height(), map.width()], size, stride);
        let (height, width) = (places(rows, size, stride), places(columns, size, stride));
        assert!(height > 0 && width > 0, "queries of at least {size}x{size}");
        Queries { map, size, stride, rows, columns, height, width }
    }
}

/// One piece of work: a diagonal, one tile of a source's columns, some query patches of each row.
#[derive(Clone, Copy)]
struct Piece {
    source: usize,
    shift: isize,
    tile: usize,
    first: usize,
    count: usize,
}

/// Query patches side by side that are worked on at a time, at most.
fn tile_patches(size: usize, stride: usize) -> usize {
    places(QUERY_COLUMNS, size, stride)
}

/// All pieces of the search. For any query, the patches it meets come in the order of their indices.
fn pieces(bank: &PatchBank, queries: Queries) -> Vec<Piece> {
    let parts = queries.width.div_ceil(tile_patches(queries.size, queries.stride));
    let mut pieces = Vec::new();
    for (source, of) in bank.sources().iter().enumerate() {
        let last_query_row = (queries.height - 1) * queries.stride;
        for shift in -(last_query_row as isize)..of.patch_rows as isize {
            for tile in 0..of.tiles.len() {
                pieces.extend((0..parts).map(|part| {
                    let first = part * queries.width / parts;
                    let count = (part + 1) * queries.width / parts - first;
                    Piece { source, shift, tile, first, count }
                }));
            }
        }
    }
    pieces
}

/// Stands for no patch.
const NONE: u32 = u32::MAX;

/// The highest score so far of every query, and its patch.
///
/// A thread meets the patches in the order of their indices, because it takes its pieces in theirs; so only a
/// higher score needs to replace another for the lowest index to win.
pub(super) struct Best {
    pub(super) scores: Vec<f32>,
    patches: Vec<u32>,
}

impl Best {
    fn new(queries: Queries) -> Self {
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
    fn join(mut self, other: Best) -> Best {
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
