//! The linear map from the student's features at a tap to the teacher's, and how well it does.
//!
//! With features s `[k, positions]` of the student, t `[c, positions]` of the teacher divided by their standard
//! deviation, and a matrix P `[c, k]`, the loss of a tap is the unexplained variance and a penalty that keeps P near
//! a multiple of an isometry, so that Gram matrices of the student mean what those of the teacher mean:
//!
//! ```text
//! unexplained = Σ |P s − t|² / Σ |t − mean(t)|²          mean over positions, channel by channel
//! skew        = (1/k) Σ (PᵀP / (|P|²/k) − I)²
//! ```

use impasto_kernels::{Batch, BlockedMap, Isa, LANES, matrix_product, squared_norm};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::buffers::Buffers;
use crate::layers::TrainedDense;
use crate::parameter::Parameter;

/// A lift of one tap.
pub struct Lift {
    layer: TrainedDense,
    /// What the teacher's features are divided by.
    scale: f32,
}

/// What a lift makes of a batch in training.
pub struct Lifted {
    /// Unexplained share of the variance of the teacher's features.
    pub unexplained: f64,
    /// The penalty, before its weight.
    pub skew: f64,
    /// Gradient of `unexplained` by the student's features.
    pub gradient: Batch,
}

impl Lift {
    /// A lift from `inputs` to `outputs` channels with random orthonormal columns, of features that are divided by
    /// `scale`.
    pub fn new(random: &mut ChaCha8Rng, inputs: usize, outputs: usize, scale: f32) -> Self {
        let mut layer = TrainedDense::new(random, inputs, outputs);
        let matrix = orthonormal_columns(&layer.matrix(), outputs, inputs);
        layer.set_matrix(&matrix);
        Lift { layer, scale }
    }

    /// The matrix, in panels.
    pub fn parameter(&mut self) -> &mut Parameter {
        &mut self.layer.weight
    }

    /// What the teacher's features are divided by.
    pub fn scale_mut(&mut self) -> &mut f32 {
        &mut self.scale
    }

    /// The loss of a batch, with its gradients by the student's features and, of the loss and `skew_weight` times
    /// the penalty, by the matrix.
    pub fn learn(
        &mut self,
        isa: Isa,
        student: &Batch,
        teacher: &Batch,
        skew_weight: f32,
        buffers: &mut Buffers,
    ) -> Lifted {
        let mut difference = buffers.take_like(teacher, self.layer.outputs());
        self.difference(isa, student, teacher, difference.map_mut());
        let variance = variance_sum(teacher.map()) / f64::from(self.scale).powi(2);
        let unexplained = squared_norm(difference.map(), None) / variance;
        let factor = (2.0 / variance) as f32;
        difference.map_mut().blocks_mut().par_iter_mut().for_each(|block| {
            block.0.iter_mut().for_each(|value| *value *= factor);
        });
        let mut gradient = buffers.take_like(student, student.channels());
        self.layer.input_gradient(isa, difference.map(), gradient.map_mut());
        self.layer.weight_gradient(isa, student.map(), difference.map());
        buffers.give(difference);
        let skew = self.add_skew_gradient(isa, skew_weight);
        Lifted { unexplained, skew, gradient }
    }

    /// `lifted` ← `P s − t`.
    fn difference(&self, isa: Isa, student: &Batch, teacher: &Batch, lifted: &mut BlockedMap) {
        self.layer.forward(isa, student.map(), false, lifted);
        let factor = 1.0 / self.scale;
        let blocks = lifted.blocks_mut().par_iter_mut().zip(teacher.map().blocks().par_iter());
        blocks.for_each(|(lifted, teacher)| {
            lifted.0.iter_mut().zip(&teacher.0).for_each(|(lifted, teacher)| *lifted -= factor * teacher);
        });
    }

    /// Adds `weight` times the gradient of the penalty to that of the matrix; answers the penalty.
    fn add_skew_gradient(&mut self, isa: Isa, weight: f32) -> f64 {
        let (k, rows) = (self.layer.inputs(), self.layer.outputs());
        let matrix = self.layer.matrix();
        // M = PᵀP, A = M/m − I with m = |P|²/k.
        let transposed: Vec<f32> =
            (0..k).flat_map(|i| (0..rows).map(move |o| (i, o))).map(|(i, o)| matrix[o * k + i]).collect();
        let product = matrix_product(isa, k, rows, k, &transposed, &matrix);
        let mean = (0..k).map(|i| f64::from(product[i * k + i])).sum::<f64>() / k as f64;
        let off =
            |index: usize| f64::from(product[index]) / mean - f64::from(u8::from(index / k == index % k));
        let skew = (0..k * k).map(|index| off(index).powi(2)).sum::<f64>() / k as f64;
        // By P through M: 2 P (2/k) A/m; through m: −(2/k) Σ A∘M / m² · 2P/k.
        let through_mean = (0..k * k).map(|index| off(index) * f64::from(product[index])).sum::<f64>();
        let through_mean = -4.0 * through_mean / (mean * mean * (k * k) as f64);
        let by_product: Vec<f32> = (0..k * k)
            .map(|index| {
                let diagonal = if index / k == index % k { through_mean } else { 0.0 };
                (f64::from(weight) * (4.0 / k as f64 * off(index) / mean + diagonal)) as f32
            })
            .collect();
        let gradient = matrix_product(isa, rows, k, k, &matrix, &by_product);
        self.layer.add_to_gradient(&gradient);
        skew
    }
}

/// Sum over positions of the squared distance from the mean of each channel.
fn variance_sum(map: &BlockedMap) -> f64 {
    let positions = map.positions();
    let sums = map.blocks().chunks_exact(positions.max(1)).flat_map(|plane| {
        let mut sums = [0.0f64; LANES];
        for run in plane.chunks(256) {
            let mut part = [0.0f32; LANES];
            for block in run {
                for (part, value) in part.iter_mut().zip(&block.0) {
                    *part += value;
                }
            }
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += f64::from(part);
            }
        }
        sums
    });
    squared_norm(map, None) - sums.map(|sum| sum * sum / positions as f64).sum::<f64>()
}

/// The columns of a matrix `[rows, columns]` made orthonormal one after another (Gram and Schmidt), or its rows where
/// it has more columns than rows.
fn orthonormal_columns(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let wide = columns > rows;
    let (count, length) = if wide { (rows, columns) } else { (columns, rows) };
    let at = |vector: usize, element: usize| {
        if wide { vector * columns + element } else { element * columns + vector }
    };
    let mut vectors: Vec<Vec<f64>> = Vec::new();
    for vector in 0..count {
        let mut own: Vec<f64> = (0..length).map(|element| f64::from(matrix[at(vector, element)])).collect();
        for other in &vectors {
            let product: f64 = own.iter().zip(other).map(|(a, b)| a * b).sum();
            own.iter_mut().zip(other).for_each(|(a, b)| *a -= product * b);
        }
        let norm = own.iter().map(|value| value * value).sum::<f64>().sqrt();
        own.iter_mut().for_each(|value| *value /= norm);
        vectors.push(own);
    }
    let mut result = vec![0.0; matrix.len()];
    for (vector, values) in vectors.iter().enumerate() {
        for (element, &value) in values.iter().enumerate() {
            result[at(vector, element)] = value as f32;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn maps(channels: usize, seed: f32) -> Batch {
        let planes: Vec<f32> = (0..2 * channels * 12).map(|index| (index as f32 * seed).sin()).collect();
        Batch::from_planes(2, channels, 3, 4, &planes)
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        const SKEW: f32 = 0.3;
        let (teacher, isa) = (maps(21, 0.7), Isa::detect());
        let mut lift = Lift::new(&mut ChaCha8Rng::seed_from_u64(1), 5, 21, 0.8);
        // Away from the isometry, where the penalty has no gradient.
        lift.layer
            .weight
            .value
            .iter_mut()
            .enumerate()
            .for_each(|(at, value)| *value *= 1.0 + (at as f32).sin());
        let loss = |lift: &mut Lift, student: &Batch| {
            let lifted = lift.learn(isa, student, &teacher, SKEW, &mut Buffers::default());
            (lifted.unexplained, lifted.unexplained + f64::from(SKEW) * lifted.skew, lifted.gradient)
        };
        let student = maps(5, 0.31);
        let (_, _, by_student) = loss(&mut lift, &student);
        let by_matrix = lift.layer.weight.gradient.clone();
        let step = 1e-3;
        let moved = |by: f32| {
            let planes = student
                .to_planes()
                .iter()
                .enumerate()
                .map(|(at, it)| it + by * (at as f32).cos())
                .collect::<Vec<_>>();
            Batch::from_planes(2, 5, 3, 4, &planes)
        };
        let expected: f32 =
            by_student.to_planes().iter().enumerate().map(|(at, it)| it * (at as f32).cos()).sum();
        let found =
            (loss(&mut lift, &moved(step)).0 - loss(&mut lift, &moved(-step)).0) / f64::from(2.0 * step);
        assert!((found as f32 - expected).abs() < 2e-3 * expected.abs(), "by features: {found} {expected}");

        let values = lift.layer.weight.value.clone();
        let mut along = |by: f32| {
            let moved = values
                .iter()
                .enumerate()
                .map(|(at, it)| if *it == 0.0 { 0.0 } else { it + by * (at as f32).cos() });
            lift.layer.weight.value = moved.collect();
            loss(&mut lift, &student).1
        };
        let found = (along(step) - along(-step)) / f64::from(2.0 * step);
        let expected: f32 = by_matrix
            .iter()
            .zip(&values)
            .enumerate()
            .filter(|(_, (_, it))| **it != 0.0)
            .map(|(at, (by, _))| by * (at as f32).cos())
            .sum();
        assert!((found as f32 - expected).abs() < 2e-3 * expected.abs(), "by matrix: {found} {expected}");
    }

    #[test]
    fn lifts_begin_as_isometries() {
        for (inputs, outputs) in [(5, 21), (21, 5)] {
            let lift = Lift::new(&mut ChaCha8Rng::seed_from_u64(2), inputs, outputs, 1.0);
            let matrix = lift.layer.matrix();
            let (count, length) = (inputs.min(outputs), inputs.max(outputs));
            let at = |vector: usize, element: usize| {
                if inputs > outputs {
                    matrix[vector * inputs + element]
                } else {
                    matrix[element * inputs + vector]
                }
            };
            for (a, b) in (0..count).flat_map(|a| (0..count).map(move |b| (a, b))) {
                let product: f32 = (0..length).map(|element| at(a, element) * at(b, element)).sum();
                assert!((product - f32::from(u8::from(a == b))).abs() < 1e-5, "{a} {b}: {product}");
            }
        }
    }
}
