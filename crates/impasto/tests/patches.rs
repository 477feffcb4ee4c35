//! The patch term: the presets `neural-doodle` and `cnnmrf` against the same arithmetic in PyTorch, float64
//! (fixtures/make_neural_doodle.py, fixtures/make_cnnmrf.py), and what no fixture covers.

mod parity;

use impasto::regions::{RegionOptions, Regions, read_color_maps};
use impasto::terms::{GuideChannels, PatchLoss, PatchScore, Patches, Term, WeightedLayers};
use impasto::{Control, Evaluation, Picture, Preset, Pyramid, Settings, StyleFit, Transfer};
use impasto_network::{
    CpuEngine, Engine, Layer, NetworkOptions, PatchNormalization, PatchOptions, ScalarEngine, Size,
    Statistic, Weights,
};

use crate::parity::{Fixture, assert_close, assert_gradient, fixture, losses_of};

fn picture(name: &str) -> Picture {
    parity::picture("doodle_pictures.safetensors", name)
}

/// The regions of `picture` and of `style_1`.
fn regions() -> (Regions, Regions) {
    let [picture, style] = ["picture", "style_1"].map(|name| parity::picture("maps.safetensors", name));
    let (picture, mut styles) = read_color_maps(&picture, &[style], &RegionOptions::default()).unwrap();
    (picture, styles.remove(0))
}

fn weights(settings: &Settings) -> Weights {
    parity::weights("network.safetensors", settings)
}

/// A preset at the size of the fixture pictures, which then go in bit for bit.
fn settings(preset: Preset) -> Settings {
    let mut settings = preset.settings();
    (settings.schedule.size, settings.schedule.pyramid) = (48, Pyramid::One);
    (settings.schedule.style_fit, settings.schedule.style_scale) = (StyleFit::Shrink, 56.0 / 48.0);
    settings
}

fn transfer(settings: &Settings, guided: bool) -> Transfer {
    let transfer = Transfer::new(settings.clone()).content(picture("content")).style(picture("style_1"), 1.0);
    match regions() {
        (picture, style) if guided => transfer.regions(picture, vec![style]),
        _ => transfer,
    }
}

fn patches_of(settings: &mut Settings) -> &mut Patches {
    settings.term_mut::<Patches>().unwrap()
}

/// On both engines.
fn evaluations(settings: &Settings, guided: bool) -> [Evaluation; 2] {
    let transfer = transfer(settings, guided);
    let (weights, picture) = (weights(settings), picture("picture"));
    let mut scalar = ScalarEngine::new(&weights);
    let mut cpu = CpuEngine::new(weights);
    [transfer.evaluate(&mut scalar, &picture), transfer.evaluate(&mut cpu, &picture)].map(Result::unwrap)
}

/// Compares an evaluation of all terms, then of each alone, with the fixture's values under `prefix`.
fn compare(settings: &Settings, guided: bool, fixture: &Fixture, prefix: &str) {
    let expected = |name: &str| fixture[&format!("{prefix}{name}")].as_slice();
    for all in evaluations(settings, guided) {
        assert_close(&[all.total], expected("loss.total"), "total");
        assert_gradient(&all, expected("gradient.total"), "gradient of the total");
        for (found, name) in
            [("content", "content"), ("patches", "style"), ("total_variation", "total_variation")]
        {
            let what = format!("{prefix}loss.{name}");
            assert_close(&losses_of(&all, found), expected(&format!("loss.{name}")), &what);
        }
    }
    for term in &settings.terms {
        let name = match term {
            Term::Content(_) => "content",
            Term::TotalVariation(_) => "total_variation",
            _ => "style",
        };
        let alone = Settings { terms: vec![term.clone()], ..settings.clone() };
        for evaluation in evaluations(&alone, guided) {
            let what = format!("{prefix}gradient.{name}");
            assert_gradient(&evaluation, expected(&format!("gradient.{name}")), &what);
        }
    }
}

/// The patch term alone.
fn compare_style(mut settings: Settings, fixture: &Fixture, prefix: &str) {
    settings.terms.retain(|term| matches!(term, Term::Patches(_)));
    for evaluation in evaluations(&settings, true) {
        let losses = losses_of(&evaluation, "patches");
        assert_close(&losses, &fixture[&format!("{prefix}loss.style")], &format!("{prefix}loss.style"));
        let what = format!("{prefix}gradient.style");
        assert_gradient(&evaluation, &fixture[&what], &what);
    }
}

#[test]
fn neural_doodle_is_champandard_s_arithmetic() {
    let fixture = fixture("neural_doodle.safetensors");
    compare(&settings(Preset::NeuralDoodle), true, &fixture, "colors.");

    let mut masks = settings(Preset::NeuralDoodle);
    patches_of(&mut masks).guide = GuideChannels::Regions;
    compare_style(masks, &fixture, "masks.");

    let mut variety = settings(Preset::NeuralDoodle);
    patches_of(&mut variety).variety = 0.5;
    compare_style(variety, &fixture, "variety.");
}

#[test]
fn cnnmrf_is_li_and_wand_s_arithmetic() {
    compare(&settings(Preset::Cnnmrf), false, &fixture("cnnmrf.safetensors"), "");
}

/// What an engine finds at a layer: matches, scores, best scores of the style patches, and the matched map.
struct Found {
    patches: Vec<f64>,
    scores: Vec<f64>,
    best: Vec<f64>,
    matched: Vec<f64>,
}

fn find<E: Engine>(
    engine: &mut E,
    network: NetworkOptions,
    layer: Layer,
    options: PatchOptions,
    [guide, style_guide]: [Option<&[f32]>; 2],
    penalties: Option<&[f32]>,
) -> Found {
    let mut show = |name| {
        let picture = picture(name);
        let size = Size { height: picture.height(), width: picture.width() };
        engine.prepare(size, network, vec![Statistic::Map.at(layer)]).unwrap();
        engine.measure(picture.data()).unwrap();
        (engine.copy_map(engine.map(layer)), engine.shape(layer))
    };
    let ((style, _), (map, shape)) = (show("style_1"), show("picture"));
    let mut patches = engine.new_patches(shape.channels, options);
    engine.add_patches(&mut patches, style, style_guide);
    let matches = engine.match_patches(&patches, &map, guide, penalties);
    let matched = engine.matched_map(&patches, &matches, shape);
    let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect();
    Found {
        patches: matches.patches.iter().copied().map(f64::from).collect(),
        scores: wide(&matches.scores),
        best: wide(&engine.best_scores(&patches, &map, guide)),
        matched: wide(&engine.read_map(&matched)),
    }
}

/// Calls `check` with what both engines find at both style layers.
fn with_both_engines(
    preset: Preset,
    options: PatchOptions,
    guides: impl Fn(Layer) -> [Option<Vec<f32>>; 2],
    penalties: impl Fn(Layer) -> Option<Vec<f32>>,
    check: impl Fn(Layer, Found),
) {
    let settings = settings(preset);
    let weights = weights(&settings);
    let mut scalar = ScalarEngine::new(&weights);
    let mut cpu = CpuEngine::new(weights);
    for layer in [Layer::relu(3, 1), Layer::relu(4, 1)] {
        let (guides, penalties) = (guides(layer), penalties(layer));
        let guides = [guides[0].as_deref(), guides[1].as_deref()];
        check(layer, find(&mut scalar, settings.network, layer, options, guides, penalties.as_deref()));
        check(layer, find(&mut cpu, settings.network, layer, options, guides, penalties.as_deref()));
    }
}

#[test]
fn matches_of_whole_patches_are_those_of_cnnmrf() {
    let fixture = fixture("cnnmrf.safetensors");
    let options = PatchOptions {
        size: 3,
        normalization: PatchNormalization::Whole,
        guide_weight: 0.0,
        source_stride: 2,
        query_stride: 2,
        circular: false,
    };
    with_both_engines(
        Preset::Cnnmrf,
        options,
        |_| [None, None],
        |_| None,
        |layer, found| {
            assert_eq!(found.patches, fixture[&format!("{layer}.matches")], "{layer}");
            assert_close(&found.scores, &fixture[&format!("{layer}.scores")], "scores");
            assert_close(&found.matched, &fixture[&format!("{layer}.matched")], "matched map");
        },
    );
}

#[test]
fn matches_of_positions_are_those_of_neural_doodle() {
    let fixture = fixture("neural_doodle.safetensors");
    let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
    let guides =
        |layer: Layer| ["guide", "guide.style"].map(|of| Some(narrow(&fixture[&format!("{of}.{layer}")])));
    let options = PatchOptions {
        size: 3,
        normalization: PatchNormalization::Positions,
        guide_weight: 10.0,
        source_stride: 1,
        query_stride: 1,
        circular: false,
    };
    with_both_engines(
        Preset::NeuralDoodle,
        options,
        guides,
        |_| None,
        |layer, found| {
            assert_eq!(found.patches, fixture[&format!("colors.{layer}.matches")], "{layer}");
            assert_close(&found.scores, &fixture[&format!("colors.{layer}.scores")], "scores");
            assert_close(&found.best, &fixture[&format!("variety.{layer}.history")], "best scores");
        },
    );
    let penalties = |layer: Layer| {
        let history = &fixture[&format!("variety.{layer}.history")];
        Some(history.iter().map(|&best| 0.5 * best as f32).collect())
    };
    with_both_engines(Preset::NeuralDoodle, options, guides, penalties, |layer, found| {
        assert_eq!(found.patches, fixture[&format!("variety.{layer}.matches")], "{layer}");
        assert_close(&found.scores, &fixture[&format!("variety.{layer}.penalized")], "penalized scores");
    });
}

/// A patch term alone, at one layer.
fn alone(patches: Patches) -> Settings {
    let mut settings = settings(Preset::NeuralDoodle);
    let layers = WeightedLayers::each(&[Layer::convolution(2, 1)]);
    settings.terms = vec![Patches { layers, ..patches }.into()];
    settings.schedule.style_scale = 1.0;
    settings
}

/// Of a transfer of one term, at a picture.
fn loss(transfer: &Transfer, picture: &Picture) -> Evaluation {
    let settings = transfer.settings();
    let mut engine = CpuEngine::new(weights(settings));
    transfer.evaluate(&mut engine, picture).unwrap()
}

fn noise(width: usize, height: usize, seed: u64) -> Picture {
    Picture::uniform_noise(width, height, 0.0..1.0, seed)
}

#[test]
fn gradients_are_those_of_finite_differences() {
    // The style has one patch, so matches cannot change; and there is no ReLU before the layer.
    for kind in [PatchLoss::Mean, PatchLoss::HalfSum, PatchLoss::Relative] {
        for seamless in [false, true] {
            let mut settings =
                alone(Patches { loss: kind, query_stride: 2, weight: 0.7, ..Patches::default() });
            (settings.seamless, settings.schedule.size) = (seamless, 24);
            let layers = WeightedLayers::each(&[Layer::convolution(1, 1)]);
            settings.term_mut::<Patches>().unwrap().layers = layers;
            let transfer = Transfer::new(settings).canvas(24, 18).style(noise(3, 3, 2), 1.0);
            let (start, direction) = (noise(24, 18, 3), noise(24, 18, 4));
            let gradient = loss(&transfer, &start).gradient;
            let slope: f64 = gradient
                .iter()
                .zip(direction.data())
                .map(|(g, d)| 255.0 * f64::from(*g) * f64::from(*d))
                .sum();
            let at = |length: f32| {
                let moved = start.data().iter().zip(direction.data()).map(|(x, d)| x + length * d).collect();
                loss(&transfer, &Picture::new(24, 18, moved)).total
            };
            let difference = (at(1e-2) - at(-1e-2)) / 2e-2;
            let error = (slope / difference - 1.0).abs();
            assert!(error < 1e-3, "{kind:?}, seamless {seamless}: {slope}, not {difference}");
        }
    }
}

#[test]
fn patches_of_all_styles_are_found() {
    let (first, second) = (noise(40, 30, 1), noise(40, 30, 2));
    let mut settings = alone(Patches::default());
    settings.schedule.size = 40;
    let transfer = Transfer::new(settings).canvas(40, 30).style(first, 1.0);
    assert!(loss(&transfer, &second).total > 0.01);
    // Whatever its weight: every patch is then its own match.
    let with_both = transfer.style(second.clone(), 0.01);
    assert!(loss(&with_both, &second).total < 1e-9);
}

#[test]
fn a_seamless_picture_may_be_shifted() {
    let mut settings = alone(Patches::default());
    (settings.seamless, settings.schedule.size) = (true, 24);
    let transfer = Transfer::new(settings).canvas(24, 16).style(noise(20, 20, 2), 1.0);
    let picture = noise(24, 16, 3);
    let shifted = (0..picture.data().len()).map(|index| {
        let (plane, row, column) = (index / 384, index / 24 % 16, index % 24);
        picture.data()[plane * 384 + (row + 6) % 16 * 24 + (column + 10) % 24]
    });
    let shifted = Picture::new(24, 16, shifted.collect());
    let (here, there) = (loss(&transfer, &picture).total, loss(&transfer, &shifted).total);
    assert!((here / there - 1.0).abs() < 1e-5, "{here} and {there}");
}

/// The left half white, the right half black, or the other way round.
fn halves(white_left: bool) -> Regions {
    let values: Vec<f32> = (0..40 * 30).map(|index| f32::from((index % 40 < 20) == white_left)).collect();
    Regions::from_gray_mask(&Picture::new(40, 30, values.repeat(3)))
}

#[test]
fn patches_stay_in_their_region() {
    let picture = noise(40, 30, 1);
    for score in [PatchScore::Whole, PatchScore::Positions] {
        let mut settings = alone(Patches { score, ..Patches::default() });
        settings.schedule.size = 40;
        let transfer = Transfer::new(settings).style(picture.clone(), 1.0);
        let with = |white_left| {
            let transfer = transfer.clone().regions(halves(white_left), vec![halves(true)]);
            loss(&transfer, &picture).total
        };
        assert!(with(true) < 1e-9, "{score:?}: every patch is its own match");
        assert!(with(false) > 0.1, "{score:?}: it has to look in the other half");
    }
}

#[test]
fn black_regions_are_no_trouble() {
    // Black has no direction among colours: its cosine with anything is 0.
    let black = Picture::new(40, 30, vec![0.0; 3 * 40 * 30]);
    for guide in [GuideChannels::Colors, GuideChannels::Regions] {
        let mut settings = alone(Patches { guide, variety: 0.2, ..Patches::default() });
        settings.schedule.size = 40;
        let transfer = Transfer::new(settings).style(noise(40, 30, 1), 1.0);
        let (one, mut others) =
            read_color_maps(&black, std::slice::from_ref(&black), &RegionOptions::default()).unwrap();
        let all_black = transfer.clone().regions(one, vec![others.remove(0)]);
        let half_black = transfer.regions(halves(true), vec![halves(true)]);
        for transfer in [all_black, half_black] {
            let found = loss(&transfer, &noise(40, 30, 2));
            assert!(found.total.is_finite() && found.gradient.iter().all(|value| value.is_finite()));
        }
    }
}

#[test]
fn matches_are_kept_for_as_many_evaluations_as_told() {
    let totals = |match_every| {
        let mut settings = alone(Patches { match_every, ..Patches::default() });
        (settings.schedule.size, settings.schedule.iterations) = (24, 8);
        let transfer = Transfer::new(settings).canvas(24, 18).style(noise(30, 30, 2), 1.0);
        let mut engine = CpuEngine::new(weights(transfer.settings()));
        let outcome = transfer.run(&mut engine, |_| Control::Continue).unwrap();
        outcome.trace.evaluations.iter().map(|evaluation| evaluation.total).collect::<Vec<_>>()
    };
    let (always, seldom) = (totals(1), totals(1000));
    assert_eq!(always[0], seldom[0]);
    assert_ne!(always[7], seldom[7]);
}

#[test]
fn copies_are_matched_too() {
    let with = |rotations, scales| {
        let mut settings = alone(Patches { rotations, scales, ..Patches::default() });
        settings.schedule.size = 40;
        let transfer = Transfer::new(settings).canvas(40, 30).style(noise(40, 40, 1), 1.0);
        loss(&transfer, &noise(40, 30, 2)).total
    };
    let plain = with(0, 0);
    assert!(with(1, 0) != plain && with(0, 1) != plain);
}

#[test]
fn a_style_smaller_than_a_patch_is_named() {
    let transfer = Transfer::new(alone(Patches::default())).canvas(48, 36).style(noise(5, 40, 1), 1.0);
    let engine = CpuEngine::new(weights(transfer.settings()));
    let error = transfer.plan(&engine).unwrap_err().to_string();
    let expected = "the style picture: a picture of 5x40 pixels is too small for conv2_1: \
                    both sides must be at least 6";
    assert_eq!(error, expected);
}
