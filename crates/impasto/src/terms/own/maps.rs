//! Questions and gradients with planar maps as an engine has them, with its own maps.

use std::sync::Arc;

use impasto_network::{
    Engine, Layer, MapGradient, MapShape, PlanarMap, Question, Resampling, Size, Statistic, Target,
};

/// The maps of a loss that the engine has copies of.
pub(super) struct Copies<Map> {
    maps: Vec<(Arc<PlanarMap>, Arc<Map>)>,
    targets: Vec<CopiedTarget<Map>>,
}

/// A target and the engine's copy of it.
type CopiedTarget<Map> = (Arc<Target<PlanarMap>>, Arc<Target<Map>>);

impl<Map> Default for Copies<Map> {
    fn default() -> Self {
        Copies { maps: Vec::new(), targets: Vec::new() }
    }
}

/// Copies maps of a picture of one size.
pub(super) struct Copying<'c, E: Engine> {
    engine: &'c E,
    size: Size,
    /// Of the term, for messages.
    name: &'static str,
    known: &'c Copies<E::Map>,
}

impl<'c, E: Engine> Copying<'c, E> {
    /// What is among `known` already is not copied again.
    pub fn new(engine: &'c E, size: Size, name: &'static str, known: &'c Copies<E::Map>) -> Self {
        Copying { engine, size, name, known }
    }

    fn shape(&self, layer: Layer) -> MapShape {
        let shape = self.engine.architecture().map_shape(layer, self.size);
        shape.expect("a picture that the plan has checked")
    }

    fn copy(&self, layer: Layer, map: &Arc<PlanarMap>, shape: MapShape) -> Arc<E::Map> {
        match self.known.maps.iter().find(|(known, _)| Arc::ptr_eq(known, map)) {
            Some((_, copy)) => copy.clone(),
            None => Arc::new(self.convert(layer, map, shape)),
        }
    }

    fn target(&self, layer: Layer, target: &Arc<Target<PlanarMap>>) -> Arc<Target<E::Map>> {
        match self.known.targets.iter().find(|(known, _)| Arc::ptr_eq(known, target)) {
            Some((_, copy)) => copy.clone(),
            None => Arc::new(Target::Full(self.convert(layer, target.full(), self.shape(layer)))),
        }
    }

    fn convert(&self, layer: Layer, PlanarMap { shape: own, values }: &PlanarMap, shape: MapShape) -> E::Map {
        assert_eq!(*own, shape, "shape of a map that the term {} gives at {layer}", self.name);
        self.engine.map_from(shape, values)
    }

    fn resampled(&self, layer: Layer, map: &Arc<PlanarMap>, resampling: &Resampling) -> Arc<E::Map> {
        let (height, width) = resampling.to();
        self.copy(layer, map, MapShape { height, width, ..self.shape(layer) })
    }

    /// The questions, and the maps that are part of them.
    pub fn questions(&self, all: Vec<Question<PlanarMap>>) -> (Vec<Question<E::Map>>, Copies<E::Map>) {
        let mut copies = Copies::default();
        let own = |Question { layer, statistic }: Question<PlanarMap>| {
            let statistic = match statistic {
                Statistic::Gram { weights } => Statistic::Gram { weights },
                Statistic::Sums { weights } => Statistic::Sums { weights },
                Statistic::SquaredNorm { weights } => Statistic::SquaredNorm { weights },
                Statistic::SquaredDifference { target, weights } => {
                    let copy = self.target(layer, &target);
                    copies.targets.push((target, copy.clone()));
                    Statistic::SquaredDifference { target: copy, weights }
                }
                Statistic::Resampled { resampling } => Statistic::Resampled { resampling },
                Statistic::ResampledProducts { resampling, targets } => {
                    let copy = self.resampled(layer, &targets, &resampling);
                    copies.maps.push((targets, copy.clone()));
                    Statistic::ResampledProducts { resampling, targets: copy }
                }
                Statistic::Map | Statistic::Target => Statistic::Map,
            };
            statistic.at(layer)
        };
        (all.into_iter().map(own).collect(), copies)
    }

    /// The gradient by the map at `layer`.
    pub fn gradient(&self, layer: Layer, gradient: MapGradient<PlanarMap>) -> MapGradient<E::Map> {
        let copy = |map: &Arc<PlanarMap>| self.copy(layer, map, self.shape(layer));
        match gradient {
            MapGradient::Difference { scale, target, weights } => {
                MapGradient::Difference { scale, target: self.target(layer, &target), weights }
            }
            MapGradient::Linear { matrix, weights } => MapGradient::Linear { matrix, weights },
            MapGradient::Column { column, weights } => MapGradient::Column { column, weights },
            MapGradient::Given { scale, gradient } => MapGradient::Given { scale, gradient: copy(&gradient) },
            MapGradient::Resampled { scale, gradient, resampling } => {
                let gradient = self.resampled(layer, &gradient, &resampling);
                MapGradient::Resampled { scale, gradient, resampling }
            }
            MapGradient::Blended { scale, resampling, targets, factors } => {
                let targets = self.resampled(layer, &targets, &resampling);
                MapGradient::Blended { scale, resampling, targets, factors }
            }
        }
    }
}
