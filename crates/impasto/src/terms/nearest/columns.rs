//! Hypercolumns of the maps that an engine holds, layer by layer, and gradients by them back to the maps.

use std::sync::Arc;

use impasto_network::{Architecture, Engine, Layer, MapGradient, MapShape, Size};
use rayon::prelude::*;

use crate::bilinear::Bilinear;
use crate::terms::LayerWeight;

/// The grid of a picture's hypercolumns, height and width: a quarter of its sides, rounded down.
pub(super) fn grid(size: Size) -> (usize, usize) {
    ((size.height / 4).max(1), (size.width / 4).max(1))
}

/// How the hypercolumns of pictures of one size are put together. They are planes `[C, P]`: the channels of
/// all layers at the P positions of the grid.
pub(super) struct Columns {
    grid: (usize, usize),
    parts: Vec<Part>,
}

/// What one layer adds to the columns.
pub(super) struct Part {
    layer: Layer,
    /// Its weight divided by its channels.
    factor: f32,
    shape: MapShape,
    /// From the map to the grid.
    resizing: Bilinear,
    /// Its first channel in a column.
    first: usize,
}

impl Columns {
    /// For pictures of `size`, which the engine is prepared for.
    pub fn new<E: Engine>(engine: &E, layers: &[LayerWeight], size: Size) -> Self {
        let grid = grid(size);
        let mut parts = Vec::with_capacity(layers.len());
        let mut first = 0;
        for &LayerWeight { layer, weight } in layers {
            let shape = engine.shape(layer);
            parts.push(Part {
                layer,
                factor: (weight / shape.channels as f64) as f32,
                shape,
                resizing: Bilinear::with_aligned_corners((shape.height, shape.width), grid),
                first,
            });
            first += shape.channels;
        }
        Columns { grid, parts }
    }

    /// Height and width of the grid.
    pub fn grid(&self) -> (usize, usize) {
        self.grid
    }

    /// P.
    pub fn positions(&self) -> usize {
        self.grid.0 * self.grid.1
    }

    /// C.
    pub fn channels(&self) -> usize {
        self.parts.iter().map(|part| part.shape.channels).sum()
    }

    /// The layers, in the order of their channels.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whole columns, `[C, P]`.
    pub fn read<E: Engine>(&self, engine: &E) -> Vec<f32> {
        let mut columns = Vec::with_capacity(self.channels() * self.positions());
        self.parts.iter().for_each(|part| columns.extend(part.read(engine)));
        columns
    }
}

impl Part {
    /// Where the channels of this layer lie in planes `[C, P]`.
    pub fn range(&self) -> std::ops::Range<usize> {
        let positions = self.resizing.len();
        self.first * positions..(self.first + self.shape.channels) * positions
    }

    /// What this layer says in the columns, `[channels, P]`.
    pub fn read<E: Engine>(&self, engine: &E) -> Vec<f32> {
        let map = engine.read_map(&engine.copy_map(self.layer));
        let mut columns = vec![0.0; self.shape.channels * self.resizing.len()];
        columns
            .par_chunks_exact_mut(self.resizing.len())
            .zip(map.par_chunks_exact(self.shape.positions()))
            .for_each(|(column, plane)| {
                self.resizing.apply(plane, column);
                column.iter_mut().for_each(|value| *value *= self.factor);
            });
        columns
    }

    /// The gradient by the map, given that by what [`read`](Part::read) says.
    pub fn gradient<E: Engine>(&self, engine: &E, by_columns: &[f32]) -> (Layer, MapGradient<E::Map>) {
        let mut planes = vec![0.0; self.shape.elements()];
        planes
            .par_chunks_exact_mut(self.shape.positions())
            .zip(by_columns.par_chunks_exact(self.resizing.len()))
            .for_each(|(plane, by_column)| self.resizing.add_adjoint(by_column, plane));
        let gradient = Arc::new(engine.map_from(self.shape, &planes));
        (self.layer, MapGradient::Given { scale: self.factor, gradient })
    }
}

/// C of the hypercolumns at these layers.
pub(super) fn channels(architecture: &Architecture, layers: &[Layer]) -> u64 {
    layers.iter().filter_map(|&layer| architecture.channels(layer)).sum::<usize>() as u64
}
