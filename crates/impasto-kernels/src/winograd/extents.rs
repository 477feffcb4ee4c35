//! How much of a convolution is worked on at a time, and the lengths of its arrays.

use std::ops::Range;

use crate::isa::Isa;
use crate::map::LANES;
use crate::product::ROWS;

use super::tile::{Four, Six, Tile, TileSize};
use super::transform::InputLayout;
use super::workspace::WorkspaceNeed;

/// Transformed weights up to this size are made once per convolution and shared; larger ones are made
/// by each thread for its own output channels.
const SHARED_WEIGHTS: usize = 5 << 20;

/// Bytes of V and of one group's M that a thread works on at a time, tile-parallel: most of a
/// second-level cache of 512 KiB.
const TILE_BYTES: usize = 448 << 10;

/// Bytes of V that all threads work on at a time, channel-parallel. V and every thread's U have to stay in
/// the last-level cache together: on two cores that share 32 MiB, VGG-19 at 512x512 took 0.64 s with 8 MiB,
/// 0.67 s with 12 and 0.72 s with 20.
const SHARED_BYTES: usize = 8 << 20;

/// So many tiles are few.
const FEW_TILES: usize = 40;

/// Extents of one convolution in the Winograd domain, in f32 where not said otherwise.
#[derive(Clone, Copy)]
pub(super) struct Extents {
    /// Places α² of a transformed tile.
    places: usize,
    pub(super) output_blocks: usize,
    pub(super) input_blocks: usize,
    tiles: usize,
    /// Panels of sixteen output channels whose products are made and transformed together.
    pub(super) group: usize,
}

impl Extents {
    /// For tiles of `input` pixels a side.
    pub(super) fn new(
        isa: Isa,
        input: usize,
        output_blocks: usize,
        input_blocks: usize,
        tiles: usize,
    ) -> Self {
        // Each group reads V again, but U of a group has to stay in the cache: two panels were better than one
        // or four. The innermost kernel of AVX-512 takes four at once. Where V is small, U is most of what is read: then
        // fewer panels are 10 to 40 % faster.
        let widest = if matches!(isa, Isa::Avx512 | Isa::Amx) { 4 } else { 2 };
        let group = match tiles {
            few if few <= ROWS => 1,
            few if few <= FEW_TILES => 2,
            _ => widest,
        };
        Extents { places: input * input, output_blocks, input_blocks, tiles, group: group.min(output_blocks) }
    }

    /// From one place of a panel of U to the next. A line between places keeps the α² streams that the
    /// transform writes from falling into the same cache sets.
    pub(super) fn weight_place(self) -> usize {
        (self.input_blocks * LANES + 1) * LANES
    }

    /// One panel of U, `[α²][inputs][16]`.
    pub(super) fn panel_length(self) -> usize {
        self.places * self.weight_place()
    }

    /// All panels of U.
    pub(super) fn weights_length(self) -> usize {
        self.output_blocks * self.panel_length()
    }

    /// V of so many tiles.
    pub(super) fn tiles_length(self, tiles: usize) -> usize {
        self.places * InputLayout::new(self.input_blocks, tiles).place
    }

    /// From one place to the next of M, `[α²][panels][tiles][16]`, of one group.
    pub(super) fn product_place(self, tiles: usize) -> usize {
        (self.group * tiles + 1) * LANES
    }

    /// M of one group and so many tiles.
    pub(super) fn products_length(self, tiles: usize) -> usize {
        self.places * self.product_place(tiles)
    }

    /// Groups of panels.
    pub(super) fn groups(self) -> usize {
        self.output_blocks.div_ceil(self.group)
    }

    /// The panels of group `index`.
    pub(super) fn panels(self, index: usize) -> Range<usize> {
        index * self.group..self.output_blocks.min((index + 1) * self.group)
    }

    /// Whether U is small enough to be made once and shared.
    pub(super) fn is_tile_parallel(self) -> bool {
        self.weights_length() * size_of::<f32>() <= SHARED_WEIGHTS
    }

    /// Tiles of one run: whole groups of rows, so that the innermost kernel is rarely short of any.
    fn run_length(self) -> usize {
        let tile = |length: usize| length * size_of::<f32>() / 64;
        let (v, m) = (tile(self.tiles_length(64)), tile(self.products_length(64)));
        let most = match self.is_tile_parallel() {
            true => TILE_BYTES / (v + m),
            false => SHARED_BYTES / v,
        };
        let runs = self.tiles.div_ceil(most.max(2 * ROWS));
        self.tiles.div_ceil(runs).next_multiple_of(ROWS)
    }

    /// Runs of tiles that are worked on at a time.
    pub(super) fn runs(self) -> usize {
        self.tiles.div_ceil(self.run_length())
    }

    /// The tiles of run `index`.
    pub(super) fn run(self, index: usize) -> Range<usize> {
        let length = self.run_length();
        index * length..self.tiles.min((index + 1) * length)
    }
}

/// What a convolution of maps of the given size needs of a workspace.
pub(crate) fn workspace_need(
    isa: Isa,
    outputs: usize,
    inputs: usize,
    height: usize,
    width: usize,
) -> WorkspaceNeed {
    let (output, input) = match TileSize::cheapest(height, width) {
        TileSize::Four => (Four::OUTPUT, Four::INPUT),
        TileSize::Six => (Six::OUTPUT, Six::INPUT),
    };
    let tiles = height.div_ceil(output) * width.div_ceil(output);
    let extents = Extents::new(isa, input, outputs.div_ceil(LANES), inputs.div_ceil(LANES), tiles);
    let run = extents.run_length();
    let (tiles, products) = (extents.tiles_length(run), extents.products_length(run));
    match extents.is_tile_parallel() {
        true => WorkspaceNeed {
            weights: extents.weights_length(),
            thread_tiles: tiles,
            thread_products: products,
            ..WorkspaceNeed::default()
        },
        false => WorkspaceNeed {
            tiles,
            thread_weights: extents.group * extents.panel_length(),
            thread_products: products,
            ..WorkspaceNeed::default()
        },
    }
}
