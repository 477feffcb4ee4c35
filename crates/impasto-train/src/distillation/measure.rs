//! How much of a teacher's features a network holds: the share of their variance that linear maps of its own
//! features explain, on pictures that it did not learn from.
//!
//! The maps are found anew, by least squares with an offset, so that any two networks compare, whatever became of
//! the maps that one was trained with.

use impasto_kernels::{Batch, Isa, LANES, matrix_product};
use impasto_network::{EngineError, Layer, Weights};

use super::feature_source::FeatureSource;
use super::settings::CROPS_AT_A_TIME;
use super::settings::TAPS;
use crate::data::Crops;

/// Crops that the maps are found on, and positions of each at most.
const FITTED: usize = 256;
const SAMPLES: usize = 128;

/// Part of the mean of the diagonal that is added to it, against features that always go together.
const RIDGE: f64 = 1e-5;

/// Those of [`TAPS`] that both networks have.
pub fn common_taps(teacher: &Weights, student: &Weights) -> Vec<Layer> {
    let both = [teacher.architecture(), student.architecture()];
    TAPS.into_iter().filter(|&tap| both.iter().all(|network| network.contains(tap))).collect()
}

/// The share, at most 1, of the variance of the features of `teacher` that those of `student` explain at each of
/// their taps, on the pictures of `crops` that are kept apart. Empty if there are none. `isa` is for the least squares.
///
/// # Errors
/// If an engine fails.
///
/// # Panics
/// If the two tell the features of different layers.
pub fn explained_variance<'a>(
    teacher: &'a mut dyn FeatureSource,
    student: &'a mut dyn FeatureSource,
    crops: &Crops,
    seed: u64,
    isa: Isa,
) -> Result<Vec<(Layer, f64)>, EngineError> {
    let taps = teacher.taps().to_vec();
    assert_eq!(taps, student.taps(), "the same layers of both");
    let held_out = crops.held_out();
    if taps.is_empty() || held_out.is_empty() {
        return Ok(Vec::new());
    }
    let mut networks = [student, teacher];
    let mut fits: Vec<LeastSquares> = Vec::new();
    for_each_batch(&crops.plain(seed, FITTED), crops.side(), &mut networks, |tap, student, teacher| {
        if fits.len() == tap {
            fits.push(LeastSquares::new(student.channels() + 1, teacher.channels()));
        }
        let step = sample_step(student);
        fits[tap].add(isa, &rows(student, step, true), &rows(teacher, step, false));
    })?;
    let maps: Vec<Vec<f32>> = fits.into_iter().map(LeastSquares::solve).collect();
    let mut sums: Vec<Sums> = Vec::new();
    for_each_batch(&held_out, crops.side(), &mut networks, |tap, student, teacher| {
        if sums.len() == tap {
            sums.push(Sums::new(teacher.channels()));
        }
        let (inputs, outputs) = (student.channels() + 1, teacher.channels());
        let (from, to) = (rows(student, 1, true), rows(teacher, 1, false));
        let mapped = matrix_product(isa, to.len() / outputs, inputs, outputs, &from, &maps[tap]);
        sums[tap].add(&mapped, &to);
    })?;
    Ok(taps.into_iter().zip(sums).map(|(tap, sums)| (tap, sums.explained())).collect())
}

/// Shows `visit` the features of two networks at each tap, some crops at a time.
fn for_each_batch(
    pictures: &[f32],
    side: usize,
    [student, teacher]: &mut [&mut dyn FeatureSource; 2],
    mut visit: impl FnMut(usize, &Batch, &Batch),
) -> Result<(), EngineError> {
    let length = 3 * side * side;
    for pictures in pictures.chunks(CROPS_AT_A_TIME * length) {
        let shape = (pictures.len() / length, side, side);
        let of_both = student.features(pictures, shape)?.into_iter().zip(teacher.features(pictures, shape)?);
        for (tap, (of_student, of_teacher)) in of_both.enumerate() {
            visit(tap, &of_student, &of_teacher);
            student.give(of_student);
            teacher.give(of_teacher);
        }
    }
    Ok(())
}

/// Every so many positions of a batch are sampled: a step that meets all columns.
fn sample_step(batch: &Batch) -> usize {
    let positions = batch.height() * batch.width();
    let shares_divisor =
        |step: usize| (2..=step).any(|it| step.is_multiple_of(it) && batch.width().is_multiple_of(it));
    (positions.div_ceil(SAMPLES)..).find(|&step| !shares_divisor(step)).expect("some prime is as large")
}

/// Every `step`th position of a batch as a row `[C]`, or `[C + 1]` with a one at the end if `offset`.
fn rows(batch: &Batch, step: usize, offset: bool) -> Vec<f32> {
    let (positions, channels) = (batch.map().positions(), batch.channels());
    let mut rows = Vec::with_capacity(positions.div_ceil(step) * (channels + 1));
    for position in (0..positions).step_by(step) {
        let blocks = batch.map().blocks().iter().skip(position).step_by(positions);
        rows.extend(blocks.flat_map(|block| block.0).take(channels));
        rows.extend(offset.then_some(1.0));
    }
    debug_assert!(
        channels.div_ceil(LANES) * positions == batch.map().blocks().len(),
        "all blocks of channels"
    );
    rows
}

/// The normal equations of `from · map = to`.
struct LeastSquares {
    inputs: usize,
    outputs: usize,
    /// `fromᵀ·from` `[inputs, inputs]`
    square: Vec<f64>,
    /// `fromᵀ·to` `[inputs, outputs]`
    cross: Vec<f64>,
}

impl LeastSquares {
    fn new(inputs: usize, outputs: usize) -> Self {
        LeastSquares {
            inputs,
            outputs,
            square: vec![0.0; inputs * inputs],
            cross: vec![0.0; inputs * outputs],
        }
    }

    /// Adds rows `from` `[n, inputs]` and `to` `[n, outputs]`.
    fn add(&mut self, isa: Isa, from: &[f32], to: &[f32]) {
        let (inputs, outputs, count) = (self.inputs, self.outputs, from.len() / self.inputs);
        let transposed: Vec<f32> =
            (0..inputs).flat_map(|input| from.iter().skip(input).step_by(inputs).copied()).collect();
        let square = matrix_product(isa, inputs, count, inputs, &transposed, from);
        let cross = matrix_product(isa, inputs, count, outputs, &transposed, to);
        self.square.iter_mut().zip(square).for_each(|(sum, value)| *sum += f64::from(value));
        self.cross.iter_mut().zip(cross).for_each(|(sum, value)| *sum += f64::from(value));
    }

    /// The map `[inputs, outputs]`, by the factors of Cholesky.
    fn solve(mut self) -> Vec<f32> {
        let (n, outputs) = (self.inputs, self.outputs);
        let mean = (0..n).map(|i| self.square[i * n + i]).sum::<f64>() / n as f64;
        for row in 0..n {
            self.square[row * n + row] += RIDGE * mean;
            for column in 0..=row {
                let products = (0..column).map(|k| self.square[row * n + k] * self.square[column * n + k]);
                let value = self.square[row * n + column] - products.sum::<f64>();
                self.square[row * n + column] = match row == column {
                    true => value.max(f64::MIN_POSITIVE).sqrt(),
                    false => value / self.square[column * n + column],
                };
            }
        }
        // Down with the lower factor, and up with its transpose, all outputs at once.
        let factor = &self.square;
        for row in 0..n {
            let (done, rest) = self.cross.split_at_mut(row * outputs);
            let own = &mut rest[..outputs];
            for (k, other) in done.chunks_exact(outputs).enumerate() {
                own.iter_mut().zip(other).for_each(|(own, other)| *own -= factor[row * n + k] * other);
            }
            own.iter_mut().for_each(|own| *own /= factor[row * n + row]);
        }
        for row in (0..n).rev() {
            let (rest, done) = self.cross.split_at_mut((row + 1) * outputs);
            let own = &mut rest[row * outputs..];
            for (k, other) in (row + 1..).zip(done.chunks_exact(outputs)) {
                own.iter_mut().zip(other).for_each(|(own, other)| *own -= factor[k * n + row] * other);
            }
            own.iter_mut().for_each(|own| *own /= factor[row * n + row]);
        }
        self.cross.into_iter().map(|value| value as f32).collect()
    }
}

/// Sums over positions, for the share that is explained.
struct Sums {
    rows: usize,
    /// Per channel.
    values: Vec<f64>,
    squares: f64,
    errors: f64,
}

impl Sums {
    fn new(channels: usize) -> Self {
        Sums { rows: 0, values: vec![0.0; channels], squares: 0.0, errors: 0.0 }
    }

    /// Adds rows `[n, channels]` of what was expected, and of what came.
    fn add(&mut self, mapped: &[f32], expected: &[f32]) {
        let channels = self.values.len();
        for (mapped, expected) in mapped.chunks_exact(channels).zip(expected.chunks_exact(channels)) {
            self.rows += 1;
            for ((sum, &mapped), &expected) in self.values.iter_mut().zip(mapped).zip(expected) {
                *sum += f64::from(expected);
                self.squares += f64::from(expected).powi(2);
                self.errors += f64::from(mapped - expected).powi(2);
            }
        }
    }

    fn explained(&self) -> f64 {
        let means = self.values.iter().map(|sum| sum * sum / self.rows as f64).sum::<f64>();
        1.0 - self.errors / (self.squares - means)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_squares_find_a_linear_map_again() {
        let map = [[1.0f32, -2.0], [0.5, 3.0], [0.25, 0.0]];
        let from: Vec<f32> =
            (0..40).flat_map(|row| [(row as f32 * 0.7).sin(), (row as f32 * 1.3).cos(), 1.0]).collect();
        let to: Vec<f32> = from
            .chunks_exact(3)
            .flat_map(|from| [0, 1].map(|output| (0..3).map(|input| from[input] * map[input][output]).sum()))
            .collect();
        let mut fit = LeastSquares::new(3, 2);
        fit.add(Isa::Portable, &from[..60], &to[..40]);
        fit.add(Isa::Portable, &from[60..], &to[40..]);
        for (found, expected) in fit.solve().iter().zip(map.as_flattened()) {
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }

    #[test]
    fn the_share_is_one_of_what_is_met_and_none_of_the_mean() {
        let expected = [1.0, 5.0, 3.0, 1.0];
        let share = |mapped: &[f32]| {
            let mut sums = Sums::new(2);
            sums.add(mapped, &expected);
            sums.explained()
        };
        assert_eq!(share(&expected), 1.0);
        assert_eq!(share(&[2.0, 3.0, 2.0, 3.0]), 0.0);
    }
}
