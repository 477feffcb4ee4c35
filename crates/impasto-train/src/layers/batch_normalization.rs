//! Batch normalisation with the ReLU after it (Ioffe and Szegedy 2015, algorithm 1).
//!
//! ```text
//! y = max(0, γ·(x − μ)/√(σ² + ε) + β)        per channel, μ and σ² over the pictures and positions of a batch
//! ```
//!
//! Running means of μ and of the unbiased σ² stand for them after training, when the whole is one factor and one
//! offset per channel and is [folded](BatchNormalization::fold) into the convolution before it.

use impasto_kernels::{Batch, LANES};
use rayon::prelude::*;

use crate::parameter::Parameter;

/// Added to the variance.
const EPSILON: f64 = 1e-5;

/// Part of the newest batch in the running means.
const MOMENTUM: f64 = 0.1;

/// Positions that are summed in f32 before the sums go to f64.
const RUN: usize = 256;

/// Batch normalisation with its ReLU.
#[derive(Clone, Debug)]
pub struct BatchNormalization {
    /// Factors γ `[C]`.
    pub gamma: Parameter,
    /// Offsets β `[C]`.
    pub beta: Parameter,
    /// Running means `[C]`.
    pub running_mean: Vec<f32>,
    /// Running variances `[C]`.
    pub running_variance: Vec<f32>,
}

/// What a batch was normalised with, for the way back.
#[derive(Clone, Debug)]
pub struct BatchStatistics {
    mean: Vec<f64>,
    /// `1/√(σ² + ε)`
    factor: Vec<f64>,
}

impl BatchNormalization {
    /// A normalisation to mean 0 and deviation 1.
    pub fn new(channels: usize) -> Self {
        BatchNormalization {
            gamma: Parameter::new(vec![1.0; channels]),
            beta: Parameter::zeros(channels),
            running_mean: vec![0.0; channels],
            running_variance: vec![1.0; channels],
        }
    }

    /// Channels C.
    pub fn channels(&self) -> usize {
        self.gamma.value.len()
    }

    /// `to` ← `input` normalised over this batch, after the ReLU. Updates the running means.
    ///
    /// # Panics
    /// If shapes do not fit, or the batch has fewer than two values a channel.
    pub fn forward(&mut self, input: &Batch, to: &mut Batch) -> BatchStatistics {
        let (channels, positions) = (self.channels(), input.map().positions());
        assert_eq!((input.channels(), to.channels(), to.map().positions()), (channels, channels, positions));
        assert!(positions > 1, "a variance needs two values");
        let planes = input.map().blocks().par_chunks_exact(positions);
        let sums: Vec<[[f64; LANES]; 2]> = planes
            .map(|plane| {
                // Sums of the distances from the first value lose less to rounding than those of the values.
                let origin = plane[0].0;
                let mut sums = [[0.0f64; LANES]; 2];
                for run in plane.chunks(RUN) {
                    let mut part = [[0.0f32; LANES]; 2];
                    for block in run {
                        for lane in 0..LANES {
                            let value = block.0[lane] - origin[lane];
                            part[0][lane] += value;
                            part[1][lane] += value * value;
                        }
                    }
                    for (sums, part) in sums.iter_mut().zip(part) {
                        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += f64::from(part));
                    }
                }
                let count = positions as f64;
                let mean = std::array::from_fn(|lane| sums[0][lane] / count + f64::from(origin[lane]));
                let variance = std::array::from_fn(|lane| {
                    (sums[1][lane] - sums[0][lane].powi(2) / count).max(0.0) / count
                });
                [mean, variance]
            })
            .collect();
        let of = |which: usize, channel: usize| sums[channel / LANES][which][channel % LANES];
        let mean: Vec<f64> = (0..channels).map(|channel| of(0, channel)).collect();
        let factor = (0..channels).map(|channel| 1.0 / (of(1, channel) + EPSILON).sqrt()).collect();
        let unbiased = positions as f64 / (positions - 1) as f64;
        let running =
            |old: &mut f32, new: f64| *old = (f64::from(*old) + MOMENTUM * (new - f64::from(*old))) as f32;
        self.running_mean.iter_mut().zip(&mean).for_each(|(old, &new)| running(old, new));
        let variances = self.running_variance.iter_mut().enumerate();
        variances.for_each(|(channel, old)| running(old, of(1, channel) * unbiased));
        let statistics = BatchStatistics { mean, factor };
        let line = self.line(&statistics.mean, &statistics.factor);
        apply(input, &line, to);
        statistics
    }

    /// `to` ← `input` normalised with the running means, after the ReLU.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn infer(&self, input: &Batch, to: &mut Batch) {
        let line = self.running_line();
        apply(input, &line, to);
    }

    /// Sets the gradients by γ and β, and turns `gradient`, that by the output, into that by the input.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn backward(
        &mut self,
        input: &Batch,
        output: &Batch,
        statistics: &BatchStatistics,
        gradient: &mut Batch,
    ) {
        let positions = input.map().positions();
        assert_eq!((input.channels(), output.channels()), (self.channels(), self.channels()), "channels");
        assert_eq!(
            (output.map().positions(), gradient.map().positions()),
            (positions, positions),
            "positions"
        );
        let BatchStatistics { mean, factor } = statistics;
        let lanes = |values: &[f64], block: usize| -> [f32; LANES] {
            std::array::from_fn(|lane| values.get(block * LANES + lane).map_or(0.0, |&value| value as f32))
        };
        let gamma: Vec<f64> = self.gamma.value.iter().map(|&gamma| f64::from(gamma)).collect();
        let planes = gradient.map_mut().blocks_mut().par_chunks_exact_mut(positions).enumerate();
        let sums: Vec<[[f64; LANES]; 2]> = planes
            .map(|(block, gradients)| {
                let inputs = &input.map().blocks()[block * positions..][..positions];
                let outputs = &output.map().blocks()[block * positions..][..positions];
                let (mean, factor) = (lanes(mean, block), lanes(factor, block));
                // Σ g and Σ g·x̂, with g cut where the ReLU cut.
                let mut sums = [[0.0f64; LANES]; 2];
                for start in (0..positions).step_by(RUN) {
                    let run = start..positions.min(start + RUN);
                    let mut part = [[0.0f32; LANES]; 2];
                    let gradients = &mut gradients[run.clone()];
                    for ((gradient, input), output) in
                        gradients.iter_mut().zip(&inputs[run.clone()]).zip(&outputs[run])
                    {
                        for lane in 0..LANES {
                            let passes = f32::from(u8::from(output.0[lane] > 0.0));
                            let value = gradient.0[lane] * passes;
                            gradient.0[lane] = value;
                            part[0][lane] += value;
                            part[1][lane] += value * (input.0[lane] - mean[lane]) * factor[lane];
                        }
                    }
                    for (sums, part) in sums.iter_mut().zip(part) {
                        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += f64::from(part));
                    }
                }
                // By x: γ·(g − mean(g) − x̂·mean(g·x̂))/√(σ² + ε).
                let scale = lanes(&gamma, block);
                let count = positions as f64;
                let (shift, slope) =
                    (sums[0].map(|sum| (sum / count) as f32), sums[1].map(|sum| (sum / count) as f32));
                for (gradient, input) in gradients.iter_mut().zip(inputs) {
                    for lane in 0..LANES {
                        let normal = (input.0[lane] - mean[lane]) * factor[lane];
                        let value = gradient.0[lane] - shift[lane] - normal * slope[lane];
                        gradient.0[lane] = scale[lane] * factor[lane] * value;
                    }
                }
                sums
            })
            .collect();
        for channel in 0..self.channels() {
            let [by_beta, by_gamma] = &sums[channel / LANES];
            self.beta.gradient[channel] = by_beta[channel % LANES] as f32;
            self.gamma.gradient[channel] = by_gamma[channel % LANES] as f32;
        }
    }

    /// Weights `[C, inputs, 3, 3]` and biases `[C]` of one convolution that does what one without biases, of these
    /// weights, does with this normalisation after it.
    ///
    /// # Panics
    /// If the length does not fit.
    pub fn fold(&self, weight: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let line = self.running_line();
        let kernels = weight.len() / self.channels();
        assert_eq!(weight.len(), kernels * self.channels(), "weights of so many channels");
        let weight = weight.iter().enumerate().map(|(index, value)| value * line[index / kernels].0);
        (weight.collect(), line.iter().map(|&(_, offset)| offset).collect())
    }

    fn running_line(&self) -> Vec<(f32, f32)> {
        let mean: Vec<f64> = self.running_mean.iter().map(|&mean| f64::from(mean)).collect();
        let factor: Vec<f64> =
            self.running_variance.iter().map(|&it| 1.0 / (f64::from(it) + EPSILON).sqrt()).collect();
        self.line(&mean, &factor)
    }

    /// Factor and offset of each channel.
    fn line(&self, mean: &[f64], factor: &[f64]) -> Vec<(f32, f32)> {
        let line = |channel: usize| {
            let scale = f64::from(self.gamma.value[channel]) * factor[channel];
            (scale as f32, (f64::from(self.beta.value[channel]) - scale * mean[channel]) as f32)
        };
        (0..self.channels()).map(line).collect()
    }
}

/// `to` ← max(0, factor·input + offset) of each channel.
fn apply(input: &Batch, line: &[(f32, f32)], to: &mut Batch) {
    let positions = input.map().positions();
    assert_eq!((to.channels(), to.map().positions()), (input.channels(), positions), "the input's shape");
    let planes = to.map_mut().blocks_mut().par_chunks_exact_mut(positions.max(1));
    planes.zip(input.map().blocks().par_chunks_exact(positions.max(1))).enumerate().for_each(
        |(block, (to, from))| {
            let of = |lane: usize| line.get(block * LANES + lane).copied().unwrap_or_default();
            let factor: [f32; LANES] = std::array::from_fn(|lane| of(lane).0);
            let offset: [f32; LANES] = std::array::from_fn(|lane| of(lane).1);
            for (to, from) in to.iter_mut().zip(from) {
                for lane in 0..LANES {
                    to.0[lane] = (factor[lane] * from.0[lane] + offset[lane]).max(0.0);
                }
            }
        },
    );
}
