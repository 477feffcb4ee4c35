//! Runs one convolution on all threads, in one of two ways of sharing it.

use std::ops::Range;

use crate::isa::{Isa, Kernel};
use crate::map::{Block, LANES};
use crate::parallel::{Shared, for_each_with};
use crate::product::Product;
use crate::simd::Simd;

use super::sink::TileSink;
use super::source::TileSource;
use super::tile::{Four, Six, Tile};
use super::transform::{Grid, InputLayout, transform_input, transform_output};
use super::weights::PackedWeights;

/// Transformed weights up to this size are made once per convolution and shared; larger ones are made
/// by each thread for its own output channels.
const SHARED_WEIGHTS: usize = 5 << 20;

/// Bytes of V and of one group's M that a thread works on at a time, tile-parallel: most of a
/// second-level cache of 512 KiB.
const TILE_BYTES: usize = 448 << 10;

/// Bytes of V that all threads work on at a time, channel-parallel: it is read from the last-level cache.
const SHARED_BYTES: usize = 20 << 20;

/// Output pixels of a Winograd tile's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileSize {
    /// F(4×4, 3×3).
    Four,
    /// F(6×6, 3×3).
    Six,
}

impl TileSize {
    /// The size with fewer multiplications for an output of `height` × `width`, whose last tiles may
    /// reach beyond it.
    pub fn cheapest(height: usize, width: usize) -> TileSize {
        let products = |m: usize| height.div_ceil(m) * width.div_ceil(m) * (m + 2) * (m + 2);
        if products(6) < products(4) { TileSize::Six } else { TileSize::Four }
    }
}

/// Memory that convolutions work in, kept from one to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    weights: Vec<Block>,
    tiles: Vec<Block>,
    threads: Vec<ThreadSpace>,
}

/// What one thread works in.
#[derive(Debug, Default)]
struct ThreadSpace {
    weights: Vec<Block>,
    tiles: Vec<Block>,
    products: Vec<Block>,
}

impl Workspace {
    /// An empty workspace. It grows to what the largest convolution needs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let thread = |space: &ThreadSpace| {
            space.weights.capacity() + space.tiles.capacity() + space.products.capacity()
        };
        let blocks =
            self.weights.capacity() + self.tiles.capacity() + self.threads.iter().map(thread).sum::<usize>();
        blocks * size_of::<Block>()
    }

    fn threads(&mut self) {
        self.threads.resize_with(rayon::current_num_threads(), ThreadSpace::default);
    }
}

/// f32 from one place ξ to the next of M, `[α²][panels][tiles][16]`; a line between places, as in V.
fn product_place(panels: usize, tiles: usize) -> usize {
    (panels * tiles + 1) * LANES
}

/// Makes `buffer` at least so many f32 long and answers its start.
fn at_least(buffer: &mut Vec<Block>, length: usize) -> *mut f32 {
    let blocks = length.div_ceil(LANES);
    if buffer.len() < blocks {
        buffer.resize(blocks, Block::default());
    }
    buffer.as_mut_ptr().cast()
}

/// One convolution: what is read, what is done with it, and where it goes.
pub(crate) struct Convolution<'a, Source, Sink> {
    pub(crate) isa: Isa,
    pub(crate) tile: TileSize,
    pub(crate) weights: &'a PackedWeights,
    pub(crate) source: Source,
    pub(crate) sink: Sink,
    /// Output height and width.
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// See [`Grid::before`].
    pub(crate) before: usize,
}

/// Runs `convolution` on the threads of the current pool.
pub(crate) fn convolve<Source: TileSource, Sink: TileSink>(
    convolution: &Convolution<Source, Sink>,
    workspace: &mut Workspace,
) {
    assert_eq!(convolution.source.channel_blocks(), convolution.weights.input_blocks());
    match convolution.tile {
        TileSize::Four => run::<Four, _, _>(convolution, workspace),
        TileSize::Six => run::<Six, _, _>(convolution, workspace),
    }
}

fn run<T: Tile, Source: TileSource, Sink: TileSink>(
    convolution: &Convolution<Source, Sink>,
    workspace: &mut Workspace,
) {
    let Convolution { height, width, before, .. } = *convolution;
    let job = Job::<T, _, _> {
        convolution,
        grid: Grid { height, width, tile: T::OUTPUT, before },
        group: if convolution.isa == Isa::Avx512 { 4 } else { 2 },
        tile: std::marker::PhantomData,
    };
    let weight_bytes =
        convolution.weights.output_blocks() * convolution.weights.panel_length::<T>() * size_of::<f32>();
    if weight_bytes <= SHARED_WEIGHTS {
        job.tile_parallel(workspace);
    } else {
        job.channel_parallel(workspace);
    }
}

/// A convolution with its tile size made a type.
struct Job<'a, T, Source, Sink> {
    convolution: &'a Convolution<'a, Source, Sink>,
    grid: Grid,
    /// Panels of output channels whose products are made and transformed together.
    group: usize,
    tile: std::marker::PhantomData<fn() -> T>,
}

impl<T: Tile, Source: TileSource, Sink: TileSink> Job<'_, T, Source, Sink> {
    fn places(&self) -> usize {
        T::INPUT * T::INPUT
    }

    fn groups(&self) -> usize {
        self.convolution.weights.output_blocks().div_ceil(self.group)
    }

    /// The panels of group `index`.
    fn panels(&self, index: usize) -> Range<usize> {
        index * self.group..self.convolution.weights.output_blocks().min((index + 1) * self.group)
    }

    /// f32 of V for so many tiles.
    fn tiles_length(&self, tiles: usize) -> usize {
        self.places() * InputLayout::new(self.convolution.weights.input_blocks(), tiles).place
    }

    /// f32 of M for one group and so many tiles.
    fn products_length(&self, tiles: usize) -> usize {
        self.places() * product_place(self.group, tiles)
    }

    /// U once for all threads; then each takes a run of tiles through everything.
    fn tile_parallel(&self, workspace: &mut Workspace) {
        workspace.threads();
        let weights = self.convolution.weights;
        let panel_length = weights.panel_length::<T>();
        let panels = Shared::new(at_least(&mut workspace.weights, weights.output_blocks() * panel_length));
        for_each_with(&mut workspace.threads, weights.output_blocks(), |_, panel| {
            // SAFETY: every panel has its own part of the buffer.
            let to = unsafe { panels.at(panel * panel_length) };
            self.transform_weights(panel, to);
        });
        let per_tile = (self.tiles_length(64) + self.products_length(64)) * size_of::<f32>() / 64;
        let tiles = self.grid.tiles();
        let runs = tiles.div_ceil((TILE_BYTES / per_tile).max(12));
        for_each_with(&mut workspace.threads, runs, |space, index| {
            let tiles = index * tiles / runs..(index + 1) * tiles / runs;
            let layout = InputLayout::new(weights.input_blocks(), tiles.len());
            let to = at_least(&mut space.tiles, self.tiles_length(tiles.len()));
            let products = at_least(&mut space.products, self.products_length(tiles.len()));
            let blocks = 0..weights.input_blocks();
            self.transform_input(tiles.clone(), blocks, to, layout);
            for group in 0..self.groups() {
                let panels_of_group = self.panels(group);
                // SAFETY: the group's panels are within the buffer.
                let weights = unsafe { panels.at(panels_of_group.start * panel_length) };
                self.multiply(tiles.clone(), panels_of_group, to, layout, weights, products);
            }
        });
    }

    /// V of many tiles once for all threads; then each takes a group of output channels through them.
    fn channel_parallel(&self, workspace: &mut Workspace) {
        workspace.threads();
        let weights = self.convolution.weights;
        let all_tiles = self.grid.tiles();
        let per_tile = self.tiles_length(64) * size_of::<f32>() / 64;
        let runs = all_tiles.div_ceil((SHARED_BYTES / per_tile).max(12));
        for index in 0..runs {
            let tiles = index * all_tiles / runs..(index + 1) * all_tiles / runs;
            let layout = InputLayout::new(weights.input_blocks(), tiles.len());
            let to = Shared::new(at_least(&mut workspace.tiles, self.tiles_length(tiles.len())));
            for_each_with(&mut workspace.threads, weights.input_blocks(), |_, block| {
                // SAFETY: every channel block has its own part of V.
                self.transform_input(tiles.clone(), block..block + 1, unsafe { to.at(0) }, layout);
            });
            for_each_with(&mut workspace.threads, self.groups(), |space, group| {
                let panels = self.panels(group);
                let panel_length = weights.panel_length::<T>();
                let own = at_least(&mut space.weights, panels.len() * panel_length);
                let products = at_least(&mut space.products, self.products_length(tiles.len()));
                for (slot, panel) in panels.clone().enumerate() {
                    // SAFETY: the buffer holds all panels of the group.
                    self.transform_weights(panel, unsafe { own.add(slot * panel_length) });
                }
                // SAFETY: V is complete, and only read from here on.
                self.multiply(tiles.clone(), panels, unsafe { to.at(0) }, layout, own, products);
            });
        }
    }

    fn transform_weights(&self, panel: usize, to: *mut f32) {
        let (weights, tile) = (self.convolution.weights, std::marker::PhantomData);
        self.convolution.isa.run(TransformWeights::<T> { weights, panel, to, tile });
    }

    fn transform_input(&self, tiles: Range<usize>, blocks: Range<usize>, to: *mut f32, layout: InputLayout) {
        self.convolution.isa.run(TransformInput { job: self, tiles, blocks, to, layout });
    }

    fn multiply(
        &self,
        tiles: Range<usize>,
        panels: Range<usize>,
        from: *const f32,
        layout: InputLayout,
        weights: *const f32,
        products: *mut f32,
    ) {
        self.convolution.isa.run(Multiply { job: self, tiles, panels, from, layout, weights, products });
    }
}

/// U of one panel.
struct TransformWeights<'a, T> {
    weights: &'a PackedWeights,
    panel: usize,
    to: *mut f32,
    tile: std::marker::PhantomData<fn() -> T>,
}

impl<T: Tile> Kernel for TransformWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: `to` holds a panel.
        unsafe { self.weights.transform_panel::<S, T>(self.panel, self.to) }
    }
}

/// V of some tiles and channel blocks.
struct TransformInput<'a, T, Source, Sink> {
    job: &'a Job<'a, T, Source, Sink>,
    tiles: Range<usize>,
    blocks: Range<usize>,
    to: *mut f32,
    layout: InputLayout,
}

impl<T: Tile, Source: TileSource, Sink: TileSink> Kernel for TransformInput<'_, T, Source, Sink> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let source = &self.job.convolution.source;
        for block in self.blocks {
            // SAFETY: `to` holds V of these tiles.
            unsafe {
                let tiles = self.tiles.clone();
                transform_input::<S, T, Source>(source, &self.job.grid, block, tiles, self.to, self.layout);
            }
        }
    }
}

/// M of one group of panels for some tiles, and out of the Winograd domain with it.
struct Multiply<'a, T, Source, Sink> {
    job: &'a Job<'a, T, Source, Sink>,
    tiles: Range<usize>,
    panels: Range<usize>,
    from: *const f32,
    layout: InputLayout,
    weights: *const f32,
    products: *mut f32,
}

impl<T: Tile, Source: TileSource, Sink: TileSink> Kernel for Multiply<'_, T, Source, Sink> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let weights = self.job.convolution.weights;
        let rows = self.tiles.len();
        let place_length = product_place(self.job.group, rows);
        // SAFETY: V, U and M hold the extents used here.
        unsafe {
            for place in 0..T::INPUT * T::INPUT {
                let product = Product {
                    rows,
                    depth_blocks: weights.input_blocks(),
                    panels: self.panels.len(),
                    a: self.from.add(place * self.layout.place),
                    a_block: InputLayout::BLOCK,
                    a_row: self.layout.tile(),
                    b: self.weights.add(place * weights.place_length()),
                    b_panel: weights.panel_length::<T>(),
                    c: self.products.add(place * place_length),
                    c_panel: rows * LANES,
                    accumulate: false,
                };
                product.run::<S>();
            }
            for (slot, panel) in self.panels.enumerate() {
                let (grid, sink) = (&self.job.grid, &self.job.convolution.sink);
                let from = self.products.add(slot * rows * LANES);
                transform_output::<S, T, Sink>(sink, grid, panel, self.tiles.clone(), from, place_length);
            }
        }
    }
}
