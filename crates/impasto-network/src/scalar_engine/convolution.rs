//! 3×3 convolution in plain loops, and its adjoint.

use super::PlanarMap;
use crate::{Convolution, MapShape, Padding};

/// `output[o, y, x] = bias[o] + Σ weight[o, i, k, l] · input[i, y + k − 1, x + l − 1]`, with positions
/// outside the input read as `padding` says. The output has the height and width of the input.
pub(super) fn convolve(convolution: &Convolution, padding: Padding, input: &PlanarMap) -> PlanarMap {
    let shape = MapShape { channels: convolution.outputs, ..input.shape };
    let mut values = Vec::with_capacity(shape.elements());
    for output in 0..convolution.outputs {
        let mut sums = vec![f64::from(convolution.bias[output]); shape.positions()];
        for source in 0..convolution.inputs {
            let plane = input.plane(source);
            for (tap, weight) in kernel(convolution, output, source) {
                for_each_pair(shape, padding, tap, |to, from| sums[to] += weight * f64::from(plane[from]));
            }
        }
        values.extend(sums.iter().map(|&sum| sum as f32));
    }
    PlanarMap { shape, values }
}

/// The gradient by the input, given the gradient by the output: every weight that carried an input value
/// to an output carries the gradient of that output back.
pub(super) fn convolve_back(convolution: &Convolution, padding: Padding, gradient: &PlanarMap) -> PlanarMap {
    let shape = MapShape { channels: convolution.inputs, ..gradient.shape };
    let mut values = Vec::with_capacity(shape.elements());
    for source in 0..convolution.inputs {
        let mut sums = vec![0.0; shape.positions()];
        for output in 0..convolution.outputs {
            let plane = gradient.plane(output);
            for (tap, weight) in kernel(convolution, output, source) {
                for_each_pair(shape, padding, tap, |to, from| sums[from] += weight * f64::from(plane[to]));
            }
        }
        values.extend(sums.iter().map(|&sum| sum as f32));
    }
    PlanarMap { shape, values }
}

/// The nine weights from input channel `source` to output channel `output`, each with its row and column.
fn kernel(
    convolution: &Convolution,
    output: usize,
    source: usize,
) -> impl Iterator<Item = ((usize, usize), f64)> + '_ {
    let weights = &convolution.weight[9 * (output * convolution.inputs + source)..][..9];
    weights.iter().enumerate().map(|(tap, &weight)| ((tap / 3, tap % 3), f64::from(weight)))
}

/// Calls `visit(output position, input position)` for every output position whose weight at `tap` reads
/// an input position.
fn for_each_pair(
    shape: MapShape,
    padding: Padding,
    (tap_row, tap_column): (usize, usize),
    mut visit: impl FnMut(usize, usize),
) {
    for row in 0..shape.height {
        let Some(input_row) = read_place(padding, row + tap_row, shape.height) else { continue };
        for column in 0..shape.width {
            if let Some(input_column) = read_place(padding, column + tap_column, shape.width) {
                visit(row * shape.width + column, input_row * shape.width + input_column);
            }
        }
    }
}

/// Where `place` of a side padded by one lies on the side itself, `length` long; `None` for a zero.
fn read_place(padding: Padding, place: usize, length: usize) -> Option<usize> {
    match padding {
        Padding::Zero => place.checked_sub(1).filter(|&place| place < length),
        Padding::Replicate => Some(place.saturating_sub(1).min(length - 1)),
        Padding::Circular => Some((place + length - 1) % length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paddings_read_beyond_the_border() {
        let line = |padding, length| -> Vec<_> {
            (0..length + 2).map(|place| read_place(padding, place, length)).collect()
        };
        assert_eq!(line(Padding::Zero, 3), [None, Some(0), Some(1), Some(2), None]);
        assert_eq!(line(Padding::Replicate, 3), [Some(0), Some(0), Some(1), Some(2), Some(2)]);
        assert_eq!(line(Padding::Circular, 3), [Some(2), Some(0), Some(1), Some(2), Some(0)]);
        assert_eq!(line(Padding::Circular, 1), [Some(0); 3]);
    }
}
