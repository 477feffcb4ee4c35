//! A convolution by Winograd's F(4×4, 3×3), band after band of tiles: transform, products, transform back.

use bytemuck::{Pod, Zeroable};
use impasto_network::{EngineError, Padding};

use crate::convolution::{PLACES, TransformedWeights};
use crate::device::Device;
use crate::dispatch::Dispatch;
use crate::kernel::Kernel;

/// Tiles that a product takes at a time.
const PRODUCT_TILES: usize = 64;

/// Output positions of a tile's side.
pub(crate) const TILE: usize = 4;

/// Where transformed tiles and their products lie.
#[derive(Debug)]
pub(crate) struct Bands {
    inputs: wgpu::Buffer,
    products: wgpu::Buffer,
    bytes: u64,
    largest_buffer: u64,
}

/// How output tiles cover a map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    /// Tiles in a row.
    pub(crate) columns: usize,
    /// All tiles.
    pub(crate) tiles: usize,
}

impl Grid {
    pub(crate) fn new(height: usize, width: usize) -> Self {
        let columns = width.div_ceil(TILE);
        Grid { columns, tiles: columns * height.div_ceil(TILE) }
    }
}

/// How a gradient by the output of a convolution lies in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u32)]
pub(crate) enum SourceKind {
    /// As it is. Maps, too.
    Plain = 0,
    /// To be masked by the ReLU.
    Masked = 1,
    /// By pooled values.
    Unpooled = 2,
}

/// What a convolution reads, in either direction.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) buffer: wgpu::Buffer,
    pub(crate) mask: wgpu::Buffer,
    pub(crate) kind: SourceKind,
    /// Factor of an unpooled gradient.
    pub(crate) scale: f32,
    /// Of the convolution's output.
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Source {
    /// Tiles in a row of the mask.
    pub(crate) fn mask_columns(&self) -> u32 {
        self.width.div_ceil(TILE) as u32
    }
}

/// How a convolution reads its source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) padding: Padding,
    /// Positions from the corner of the output to position 0 of the source.
    pub(crate) before: usize,
    /// Height and width of the output.
    pub(crate) output: (usize, usize),
}

/// The number by which kernels know a padding.
pub(crate) fn padding_number(padding: Padding) -> u32 {
    match padding {
        Padding::Zero => 0,
        Padding::Replicate => 1,
        Padding::Circular => 2,
    }
}

/// A run of tiles, and the distance from place to place of their products.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Band {
    pub(crate) first: usize,
    pub(crate) tiles: usize,
    pub(crate) place: usize,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct InputParameters {
    height: u32,
    width: u32,
    blocks: u32,
    padding: u32,
    columns: u32,
    first_tile: u32,
    tiles: u32,
    place: u32,
    before: u32,
    kind: u32,
    scale: f32,
    mask_columns: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ProductParameters {
    term_blocks: u32,
    weight_blocks: u32,
    output_blocks: u32,
    input_place: u32,
    weight_place: u32,
    output_place: u32,
}

/// Tiles of a band.
fn band_tiles(
    bytes: u64,
    largest_buffer: u64,
    tiles: usize,
    input_blocks: usize,
    output_blocks: usize,
) -> usize {
    let tile = |blocks: usize| (PLACES * blocks * 16) as u64;
    let within = bytes / tile(input_blocks + output_blocks);
    let fitting = largest_buffer / tile(input_blocks.max(output_blocks));
    let most = within.min(fitting) as usize / PRODUCT_TILES * PRODUCT_TILES;
    most.clamp(PRODUCT_TILES, tiles.next_multiple_of(PRODUCT_TILES))
}

/// Values of the transformed tiles and of the products of a band, for a convolution of so many tiles.
pub(crate) fn band_values(
    bytes: u64,
    largest_buffer: u64,
    tiles: usize,
    input_blocks: usize,
    output_blocks: usize,
) -> [usize; 2] {
    let tiles = band_tiles(bytes, largest_buffer, tiles, input_blocks, output_blocks);
    [input_blocks, output_blocks].map(|blocks| PLACES * tiles * blocks * 4)
}

impl Bands {
    /// Memory for so many values of transformed tiles and of products.
    pub(crate) fn new(device: &Device, [inputs, products]: [usize; 2]) -> Result<Self, EngineError> {
        Ok(Bands {
            inputs: device.buffer(inputs)?,
            products: device.buffer(products)?,
            bytes: device.options().band_bytes,
            largest_buffer: device.largest_buffer(),
        })
    }

    pub(crate) fn products(&self) -> &wgpu::Buffer {
        &self.products
    }

    /// A convolution of `source`. `output` makes of each band of products what it is for.
    pub(crate) fn convolve(
        &self,
        device: &Device,
        source: &Source,
        reading: Reading,
        weights: &TransformedWeights,
        output: impl Fn(Band) -> Dispatch,
    ) -> Vec<Dispatch> {
        let TransformedWeights { buffer, input_blocks, output_blocks } = weights;
        let (input_blocks, output_blocks) = (*input_blocks, *output_blocks);
        let grid = Grid::new(reading.output.0, reading.output.1);
        let most = band_tiles(self.bytes, self.largest_buffer, grid.tiles, input_blocks, output_blocks);
        let mut dispatches = Vec::new();
        for first in (0..grid.tiles).step_by(most) {
            let tiles = most.min(grid.tiles - first);
            let rows = tiles.next_multiple_of(PRODUCT_TILES);
            let (input_place, place) = (rows * input_blocks, rows * output_blocks);
            let parameters = InputParameters {
                height: source.height as u32,
                width: source.width as u32,
                blocks: input_blocks as u32,
                padding: padding_number(reading.padding),
                columns: grid.columns as u32,
                first_tile: first as u32,
                tiles: tiles as u32,
                place: input_place as u32,
                before: reading.before as u32,
                kind: source.kind as u32,
                scale: source.scale,
                mask_columns: source.mask_columns(),
            };
            let buffers = [&source.buffer, &source.mask, &self.inputs];
            let count = tiles * input_blocks;
            dispatches.push(Dispatch::each(
                device,
                Kernel::WinogradInput,
                &buffers,
                &parameters,
                count,
                600.0,
            ));
            let parameters = ProductParameters {
                term_blocks: input_blocks as u32,
                weight_blocks: weights.product_blocks() as u32,
                output_blocks: output_blocks as u32,
                input_place: input_place as u32,
                weight_place: (4 * input_blocks * weights.product_blocks()) as u32,
                output_place: place as u32,
            };
            let columns = weights.product_blocks() / 16;
            let groups = [columns as u32, (rows / PRODUCT_TILES) as u32, PLACES as u32];
            let work = (PLACES * rows * columns * 64 * input_blocks * 4) as f64;
            let buffers = [&self.inputs, buffer, &self.products];
            dispatches.push(Dispatch::groups(
                device,
                Kernel::WinogradProduct,
                &buffers,
                &parameters,
                groups,
                work,
            ));
            dispatches.push(output(Band { first, tiles, place }));
        }
        dispatches
    }
}
