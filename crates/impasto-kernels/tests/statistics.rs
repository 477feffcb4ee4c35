//! Gram matrices, weighted and not, and the gradients that act on maps, against their scalar twins.

mod support;

use impasto_kernels::scalar::{self, Shape};
use impasto_kernels::{
    BlockedMap, GradientPart, Isa, PackedMatrix, column_sums, gradient_norm, gram, replace_by_gradient,
    weighted_gram,
};
use support::{assert_close, map_of, sets, values};

/// What a product of two numbers up to 1 may be off by: with 16 bits of precision on the matrix unit.
fn precision(isa: Isa) -> f64 {
    if isa == Isa::Amx { 2e-5 } else { 2e-6 }
}

#[test]
fn gram_equals_its_scalar_twin() {
    for (channels, height, width) in [(16, 3, 5), (37, 20, 21), (64, 70, 80), (5, 1, 1)] {
        let shape = Shape { channels, height, width };
        let planes = values(shape.elements(), 9);
        let expected = scalar::gram(&planes, shape);
        for isa in sets() {
            let found = gram(isa, &map_of(&planes, shape));
            for (found, expected) in found.iter().zip(&expected) {
                let tolerance = precision(isa) * (height * width) as f64;
                assert!((found - expected).abs() < tolerance, "{isa} {shape:?}: {found} against {expected}");
            }
        }
    }
}

#[test]
fn local_gradients_are_products_and_differences() {
    for (channels, height, width) in [(16, 3, 5), (37, 20, 21), (130, 30, 11)] {
        let shape = Shape { channels, height, width };
        let (planes, target) = (values(shape.elements(), 10), values(shape.elements(), 11));
        let half = values(channels * channels, 12);
        let matrix: Vec<f32> = (0..channels * channels)
            .map(|at| half[at] + half[at % channels * channels + at / channels])
            .collect();
        let product = scalar::matrix_product(channels, channels, shape.positions(), &matrix, &planes);
        let some: Vec<f32> = (0..shape.positions()).map(|position| (position % 3) as f32).collect();
        let differences = planes.iter().zip(&target).map(|(f, t)| 0.5 * (f - t));
        let weighted = differences.zip(some.iter().cycle()).map(|(difference, w)| (1.0 + w) * difference);
        let expected: Vec<f32> = product.iter().zip(weighted).map(|(p, difference)| p + difference).collect();
        let packed = PackedMatrix::new(channels, &matrix);
        for isa in sets() {
            let target = map_of(&target, shape);
            let difference = |weights| GradientPart::Difference { scale: 0.5, target: &target, weights };
            let parts = [GradientPart::Linear(&packed), difference(None), difference(Some(&some))];
            let mut map = map_of(&planes, shape);
            replace_by_gradient(isa, &mut map, &parts, false);
            assert_close(&map.to_planes(), &expected, 1e-5, "sum of parts");

            let mut map = map_of(&planes, shape);
            replace_by_gradient(isa, &mut map, &parts, true);
            let masked: Vec<f32> =
                expected.iter().zip(&planes).map(|(&e, &f)| if f > 0.0 { e } else { 0.0 }).collect();
            assert_close(&map.to_planes(), &masked, 1e-5, "masked sum of parts");

            let norm = gradient_norm(isa, &map_of(&planes, shape), parts[0]);
            let sum: f64 = product.iter().map(|value| f64::from(value.abs())).sum();
            assert!((norm - sum).abs() < 1e-5 * sum, "{isa}: {norm} against {sum}");
        }
    }
}

/// Weights of `shape`'s positions: none, few, all but few, and all, of many sizes.
fn region_weights(shape: Shape) -> [Vec<f32>; 4] {
    let all: Vec<f32> = values(shape.positions(), 19).iter().map(|value| value.abs() + 1e-3).collect();
    let some = |keep: fn(usize) -> bool| {
        all.iter().enumerate().map(|(at, &weight)| if keep(at) { weight } else { 0.0 }).collect()
    };
    [some(|_| false), some(|at| at % 97 == 4), some(|at| at % 53 != 0), all.clone()]
}

#[test]
fn weighted_gram_equals_its_scalar_twin() {
    for (channels, height, width) in [(16, 3, 5), (19, 40, 31), (64, 70, 80), (5, 1, 1)] {
        let shape = Shape { channels, height, width };
        let planes = values(shape.elements(), 20);
        for weights in region_weights(shape) {
            let expected = scalar::weighted_gram(&planes, shape, &weights);
            // What has no weight must not count, whatever it is.
            let mut dirty = planes.clone();
            for (at, value) in dirty.iter_mut().enumerate() {
                if weights[at % shape.positions()] == 0.0 {
                    *value = f32::NAN;
                }
            }
            for isa in sets() {
                let found = weighted_gram(isa, &map_of(&dirty, shape), &weights);
                assert_eq!(found.len(), channels * channels);
                let tolerance = precision(isa) * weights.iter().map(|&weight| f64::from(weight)).sum::<f64>();
                for (found, expected) in found.iter().zip(&expected) {
                    let error = (found - expected).abs();
                    assert!(error <= tolerance, "{isa} {shape:?}: {found} against {expected}");
                }
            }
        }
    }
}

#[test]
fn ones_as_weights_give_the_plain_gram_matrix() {
    // More columns than are gathered at a time.
    let shape = Shape { channels: 3, height: 600, width: 500 };
    let map = map_of(&values(shape.elements(), 21), shape);
    let (plain, weighted) =
        (gram(Isa::detect(), &map), weighted_gram(Isa::detect(), &map, &vec![1.0; shape.positions()]));
    for (plain, weighted) in plain.iter().zip(weighted) {
        assert!((plain - weighted).abs() < 1e-6 * shape.positions() as f64, "{plain} against {weighted}");
    }
}

#[test]
#[should_panic(expected = "weights of at least 0")]
fn negative_weights_are_refused() {
    weighted_gram(Isa::detect(), &BlockedMap::zeros(3, 1, 2), &[1.0, -1.0]);
}

#[test]
fn weighted_and_given_gradients_equal_their_scalar_twins() {
    for (channels, height, width) in [(16, 3, 5), (19, 57, 41), (130, 30, 11)] {
        let shape = Shape { channels, height, width };
        let (planes, given) = (values(shape.elements(), 22), values(shape.elements(), 23));
        let half = values(channels * channels, 24);
        let matrix: Vec<f32> = (0..channels * channels)
            .map(|at| half[at] + half[at % channels * channels + at / channels])
            .collect();
        let packed = PackedMatrix::new(channels, &matrix);
        let gradient = map_of(&given, shape);
        for (weights, isa) in region_weights(shape).iter().flat_map(|w| sets().map(move |isa| (w, isa))) {
            let product = scalar::weighted_linear(&planes, shape, &matrix, weights);
            let weighted = GradientPart::WeightedLinear { matrix: &packed, weights };
            let mut map = map_of(&planes, shape);
            replace_by_gradient(isa, &mut map, &[weighted], false);
            assert_close(&map.to_planes(), &product, 1e-5, "weighted product");

            let given_part = GradientPart::Given { scale: -0.5, gradient: &gradient };
            let sum: Vec<f32> = product.iter().zip(&given).map(|(p, g)| p - 0.5 * g).collect();
            for parts in [[weighted, given_part], [given_part, weighted]] {
                let mut map = map_of(&planes, shape);
                replace_by_gradient(isa, &mut map, &parts, false);
                assert_close(&map.to_planes(), &sum, 1e-5, "sum of parts");
            }
            let mut map = map_of(&planes, shape);
            replace_by_gradient(isa, &mut map, &[given_part, weighted], true);
            let masked: Vec<f32> =
                sum.iter().zip(&planes).map(|(&s, &f)| if f > 0.0 { s } else { 0.0 }).collect();
            assert_close(&map.to_planes(), &masked, 1e-5, "masked sum of parts");

            let norm = gradient_norm(isa, &map_of(&planes, shape), weighted);
            let sum: f64 = product.iter().map(|value| f64::from(value.abs())).sum();
            assert!((norm - sum).abs() <= 1e-5 * sum, "{isa}: {norm} against {sum}");
        }
    }
}

#[test]
fn sums_of_columns_equal_their_scalar_twin() {
    for (channels, height, width) in [(16, 3, 5), (37, 20, 21), (5, 1, 1)] {
        let shape = Shape { channels, height, width };
        let planes = values(shape.elements(), 25);
        let map = map_of(&planes, shape);
        for weights in region_weights(shape).into_iter().map(Some).chain([None]) {
            let everywhere = vec![1.0; shape.positions()];
            let expected = scalar::weighted_sums(&planes, shape, weights.as_ref().unwrap_or(&everywhere));
            for (found, expected) in column_sums(&map, weights.as_deref()).iter().zip(expected) {
                let tolerance = 1e-6 * shape.positions() as f64;
                assert!((found - expected).abs() < tolerance, "{shape:?}: {found} against {expected}");
            }
        }
    }
}

#[test]
fn sums_leave_out_positions_without_weight() {
    let shape = Shape { channels: 2, height: 1, width: 3 };
    let map = map_of(&[1.0, f32::NAN, 3.0, 4.0, f32::INFINITY, 6.0], shape);
    assert_eq!(column_sums(&map, Some(&[1.0, 0.0, 2.0])), [7.0, 16.0]);
}

#[test]
fn a_column_is_added_at_each_position_by_its_weight() {
    let shape = Shape { channels: 19, height: 57, width: 41 };
    let (planes, column) = (values(shape.elements(), 26), values(shape.channels, 27));
    for weights in region_weights(shape).into_iter().map(Some).chain([None]) {
        let part = GradientPart::Column { column: &column, weights: weights.as_deref() };
        let weight = |at: usize| weights.as_ref().map_or(1.0, |weights| weights[at % shape.positions()]);
        let of_column = |at: usize| weight(at) * column[at / shape.positions()];
        let given = map_of(&planes, shape);
        let given_part = GradientPart::Given { scale: 2.0, gradient: &given };
        let sum: Vec<f32> = planes.iter().enumerate().map(|(at, p)| of_column(at) + 2.0 * p).collect();
        for isa in sets() {
            for parts in [[part, given_part], [given_part, part]] {
                let mut map = map_of(&planes, shape);
                replace_by_gradient(isa, &mut map, &parts, false);
                assert_close(&map.to_planes(), &sum, 1e-6, "sum of parts");
            }
            let norm = gradient_norm(isa, &map_of(&planes, shape), part);
            let expected: f64 = (0..shape.elements()).map(|at| f64::from(of_column(at).abs())).sum();
            assert!((norm - expected).abs() <= 1e-5 * expected, "{isa}: {norm} against {expected}");
        }
    }
}
