//! The masks of fast-neural-doodle's examples: anti-aliased, and one of them with other colours than its
//! partner.

use std::path::PathBuf;

use impasto::Picture;
use impasto::picture::{ReadOptions, SourcePicture};
use impasto::regions::{RegionOptions, read_color_maps};

use super::{assert_masks_add_up_to, summary};

/// A map from the folder of test data, if there is one.
fn doodle(name: &str) -> Option<Picture> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("IMPASTO_DATA").map_or_else(beside, PathBuf::from);
    let path = folder.join("doodle").join(name);
    path.exists().then(|| SourcePicture::read(path, &ReadOptions::default()).unwrap().picture)
}

/// Colours of the picture's regions, and how many percent of both maps they take.
fn regions_of(name: &str, colors: Option<usize>) -> Option<Vec<(String, f64, f64)>> {
    let (target, style) =
        (doodle(&format!("{name}_target_mask.png"))?, doodle(&format!("{name}_style_mask.png"))?);
    let options = RegionOptions { colors, ..RegionOptions::default() };
    let (target, styles) = read_color_maps(&target, &[style], &options).unwrap();
    let style = &styles[0];
    assert_masks_add_up_to(&target, 1.0);
    assert_masks_add_up_to(style, 1.0);
    let percent =
        |pixels: usize, positions: usize| (1000.0 * pixels as f64 / positions as f64).round() / 10.0;
    let regions = summary(&target).into_iter().zip(style.regions()).map(|((name, pixels), of_style)| {
        let shares = (target.masks().len() / target.count(), style.masks().len() / style.count());
        (name, percent(pixels, shares.0), percent(of_style.pixels, shares.1))
    });
    Some(regions.collect())
}

fn expect(name: &str, expected: &[(&str, f64, f64)]) {
    for colors in [None, Some(expected.len())] {
        let Some(found) = regions_of(name, colors) else {
            println!("skipped: no data");
            return;
        };
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(colors.is_some() || found.0 == expected.0, "{found:?} instead of {expected:?}");
            assert!((found.1 - expected.1).abs() < 0.2, "{found:?} instead of {expected:?}");
            assert!((found.2 - expected.2).abs() < 0.2, "{found:?} instead of {expected:?}");
        }
    }
}

#[test]
fn monet_has_five_regions() {
    let expected = [
        ("#ffffff", 40.1, 38.8),
        ("#ff331f", 25.5, 27.0),
        ("#0000ff", 23.1, 17.4),
        ("#c00000", 6.1, 7.4),
        ("#00ff00", 5.2, 9.4),
    ];
    expect("monet", &expected);
}

#[test]
fn renoir_has_four_regions_though_the_reds_differ() {
    let expected =
        [("#00ff01", 46.8, 44.2), ("#ffffff", 27.4, 32.5), ("#0000fe", 18.9, 15.8), ("#fe0000", 6.8, 7.5)];
    expect("renoir", &expected);
}
