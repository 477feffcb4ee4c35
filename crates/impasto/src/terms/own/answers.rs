//! What a network answers to a loss of another crate.

use std::vec;

use impasto_network::{Answer, Engine, Layer, MapShape, PlanarMap};

use super::super::Answers;

/// The answers to the questions of a loss, to be taken one after another in the order of the questions; and the shapes
/// of the maps that they are of.
pub struct MapAnswers<'a> {
    answers: vec::IntoIter<(Layer, Answer)>,
    maps: &'a dyn Maps,
}

/// An engine that has measured a picture.
trait Maps {
    fn shape_of(&self, layer: Layer) -> MapShape;

    fn planar(&self, layer: Layer) -> PlanarMap;
}

impl<E: Engine> Maps for E {
    fn shape_of(&self, layer: Layer) -> MapShape {
        self.shape(layer)
    }

    fn planar(&self, layer: Layer) -> PlanarMap {
        PlanarMap { shape: self.shape(layer), values: self.read_map(self.map(layer)) }
    }
}

impl<'a> MapAnswers<'a> {
    /// Those of `engine` to questions at these layers, in their order.
    pub(super) fn new<E: Engine>(engine: &'a E, asked: &[Layer], answers: &mut Answers<'_>) -> Self {
        let answers: Vec<_> = asked.iter().map(|&layer| (layer, answers.next())).collect();
        MapAnswers { answers: answers.into_iter(), maps: engine }
    }

    /// The shape of the map at a layer.
    ///
    /// # Panics
    /// If nothing is asked of it.
    pub fn shape(&self, layer: Layer) -> MapShape {
        self.maps.shape_of(layer)
    }

    fn next(&mut self) -> (Layer, Answer) {
        self.answers.next().expect("each answer is taken once")
    }

    /// The next, which is of sums: of [`Gram`](impasto_network::Statistic::Gram), for instance.
    ///
    /// # Panics
    /// If it is not, or all are taken.
    pub fn sums(&mut self) -> Vec<f64> {
        self.next().1.into_sums()
    }

    /// The next, which is one number: of [`SquaredNorm`](impasto_network::Statistic::SquaredNorm), for instance.
    ///
    /// # Panics
    /// If it is not, or all are taken.
    pub fn number(&mut self) -> f64 {
        self.next().1.into_number()
    }

    /// The next, which is of values: of a [resampled map](impasto_network::Statistic::Resampled).
    ///
    /// # Panics
    /// If it is not, or all are taken.
    pub fn values(&mut self) -> Vec<f32> {
        self.next().1.into_values()
    }

    /// The next, which is a [whole map](impasto_network::Statistic::Map).
    ///
    /// # Panics
    /// If it is not, or all are taken.
    pub fn map(&mut self) -> PlanarMap {
        let (layer, answer) = self.next();
        assert_eq!(answer, Answer::Kept, "a map was asked for");
        self.maps.planar(layer)
    }
}
