//! Hypercolumns of the maps that an engine holds, layer by layer, and gradients by them back to the maps.

use std::sync::Arc;

use impasto_network::{
    Architecture, Engine, Layer, MapGradient, MapShape, Question, Resampling, Size, Statistic,
};

use crate::terms::{Answers, LayerWeight};

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
    /// For pictures of `size`, which must be large enough for the layers.
    pub fn new(architecture: &Architecture, layers: &[LayerWeight], size: Size) -> Self {
        let grid = grid(size);
        let mut parts = Vec::with_capacity(layers.len());
        let mut first = 0;
        for &LayerWeight { layer, weight } in layers {
            let shape = architecture.map_shape(layer, size);
            let MapShape { channels, height, width } = shape.expect("a picture that the plan has checked");
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

    /// What whole columns are made of.
    pub fn questions<Map>(&self) -> Vec<Question<Map>> {
        let resampled = |part: &Part| Statistic::Resampled { resampling: part.resampling.clone() };
        self.parts.iter().map(|part| resampled(part).at(part.layer)).collect()
    }

    /// Whole columns, `[C, P]`, of the answers to the [questions](Columns::questions).
    pub fn read(&self, answers: &mut Answers<'_>) -> Vec<f32> {
        let mut columns = Vec::with_capacity(self.channels() * self.positions());
        for part in &self.parts {
            columns.extend(answers.values().into_iter().map(|value| part.factor * value));
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

    /// Its part of some columns `[C, P]`, where the engine has its maps.
    pub fn map_of<E: Engine>(&self, engine: &E, columns: &[f32]) -> E::Map {
        engine.map_from(self.shape, &columns[self.range()])
    }

    /// What [`add_products`](Part::add_products) takes the answer to.
    pub fn question<Map>(&self, targets: &Arc<Map>) -> Question<Map> {
        let (resampling, targets) = (self.resampling.clone(), targets.clone());
        Statistic::ResampledProducts { resampling, targets }.at(self.layer)
    }

    /// Adds, position by position, what this layer adds to the inner products of the picture's columns with the
    /// targets and with themselves.
    pub fn add_products(&self, of_layer: &[f32], products: &mut [[f64; 2]]) {
        let factor = f64::from(self.factor);
        for (sums, of_layer) in products.iter_mut().zip(of_layer.chunks_exact(2)) {
            sums[0] += factor * f64::from(of_layer[0]);
            sums[1] += factor * factor * f64::from(of_layer[1]);
        }
    }

    /// The gradient by the layer's map, if that by the column at each position p is `a` times its target and `b`
    /// times itself, with `factors[p] = [a, b]`.
    pub fn gradient<Map>(&self, targets: &Arc<Map>, factors: &[[f32; 2]]) -> (Layer, MapGradient<Map>) {
        let factors = factors.iter().map(|&[a, b]| [a, self.factor * b]).collect();
        let (resampling, targets) = (self.resampling.clone(), targets.clone());
        (self.layer, MapGradient::Blended { scale: self.factor, resampling, targets, factors })
    }
}

/// C of the hypercolumns at these layers.
pub(super) fn channels(architecture: &Architecture, layers: &[Layer]) -> u64 {
    layers.iter().filter_map(|&layer| architecture.channels(layer)).sum::<usize>() as u64
}
