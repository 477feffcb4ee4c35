//! The source maps of a patch search, packed for products with query columns.

use super::places;
use crate::map::{Block, BlockedMap, LANES, product};
use crate::parallel::{Shared, for_each};

/// Columns of a source row that are multiplied at a time, at most.
const TILE_COLUMNS: usize = 8 * LANES;

/// The largest side of a patch.
pub(super) const MAX_SIZE: usize = 7;

/// All k×k patches of some maps, numbered map by map, row by row.
///
/// A bank holds its maps once, whatever k is, so it needs little more memory than they do.
#[derive(Clone, Debug)]
pub struct PatchBank {
    channels: usize,
    size: usize,
    patches: usize,
    sources: Vec<Source>,
}

impl PatchBank {
    /// An empty bank of patches of `size`² columns of `channels` channels.
    ///
    /// # Panics
    /// If `size` is not 1 to 7.
    pub fn new(channels: usize, size: usize) -> Self {
        assert!((1..=MAX_SIZE).contains(&size), "patches of side {size}, not 1 to {MAX_SIZE}");
        PatchBank { channels, size, patches: 0, sources: Vec::new() }
    }

    /// Adds all patches of `map`, whose columns are already normalised, with a scale for each, row-major
    /// `[H − k + 1, W − k + 1]`.
    ///
    /// # Panics
    /// If the map has other channels or is smaller than a patch, the scales are not as many as its patches,
    /// or the bank comes to hold more than 2³² − 1.
    pub fn add(&mut self, map: &BlockedMap, scales: &[f32]) {
        assert_eq!(map.channels(), self.channels, "channels of the bank");
        let source = Source::new(map, self.size, self.patches, scales);
        self.patches += scales.len();
        assert!(self.patches < u32::MAX as usize, "{} patches are too many", self.patches);
        self.sources.push(source);
    }

    /// Channels of a column.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Side k of a patch.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Patches of all maps.
    pub fn patches(&self) -> usize {
        self.patches
    }

    /// Memory of the packed maps, in bytes.
    pub fn bytes(&self) -> usize {
        let bytes = |source: &Source| size_of_val(&source.panels[..]) + size_of_val(&source.scales[..]);
        self.sources.iter().map(bytes).sum()
    }

    pub(super) fn sources(&self) -> &[Source] {
        &self.sources
    }
}

/// Rows and columns that a search sees of a map `[C, height, width]`: patches of one column side by side have
/// nothing to do with rows, and fill whole tiles better as a single one.
pub(super) fn grid([height, width]: [usize; 2], size: usize) -> [usize; 2] {
    if size == 1 { [1, product([height, width])] } else { [height, width] }
}

/// One map of a bank, every row cut into tiles that overlap by k − 1 columns.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Rows of its [`grid`].
    pub(super) height: usize,
    /// Patches in each column and row of the grid.
    pub(super) patch_rows: usize,
    pub(super) patch_columns: usize,
    /// Index of its first patch in the bank.
    pub(super) first: usize,
    pub(super) tiles: Vec<Tile>,
    /// Panels in all tiles of a row.
    row_panels: usize,
    /// 16·⌈C/16⌉, the depth of a panel.
    depth: usize,
    /// `[H][row_panels][depth][16 columns]`; zero beyond the map.
    panels: Vec<Block>,
    scales: Vec<f32>,
}

/// Some neighbouring columns of a source map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    /// First column.
    pub(super) start: usize,
    /// Patches that begin in the tile, from its first column on.
    pub(super) patches: usize,
    /// Panels of sixteen columns, of which the last may be partly beyond the map.
    pub(super) panels: usize,
    /// Panels in the tiles before.
    first_panel: usize,
}

impl Source {
    fn new(map: &BlockedMap, size: usize, first: usize, scales: &[f32]) -> Self {
        let [height, width] = grid([map.height(), map.width()], size);
        let (patch_rows, patch_columns) = (places(height, size), places(width, size));
        assert!(patch_rows * patch_columns > 0, "a map of at least {size}x{size}");
        assert_eq!(scales.len(), patch_rows * patch_columns, "a scale for each patch");
        let (mut tiles, mut row_panels) = (Vec::new(), 0);
        for start in (0..patch_columns).step_by(TILE_COLUMNS + 1 - size) {
            let patches = (patch_columns - start).min(TILE_COLUMNS + 1 - size);
            let panels = (patches + size - 1).div_ceil(LANES);
            tiles.push(Tile { start, patches, panels, first_panel: row_panels });
            row_panels += panels;
        }
        let mut source = Source {
            height,
            patch_rows,
            patch_columns,
            first,
            tiles,
            row_panels,
            depth: map.channel_blocks() * LANES,
            panels: Vec::new(),
            scales: Vec::new(),
        };
        source.panels = source.pack(map, width);
        source.scales = source.by_lane(scales, 0.0);
        source
    }

    /// The panels of `map`, in rows of `width`.
    fn pack(&self, map: &BlockedMap, width: usize) -> Vec<Block> {
        let mut packed = vec![Block::default(); self.height * self.row_panels * self.depth];
        let out = Shared::new(packed.as_mut_ptr());
        for_each(self.height * self.tiles.len(), |piece| {
            let (row, tile) = (piece / self.tiles.len(), self.tiles[piece % self.tiles.len()]);
            let first = (row * self.row_panels + tile.first_panel) * self.depth;
            let length = tile.panels * self.depth;
            // SAFETY: every piece has a tile of its own.
            let to = unsafe { std::slice::from_raw_parts_mut(out.at(first), length) };
            for column in 0..(tile.panels * LANES).min(width - tile.start) {
                let position = row * width + tile.start + column;
                let panel = &mut to[column / LANES * self.depth..][..self.depth];
                for (block, channels) in panel.chunks_exact_mut(LANES).enumerate() {
                    let Block(features) = map.blocks()[block * map.positions() + position];
                    for (to, feature) in channels.iter_mut().zip(features) {
                        to.0[column % LANES] = feature;
                    }
                }
            }
        });
        packed
    }

    /// `values`, one for each patch of the map, laid out as the columns of the tiles are: where no patch
    /// begins, `rest`.
    pub(super) fn by_lane(&self, values: &[f32], rest: f32) -> Vec<f32> {
        let row_lanes = self.row_panels * LANES;
        let mut lanes = vec![rest; self.patch_rows * row_lanes];
        for (lanes, values) in lanes.chunks_exact_mut(row_lanes).zip(values.chunks_exact(self.patch_columns))
        {
            for tile in &self.tiles {
                let lanes = &mut lanes[tile.first_panel * LANES..][..tile.patches];
                lanes.copy_from_slice(&values[tile.start..][..tile.patches]);
            }
        }
        lanes
    }

    /// The panels of a tile in a row of the map.
    pub(super) fn panels(&self, row: usize, tile: Tile) -> &[Block] {
        let first = row * self.row_panels + tile.first_panel;
        &self.panels[first * self.depth..][..tile.panels * self.depth]
    }

    /// Where the lanes of a tile in a row of patches begin, in what [`by_lane`](Source::by_lane) makes.
    pub(super) fn lane(&self, row: usize, tile: Tile) -> usize {
        (row * self.row_panels + tile.first_panel) * LANES
    }

    /// Scales of the patches, by lane.
    pub(super) fn scales(&self) -> &[f32] {
        &self.scales
    }
}
