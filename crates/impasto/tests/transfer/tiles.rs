//! Pictures that are evaluated in tiles, because memory is short.

use impasto::regions::Regions;
use impasto::terms::Content;
use impasto::{
    Evaluation, OptimizerSettings, Picture, Precision, Preset, Pyramid, Settings, SmallerSizes, StyleMethod,
    Transfer,
};
use impasto_network::{CpuEngine, Layer, Padding};

use crate::small;

const SIZE: usize = 160;

/// Bytes that a plan counts for any picture.
const SMALL_THINGS: u64 = 10_000_000;

pub fn settings(method: StyleMethod) -> Settings {
    let mut settings = Preset::Impasto.settings();
    settings.set_method(method);
    (settings.schedule.size, settings.schedule.pyramid) = (SIZE, Pyramid::One);
    (settings.schedule.iterations, settings.schedule.refinement) = (3, None);
    settings.schedule.smaller_sizes = SmallerSizes::Equal;
    // Deeper layers of the small network see further than tiles of such a small picture could spare.
    let layers = [Layer::relu(1, 1), Layer::relu(2, 1), Layer::relu(3, 1)];
    if let Some(content) = settings.term_mut::<Content>() {
        content.layers.replace(&layers[2..]);
    }
    settings.style_layers_mut().unwrap().replace(&layers);
    settings
}

pub fn transfer(settings: Settings) -> Transfer {
    Transfer::new(settings)
        .content(small::picture(160, 121, 1))
        .style(small::picture(150, 130, 2), 2.0)
        .style(small::picture(97, 140, 5), 1.0)
}

pub fn evaluate(transfer: &Transfer) -> Evaluation {
    transfer.evaluate(&mut CpuEngine::new(small::weights()), &small::picture(160, 121, 3)).unwrap()
}

/// The transfer within a share of the memory that it needs, and the number of its tiles.
pub fn squeezed(transfer: &Transfer, share: f64) -> (Transfer, usize) {
    let engine = CpuEngine::new(small::weights());
    let whole = transfer.plan(&engine).unwrap().memory();
    let limit = SMALL_THINGS + (share * (whole - SMALL_THINGS) as f64) as u64;
    let squeezed = transfer.clone().within_memory(limit);
    let plan = squeezed.plan(&engine).unwrap();
    let tiles = plan.stages.last().unwrap().tiles;
    assert!(plan.memory() <= whole, "{tiles} tiles need {} of {whole}", plan.memory());
    (squeezed, tiles)
}

/// The left part one region, the rest another.
fn halves(width: usize, height: usize) -> Regions {
    let value = |index: usize| f32::from(index % width < width / 3);
    Regions::from_gray_mask(&Picture::new(width, height, (0..3 * width * height).map(value).collect()))
}

#[test]
fn tiles_have_the_losses_and_the_gradient_of_the_whole() {
    let mut cases = Vec::new();
    for method in [StyleMethod::Moments, StyleMethod::Gram, StyleMethod::Patches] {
        cases.push((format!("{method:?}"), transfer(settings(method))));
        let regions = (halves(160, 121), vec![halves(150, 130), halves(97, 140)]);
        cases.push((
            format!("{method:?} by regions"),
            transfer(settings(method)).regions(regions.0, regions.1),
        ));
        let mut circular = settings(method);
        (circular.network.first_padding, circular.network.padding) = (Padding::Circular, Padding::Circular);
        cases.push((format!("{method:?}, circular"), transfer(circular)));
        let mut normalized = settings(method);
        normalized.normalize_gradients = true;
        cases.push((format!("{method:?}, normalised"), transfer(normalized)));
    }
    for (what, transfer) in cases {
        // In smaller tiles rounding decides between two patches that are equally good.
        let (squeezed, tiles) = squeezed(&transfer, 0.9);
        assert!(tiles > 1, "{what} is not in tiles");
        assert_close(&what, &evaluate(&transfer), &evaluate(&squeezed));
    }
}

/// The same losses and the same gradient, but for rounding.
pub fn assert_close(what: &str, whole: &Evaluation, tiled: &Evaluation) {
    for (a, b) in whole.losses.iter().zip(&tiled.losses) {
        assert!((a.loss - b.loss).abs() <= 1e-5 * a.loss.abs(), "{what}: {b:?}, not {a:?}");
    }
    let square =
        |values: &mut dyn Iterator<Item = f32>| -> f64 { values.map(|it| f64::from(it).powi(2)).sum() };
    let distance = square(&mut whole.gradient.iter().zip(&tiled.gradient).map(|(a, b)| a - b));
    let error = (distance / square(&mut whole.gradient.iter().copied())).sqrt();
    assert!(error < 1e-4, "{what}: the gradient is off by {error:e}");
}

#[test]
fn a_run_in_tiles_paints_the_same_picture() {
    let whole = transfer(settings(StyleMethod::Moments));
    let (squeezed, tiles) = squeezed(&whole, 0.75);
    assert!(tiles > 1);
    let paint = |transfer: &Transfer| {
        transfer.run(&mut CpuEngine::new(small::weights()), small::go_on).unwrap().picture
    };
    let (a, b) = (paint(&whole), paint(&squeezed));
    // Adam's first steps are as long for a gradient near 0, whose sign rounding may change, as for any other.
    let squares: f32 = a.data().iter().zip(b.data()).map(|(a, b)| (a - b).powi(2)).sum();
    let error = (squares / a.data().len() as f32).sqrt();
    assert!(error < 0.2 / 255.0, "{error}");
    assert!(paint(&squeezed) == b, "the same tiles paint the same bits");
}

#[test]
fn nearest_columns_stay_whole() {
    let (_, tiles) = squeezed(&transfer(settings(StyleMethod::Nearest)), 0.5);
    assert_eq!(tiles, 1);
}

#[test]
fn where_memory_is_very_short_targets_are_kept_in_half_precision() {
    let transfer = transfer(settings(StyleMethod::Moments));
    let engine = CpuEngine::new(small::weights());
    let precision = |transfer: &Transfer| transfer.plan(&engine).unwrap().stages[0].precision;
    assert_eq!(precision(&transfer), Precision::Full);
    let squeezed = transfer.clone().within_memory(1);
    assert_eq!(precision(&squeezed), Precision::Half);
    let (whole, halves) = (evaluate(&transfer), evaluate(&squeezed));
    for (a, b) in whole.losses.iter().zip(&halves.losses) {
        assert!((a.loss - b.loss).abs() <= 1e-3 * a.loss.abs(), "{b:?}, not {a:?}");
    }
    let paint = |transfer: &Transfer| {
        transfer.run(&mut CpuEngine::new(small::weights()), small::go_on).unwrap().picture
    };
    let (a, b) = (paint(&transfer), paint(&squeezed));
    let squares: f32 = a.data().iter().zip(b.data()).map(|(a, b)| (a - b).powi(2)).sum();
    let error = (squares / a.data().len() as f32).sqrt();
    assert!(error < 0.5 / 255.0, "{error}");
}

#[test]
fn lbfgs_remembers_as_many_steps_as_fit() {
    let optimizer = OptimizerSettings::lbfgs(50);
    let transfer = transfer(Settings { optimizer, ..settings(StyleMethod::Gram) });
    let engine = CpuEngine::new(small::weights());
    let steps = |transfer: &Transfer| transfer.plan(&engine).unwrap().stages[0].steps_remembered;
    assert_eq!(steps(&transfer), Some(50));
    let needed = transfer.plan(&engine).unwrap().memory();
    // Ten steps less, each with two vectors of one picture.
    let pictures = |count: u64| count * 3 * 4 * 160 * 121;
    let squeezed = transfer.clone().within_memory(needed - pictures(20));
    assert!((35..=45).contains(&steps(&squeezed).unwrap()), "{:?}", steps(&squeezed));
    assert_eq!(steps(&transfer.clone().within_memory(1)), Some(3));
    let plan = squeezed.plan(&engine).unwrap();
    assert!(plan.memory() <= needed - pictures(20) && plan.warnings.len() == 1, "{:?}", plan.warnings);
    squeezed.run(&mut CpuEngine::new(small::weights()), small::go_on).unwrap();
}
