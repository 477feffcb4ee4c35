//! The gradient of a convolution by its weights: the adjoint, in U, of the products that [`convolve`](super::convolve)
//! makes.
//!
//! ```text
//! N = A d A ᵀ         gradient tile d m×m per output channel
//! ∂U[ξ] = Σ V[ξ] Nᵀ[ξ]  over tiles, for each of the α² places
//! ∂g = Gᵀ ∂U G        per pair of channels
//! ```
//!
//! V is the input's transform as in the forward pass. The gradient by the bias, the plain sum of d, is N at the
//! interpolation point (1, 1). Tiles are worked on in runs, and the sums of each place go on from run to run, so
//! that their order depends on the shapes alone.

use std::ops::Range;

use crate::isa::{Isa, Kernel};
use crate::map::LANES;
use crate::outer_product::add_outer_products;
use crate::parallel::{Shared, for_each_with};
use crate::simd::Simd;

use super::source::{TileBuffer, TileSource};
use super::tile::{Four, MAX_INPUT, Six, Tile, TileSize};
use super::transform::{Grid, Layout, transform_input};
use super::workspace::{Workspace, at_least};

/// Tiles of a run: two blocks of so many lines fill the first-level cache.
const RUN: usize = 240;

/// One gradient by weights: what the convolution read, and the gradient by what it wrote.
pub(crate) struct WeightGradient<Input, Gradient> {
    pub(crate) isa: Isa,
    pub(crate) input: Input,
    pub(crate) gradient: Gradient,
    pub(crate) pictures: usize,
    /// Height and width of the convolution's output of one picture.
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// See [`Grid::before`].
    pub(crate) before: usize,
}

impl<Input: TileSource, Gradient: TileSource> WeightGradient<Input, Gradient> {
    /// `weight` `[outputs, inputs, 3, 3]` and `bias` `[outputs]` ← the gradients by them.
    ///
    /// # Panics
    /// If they are longer than the blocks of the maps.
    pub(crate) fn run(&self, inputs: usize, weight: &mut [f32], bias: &mut [f32], workspace: &mut Workspace) {
        match TileSize::cheapest(self.height, self.width) {
            TileSize::Four => self.run_tiles::<Four>(inputs, weight, bias, workspace),
            TileSize::Six => self.run_tiles::<Six>(inputs, weight, bias, workspace),
        }
    }

    fn run_tiles<T: Tile>(
        &self,
        inputs: usize,
        weight: &mut [f32],
        bias: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let outputs = bias.len();
        let (input_blocks, output_blocks) = (self.input.channel_blocks(), self.gradient.channel_blocks());
        assert!(inputs <= input_blocks * LANES && outputs <= output_blocks * LANES, "channels");
        assert_eq!(weight.len(), outputs * inputs * 9, "weights of {outputs}x{inputs} kernels");
        let (pictures, height, width, before) = (self.pictures, self.height, self.width, self.before);
        let grid = Grid { pictures, height, width, tile: T::OUTPUT, before };
        let places = T::INPUT * T::INPUT;
        // [place][input block][output block][16][16]
        let place_length = input_blocks * output_blocks * LANES * LANES;
        workspace.threads();
        let sums = Shared::new(at_least(&mut workspace.weights, places * place_length));
        let tiles = grid.tiles();
        let layout = |blocks| RunLayout { place: (blocks * RUN.min(tiles) + 1) * LANES, run: RUN.min(tiles) };
        let (input_layout, gradient_layout) = (layout(input_blocks), layout(output_blocks));
        let input_length = places * input_layout.place;
        let gradient_length = places * gradient_layout.place;
        let inputs_at = Shared::new(at_least(&mut workspace.tiles, input_length + gradient_length));
        // SAFETY: the buffer holds both.
        let gradients_at = Shared::new(unsafe { inputs_at.at(input_length) });
        // SAFETY: the buffer holds so many f32.
        unsafe { sums.at(0).write_bytes(0, places * place_length) };
        let mut bias_sums = vec![0.0f64; output_blocks * LANES];
        for start in (0..tiles).step_by(RUN) {
            let run = start..tiles.min(start + RUN);
            for_each_with(&mut workspace.threads, input_blocks + output_blocks, |_, block| {
                let tiles = run.clone();
                // SAFETY: every channel block has its own part of the buffers.
                unsafe {
                    if block < input_blocks {
                        let (source, to, layout) = (&self.input, inputs_at.at(0), input_layout);
                        let grid = &grid;
                        self.isa.run(Inputs::<T, _> { source, grid, block, tiles, to, layout, tile: mark() });
                    } else {
                        let block = block - input_blocks;
                        let (source, to, layout) = (&self.gradient, gradients_at.at(0), gradient_layout);
                        let grid = &grid;
                        self.isa.run(Gradients::<T, _> {
                            source,
                            grid,
                            block,
                            tiles,
                            to,
                            layout,
                            tile: mark(),
                        });
                    }
                }
            });
            for_each_with(&mut workspace.threads, places, |_, place| {
                // SAFETY: both transforms are complete, and every place has its own sums.
                unsafe {
                    self.isa.run(Products {
                        inputs: inputs_at.at(place * input_layout.place),
                        gradients: gradients_at.at(place * gradient_layout.place),
                        input_blocks,
                        output_blocks,
                        run: run.len(),
                        stride: input_layout.run * LANES,
                        to: sums.at(place * place_length),
                    });
                }
            });
            // Place (1, 1) of N is the sum of the tile.
            for (block, sums) in bias_sums.chunks_exact_mut(LANES).enumerate() {
                let at = (T::INPUT + 1) * gradient_layout.place + block * gradient_layout.run * LANES;
                for index in 0..run.len() * LANES {
                    // SAFETY: N of the run is complete and no longer written.
                    sums[index % LANES] += f64::from(unsafe { *gradients_at.at(at + index) });
                }
            }
        }
        for (bias, sum) in bias.iter_mut().zip(bias_sums) {
            *bias = sum as f32;
        }
        let out = Shared::new(weight.as_mut_ptr());
        for_each_with(&mut workspace.threads, output_blocks, |_, block| {
            let shape = (inputs, outputs, input_blocks, output_blocks);
            // SAFETY: every block of outputs has its own kernels, and the sums are complete.
            unsafe {
                let (from, to) = (sums.at(0), out.at(0));
                self.isa.run(Kernels::<T> { from, to, block, shape, place_length, tile: mark() });
            }
        });
    }
}

/// Marks a kernel with its tile size.
type Mark<T> = std::marker::PhantomData<fn() -> T>;
fn mark<T>() -> Mark<T> {
    std::marker::PhantomData
}

/// `[α²][channels/16][tiles of a run][16]`.
#[derive(Clone, Copy)]
struct RunLayout {
    place: usize,
    run: usize,
}

impl Layout for RunLayout {
    fn place(&self) -> usize {
        self.place
    }

    #[inline(always)]
    fn at(&self, slot: usize, block: usize) -> usize {
        (block * self.run + slot) * LANES
    }
}

/// V of one channel block.
struct Inputs<'a, T, Source> {
    source: &'a Source,
    grid: &'a Grid,
    block: usize,
    tiles: Range<usize>,
    to: *mut f32,
    layout: RunLayout,
    tile: Mark<T>,
}

impl<T: Tile, Source: TileSource> Kernel for Inputs<'_, T, Source> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: `to` holds V of a run.
        unsafe {
            transform_input::<S, T, Source, _>(
                self.source,
                self.grid,
                self.block,
                self.tiles,
                self.to,
                self.layout,
            )
        }
    }
}

/// N of one channel block.
struct Gradients<'a, T, Source> {
    source: &'a Source,
    grid: &'a Grid,
    block: usize,
    tiles: Range<usize>,
    to: *mut f32,
    layout: RunLayout,
    tile: Mark<T>,
}

impl<T: Tile, Source: TileSource> Kernel for Gradients<'_, T, Source> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let mut buffer = TileBuffer::new();
        // SAFETY: `S` is available.
        let mut half = [[unsafe { S::zero() }; MAX_INPUT]; MAX_INPUT];
        for (slot, tile) in self.tiles.enumerate() {
            let (picture, y, x) = self.grid.corner(tile);
            // SAFETY: the source answers with a whole tile, zero beyond the picture; `to` holds N of a run.
            unsafe {
                let (y, x) = (y as isize, x as isize);
                let (from, row_stride) =
                    self.source.tile::<S>(self.block, picture, y, x, T::OUTPUT, &mut buffer);
                let to = self.to.add(self.layout.at(slot, self.block));
                for v in 0..S::VECTORS {
                    for column in 0..T::OUTPUT {
                        let mut line = [S::zero(); MAX_INPUT];
                        for (row, value) in line.iter_mut().enumerate().take(T::OUTPUT) {
                            *value = S::load(from.add(row * row_stride + column * LANES + v * S::WIDTH));
                        }
                        T::output_adjoint::<S>(&mut line);
                        for row in 0..T::INPUT {
                            half[row][column] = line[row];
                        }
                    }
                    for (row, line) in half.iter_mut().enumerate().take(T::INPUT) {
                        T::output_adjoint::<S>(line);
                        for (column, &value) in line.iter().enumerate().take(T::INPUT) {
                            let place = row * T::INPUT + column;
                            S::store(to.add(place * self.layout.place + v * S::WIDTH), value);
                        }
                    }
                }
            }
        }
    }
}

/// The sums of one place over a run of tiles.
struct Products {
    inputs: *const f32,
    gradients: *const f32,
    input_blocks: usize,
    output_blocks: usize,
    run: usize,
    /// f32 from one channel block to the next.
    stride: usize,
    to: *mut f32,
}

impl Kernel for Products {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for input in 0..self.input_blocks {
            for output in 0..self.output_blocks {
                // SAFETY: both blocks and their sums are within the buffers.
                unsafe {
                    let to = self.to.add((input * self.output_blocks + output) * LANES * LANES);
                    let (rows, columns) =
                        (self.inputs.add(input * self.stride), self.gradients.add(output * self.stride));
                    add_outer_products::<S>(rows, columns, self.run, to);
                }
            }
        }
    }
}

/// `Gᵀ ∂U G` of sixteen outputs, into row-major kernels.
struct Kernels<T> {
    from: *const f32,
    to: *mut f32,
    block: usize,
    /// Inputs, outputs, and blocks of either.
    shape: (usize, usize, usize, usize),
    place_length: usize,
    tile: Mark<T>,
}

impl<T: Tile> Kernel for Kernels<T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (inputs, outputs, _, output_blocks) = self.shape;
        let first = self.block * LANES;
        for input in 0..inputs {
            let at = ((input / LANES * output_blocks + self.block) * LANES + input % LANES) * LANES;
            let mut kernel = [[0.0f32; LANES]; 9];
            // SAFETY: every place holds the sums of this pair, and the kernels belong to this block.
            unsafe {
                for v in 0..S::VECTORS {
                    let mut half = [[S::zero(); MAX_INPUT]; 3];
                    for column in 0..T::INPUT {
                        let mut line = [S::zero(); MAX_INPUT];
                        for (row, value) in line.iter_mut().enumerate().take(T::INPUT) {
                            let place = (row * T::INPUT + column) * self.place_length;
                            *value = S::load(self.from.add(place + at + v * S::WIDTH));
                        }
                        for (row, value) in T::weight_adjoint::<S>(line).into_iter().enumerate() {
                            half[row][column] = value;
                        }
                    }
                    for (row, line) in half.into_iter().enumerate() {
                        for (column, value) in T::weight_adjoint::<S>(line).into_iter().enumerate() {
                            let to = kernel[row * 3 + column].as_mut_ptr();
                            S::store(to.add(v * S::WIDTH), value);
                        }
                    }
                }
                for output in first..outputs.min(first + LANES) {
                    let to = self.to.add((output * inputs + input) * 9);
                    for (tap, values) in kernel.iter().enumerate() {
                        to.add(tap).write(values[output - first]);
                    }
                }
            }
        }
    }
}
