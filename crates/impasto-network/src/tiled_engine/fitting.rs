//! Which tiles: those that fit, as far as that is known, and smaller ones where a device has less memory left.

use super::in_full::question_in_full;
use super::of_tile::refusal;
use super::{Job, TiledEngine, Tiling};
use crate::{Engine, EngineError, Layer, NetworkOptions, Question, Size, Statistic};

impl<E: Engine> TiledEngine<'_, E> {
    /// The tiling for these questions.
    pub(super) fn tiling(
        &self,
        size: Size,
        options: NetworkOptions,
        questions: &[Question<E::Map>],
    ) -> Result<Tiling, EngineError> {
        let (layers, targets) = read_at(questions);
        let budget = self.budget.min(self.device_budget);
        Tiling::within(self.inner, size, options, &layers, &targets, budget)
    }

    /// The next smaller tiling after the device had no memory for `tiling`, whose `error` that is.
    ///
    /// # Errors
    /// The same error if it is another, or there is no smaller tiling.
    pub(super) fn smaller(
        &mut self,
        tiling: &Tiling,
        options: NetworkOptions,
        questions: &[Question<E::Map>],
        error: EngineError,
    ) -> Result<Tiling, EngineError> {
        if !matches!(error, EngineError::OutOfMemory { on_device: true, .. })
            || questions.iter().any(is_resampled)
        {
            return Err(error);
        }
        let (layers, targets) = read_at(questions);
        let refused = tiling.memory_needed(self.inner, options, &layers, &targets)?.device;
        // What the smallest tiles need is there whatever their size: weights and work space.
        let smallest = Tiling::within(self.inner, tiling.size(), options, &layers, &targets, 0)?;
        let fixed = smallest.memory_needed(self.inner, options, &layers, &targets)?.device.min(refused);
        self.device_budget = fixed + (refused - fixed) / 4 * 3;
        let smaller = self.tiling(tiling.size(), options, questions)?;
        let (Size { height, width }, before) = (smaller.largest(), tiling.largest());
        match height * width < before.height * before.width {
            true => Ok(smaller),
            false => Err(error),
        }
    }

    /// Begins to work with a tiling.
    pub(super) fn begin(
        &mut self,
        size: Size,
        options: NetworkOptions,
        questions: Vec<Question<E::Map>>,
        tiling: Tiling,
    ) -> Result<(), EngineError> {
        if tiling.tiles() == 1 {
            let questions = questions.into_iter().map(|it| question_in_full(self.inner, it)).collect();
            self.inner.prepare(size, options, questions)?;
            self.job = Some(Job { size, options, questions: Vec::new(), tiling });
            return Ok(());
        }
        if questions.iter().any(is_resampled) {
            return Err(refusal(self.inner));
        }
        self.job = Some(Job { size, options, questions, tiling });
        Ok(())
    }

    /// Does what passes over all tiles; with smaller tiles, from the beginning, where the device has no memory for these.
    pub(super) fn in_tiles_that_fit<T>(
        &mut self,
        mut pass: impl FnMut(&mut Self) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        loop {
            match pass(self) {
                Ok(done) => return Ok(done),
                Err(error) => {
                    let Job { tiling, options, questions, .. } = self.job();
                    let (tiling, options, questions) = (tiling.clone(), *options, questions.clone());
                    let smaller = self.smaller(&tiling, options, &questions, error)?;
                    self.job = self.job.take().map(|job| Job { tiling: smaller, ..job });
                }
            }
        }
    }
}

/// The layers that questions are about, and those of which maps are compared with targets.
pub(super) fn read_at<Map>(questions: &[Question<Map>]) -> (Vec<Layer>, Vec<Layer>) {
    let mut layers: Vec<Layer> = questions.iter().map(|question| question.layer).collect();
    layers.sort_unstable();
    layers.dedup();
    let compared = questions.iter().filter(|it| matches!(it.statistic, Statistic::SquaredDifference { .. }));
    (layers, compared.map(|question| question.layer).collect())
}

/// Whether it is about a resampled map.
fn is_resampled<Map>(question: &Question<Map>) -> bool {
    matches!(question.statistic, Statistic::Resampled { .. } | Statistic::ResampledProducts { .. })
}
