//! What passes over all tiles: forward, and forward again and back.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::fitting::read_at;
use super::of_tile::{gradient_of_tile, question_of_tile};
use super::tiling::Tile;
use super::{Job, TiledEngine, Use};
use crate::{Answer, Engine, EngineError, HalfMap, Layer, MapGradient, Question, Statistic, Target, Window};

impl<E: Engine> TiledEngine<'_, E> {
    /// Calls `visit` with the inner engine, which has measured the tile, the tile, its picture and the answers, for
    /// each tile.
    fn for_each_tile(
        &mut self,
        picture: &[f32],
        asks: impl Fn(&mut E, &Tile<'_>, &Job<E::Map>) -> Result<Vec<Question<E::Map>>, EngineError>,
        mut visit: impl FnMut(&mut E, &Tile<'_>, &[f32], Vec<Answer>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let job = self.job.as_ref().expect("prepare comes before anything else");
        for tile in job.tiling.each() {
            let questions = asks(self.inner, &tile, job)?;
            self.inner.prepare(tile.size(), job.options, questions)?;
            let of_tile = tile.crop(picture);
            let answers = self.inner.measure(&of_tile)?;
            visit(self.inner, &tile, &of_tile, answers)?;
        }
        Ok(())
    }

    /// The answers for `picture`, whose maps are kept as far as they are asked for.
    pub(super) fn measure_tiles(&mut self, picture: &[f32]) -> Result<Vec<Answer>, EngineError> {
        let job = self.job();
        let size = job.size;
        let (half_targets, whole_maps) = (self.half_targets, job.whole_maps().collect::<BTreeSet<_>>());
        let mut kept: BTreeMap<(Layer, Use), Target<E::Map>> = BTreeMap::new();
        let mut sums: Vec<Answer> = Vec::new();
        self.for_each_tile(
            picture,
            |inner, tile, job| {
                job.questions.iter().map(|it| question_of_tile(inner, tile, size, it)).collect()
            },
            |inner, tile, _, answers| {
                for &(layer, purpose) in &whole_maps {
                    let (stride, shape) = (
                        inner.architecture().stride(layer),
                        inner.architecture().map_shape(layer, size).expect("prepare has checked the layers"),
                    );
                    let map = match kept.entry((layer, purpose)) {
                        Entry::Occupied(map) => map.into_mut(),
                        Entry::Vacant(place) => place.insert(match purpose {
                            Use::Target if half_targets => Target::Half(HalfMap::zeros(shape)),
                            _ => Target::Full(inner.empty_map(shape)?),
                        }),
                    };
                    let of_tile = inner.map(layer);
                    let (core, (top, left)) =
                        (tile.core_in_picture(stride, shape), tile.core_in_tile(stride));
                    match map {
                        Target::Full(map) => {
                            let (rows, columns) =
                                (top..top + core.rows.len(), left..left + core.columns.len());
                            let at = (core.rows.start, core.columns.start);
                            inner.paste(map, at, of_tile, &Window { rows, columns });
                        }
                        Target::Half(map) => {
                            map.take_in(&core, &inner.read_map(of_tile), inner.shape(layer), (top, left));
                        }
                    }
                }
                if sums.is_empty() {
                    sums = answers;
                    return Ok(());
                }
                for (sum, answer) in sums.iter_mut().zip(answers) {
                    if let (Answer::Sums(sum), Answer::Sums(answer)) = (sum, answer) {
                        sum.iter_mut().zip(answer).for_each(|(sum, value)| *sum += value);
                    }
                }
                Ok(())
            },
        )?;
        self.kept = kept;
        self.ran = true;
        Ok(sums)
    }

    /// For each gradient the sum of the absolute values of its elements.
    pub(super) fn norms_of_tiles(
        &mut self,
        picture: &[f32],
        gradients: &[(Layer, MapGradient<E::Map>)],
    ) -> Result<Vec<f64>, EngineError> {
        let (size, mut sums) = (self.job().size, vec![0.0; gradients.len()]);
        self.for_each_tile(
            picture,
            |_, _, job| Ok(layers_of(job)),
            |inner, tile, of_picture, _| {
                let of_tile = gradients.iter().map(|it| gradient_of_tile(inner, tile, size, it));
                let of_tile = of_tile.collect::<Result<Vec<_>, _>>()?;
                let norms = inner.gradient_norms(of_picture, &of_tile)?;
                sums.iter_mut().zip(norms).for_each(|(sum, norm)| *sum += norm);
                Ok(())
            },
        )?;
        Ok(sums)
    }

    /// Sends the sum of `gradients` back through the network.
    pub(super) fn tiles_backward(
        &mut self,
        picture: &[f32],
        gradients: &[(Layer, MapGradient<E::Map>)],
        picture_gradient: &mut [f32],
    ) -> Result<(), EngineError> {
        let size = self.job().size;
        picture_gradient.fill(0.0);
        self.for_each_tile(
            picture,
            |_, _, job| Ok(layers_of(job)),
            |inner, tile, of_picture, _| {
                let of_tile = gradients.iter().map(|it| gradient_of_tile(inner, tile, size, it));
                let of_tile = of_tile.collect::<Result<Vec<_>, _>>()?;
                let mut gradient = vec![0.0; 3 * tile.size().height * tile.size().width];
                inner.backward(of_picture, &of_tile, &mut gradient)?;
                tile.add(&gradient, picture_gradient);
                Ok(())
            },
        )
    }
}

/// One question for each layer, to which the answer is nothing.
fn layers_of<Map>(job: &Job<Map>) -> Vec<Question<Map>> {
    read_at(&job.questions).0.into_iter().map(|layer| Statistic::Map.at(layer)).collect()
}
