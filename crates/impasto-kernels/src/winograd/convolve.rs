//! Runs one convolution on all threads, in one of two ways of sharing it.

use std::ops::Range;

use crate::isa::{Isa, Kernel};
use crate::map::LANES;
use crate::parallel::{Shared, for_each_with};
use crate::product::Product;
use crate::profile::{self, Phase};
use crate::simd::Simd;

use super::extents::Extents;
use super::sink::TileSink;
use super::source::TileSource;
use super::tile::{Four, Six, Tile, TileSize};
use super::transform::{Grid, InputLayout, transform_input, transform_output};
use super::weights::PackedWeights;
use super::workspace::{Workspace, at_least};

/// One convolution: what is read, what is done with it, and where it goes.
pub(crate) struct Convolution<'a, Source, Sink> {
    pub(crate) isa: Isa,
    pub(crate) tile: TileSize,
    pub(crate) weights: &'a PackedWeights,
    pub(crate) source: Source,
    pub(crate) sink: Sink,
    pub(crate) pictures: usize,
    /// Output height and width of one picture.
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
    let Convolution { isa, weights, pictures, height, width, before, .. } = *convolution;
    let grid = Grid { pictures, height, width, tile: T::OUTPUT, before };
    let extents = Extents::new(isa, T::INPUT, weights.output_blocks(), weights.input_blocks(), grid.tiles());
    let job = Job::<T, _, _> { convolution, grid, extents, tile: std::marker::PhantomData };
    if extents.is_tile_parallel() {
        job.tile_parallel(workspace);
    } else {
        job.channel_parallel(workspace);
    }
}

/// A convolution with its tile size made a type.
struct Job<'a, T, Source, Sink> {
    convolution: &'a Convolution<'a, Source, Sink>,
    grid: Grid,
    extents: Extents,
    tile: std::marker::PhantomData<fn() -> T>,
}

impl<T: Tile, Source: TileSource, Sink: TileSink> Job<'_, T, Source, Sink> {
    /// U once for all threads; then each takes a run of tiles through everything.
    fn tile_parallel(&self, workspace: &mut Workspace) {
        let extents = self.extents;
        workspace.threads();
        let panels = Shared::new(at_least(&mut workspace.weights, extents.weights_length()));
        for_each_with(&mut workspace.threads, extents.output_blocks, |_, panel| {
            // SAFETY: every panel has its own part of the buffer.
            unsafe { self.transform_weights(panel, panels.at(panel * extents.panel_length())) };
        });
        for_each_with(&mut workspace.threads, extents.runs(), |space, index| {
            let tiles = extents.run(index);
            let to = at_least(&mut space.tiles, extents.tiles_length(tiles.len()));
            let products = at_least(&mut space.products, extents.products_length(tiles.len()));
            // SAFETY: the thread's own buffer holds V of these tiles.
            unsafe { self.transform_input(tiles.clone(), 0..extents.input_blocks, to) };
            for group in 0..extents.groups() {
                let panels_of_group = extents.panels(group);
                // SAFETY: V of these tiles and all of U are there, and every tile belongs to one run.
                unsafe {
                    let weights = panels.at(panels_of_group.start * extents.panel_length());
                    self.multiply(tiles.clone(), panels_of_group, to, weights, products);
                }
            }
        });
    }

    /// V of many tiles once for all threads; then each takes a group of output channels through them.
    fn channel_parallel(&self, workspace: &mut Workspace) {
        let extents = self.extents;
        workspace.threads();
        for index in 0..extents.runs() {
            let tiles = extents.run(index);
            let to = Shared::new(at_least(&mut workspace.tiles, extents.tiles_length(tiles.len())));
            for_each_with(&mut workspace.threads, extents.input_blocks, |_, block| {
                // SAFETY: every channel block has its own part of V.
                unsafe { self.transform_input(tiles.clone(), block..block + 1, to.at(0)) };
            });
            for_each_with(&mut workspace.threads, extents.groups(), |space, group| {
                let panels = extents.panels(group);
                let own = at_least(&mut space.weights, extents.group * extents.panel_length());
                let products = at_least(&mut space.products, extents.products_length(tiles.len()));
                for (slot, panel) in panels.clone().enumerate() {
                    // SAFETY: the buffer holds all panels of the group.
                    unsafe { self.transform_weights(panel, own.add(slot * extents.panel_length())) };
                }
                // SAFETY: V is complete and only read from here on, U is the thread's own, and every group of
                // panels is given once.
                unsafe { self.multiply(tiles.clone(), panels, to.at(0), own, products) };
            });
        }
    }

    /// Writes U of one panel to `to`.
    ///
    /// # Safety
    /// `to` must be valid for [`Extents::panel_length`] elements that nothing else touches.
    unsafe fn transform_weights(&self, panel: usize, to: *mut f32) {
        let (weights, place) = (self.convolution.weights, self.extents.weight_place());
        let tile = std::marker::PhantomData;
        let begun = profile::clock();
        // SAFETY: the caller's promise.
        unsafe { self.convolution.isa.run(TransformWeights::<T> { weights, panel, to, place, tile }) }
        profile::add_phase(Phase::Weights, begun);
    }

    /// Writes V of some tiles and channel blocks to `to`.
    ///
    /// # Safety
    /// `to` must be valid for [`Extents::tiles_length`] elements, and nothing else may touch these blocks.
    unsafe fn transform_input(&self, tiles: Range<usize>, blocks: Range<usize>, to: *mut f32) {
        let begun = profile::clock();
        // SAFETY: the caller's promise.
        unsafe { self.convolution.isa.run(TransformInput { job: self, tiles, blocks, to }) }
        profile::add_phase(Phase::Inputs, begun);
    }

    /// Multiplies V at `from` with U of `panels` at `weights`, and hands the outputs to the sink.
    ///
    /// # Safety
    /// V and U must be complete, `products` valid for [`Extents::products_length`] elements that nothing else
    /// touches, and no other call may have the same tiles and panels.
    unsafe fn multiply(
        &self,
        tiles: Range<usize>,
        panels: Range<usize>,
        from: *const f32,
        weights: *const f32,
        products: *mut f32,
    ) {
        // SAFETY: the caller's promise.
        unsafe { self.convolution.isa.run(Multiply { job: self, tiles, panels, from, weights, products }) }
    }
}

/// U of one panel.
struct TransformWeights<'a, T> {
    weights: &'a PackedWeights,
    panel: usize,
    to: *mut f32,
    place: usize,
    tile: std::marker::PhantomData<fn() -> T>,
}

impl<T: Tile> Kernel for TransformWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: `to` holds a panel.
        unsafe { self.weights.transform_panel::<S, T>(self.panel, self.to, self.place) }
    }
}

/// V of some tiles and channel blocks.
struct TransformInput<'a, T, Source, Sink> {
    job: &'a Job<'a, T, Source, Sink>,
    tiles: Range<usize>,
    blocks: Range<usize>,
    to: *mut f32,
}

impl<T: Tile, Source: TileSource, Sink: TileSink> Kernel for TransformInput<'_, T, Source, Sink> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let source = &self.job.convolution.source;
        let layout = InputLayout::new(self.job.extents.input_blocks, self.tiles.len());
        for block in self.blocks {
            // SAFETY: `to` holds V of these tiles.
            unsafe {
                let tiles = self.tiles.clone();
                transform_input::<S, T, Source, _>(source, &self.job.grid, block, tiles, self.to, layout);
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
    weights: *const f32,
    products: *mut f32,
}

impl<T: Tile, Source: TileSource, Sink: TileSink> Kernel for Multiply<'_, T, Source, Sink> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (extents, rows) = (self.job.extents, self.tiles.len());
        let layout = InputLayout::new(extents.input_blocks, rows);
        let place_length = extents.product_place(rows);
        let begun = profile::clock();
        // SAFETY: V, U and M hold the extents used here.
        unsafe {
            for place in 0..T::INPUT * T::INPUT {
                let product = Product {
                    rows,
                    depth_blocks: extents.input_blocks,
                    panels: self.panels.len(),
                    a: self.from.add(place * layout.place),
                    a_block: InputLayout::BLOCK,
                    a_row: layout.tile(),
                    b: self.weights.add(place * extents.weight_place()),
                    b_panel: extents.panel_length(),
                    c: self.products.add(place * place_length),
                    c_panel: rows * LANES,
                    c_row: LANES,
                    accumulate: false,
                };
                product.run::<S>();
            }
            profile::add_phase(Phase::Products, begun);
            let begun = profile::clock();
            for (slot, panel) in self.panels.enumerate() {
                let (grid, sink) = (&self.job.grid, &self.job.convolution.sink);
                let from = self.products.add(slot * rows * LANES);
                transform_output::<S, T, Sink>(sink, grid, panel, self.tiles.clone(), from, place_length);
            }
            profile::add_phase(Phase::Outputs, begun);
        }
    }
}
