//! Questions and gradients for a picture that is evaluated whole: with targets as the engine has its own maps.

use std::sync::Arc;

use crate::{Engine, Layer, MapGradient, Question, Statistic, Target, Window};

/// The same question with its target, if it is in half precision, as the engine has its own maps.
pub(super) fn question_in_full<E: Engine>(engine: &E, question: Question<E::Map>) -> Question<E::Map> {
    let Question { layer, statistic } = question;
    let statistic = match statistic {
        Statistic::SquaredDifference { target, weights } => {
            Statistic::SquaredDifference { target: whole_target(engine, target), weights }
        }
        other => other,
    };
    statistic.at(layer)
}

/// The same of gradients.
pub(super) fn gradients_in_full<E: Engine>(
    engine: &E,
    gradients: &[(Layer, MapGradient<E::Map>)],
) -> Vec<(Layer, MapGradient<E::Map>)> {
    let in_full = |(layer, gradient): &(Layer, MapGradient<E::Map>)| match gradient {
        MapGradient::Difference { scale, target, weights } => {
            let (target, weights) = (whole_target(engine, target.clone()), weights.clone());
            (*layer, MapGradient::Difference { scale: *scale, target, weights })
        }
        other => (*layer, other.clone()),
    };
    gradients.iter().map(in_full).collect()
}

fn whole_target<E: Engine>(engine: &E, target: Arc<Target<E::Map>>) -> Arc<Target<E::Map>> {
    let Target::Half(map) = &*target else { return target };
    let shape = map.shape();
    let window = Window { rows: 0..shape.height, columns: 0..shape.width };
    Arc::new(Target::Full(engine.map_from(shape, &map.read(&window, shape, (0, 0)))))
}
