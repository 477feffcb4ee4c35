//! Colours find their partners, or the message says which do not.

use impasto::Picture;
use impasto::picture::Filter;
use impasto::regions::{ColorMatching, RegionError, RegionOptions, read_color_maps};
use proptest::prelude::*;

use super::{BLACK, BLUE, DARK, GREEN, RED, assert_masks_add_up_to, map, stripes, summary};

fn nearest() -> RegionOptions {
    RegionOptions { matching: ColorMatching::Nearest, ..RegionOptions::default() }
}

#[test]
fn equal_colors_are_the_same_region_wherever_they_are() {
    let picture = stripes(4, &[(RED, 1), (GREEN, 5), (BLACK, 2)]);
    let style = stripes(3, &[(BLACK, 4), (RED, 2), (GREEN, 1)]);
    let (regions, styles) = read_color_maps(&picture, &[style], &RegionOptions::default()).unwrap();
    let expected = [("#00ff00", 20), ("#000000", 8), ("#ff0000", 4)];
    assert_eq!(summary(&regions), expected.map(|(name, pixels)| (name.to_owned(), pixels)));
    assert_eq!(styles[0].mask(0)[..7], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(styles[0].mask(1)[..7], [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(styles[0].mask(2)[..7], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn close_colors_of_a_plain_map_stay_apart() {
    let shades = [([0, 0, 0], 4), ([1, 1, 1], 3), ([2, 2, 2], 2)];
    let (regions, styles) =
        read_color_maps(&stripes(4, &shades), &[stripes(9, &shades)], &RegionOptions::default()).unwrap();
    assert_eq!(regions.count(), 3);
    assert_eq!(summary(&styles[0])[2], ("#020202".to_owned(), 18));
}

#[test]
fn missing_colors_are_named_with_their_pixels_and_the_nearest() {
    let picture = stripes(10, &[(RED, 4), (BLUE, 3)]);
    let style = stripes(10, &[(RED, 4), ([255, 128, 0], 2)]);
    let error = read_color_maps(&picture, &[style], &RegionOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the colours of the maps do not match: \
         the map of the picture has #0000ff (30 pixels), which the style lacks; its nearest colour is #ff0000; \
         the map of the style has #ff8000 (20 pixels), which the picture lacks; its nearest colour is #ff0000"
    );
}

#[test]
fn a_color_whose_partner_is_taken_is_missing_too() {
    let (red, other_red) = ([255, 51, 31], [254, 0, 0]);
    let one = stripes(8, &[(red, 4), (BLUE, 4)]);
    let two = stripes(8, &[(red, 4), (other_red, 1), (BLUE, 4)]);
    let error =
        read_color_maps(&one, std::slice::from_ref(&two), &RegionOptions::default()).unwrap_err().to_string();
    assert!(error.ends_with("has only #ff331f near it, the partner of another colour"), "{error}");
    // By itself it is near enough.
    let other = stripes(8, &[(other_red, 4), (BLUE, 4)]);
    assert!(read_color_maps(&one, &[other], &RegionOptions::default()).is_ok());
    // To be joined on request.
    let (regions, _) = read_color_maps(&two, &[one], &nearest()).unwrap();
    assert_eq!(summary(&regions), [("#0000ff".to_owned(), 32), ("#ff331f".to_owned(), 40)]);
}

#[test]
fn the_nearest_color_takes_over_and_unused_ones_are_left_out() {
    let picture = stripes(2, &[(RED, 3), (DARK, 1), (GREEN, 2)]);
    let style = stripes(2, &[(RED, 2), ([0, 200, 0], 1), (BLUE, 5)]);
    let (regions, styles) = read_color_maps(&picture, &[style], &nearest()).unwrap();
    assert_eq!(summary(&regions), [("#ff0000".to_owned(), 8), ("#00ff00".to_owned(), 4)]);
    assert_eq!(summary(&styles[0]), [("#ff0000".to_owned(), 4), ("#00ff00".to_owned(), 2)]);
    assert_masks_add_up_to(&regions, 1.0);
    assert_eq!([styles[0].mask(0)[7], styles[0].mask(1)[7]], [0.0, 0.0]);
}

#[test]
fn a_region_may_be_in_one_of_several_styles() {
    let picture = stripes(2, &[(RED, 1), (GREEN, 2), (BLUE, 3)]);
    let styles = [stripes(3, &[(RED, 2), (BLUE, 1)]), stripes(1, &[(GREEN, 4), ([0, 0, 250], 1)])];
    let (regions, styles) = read_color_maps(&picture, &styles, &RegionOptions::default()).unwrap();
    let pixels = |regions| summary(regions).into_iter().map(|(_, pixels)| pixels).collect::<Vec<_>>();
    assert_eq!(pixels(&regions), [6, 4, 2]);
    assert_eq!(pixels(&styles[0]), [3, 0, 6]);
    assert_eq!(pixels(&styles[1]), [1, 4, 0]);

    let styles = [stripes(3, &[(RED, 2), (BLUE, 1)]), stripes(1, &[(RED, 4), (DARK, 5)])];
    let error = read_color_maps(&picture, &styles, &RegionOptions::default()).unwrap_err().to_string();
    assert!(error.contains("the map of style 2 has #8c0000 (5 pixels)"), "{error}");
}

/// A disc on a ground, drawn four times as large and reduced.
fn smooth(size: usize, ground: [u8; 3], disc: [u8; 3]) -> Picture {
    let large = map(4 * size, 4 * size, |x, y| {
        let square = |at: usize| (at as f64 - 2.0 * size as f64).powi(2);
        if square(x) + square(y) < (1.3 * size as f64).powi(2) { disc } else { ground }
    });
    large.resized(size, size, Filter::Bilinear)
}

#[test]
fn anti_aliasing_is_no_color_and_its_pixels_belong_to_both_sides() {
    for size in [24, 200] {
        let (picture, style) = (smooth(size, RED, BLACK), smooth(size + 3, BLACK, RED));
        let (regions, styles) = read_color_maps(&picture, &[style], &RegionOptions::default()).unwrap();
        assert_eq!(
            summary(&regions).iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["#ff0000", "#000000"]
        );
        assert_masks_add_up_to(&regions, 1.0);
        assert_masks_add_up_to(&styles[0], 1.0);
        // The mask is the red channel.
        for (share, red) in regions.mask(0).iter().zip(picture.data()) {
            assert!((share - red).abs() < 0.05, "{share} where red is {red}");
        }
    }
}

#[test]
fn a_given_number_of_colors_joins_like_ones() {
    let picture = stripes(4, &[(RED, 4), (DARK, 4), (BLUE, 8)]);
    let style = stripes(4, &[([230, 0, 0], 8), (BLUE, 8)]);
    let options = RegionOptions { colors: Some(2), ..RegionOptions::default() };
    let (regions, styles) = read_color_maps(&picture, &[style], &options).unwrap();
    assert_eq!(summary(&regions).iter().map(|(_, pixels)| *pixels).collect::<Vec<_>>(), [32, 32]);
    assert_eq!(summary(&styles[0]).iter().map(|(_, pixels)| *pixels).collect::<Vec<_>>(), [32, 32]);
    for colors in [0, 25] {
        let options = RegionOptions { colors: Some(colors), ..RegionOptions::default() };
        let error = read_color_maps(&picture, &[], &options).unwrap_err();
        assert_eq!(error, RegionError::ColorsOutOfRange { colors });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn masks_of_any_map_add_up_to_one(
        (width, height) in (1usize..24, 1usize..24),
        colors in prop::collection::vec(any::<[u8; 3]>(), 1..40),
        count in prop::option::of(1usize..9),
        step in 1usize..97,
    ) {
        let picture = map(width, height, |x, y| colors[(x / 3 + y * step) % colors.len()]);
        let options = RegionOptions { colors: count, ..nearest() };
        match read_color_maps(&picture, std::slice::from_ref(&picture), &options) {
            Ok((regions, styles)) => {
                assert_masks_add_up_to(&regions, 1.0);
                prop_assert_eq!(&regions, &styles[0]);
                assert_masks_add_up_to(&regions.resized(width * 2 / 3 + 1, height + 5), 1.0);
            }
            Err(RegionError::TooManyColors { .. }) => prop_assert!(count.is_none()),
            Err(error) => panic!("{error}"),
        }
    }
}
