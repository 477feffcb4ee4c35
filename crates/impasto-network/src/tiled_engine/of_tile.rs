//! Questions and gradients for one tile of a picture: weights and maps of the tile, which are 0 outside its core.

use std::sync::Arc;

use super::tiling::Tile;
use crate::{Engine, EngineError, Layer, MapGradient, Question, Size, Statistic, Target};

/// The question for a tile: about the positions in its core.
pub(super) fn question_of_tile<E: Engine>(
    engine: &E,
    tile: &Tile<'_>,
    size: Size,
    question: &Question<E::Map>,
) -> Result<Question<E::Map>, EngineError> {
    let layer = question.layer;
    let weights =
        |weights: &Option<Arc<[f32]>>| Some(weights_of_tile(engine, tile, layer, size, weights.as_deref()));
    let statistic = match &question.statistic {
        Statistic::Gram { weights: of_picture } => Statistic::Gram { weights: weights(of_picture) },
        Statistic::Sums { weights: of_picture } => Statistic::Sums { weights: weights(of_picture) },
        Statistic::SquaredNorm { weights: of_picture } => {
            Statistic::SquaredNorm { weights: weights(of_picture) }
        }
        Statistic::SquaredDifference { target, weights: of_picture } => Statistic::SquaredDifference {
            target: Arc::new(core_of_target(engine, tile, layer, size, target)?),
            weights: weights(of_picture),
        },
        Statistic::Map | Statistic::Target => Statistic::Map,
        Statistic::Resampled { .. } | Statistic::ResampledProducts { .. } => {
            unreachable!("prepare has refused resampled maps")
        }
    };
    Ok(statistic.at(layer))
}

fn weights_of_tile<E: Engine>(
    engine: &E,
    tile: &Tile<'_>,
    layer: Layer,
    size: Size,
    weights: Option<&[f32]>,
) -> Arc<[f32]> {
    let architecture = engine.architecture();
    let shape = architecture.map_shape(layer, size).expect("prepare has checked the layers");
    tile.weights(weights, architecture.stride(layer), shape).into()
}

/// The gradient for a tile: that of the positions in its core.
pub(super) fn gradient_of_tile<E: Engine>(
    engine: &E,
    tile: &Tile<'_>,
    size: Size,
    (layer, gradient): &(Layer, MapGradient<E::Map>),
) -> Result<(Layer, MapGradient<E::Map>), EngineError> {
    let weights =
        |weights: &Option<Arc<[f32]>>| Some(weights_of_tile(engine, tile, *layer, size, weights.as_deref()));
    let core = |map: &E::Map| core(engine, tile, *layer, size, map).map(Arc::new);
    let gradient = match gradient {
        MapGradient::Difference { scale, target, weights: of_picture } => {
            let target = Arc::new(core_of_target(engine, tile, *layer, size, target)?);
            MapGradient::Difference { scale: *scale, target, weights: weights(of_picture) }
        }
        MapGradient::Linear { matrix, weights: of_picture } => {
            MapGradient::Linear { matrix: matrix.clone(), weights: weights(of_picture) }
        }
        MapGradient::Column { column, weights: of_picture } => {
            MapGradient::Column { column: column.clone(), weights: weights(of_picture) }
        }
        MapGradient::Given { scale, gradient } => {
            MapGradient::Given { scale: *scale, gradient: core(gradient)? }
        }
        MapGradient::Resampled { .. } | MapGradient::Blended { .. } => return Err(refusal(engine)),
    };
    Ok((*layer, gradient))
}

/// The map of the tile that has the values of `map`, of the whole picture, in its core, and 0 outside.
fn core<E: Engine>(
    engine: &E,
    tile: &Tile<'_>,
    layer: Layer,
    size: Size,
    map: &E::Map,
) -> Result<E::Map, EngineError> {
    let (architecture, stride) = (engine.architecture(), engine.architecture().stride(layer));
    let shape = |size| architecture.map_shape(layer, size).expect("prepare has checked the layers");
    let mut result = engine.empty_map(shape(tile.size()))?;
    let window = tile.core_in_picture(stride, shape(size));
    engine.paste(&mut result, tile.core_in_tile(stride), map, &window);
    Ok(result)
}

/// The same of a target.
fn core_of_target<E: Engine>(
    engine: &E,
    tile: &Tile<'_>,
    layer: Layer,
    size: Size,
    target: &Target<E::Map>,
) -> Result<Target<E::Map>, EngineError> {
    Ok(Target::Full(match target {
        Target::Full(map) => core(engine, tile, layer, size, map)?,
        Target::Half(map) => {
            let (architecture, stride) = (engine.architecture(), engine.architecture().stride(layer));
            let shape =
                architecture.map_shape(layer, tile.size()).expect("a tile is as large as the layers ask");
            let window = tile.core_in_picture(stride, map.shape());
            engine.map_from(shape, &map.read(&window, shape, tile.core_in_tile(stride)))
        }
    }))
}

/// The error of what tiles cannot answer.
pub(super) fn refusal<E: Engine>(engine: &E) -> EngineError {
    let what = "resample maps of a picture in tiles".to_owned();
    EngineError::Unsupported { engine: engine.describe(), what }
}
