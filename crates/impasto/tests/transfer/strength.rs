//! Strength by place.

use impasto::network::CpuEngine;
use impasto::optimizers::LbfgsOptions;
use impasto::regions::Regions;
use impasto::{
    ColorRule, OptimizerSettings, Picture, Settings, Start, StrengthMap, StyleMethod, Transfer,
    TransferError, Variables,
};

use crate::small::{self, go_on};

/// Black on the left third, a ramp, white on the right third.
fn ramp(width: usize, height: usize) -> Picture {
    let value = |x: usize| (3.0 * x as f32 / (width - 1) as f32 - 1.0).clamp(0.0, 1.0);
    let plane: Vec<f32> = (0..width * height).map(|index| value(index % width)).collect();
    Picture::new(width, height, plane.repeat(3))
}

fn flat(value: f32) -> StrengthMap {
    StrengthMap::from_picture(&Picture::new(4, 3, vec![value; 36]))
}

/// In 8 bits, so that the bits of a written file are those of the picture.
fn content() -> Picture {
    let mut content = small::picture(48, 36, 1);
    content.data_mut().iter_mut().for_each(|value| *value = (*value * 255.0).round() / 255.0);
    content
}

fn transfer(settings: &Settings, map: StrengthMap) -> Transfer {
    let transfer = Transfer::new(settings.clone()).content(content()).style(small::picture(40, 44, 2), 1.0);
    transfer.strength_map(map)
}

fn paint(settings: &Settings, map: StrengthMap) -> Picture {
    transfer(settings, map).run(&mut small::engine(), &mut go_on).unwrap().picture
}

/// Mean distance of two pictures in some columns.
fn distance(one: &Picture, other: &Picture, columns: std::ops::Range<usize>) -> f64 {
    let pairs = one.data().iter().zip(other.data()).enumerate();
    let inside = pairs.filter(|(index, _)| columns.contains(&(index % one.width())));
    let (count, sum) =
        inside.fold((0, 0.0), |(count, sum), (_, (a, b))| (count + 1, sum + f64::from((a - b).abs())));
    sum / f64::from(count)
}

/// Every way that variables become a picture, in three sizes.
fn ways() -> Vec<Settings> {
    let adam = small::settings();
    let mut lbfgs = small::settings();
    lbfgs.optimizer = OptimizerSettings::Lbfgs(LbfgsOptions { memory: 5, ..Default::default() });
    let mut pyramid = small::settings();
    pyramid.variables = Variables::LaplacianPyramid { levels: 3 };
    let mut noise = small::settings();
    noise.schedule.start = Start::UniformNoise { range: 0.25..0.75 };
    let mut all = vec![adam, lbfgs, pyramid, noise];
    for rule in [ColorRule::Content, ColorRule::Luminance, ColorRule::Match] {
        let mut colors = small::settings();
        colors.colors = rule.into();
        all.push(colors);
    }
    for method in [StyleMethod::Patches, StyleMethod::Nearest] {
        let mut other = small::settings();
        other.set_method(method);
        all.push(other);
    }
    all
}

#[test]
fn black_keeps_the_content_bit_for_bit_and_white_does_not() {
    for settings in ways() {
        let painted = paint(&settings, StrengthMap::from_picture(&ramp(48, 36)));
        for (index, (value, content)) in painted.data().iter().zip(content().data()).enumerate() {
            assert!(index % 48 > 15 || value.to_bits() == content.to_bits(), "{index}: {settings:?}");
        }
        assert!(distance(&painted, &content(), 32..48) > 0.01, "{settings:?}");
    }
}

#[test]
fn a_black_map_gives_the_content_and_a_white_one_changes_nothing() {
    let settings = small::settings();
    let plain = Transfer::new(settings.clone()).content(content()).style(small::picture(40, 44, 2), 1.0);
    let plain = plain.run(&mut small::engine(), &mut go_on).unwrap().picture;
    assert_eq!(paint(&settings, flat(0.0)), content());
    assert_eq!(paint(&settings, flat(1.0)), plain);
}

#[test]
fn more_strength_leads_further_from_the_content() {
    let settings = small::settings();
    let strengths = [0.0, 0.25, 0.5, 0.75, 1.0];
    let apart = strengths.map(|strength| distance(&paint(&settings, flat(strength)), &content(), 0..48));
    assert!(apart.is_sorted_by(|a, b| a < b), "{apart:?}");
}

#[test]
fn what_may_not_move_does_not_count_for_the_style() {
    // The statistics of the right half are those of the style already: nothing is left to do for the style.
    let mut settings = small::simple_settings();
    settings.schedule.size = 48;
    let (style, half) = (small::picture(24, 36, 2), small::picture(24, 36, 5));
    let mut content = Vec::new();
    for (left, right) in half.data().chunks_exact(24).zip(style.data().chunks_exact(24)) {
        content.extend(left.iter().chain(right));
    }
    let content = Picture::new(48, 36, content);
    let map = ramp(2, 1).resized(48, 36, impasto::picture::Filter::Bilinear);
    let white = map.data().iter().map(|value| if *value < 0.5 { 0.0 } else { 1.0 }).collect();
    let map = StrengthMap::from_picture(&Picture::new(48, 36, white));
    let plain = Transfer::new(settings.clone()).content(content.clone()).style(style, 1.0);
    let mut engine = small::engine();
    let whole = plain.evaluate(&mut engine, &content).unwrap().total;
    let part = plain.strength_map(map).evaluate(&mut engine, &content).unwrap().total;
    // What is left comes from the seam, over which the layer sees the left half.
    assert!(part < 0.5 * whole, "{part} {whole}");
}

#[test]
fn a_map_goes_with_regions() {
    let settings = small::settings();
    let regions = |width, height| Regions::from_gray_mask(&ramp(width, height));
    let transfer = transfer(&settings, StrengthMap::from_picture(&ramp(20, 30)));
    let transfer = transfer.regions(regions(48, 36), vec![regions(40, 44)]);
    let painted = transfer.run(&mut small::engine(), &mut go_on).unwrap().picture;
    assert_eq!(distance(&painted, &content(), 0..13), 0.0);
    assert!(distance(&painted, &content(), 36..48) > 0.01);
}

#[test]
fn threads_do_not_show_beside_a_map() {
    let settings = small::settings();
    let run = |threads: usize| {
        let mut engine = CpuEngine::new(small::weights());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let transfer = transfer(&settings, StrengthMap::from_picture(&ramp(48, 36)));
        pool.install(|| transfer.run(&mut engine, &mut go_on)).unwrap()
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_map_without_content_is_refused_and_counts_in_the_memory() {
    let mut settings = small::settings();
    settings.schedule.start = Start::UniformNoise { range: 0.25..0.75 };
    let engine = small::engine();
    let bare = Transfer::new(settings.clone()).canvas(3, 2).style(small::picture(40, 44, 2), 1.0);
    let error = bare.strength_map(flat(0.5)).plan(&engine).unwrap_err();
    assert!(matches!(error, TransferError::NoContent), "{error}");
    let memory =
        |map: &Picture| transfer(&settings, StrengthMap::from_picture(map)).plan(&engine).unwrap().memory();
    assert_eq!(memory(&ramp(100, 30)) - memory(&ramp(10, 30)), 4 * 90 * 30);
}
