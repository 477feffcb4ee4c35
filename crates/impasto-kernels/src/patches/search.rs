//! The search: shares the diagonals among the threads, and joins what each has found.

use super::bank::{PatchBank, Source, grid};
use super::diagonal::{Diagonal, Tiles};
use super::queries::{Best, NONE, Queries};
use super::{PatchMatches, places};
use crate::isa::Isa;
use crate::map::{BlockedMap, LANES};
use crate::parallel::for_each_with;

/// Query columns that are multiplied at a time, at most (more only where one patch needs it): a multiple of
/// the product's six rows. Products and sums of so many then lie in a second-level cache of 512 KiB.
const QUERY_COLUMNS: usize = 132;

/// The patch of `bank` with the highest score for every patch of `queries` `[C, H, W]`. `offsets` `[patches]`
/// are added to the scores; −∞ excludes a patch.
///
/// Of equal scores the lowest index wins; a score that is not a number never does. A query that gets no score
/// above −∞, because its features are not finite, is given the first patch that is not excluded, and −∞.
///
/// # Panics
/// If channels differ, `queries` is smaller than a patch, there is not one offset for each patch, all
/// patches are excluded, or the machine lacks `isa`.
pub fn find_patches(isa: Isa, bank: &PatchBank, queries: &BlockedMap, offsets: &[f32]) -> PatchMatches {
    assert_eq!(queries.channels(), bank.channels(), "channels of the bank");
    assert_eq!(offsets.len(), bank.patches(), "an offset for each patch");
    let usable = offsets.iter().position(|&offset| offset > f32::NEG_INFINITY);
    let usable = usable.expect("a patch that is not excluded");
    let [height, width] = [queries.height(), queries.width()].map(|length| places(length, bank.size()));
    let queries = Queries::new(queries, bank.size());
    let lanes: Vec<Vec<f32>> = bank
        .sources()
        .iter()
        .map(|source| {
            let patches = source.patch_rows * source.patch_columns;
            source.by_lane(&offsets[source.first..][..patches], f32::NEG_INFINITY)
        })
        .collect();
    let pieces = Pieces::new(bank.sources(), queries);
    let threads = rayon::current_num_threads().min(pieces.count);
    let mut found: Vec<(Best, Tiles)> =
        (0..threads).map(|_| (Best::new(queries), Tiles::default())).collect();
    for_each_with(&mut found, pieces.count, |(best, tiles), index| {
        let Piece { source, shift, tile, first, count } = pieces.at(index);
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
pub fn search_bytes(bank: &PatchBank, height: usize, width: usize) -> usize {
    let [rows, columns] = grid([height, width], bank.size()).map(|length| places(length, bank.size()));
    let tiles = bank.sources().iter().flat_map(|source| &source.tiles);
    let lanes = tiles.map(|tile| tile.panels).max().unwrap_or(0) * LANES;
    let patches = tile_patches(bank.size()).min(columns);
    let query_columns = patches.saturating_sub(1) + bank.size();
    let tiles: usize = Tiles::lengths(bank.size(), query_columns, patches, lanes).iter().sum();
    let matches = rows * columns * (size_of::<f32>() + size_of::<u32>());
    let offsets: usize = bank.sources().iter().map(|source| source.scales().len()).sum();
    rayon::current_num_threads() * (4 * tiles + matches) + 4 * offsets
}

/// Query patches side by side that are worked on at a time, at most.
fn tile_patches(size: usize) -> usize {
    places(QUERY_COLUMNS, size)
}

/// One piece of work: a diagonal, one tile of a source's columns, some query patches of each row.
struct Piece {
    source: usize,
    shift: isize,
    tile: usize,
    first: usize,
    count: usize,
}

/// All pieces of a search. For any query, the patches it meets come in the order of their indices.
///
/// There are millions where patches of single columns meet large maps, so each is computed when its turn comes.
struct Pieces<'a> {
    sources: &'a [Source],
    /// Index of the first piece of each source.
    firsts: Vec<usize>,
    count: usize,
    /// Rows of query patches, and patches in a row.
    height: usize,
    width: usize,
    /// Parts that a row of query patches is cut into.
    parts: usize,
}

impl<'a> Pieces<'a> {
    fn new(sources: &'a [Source], Queries { size, height, width, .. }: Queries) -> Self {
        let parts = width.div_ceil(tile_patches(size));
        let mut count = 0;
        let mut firsts = Vec::with_capacity(sources.len());
        for source in sources {
            firsts.push(count);
            count += (height - 1 + source.patch_rows) * source.tiles.len() * parts;
        }
        Pieces { sources, firsts, count, height, width, parts }
    }

    /// The pieces of a source by shift, then tile, then part.
    fn at(&self, index: usize) -> Piece {
        let source = self.firsts.partition_point(|&first| first <= index) - 1;
        let (tiles, index) = (self.sources[source].tiles.len(), index - self.firsts[source]);
        let (line, part) = (index / self.parts, index % self.parts);
        let first = part * self.width / self.parts;
        let count = (part + 1) * self.width / self.parts - first;
        let shift = (line / tiles) as isize - (self.height - 1) as isize;
        Piece { source, shift, tile: line % tiles, first, count }
    }
}
