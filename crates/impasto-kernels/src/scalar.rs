//! Every kernel once more in plain loops over planes `[C, H, W]`, sums in f64: the oracle of the tests, and
//! of the engine that is made of these alone.

mod batches;
mod patches;

pub use batches::BatchConvolution;
pub use patches::{
    column_norms, find_patches, matched_map, mean_column, normalize_columns, patch_difference, patch_norms,
};

use crate::padding::Padding;
use crate::pooling::L2_POOLING_SCALE;
use crate::resampling::Resampling;

/// Shape of planes `[channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Planes.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// Elements of one plane.
    pub fn positions(self) -> usize {
        self.height * self.width
    }

    /// Elements of all planes.
    pub fn elements(self) -> usize {
        self.channels * self.positions()
    }

    /// The shape after 2×2 pooling: odd last rows and columns are dropped.
    pub fn pooled(self) -> Shape {
        Shape { height: self.height / 2, width: self.width / 2, ..self }
    }

    /// The place of an element among the values.
    pub fn at(self, channel: usize, row: usize, column: usize) -> usize {
        (channel * self.height + row) * self.width + column
    }

    /// Calls `visit` with every position that tap (dy, dx) of a 3×3 window reads: first the output's, then the
    /// input's, within a plane.
    fn for_each_read(self, padding: Padding, tap: usize, mut visit: impl FnMut(usize, usize)) {
        for row in 0..self.height {
            let Some(from_row) = padding.position((row + tap / 3) as isize - 1, self.height) else {
                continue;
            };
            for column in 0..self.width {
                if let Some(from_column) = padding.position((column + tap % 3) as isize - 1, self.width) {
                    visit(row * self.width + column, from_row * self.width + from_column);
                }
            }
        }
    }
}

/// 3×3 convolution of `input`, of `shape`, with `weight` `[outputs, inputs, 3, 3]`, plus `bias` `[outputs]`.
pub fn convolution(input: &[f32], shape: Shape, weight: &[f32], bias: &[f32], padding: Padding) -> Vec<f32> {
    let (inputs, positions) = (shape.channels, shape.positions());
    let mut output = Vec::with_capacity(bias.len() * positions);
    for (kernels, &bias) in weight.chunks_exact(inputs * 9).zip(bias) {
        let mut sums = vec![f64::from(bias); positions];
        for (kernel, plane) in kernels.chunks_exact(9).zip(input.chunks_exact(positions)) {
            for (tap, &weight) in kernel.iter().enumerate() {
                shape.for_each_read(padding, tap, |to, from| {
                    sums[to] += f64::from(weight) * f64::from(plane[from]);
                });
            }
        }
        output.extend(sums.iter().map(|&sum| sum as f32));
    }
    output
}

/// The adjoint of [`convolution`] without bias: the gradient by its input, of `shape`, from the gradient by
/// its output.
pub fn convolution_input_gradient(
    gradient: &[f32],
    shape: Shape,
    weight: &[f32],
    padding: Padding,
) -> Vec<f32> {
    let (inputs, positions) = (shape.channels, shape.positions());
    let mut sums = vec![0.0f64; shape.elements()];
    for (kernels, plane) in weight.chunks_exact(inputs * 9).zip(gradient.chunks_exact(positions)) {
        for (kernel, sums) in kernels.chunks_exact(9).zip(sums.chunks_exact_mut(positions)) {
            for (tap, &weight) in kernel.iter().enumerate() {
                shape.for_each_read(padding, tap, |to, from| {
                    sums[from] += f64::from(weight) * f64::from(plane[to]);
                });
            }
        }
    }
    sums.iter().map(|&sum| sum as f32).collect()
}

/// The largest of each 2×2 window, and for each window the index of the position it came from: the first
/// in reading order of equals.
pub fn maximum_pooling(input: &[f32], shape: Shape) -> (Vec<f32>, Vec<usize>) {
    windows(shape)
        .map(|window| {
            let first = |best: usize, at: usize| if input[at] > input[best] { at } else { best };
            let best = window.into_iter().reduce(first).expect("a window has four positions");
            (input[best], best)
        })
        .unzip()
}

/// The mean of each 2×2 window.
pub fn average_pooling(input: &[f32], shape: Shape) -> Vec<f32> {
    windows(shape).map(|window| window.iter().map(|&at| input[at]).sum::<f32>() / 4.0).collect()
}

/// [`L2_POOLING_SCALE`] times the root of the sum of squares of each 2×2 window.
pub fn l2_pooling(input: &[f32], shape: Shape) -> Vec<f32> {
    let root = |window: [usize; 4]| window.iter().map(|&at| input[at] * input[at]).sum::<f32>().sqrt();
    windows(shape).map(|window| L2_POOLING_SCALE * root(window)).collect()
}

/// The gradient by the input of [`maximum_pooling`] from the gradient by its output: all of it to the position
/// that was the largest.
pub fn maximum_pooling_gradient(input: &[f32], shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; shape.elements()];
    for (largest, &gradient) in maximum_pooling(input, shape).1.into_iter().zip(gradient) {
        result[largest] = gradient;
    }
    result
}

/// The gradient by the input of [`average_pooling`] from the gradient by its output: a quarter to each.
pub fn average_pooling_gradient(shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; shape.elements()];
    for (window, gradient) in windows(shape).zip(gradient) {
        window.into_iter().for_each(|at| result[at] = gradient / 4.0);
    }
    result
}

/// The gradient by the input of [`l2_pooling`] from the gradient by its output: in proportion to the values;
/// zero where all of a window is zero.
pub fn l2_pooling_gradient(input: &[f32], shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; shape.elements()];
    for (window, gradient) in windows(shape).zip(gradient) {
        let root = window.iter().map(|&at| f64::from(input[at]).powi(2)).sum::<f64>().sqrt();
        if root > 0.0 {
            let scale = f64::from(L2_POOLING_SCALE) * f64::from(*gradient) / root;
            window.into_iter().for_each(|at| result[at] = (scale * f64::from(input[at])) as f32);
        }
    }
    result
}

/// `Σ (a − b)²`, or with weights w `Σ w_p·(a − b)²`, p running over the positions of each plane.
pub fn squared_difference(a: &[f32], b: &[f32], weights: Option<&[f32]>) -> f64 {
    let squares = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    match weights {
        None => squares.sum(),
        Some(weights) => {
            squares.zip(weights.iter().cycle()).map(|(square, &weight)| f64::from(weight) * square).sum()
        }
    }
}

/// `Σ a²`, or with weights as [`squared_difference`].
pub fn squared_norm(a: &[f32], weights: Option<&[f32]>) -> f64 {
    squared_difference(a, &vec![0.0; a.len()], weights)
}

/// The four positions of every 2×2 window of `shape`, plane by plane, row by row.
pub fn windows(shape: Shape) -> impl Iterator<Item = [usize; 4]> {
    let pooled = shape.pooled();
    (0..pooled.elements()).map(move |index| {
        let (channel, position) = (index / pooled.positions(), index % pooled.positions());
        let corner = shape.at(channel, position / pooled.width * 2, position % pooled.width * 2);
        [corner, corner + 1, corner + shape.width, corner + shape.width + 1]
    })
}

/// `F·Fᵀ` of planes F read as `[C, H·W]`, row-major `[C, C]`.
pub fn gram(planes: &[f32], shape: Shape) -> Vec<f64> {
    weighted_gram(planes, shape, &vec![1.0; shape.positions()])
}

/// `Σ_p w_p·F_p·F_pᵀ` of planes F read as `[C, H·W]` with `weights` `[H, W]`, row-major `[C, C]`.
pub fn weighted_gram(planes: &[f32], shape: Shape, weights: &[f32]) -> Vec<f64> {
    let plane = |channel: usize| &planes[channel * shape.positions()..][..shape.positions()];
    let product = |a: usize, b: usize| {
        let columns = plane(a).iter().zip(plane(b)).zip(weights);
        columns.map(|((&a, &b), &weight)| f64::from(weight) * f64::from(a) * f64::from(b)).sum()
    };
    (0..shape.channels).flat_map(|a| (0..shape.channels).map(move |b| product(a, b))).collect()
}

/// `Σ_p w_p·F_p` of planes F read as `[C, H·W]` with `weights` `[H, W]`: `[C]`.
pub fn weighted_sums(planes: &[f32], shape: Shape, weights: &[f32]) -> Vec<f64> {
    let sum = |plane: &[f32]| {
        plane.iter().zip(weights).map(|(&value, &weight)| f64::from(weight) * f64::from(value)).sum()
    };
    planes.chunks_exact(shape.positions()).map(sum).collect()
}

/// `w_p·(matrix·F_p)` of planes F with `weights` `[H, W]` and row-major `matrix` `[C, C]`: planes of `shape`.
pub fn weighted_linear(planes: &[f32], shape: Shape, matrix: &[f32], weights: &[f32]) -> Vec<f32> {
    let mut result = matrix_product(shape.channels, shape.channels, shape.positions(), matrix, planes);
    for plane in result.chunks_exact_mut(shape.positions()) {
        plane.iter_mut().zip(weights).for_each(|(value, weight)| *value *= weight);
    }
    result
}

/// `a · b` of row-major `a` `[rows, depth]` and `b` `[depth, columns]`.
pub fn matrix_product(rows: usize, depth: usize, columns: usize, a: &[f32], b: &[f32]) -> Vec<f32> {
    let mut product = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        for column in 0..columns {
            let terms =
                (0..depth).map(|k| f64::from(a[row * depth + k]) * f64::from(b[k * columns + column]));
            product.push(terms.sum::<f64>() as f32);
        }
    }
    product
}

/// `values` `[C, H, W]`, of `channels` planes, resampled.
pub fn resample(values: &[f32], channels: usize, resampling: &Resampling) -> Vec<f32> {
    let ((height, width), (rows, columns)) = (resampling.from(), resampling.to());
    let mut result = vec![0.0f64; channels * rows * columns];
    for_each_reading(channels, resampling, |to, from, share| result[to] += share * f64::from(values[from]));
    assert_eq!(values.len(), channels * height * width, "values of the planes");
    result.into_iter().map(|sum| sum as f32).collect()
}

/// The adjoint of [`resample`] at `gradient`.
pub fn resample_adjoint(gradient: &[f32], channels: usize, resampling: &Resampling) -> Vec<f32> {
    let (height, width) = resampling.from();
    let mut result = vec![0.0f64; channels * height * width];
    for_each_reading(channels, resampling, |to, from, share| result[from] += share * f64::from(gradient[to]));
    result.into_iter().map(|sum| sum as f32).collect()
}

/// Calls `visit` with every element of the result, every element of the source that it reads, and the share.
fn for_each_reading(channels: usize, resampling: &Resampling, mut visit: impl FnMut(usize, usize, f64)) {
    let ((height, width), (rows, columns)) = (resampling.from(), resampling.to());
    for channel in 0..channels {
        for (row, vertical) in resampling.rows.taps.iter().enumerate() {
            for (column, horizontal) in resampling.columns.taps.iter().enumerate() {
                let to = (channel * rows + row) * columns + column;
                let down = f64::from(vertical.share);
                let across = f64::from(horizontal.share);
                for (from_row, row_share) in [(vertical.first, 1.0 - down), (vertical.second, down)] {
                    for (from_column, share) in
                        [(horizontal.first, 1.0 - across), (horizontal.second, across)]
                    {
                        let from = (channel * height + from_row) * width + from_column;
                        visit(to, from, row_share * share);
                    }
                }
            }
        }
    }
}
