//! How a picture is cut into tiles.
//!
//! The tiles' cores cover the picture once. Around its core a tile has a halo, at least as wide as the deepest layer
//! sees, so that all of the network that a position in the core depends on lies in the tile. Cores and tiles begin at
//! multiples of the deepest layer's stride, so that a tile is pooled as the picture is. At the borders of the
//! picture a tile ends with it, and is padded as it is; pictures whose borders meet are cut around.

use std::ops::Range;

use crate::{
    Architecture, Engine, EngineError, Layer, MapShape, Memory, NetworkOptions, Padding, Size, Window,
};

/// More tiles along a side than this are not tried.
const MOST_ALONG_A_SIDE: usize = 256;

/// The tiles of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiling {
    size: Size,
    rows: Vec<Span>,
    columns: Vec<Span>,
}

/// One side of a tile, in pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    core: Range<usize>,
    /// Where the halo begins.
    start: usize,
    /// Pixels with halo, from `start` on; beyond the end of a picture whose borders meet it goes on at 0.
    length: usize,
}

/// One tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile<'a> {
    picture: Size,
    row: &'a Span,
    column: &'a Span,
}

impl Tiling {
    /// One tile: the whole picture.
    pub fn whole(size: Size) -> Self {
        let span = |length| vec![Span { core: 0..length, start: 0, length }];
        Tiling { size, rows: span(size.height), columns: span(size.width) }
    }

    /// Finds the tiling with the fewest pixels whose tiles each fit into `budget` bytes, where `engine` is asked about
    /// `layers` and compares the maps at `targets` with others. It has one tile if the whole picture fits. If no tile is
    /// small enough, it is the tiling that needs the least.
    ///
    /// # Errors
    /// If the network lacks a layer, or the picture is too small for one.
    pub fn within<E: Engine>(
        engine: &E,
        size: Size,
        options: NetworkOptions,
        layers: &[Layer],
        targets: &[Layer],
        budget: u64,
    ) -> Result<Self, EngineError> {
        let needed = |tiling: &Tiling| -> Result<u64, EngineError> {
            let Memory { host, device } = tiling.memory_needed(engine, options, layers, targets)?;
            Ok(host.max(device))
        };
        // No budget, however large, is enough for what no memory would do for.
        let budget = budget.min(u64::MAX - 1);
        let whole = Tiling::whole(size);
        let Some(&deepest) = layers.iter().max() else { return Ok(whole) };
        if needed(&whole)? <= budget {
            return Ok(whole);
        }
        let architecture = engine.architecture();
        let stride = architecture.stride(deepest);
        let [before, beyond] = reach(architecture, deepest);
        // The last position of a core stands for the first of the last `stride` pixels.
        let beyond = (beyond + 1).saturating_sub(stride);
        let halo = [before, beyond].map(|reach| reach.next_multiple_of(stride));
        let cut = Cut { stride, halo, options };
        let most = |length: usize| length.div_ceil(stride).min(MOST_ALONG_A_SIDE);
        let mut best: Option<Tiling> = None;
        for across in 1..=most(size.width) {
            let columns = cut.spans(size.width, across);
            let at =
                |down: usize| Tiling { size, rows: cut.spans(size.height, down), columns: columns.clone() };
            // The smallest number of rows of tiles that fits.
            let (mut low, mut high) = (1, most(size.height));
            if needed(&at(high))? > budget {
                continue;
            }
            while low < high {
                let middle = low.midpoint(high);
                if needed(&at(middle))? <= budget {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            let tiling = at(low);
            if best.as_ref().is_none_or(|best| tiling.pixels() < best.pixels()) {
                best = Some(tiling);
            }
        }
        if let Some(best) = best {
            return Ok(best);
        }
        let smallest = Tiling {
            size,
            rows: cut.spans(size.height, most(size.height)),
            columns: cut.spans(size.width, most(size.width)),
        };
        Ok(if needed(&smallest)? < needed(&whole)? { smallest } else { whole })
    }

    /// What `engine` needs to evaluate one of the tiles after another, asked about `layers` and comparing the maps at
    /// some of them with `targets`. Targets of the whole picture are not counted.
    ///
    /// # Errors
    /// If the network lacks a layer, or the picture is too small for one.
    pub fn memory_needed<E: Engine>(
        &self,
        engine: &E,
        options: NetworkOptions,
        layers: &[Layer],
        targets: &[Layer],
    ) -> Result<Memory, EngineError> {
        let largest = self.largest();
        let mut memory = engine.memory_needed(largest, options, layers)?;
        if self.tiles() > 1 {
            // A tile of the picture, and the gradient by it.
            memory.host += 2 * 12 * (largest.height * largest.width) as u64;
            let shape = |layer| engine.architecture().map_shape(layer, largest);
            // Of each target the tile at hand, the one before, and that on its way from half precision.
            let targets = targets.iter().map(|&layer| Ok(3 * 4 * shape(layer)?.elements() as u64));
            // Of each layer the weights of positions in two questions and two gradients.
            let weights = layers.iter().map(|&layer| Ok(4 * 4 * shape(layer)?.positions() as u64));
            memory.host += targets.chain(weights).sum::<Result<u64, EngineError>>()?;
        }
        Ok(memory)
    }

    /// Height and width of the picture.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Number of tiles.
    pub fn tiles(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// Height and width of the largest tile, with its halo.
    pub fn largest(&self) -> Size {
        let longest = |spans: &[Span]| spans.iter().map(|span| span.length).max().unwrap_or(0);
        Size { height: longest(&self.rows), width: longest(&self.columns) }
    }

    /// Pixels of all tiles together, with their halos.
    pub fn pixels(&self) -> u64 {
        let sum = |spans: &[Span]| spans.iter().map(|span| span.length as u64).sum::<u64>();
        sum(&self.rows) * sum(&self.columns)
    }

    pub(super) fn each(&self) -> impl Iterator<Item = Tile<'_>> {
        let picture = self.size;
        let tile = move |row| self.columns.iter().map(move |column| Tile { picture, row, column });
        self.rows.iter().flat_map(tile)
    }
}

/// How far, in pixels, a position of a layer sees before the first and beyond the last pixel that it stands for; and
/// how far its gradient goes.
fn reach(architecture: &Architecture, deepest: Layer) -> [usize; 2] {
    let passed = || architecture.layers().take_while(|&layer| layer <= deepest);
    let convolutions = passed().filter(|layer| layer.is_convolution());
    let convolutions: usize = convolutions.map(|layer| architecture.stride(layer)).sum();
    // A position stands for the first of the pixels that are pooled there.
    let pools =
        passed().filter(|layer| layer.is_pool()).map(|layer| architecture.stride(layer) / 2).sum::<usize>();
    [convolutions, convolutions + pools]
}

struct Cut {
    stride: usize,
    /// Before and after.
    halo: [usize; 2],
    options: NetworkOptions,
}

impl Cut {
    /// A side of `length` pixels in `parts`, or in as many as it has strides.
    fn spans(&self, length: usize, parts: usize) -> Vec<Span> {
        assert!(parts > 0, "at least one tile");
        let Cut { stride, halo, options } = *self;
        let units = length.div_ceil(stride);
        let parts = parts.min(units);
        let [circular, circular_within] =
            [options.first_padding, options.padding].map(|it| it == Padding::Circular);
        // A tile that goes on beyond the border is right only if every convolution does.
        let is_cut = if circular { length.is_multiple_of(stride) } else { true };
        if parts == 1 || circular != circular_within || !is_cut {
            return vec![Span { core: 0..length, start: 0, length }];
        }
        let span = |part: usize| {
            let border = |part: usize| (units * part / parts * stride).min(length);
            let core = border(part)..border(part + 1);
            if circular {
                let with_halo = core.len() + halo[0] + halo[1];
                return match with_halo < length {
                    true => Span { start: (core.start + length - halo[0]) % length, length: with_halo, core },
                    false => Span { core, start: 0, length },
                };
            }
            let start = core.start.saturating_sub(halo[0]);
            let end = if core.end == length { length } else { (core.end + halo[1]).min(length) };
            Span { core, start, length: end - start }
        };
        (0..parts).map(span).collect()
    }
}

impl Span {
    /// The pixels of a side of `length`, in order.
    fn pixels(&self, length: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.length).map(move |at| (self.start + at) % length)
    }

    /// The positions of the core in a map of the whole side of `length` pixels with `positions` positions.
    fn core_in_picture(&self, stride: usize, length: usize, positions: usize) -> Range<usize> {
        let end = if self.core.end == length { positions } else { self.core.end / stride };
        self.core.start / stride..end
    }
}

impl Tile<'_> {
    /// Height and width with halo.
    pub fn size(&self) -> Size {
        Size { height: self.row.length, width: self.column.length }
    }

    /// The tile of a picture, `[3, H, W]`.
    pub fn crop(&self, picture: &[f32]) -> Vec<f32> {
        let Size { height, width } = self.picture;
        let mut values = Vec::with_capacity(3 * self.row.length * self.column.length);
        for plane in picture.chunks_exact(height * width) {
            for row in self.row.pixels(height) {
                values.extend(self.column.pixels(width).map(|column| plane[row * width + column]));
            }
        }
        values
    }

    /// Adds the values of a tile to those of a picture.
    pub fn add(&self, values: &[f32], picture: &mut [f32]) {
        let Size { height, width } = self.picture;
        let mut values = values.iter();
        for plane in picture.chunks_exact_mut(height * width) {
            for row in self.row.pixels(height) {
                for (column, value) in self.column.pixels(width).zip(values.by_ref().take(self.column.length))
                {
                    plane[row * width + column] += value;
                }
            }
        }
    }

    /// The core in a map of the whole picture.
    pub fn core_in_picture(&self, stride: usize, map: MapShape) -> Window {
        Window {
            rows: self.row.core_in_picture(stride, self.picture.height, map.height),
            columns: self.column.core_in_picture(stride, self.picture.width, map.width),
        }
    }

    /// The first row and column of the core in a map of the tile.
    pub fn core_in_tile(&self, stride: usize) -> (usize, usize) {
        let first = |span: &Span, length: usize| (span.core.start + length - span.start) % length / stride;
        (first(self.row, self.picture.height), first(self.column, self.picture.width))
    }

    /// Weights of the positions of a map of the tile: those given in the core, or 1, and 0 outside.
    pub fn weights(&self, weights: Option<&[f32]>, stride: usize, map: MapShape) -> Vec<f32> {
        let (core, (top, left)) = (self.core_in_picture(stride, map), self.core_in_tile(stride));
        let (height, width) = (self.row.length / stride, self.column.length / stride);
        let mut result = vec![0.0; height * width];
        for (row, to_row) in core.rows.zip(top..) {
            for (column, to_column) in core.columns.clone().zip(left..) {
                result[to_row * width + to_column] = weights.map_or(1.0, |it| it[row * map.width + column]);
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(padding: Padding) -> NetworkOptions {
        NetworkOptions { first_padding: padding, padding, ..NetworkOptions::default() }
    }

    #[test]
    fn a_layer_reaches_as_far_as_its_receptive_field() {
        let vgg19 = Architecture::vgg19();
        assert_eq!(reach(&vgg19, Layer::relu(1, 2)), [2, 2]);
        // Two pixels and two steps of two; one more for the second of a pooled pair.
        assert_eq!(reach(&vgg19, Layer::relu(2, 2)), [6, 7]);
        assert_eq!(reach(&vgg19, Layer::relu(5, 1)), [70, 70 + 15]);
    }

    #[test]
    fn cores_cover_every_pixel_once() {
        for padding in [Padding::Zero, Padding::Circular] {
            for (height, width) in [(64, 40), (61, 43), (9, 200)] {
                let size = Size { height, width };
                let cut = Cut { stride: 4, halo: [8, 12], options: options(padding) };
                let tiling = Tiling { size, rows: cut.spans(height, 5), columns: cut.spans(width, 3) };
                let (ones, mut sum) = (vec![1.0; 3 * height * width], vec![0.0; 3 * height * width]);
                for tile in tiling.each() {
                    let shape = MapShape { channels: 1, height, width };
                    let core = tile.weights(None, 1, shape).repeat(3);
                    assert_eq!(tile.crop(&ones).len(), core.len());
                    tile.add(&core, &mut sum);
                }
                assert!(sum == ones, "{padding:?} {width}x{height}");
            }
        }
    }
}
