//! 2×2 pooling of stride 2 on planes, and its adjoint. Odd last rows and columns are dropped; their gradient
//! is zero.

use impasto_kernels::scalar::{
    average_pooling, average_pooling_gradient, l2_pooling, l2_pooling_gradient, maximum_pooling,
    maximum_pooling_gradient,
};

use super::PlanarMap;
use crate::{MapShape, Pooling};

/// The pooled map, of half the height and width.
pub(super) fn pool(pooling: Pooling, input: &PlanarMap) -> PlanarMap {
    let (values, planes) = (&input.values, input.planes());
    let values = match pooling {
        Pooling::Max => maximum_pooling(values, planes).0,
        Pooling::Average => average_pooling(values, planes),
        Pooling::ScaledAverage => doubled(average_pooling(values, planes)),
        Pooling::L2 => l2_pooling(values, planes),
    };
    let shape = MapShape { height: input.shape.height / 2, width: input.shape.width / 2, ..input.shape };
    PlanarMap { shape, values }
}

/// The gradient by `input`, given the gradient by the pooled map.
pub(super) fn pool_back(pooling: Pooling, input: &PlanarMap, gradient: &PlanarMap) -> PlanarMap {
    let (values, planes) = (&input.values, input.planes());
    let values = match pooling {
        Pooling::Max => maximum_pooling_gradient(values, planes, &gradient.values),
        Pooling::Average => average_pooling_gradient(planes, &gradient.values),
        Pooling::ScaledAverage => doubled(average_pooling_gradient(planes, &gradient.values)),
        Pooling::L2 => l2_pooling_gradient(values, planes, &gradient.values),
    };
    PlanarMap { shape: input.shape, values }
}

fn doubled(values: Vec<f32>) -> Vec<f32> {
    values.into_iter().map(|value| 2.0 * value).collect()
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
