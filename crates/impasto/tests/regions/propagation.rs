//! Masks at the layers of networks, beside plain loops over the definition.

use impasto::Picture;
use impasto::network::{Architecture, Layer, Size};
use impasto::regions::{Propagation, RegionOptions, Regions, read_color_maps};

use super::{BLACK, BLUE, GREEN, RED, assert_masks_add_up_to, map};

/// Two soft masks of one picture.
fn soft(width: usize, height: usize) -> Regions {
    let value = |x: usize, y: usize| ((x * 7 + y * 13) % 11) as f32 / 10.0;
    let plane: Vec<f32> = (0..height).flat_map(|y| (0..width).map(move |x| value(x, y))).collect();
    Regions::from_gray_mask(&Picture::new(width, height, plane.repeat(3)))
}

/// A 3×3 average by the definition.
fn average(plane: &[f32], width: usize, border_counts: bool) -> Vec<f32> {
    let height = plane.len() / width;
    let mut result = Vec::new();
    for y in 0..height as isize {
        for x in 0..width as isize {
            let (mut sum, mut count) = (0.0, 0);
            for row in y - 1..=y + 1 {
                for column in x - 1..=x + 1 {
                    if (0..height as isize).contains(&row) && (0..width as isize).contains(&column) {
                        sum += plane[row as usize * width + column as usize];
                        count += 1;
                    }
                }
            }
            result.push(sum / if border_counts { 9.0 } else { count as f32 });
        }
    }
    result
}

/// An average of windows of `side`, of stride `side`, by the definition.
fn pooled(plane: &[f32], width: usize, side: usize) -> Vec<f32> {
    let height = plane.len() / width;
    let mut result = Vec::new();
    for y in 0..height / side {
        for x in 0..width / side {
            let window = (0..side * side).map(|i| plane[(y * side + i / side) * width + x * side + i % side]);
            result.push(window.sum::<f32>() / (side * side) as f32);
        }
    }
    result
}

fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 1e-5, "{found} instead of {expected} at {index}");
    }
}

#[test]
fn pooling_averages_squares_of_the_stride() {
    let regions = soft(21, 18);
    for (layer, side) in [("relu1_2", 1), ("conv2_1", 2), ("relu3_1", 4), ("pool3", 8), ("relu5_1", 16)] {
        let masks = regions.at_layer(&Architecture::vgg19(), layer.parse().unwrap(), Propagation::Pooling);
        let expected: Vec<f32> = (0..2).flat_map(|index| pooled(regions.mask(index), 21, side)).collect();
        assert_near(&masks, &expected);
    }
}

#[test]
fn the_mask_network_averages_at_each_convolution() {
    let regions = soft(13, 11);
    for border_counts in [false, true] {
        let at = |layer: &str| {
            let propagation = Propagation::MaskNetwork { border_counts };
            regions.at_layer(&Architecture::vgg16(), layer.parse().unwrap(), propagation)
        };
        let expect = |layer: &str, change: &dyn Fn(&[f32]) -> Vec<f32>| {
            let expected: Vec<f32> = (0..2).flat_map(|index| change(regions.mask(index))).collect();
            assert_near(&at(layer), &expected);
        };
        let spread = |plane: &[f32], width| average(plane, width, border_counts);
        let first = |plane: &[f32]| spread(plane, 13);
        let second = |plane: &[f32]| spread(&first(plane), 13);
        let pool = |plane: &[f32]| pooled(&second(plane), 13, 2);
        expect("conv1_1", &first);
        expect("relu1_1", &first);
        expect("relu1_2", &second);
        expect("pool1", &pool);
        expect("relu2_1", &|plane| spread(&pool(plane), 6));
        expect("relu3_1", &|plane| {
            let twice = spread(&spread(&pool(plane), 6), 6);
            spread(&pooled(&twice, 6, 2), 3)
        });
    }
}

#[test]
fn a_whole_picture_stays_whole_unless_the_border_counts() {
    let (whole, layer) = (Regions::whole(32, 32), Layer::relu(3, 1));
    let network = Architecture::vgg19();
    assert_near(&whole.at_layer(&network, layer, Propagation::Pooling), &[1.0; 64]);
    let inside = Propagation::MaskNetwork { border_counts: false };
    assert_near(&whole.at_layer(&network, layer, inside), &[1.0; 64]);
    let zeros = whole.at_layer(&network, Layer::relu(1, 1), Propagation::MaskNetwork { border_counts: true });
    assert_near(&[zeros[0], zeros[1], zeros[33]], &[4.0 / 9.0, 6.0 / 9.0, 1.0]);
}

#[test]
fn masks_have_the_shape_of_the_feature_map() {
    let (network, size) = (Architecture::compact(), Size { height: 37, width: 50 });
    let regions = soft(50, 37);
    for layer in network.layers() {
        let positions = network.map_shape(layer, size).unwrap().positions();
        for propagation in [Propagation::Pooling, Propagation::MaskNetwork { border_counts: false }] {
            let masks = regions.at_layer(&network, layer, propagation);
            assert_eq!(masks.len(), 2 * positions, "{layer}");
            let (first, second) = masks.split_at(positions);
            assert!(first.iter().zip(second).all(|(a, b)| (a + b - 1.0).abs() < 1e-4), "{layer}");
        }
    }
}

#[test]
fn small_regions_vanish_at_deep_layers_and_are_warned_of_once() {
    // 6×6 red, 2×2 blue and 1 green pixel on black.
    let picture = map(64, 64, |x, y| match (x, y) {
        (8..14, 8..14) => RED,
        (40..42, 40..42) => BLUE,
        (50, 20) => GREEN,
        _ => BLACK,
    });
    let (regions, _) = read_color_maps(&picture, &[], &RegionOptions::default()).unwrap();
    assert_masks_add_up_to(&regions, 1.0);
    let layers = ["relu4_1", "relu2_1", "relu3_1"].map(|name| name.parse::<Layer>().unwrap());
    let depths = regions.depths(&Architecture::vgg19(), &layers, Propagation::Pooling);
    let deepest = |index: usize| depths[index].deepest.map(|layer| layer.to_string());
    assert_eq!([deepest(0), deepest(1)], ["relu4_1", "relu3_1"].map(|name| Some(name.to_owned())));
    assert_eq!([deepest(2), deepest(3)], [Some("relu2_1".to_owned()), None]);
    assert!(depths[2].reaches(layers[1]) && !depths[2].reaches(layers[2]));
    let warnings: Vec<String> =
        depths.iter().filter_map(|depth| depth.warning()).map(|warning| warning.to_string()).collect();
    assert_eq!(
        warnings,
        [
            "the region #ff0000 (36 pixels) is too small for relu4_1: it is guided down to relu3_1 only",
            "the region #0000ff (4 pixels) is too small for relu3_1: it is guided down to relu2_1 only",
            "the region #00ff00 (1 pixel) is too small for relu2_1: it is not guided at all",
        ]
    );
}
