//! 2×2 pooling of stride 2 in plain loops, and its adjoint. Odd last rows and columns are dropped; their
//! gradient is zero.

use super::PlanarMap;
use crate::{MapShape, Pooling};

/// Keeps the mean activation of L2 pooling near that of max pooling (Crowson 2021).
const L2_SCALE: f64 = 0.78;

/// The pooled map, of half the height and width.
pub(super) fn pool(pooling: Pooling, input: &PlanarMap) -> PlanarMap {
    let shape = pooled_shape(input.shape);
    let mut values = Vec::with_capacity(shape.elements());
    for_each_window(input.shape, |window| {
        let window = window.map(|position| f64::from(input.values[position]));
        values.push(match pooling {
            Pooling::Max => window[largest(window)],
            Pooling::Average => window.iter().sum::<f64>() / 4.0,
            Pooling::L2 => L2_SCALE * root_of_squares(window),
        } as f32);
    });
    PlanarMap { shape, values }
}

/// The gradient by `input`, given the gradient by the pooled map.
pub(super) fn pool_back(pooling: Pooling, input: &PlanarMap, gradient: &PlanarMap) -> PlanarMap {
    let mut values = vec![0.0; input.values.len()];
    let mut above = gradient.values.iter();
    for_each_window(input.shape, |positions| {
        let gradient = f64::from(*above.next().expect("one gradient for each window"));
        let window = positions.map(|position| f64::from(input.values[position]));
        let share: [f64; 4] = match pooling {
            Pooling::Max => std::array::from_fn(|place| f64::from(u8::from(place == largest(window)))),
            Pooling::Average => [0.25; 4],
            Pooling::L2 => match root_of_squares(window) {
                0.0 => [0.0; 4],
                root => window.map(|value| L2_SCALE * value / root),
            },
        };
        for (position, share) in positions.into_iter().zip(share) {
            values[position] = (share * gradient) as f32;
        }
    });
    PlanarMap { shape: input.shape, values }
}

/// Shape of the pooled map of a map of `shape`.
pub(super) fn pooled_shape(shape: MapShape) -> MapShape {
    MapShape { height: shape.height / 2, width: shape.width / 2, ..shape }
}

/// Calls `visit` with the four positions of every window, in reading order of windows and within them.
fn for_each_window(shape: MapShape, mut visit: impl FnMut([usize; 4])) {
    let pooled = pooled_shape(shape);
    for channel in 0..shape.channels {
        for row in 0..pooled.height {
            for column in 0..pooled.width {
                let first = channel * shape.positions() + 2 * row * shape.width + 2 * column;
                visit([first, first + 1, first + shape.width, first + shape.width + 1]);
            }
        }
    }
}

/// Place of the largest value, the first where several are equal.
fn largest(window: [f64; 4]) -> usize {
    (1..4).fold(0, |best, place| if window[place] > window[best] { place } else { best })
}

fn root_of_squares(window: [f64; 4]) -> f64 {
    window.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_an_odd_map() {
        let shape = MapShape { channels: 1, height: 3, width: 5 };
        let values = vec![1.0, 4.0, 2.0, 2.0, 9.0, 3.0, 2.0, 2.0, 1.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0];
        let map = PlanarMap { shape, values };
        assert_eq!(pool(Pooling::Max, &map).values, [4.0, 2.0]);
        assert_eq!(pool(Pooling::Average, &map).values, [2.5, 1.75]);
        let root = 0.78 * 30f64.sqrt();
        assert!((f64::from(pool(Pooling::L2, &map).values[0]) - root).abs() < 1e-6);

        let above = PlanarMap { shape: pooled_shape(shape), values: vec![5.0, 7.0] };
        let mut expected = vec![0.0; 15];
        (expected[1], expected[2]) = (5.0, 7.0);
        assert_eq!(pool_back(Pooling::Max, &map, &above).values, expected, "the first of equals");
    }

    #[test]
    fn l2_pooling_of_zeros_has_no_gradient() {
        let shape = MapShape { channels: 1, height: 2, width: 2 };
        let zeros = PlanarMap { shape, values: vec![0.0; 4] };
        let above = PlanarMap { shape: pooled_shape(shape), values: vec![1.0] };
        assert_eq!(pool_back(Pooling::L2, &zeros, &above).values, [0.0; 4]);
    }
}
