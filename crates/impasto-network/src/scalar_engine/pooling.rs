//! 2×2 pooling of stride 2 on planes, and its adjoint. Odd last rows and columns are dropped; their gradient
//! is zero.

use impasto_kernels::L2_POOLING_SCALE;
use impasto_kernels::scalar::{average_pooling, l2_pooling, maximum_pooling, windows};

use super::PlanarMap;
use crate::{MapShape, Pooling};

/// The pooled map, of half the height and width.
pub(super) fn pool(pooling: Pooling, input: &PlanarMap) -> PlanarMap {
    let (values, planes) = (&input.values, input.planes());
    let values = match pooling {
        Pooling::Max => maximum_pooling(values, planes).0,
        Pooling::Average => average_pooling(values, planes),
        Pooling::L2 => l2_pooling(values, planes),
    };
    let shape = MapShape { height: input.shape.height / 2, width: input.shape.width / 2, ..input.shape };
    PlanarMap { shape, values }
}

/// The gradient by `input`, given the gradient by the pooled map.
pub(super) fn pool_back(pooling: Pooling, input: &PlanarMap, gradient: &PlanarMap) -> PlanarMap {
    let mut values = vec![0.0; input.values.len()];
    let chosen = maximum_pooling(&input.values, input.planes()).1;
    for (index, window) in windows(input.planes()).enumerate() {
        let at = |position: usize| f64::from(input.values[position]);
        let root = window.iter().map(|&position| at(position).powi(2)).sum::<f64>().sqrt();
        for position in window {
            let share = match pooling {
                Pooling::Max => f64::from(u8::from(position == chosen[index])),
                Pooling::Average => 0.25,
                Pooling::L2 if root == 0.0 => 0.0,
                Pooling::L2 => f64::from(L2_POOLING_SCALE) * at(position) / root,
            };
            values[position] = (share * f64::from(gradient.values[index])) as f32;
        }
    }
    PlanarMap { shape: input.shape, values }
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

        let above = PlanarMap { values: vec![5.0, 7.0], ..pool(Pooling::Max, &map) };
        let mut expected = vec![0.0; 15];
        (expected[1], expected[2]) = (5.0, 7.0);
        assert_eq!(pool_back(Pooling::Max, &map, &above).values, expected, "the first of equals");
    }

    #[test]
    fn l2_pooling_of_zeros_has_no_gradient() {
        let shape = MapShape { channels: 1, height: 2, width: 2 };
        let zeros = PlanarMap { shape, values: vec![0.0; 4] };
        let above = PlanarMap { values: vec![1.0], ..pool(Pooling::L2, &zeros) };
        assert_eq!(pool_back(Pooling::L2, &zeros, &above).values, [0.0; 4]);
    }
}
