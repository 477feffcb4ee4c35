//! Hypercolumns of the maps that an engine holds, layer by layer, and gradients by them back to the maps.

use std::sync::Arc;

use impasto_network::{Architecture, Engine, Layer, MapGradient, MapShape, Resampling, Size};

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
    /// Its channels on the grid.
    shape: MapShape,
    /// From the map to the grid.
    resampling: Arc<Resampling>,
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
            let MapShape { channels, height, width } = engine.shape(layer);
            parts.push(Part {
                layer,
                factor: (weight / channels as f64) as f32,
                shape: MapShape { channels, height: grid.0, width: grid.1 },
                resampling: Arc::new(Resampling::aligned((height, width), grid)),
                first,
            });
            first += channels;
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
        for part in &self.parts {
            columns.extend(part.read(engine).into_iter().map(|value| part.factor * value));
        }
        columns
    }
}

impl Part {
    /// Where the channels of this layer lie in planes `[C, P]`.
    fn range(&self) -> std::ops::Range<usize> {
        let positions = self.shape.positions();
        self.first * positions..(self.first + self.shape.channels) * positions
    }

    /// What a value of the layer is multiplied by.
    pub fn factor(&self) -> f32 {
        self.factor
    }

    /// The layer on the grid, `[channels, P]`: what it says in the columns, but for its factor.
    pub fn read<E: Engine>(&self, engine: &E) -> Vec<f32> {
        engine.read_map(&engine.resampled_map(self.layer, &self.resampling))
    }

    /// Its part of some columns `[C, P]`, where the engine has its maps.
    pub fn map_of<E: Engine>(&self, engine: &E, columns: &[f32]) -> E::Map {
        engine.map_from(self.shape, &columns[self.range()])
    }

    /// Adds, position by position, what this layer adds to the inner products of the picture's columns with the
    /// targets and with themselves.
    pub fn add_products<E: Engine>(&self, engine: &E, targets: &E::Map, products: &mut [[f64; 2]]) {
        let factor = f64::from(self.factor);
        let of_layer = engine.resampled_products(self.layer, &self.resampling, targets);
        for (sums, [with_target, with_itself]) in products.iter_mut().zip(of_layer) {
            sums[0] += factor * f64::from(with_target);
            sums[1] += factor * factor * f64::from(with_itself);
        }
    }

    /// The gradient by the layer's map, if that by the column at each position p is `a` times its target and `b`
    /// times itself, with `factors[p] = [a, b]`.
    pub fn gradient<E: Engine>(
        &self,
        engine: &E,
        targets: &E::Map,
        factors: &[[f32; 2]],
    ) -> (Layer, MapGradient<E::Map>) {
        let factors: Vec<[f32; 2]> = factors.iter().map(|&[a, b]| [a, self.factor * b]).collect();
        let gradient = engine.resampled_blend(self.layer, &self.resampling, targets, &factors);
        let (gradient, resampling) = (Arc::new(gradient), self.resampling.clone());
        (self.layer, MapGradient::Resampled { scale: self.factor, gradient, resampling })
    }
}

/// C of the hypercolumns at these layers.
pub(super) fn channels(architecture: &Architecture, layers: &[Layer]) -> u64 {
    layers.iter().filter_map(|&layer| architecture.channels(layer)).sum::<usize>() as u64
}
