//! Gram matrices region by region.

use impasto::regions::{Propagation, Regions};
use impasto::terms::{Gram, GramLoss, Guidance, WeightedLayers};
use impasto::{Control, Evaluation, OptimizerSettings, Picture, PixelUnits, Settings, Start, Transfer};
use impasto_network::{CpuEngine, Engine, Layer, Weights};

use crate::small;

const ALL_LOSSES: [GramLoss; 6] = [
    GramLoss::Gatys,
    GramLoss::Mean,
    GramLoss::Keras,
    GramLoss::Relative,
    GramLoss::FastNeuralDoodle,
    GramLoss::KerasDoodle,
];

/// The Gram term alone, at 24 pixels.
fn settings(loss: GramLoss, layers: &[Layer], guidance: Guidance) -> Settings {
    let mut settings = small::simple_settings();
    settings.terms = vec![Gram { weight: 1.7, layers: WeightedLayers::each(layers), loss, guidance }.into()];
    settings
}

/// A mask whose value at each column and row is `value`.
fn mask(width: usize, height: usize, value: impl Fn(usize, usize) -> f32) -> Picture {
    let plane: Vec<f32> = (0..width * height).map(|index| value(index % width, index / width)).collect();
    Picture::new(width, height, plane.repeat(3))
}

/// Two regions that fade into each other from left to right, with a corner in neither.
fn soft_regions(width: usize, height: usize) -> Regions {
    let ramp = |x: usize| x as f32 / (width - 1) as f32;
    let covered = |x: usize, y: usize| f32::from(u8::from(x + y > 6));
    Regions::from_masks(&[
        mask(width, height, |x, y| covered(x, y) * ramp(x)),
        mask(width, height, |x, y| covered(x, y) * (1.0 - ramp(x))),
    ])
    .unwrap()
}

/// The left half and the right half.
fn halves(width: usize, height: usize) -> Regions {
    let is_left = |x: usize| f32::from(u8::from(x < width / 2));
    Regions::from_masks(&[
        mask(width, height, |x, _| is_left(x)),
        mask(width, height, |x, _| 1.0 - is_left(x)),
    ])
    .unwrap()
}

/// One of two halves only.
fn half(width: usize, height: usize, is_left: bool) -> Regions {
    let value = |x: usize| f32::from(u8::from((x < width / 2) == is_left));
    Regions::from_masks(&[mask(width, height, |x, _| value(x))]).unwrap()
}

fn evaluate(transfer: &Transfer, picture: &Picture) -> Evaluation {
    transfer.evaluate(&mut small::engine(), picture).unwrap()
}

/// The slope along a direction by the gradient, relative to that by central differences.
fn slope_error<E: Engine>(transfer: &Transfer, engine: &mut E) -> f64 {
    const LENGTH: f32 = 2e-3;
    let (start, direction) = (small::picture(24, 18, 7), small::picture(24, 18, 8));
    let gradient = transfer.evaluate(engine, &start).unwrap().gradient;
    let products = gradient.iter().zip(direction.data()).map(|(&g, &d)| f64::from(g) * f64::from(d));
    let mut at = |length: f32| {
        let values = start.data().iter().zip(direction.data()).map(|(x, d)| x + length * d).collect();
        transfer.evaluate(engine, &Picture::new(24, 18, values)).unwrap().total
    };
    let difference = (at(LENGTH) - at(-LENGTH)) / (2.0 * f64::from(LENGTH));
    let slope = products.sum::<f64>() * f64::from(transfer.settings().units.scale());
    (slope - difference).abs() / difference.abs()
}

#[test]
fn gradients_of_soft_regions_are_those_of_finite_differences() {
    let mask_network = Propagation::MaskNetwork { border_counts: true };
    for propagation in [Propagation::Pooling, mask_network] {
        for loss in ALL_LOSSES.into_iter().filter(|&loss| loss != GramLoss::FastNeuralDoodle) {
            let guidance = Guidance { propagation, ..Guidance::default() };
            // Before the ReLU, so that the loss is smooth.
            let settings = settings(loss, &[Layer::convolution(1, 1)], guidance);
            let transfer =
                small::transfer(settings).regions(soft_regions(24, 18), vec![soft_regions(40, 44)]);
            let scalar = slope_error(&transfer, &mut small::engine());
            let mut engine = CpuEngine::new(small::weights());
            let fast = slope_error(&transfer, &mut engine);
            assert!(scalar < 2e-3 && fast < 2e-3, "{loss:?}, {propagation:?}: {scalar:.1e} {fast:.1e}");
        }
    }
}

#[test]
fn the_gradient_of_fast_neural_doodle_is_exact_for_hard_regions_only() {
    let settings = settings(GramLoss::FastNeuralDoodle, &[Layer::convolution(1, 1)], Guidance::default());
    let error = |of_picture, of_style| {
        let transfer = small::transfer(settings.clone()).regions(of_picture, vec![of_style]);
        slope_error(&transfer, &mut small::engine())
    };
    assert!(error(halves(24, 18), halves(40, 44)) < 2e-3);
    assert!(error(soft_regions(24, 18), soft_regions(40, 44)) > 1e-2);
}

#[test]
fn normalizing_gradients_keeps_the_balance_of_regions() {
    let mut settings = settings(GramLoss::Gatys, &[Layer::relu(1, 1)], Guidance::default());
    let mut gradient = |normalize| {
        settings.normalize_gradients = normalize;
        let transfer = small::transfer(settings.clone()).regions(halves(24, 18), vec![halves(40, 44)]);
        evaluate(&transfer, &small::picture(24, 18, 7)).gradient
    };
    let product =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    let (plain, normalized) = (gradient(false), gradient(true));
    let cosine =
        product(&plain, &normalized) / (product(&plain, &plain) * product(&normalized, &normalized)).sqrt();
    assert!(cosine > 1.0 - 1e-6, "one layer is scaled as a whole: {cosine}");
    assert!(product(&plain, &plain) < 0.5 * product(&normalized, &normalized));
}

#[test]
fn a_region_that_is_all_of_the_picture_changes_nothing() {
    let layers = [Layer::relu(1, 1), Layer::relu(3, 1)];
    for loss in ALL_LOSSES {
        let transfer = small::transfer(settings(loss, &layers, Guidance::default()));
        let picture = small::picture(24, 18, 7);
        let whole = evaluate(&transfer, &picture);
        let guided = transfer.regions(Regions::whole(24, 18), vec![Regions::whole(40, 44)]);
        let guided = evaluate(&guided, &picture);
        let error = (guided.total / whole.total - 1.0).abs();
        assert!(error < 1e-9, "{loss:?}: {} {}", guided.total, whole.total);
        let largest = whole.gradient.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        for (guided, whole) in guided.gradient.iter().zip(&whole.gradient) {
            assert!((guided - whole).abs() < 1e-5 * largest, "{loss:?}: {guided} {whole}");
        }
    }
}

/// Stripes in warm colours on the left, checks in cold ones on the right; or the other way round.
fn two_textures(width: usize, height: usize, warm_is_left: bool) -> Picture {
    let mut picture = Picture::new(width, height, vec![0.0; 3 * width * height]);
    for (index, value) in picture.data_mut().iter_mut().enumerate() {
        let (channel, x, y) = (index / (width * height), index % width, index / width % height);
        let is_warm = (x < width / 2) == warm_is_left;
        let is_bright = if is_warm { y / 2 % 2 == 0 } else { (x / 2 + y / 2) % 2 == 0 };
        let color = if is_warm { [0.9, 0.5, 0.1] } else { [0.1, 0.4, 0.9] };
        *value = color[channel] * if is_bright { 1.0 } else { 0.6 };
    }
    picture
}

#[test]
fn each_half_takes_the_texture_of_its_region() {
    let mut settings =
        settings(GramLoss::Relative, &[Layer::relu(1, 1), Layer::relu(2, 1)], Guidance::default());
    settings.schedule.iterations = 60;
    settings.schedule.start = Start::UniformNoise { range: 0.4..0.6 };
    settings.optimizer = OptimizerSettings::adam(PixelUnits::One);
    // What is left in the style is right in the picture.
    let swapped = Regions::from_masks(&[
        mask(24, 24, |x, _| f32::from(u8::from(x >= 12))),
        mask(24, 24, |x, _| f32::from(u8::from(x < 12))),
    ])
    .unwrap();
    let transfer =
        Transfer::new(settings).style(two_textures(24, 24, true), 1.0).regions(swapped, vec![halves(24, 24)]);
    // A network that knows colours.
    let mut engine = CpuEngine::new(Weights::compact());
    let mut loss =
        |warm_is_left| transfer.evaluate(&mut engine, &two_textures(24, 24, warm_is_left)).unwrap().total;
    let (right, wrong) = (loss(false), loss(true));
    // Not zero: the textures meet other borders than in the style.
    assert!(right < 0.2 * wrong, "{right} {wrong}");

    let painted = transfer.run(&mut engine, |_| Control::Continue).unwrap().picture;
    // Red minus blue, on average over columns away from the border.
    let warmth = |columns: std::ops::Range<usize>| {
        let data = painted.data();
        let at = |channel: usize| {
            let rows = (0..24).flat_map(|y| columns.clone().map(move |x| y * 24 + x));
            rows.map(|index| data[channel * 576 + index]).sum::<f32>() / (24 * columns.len()) as f32
        };
        at(0) - at(2)
    };
    let (left, right) = (warmth(2..10), warmth(14..22));
    assert!(left < -0.2 && right > 0.2, "{left} {right}");
}

#[test]
fn a_region_takes_its_target_from_the_styles_that_have_it() {
    let layers = [Layer::relu(1, 1), Layer::relu(2, 1)];
    let settings = settings(GramLoss::Mean, &layers, Guidance::default());
    let new = || Transfer::new(settings.clone()).content(small::picture(24, 18, 1));
    let (first, second) = (small::picture(24, 20, 2), small::picture(24, 20, 3));
    let of_one = |is_left: bool| {
        let value = |x: usize| f32::from(u8::from((x < 12) == is_left));
        let none = mask(24, 20, |_, _| 0.0);
        let some = mask(24, 20, |x, _| value(x));
        Regions::from_masks(&if is_left { [some, none] } else { [none, some] }).unwrap()
    };
    let picture = small::picture(24, 18, 7);
    let both = new()
        .style(first.clone(), 3.0)
        .style(second.clone(), 1.0)
        .regions(halves(24, 18), vec![of_one(true), of_one(false)]);
    let left = new().style(first, 1.0).regions(half(24, 18, true), vec![half(24, 20, true)]);
    let right = new().style(second, 1.0).regions(half(24, 18, false), vec![half(24, 20, false)]);
    let (both, left, right) =
        (evaluate(&both, &picture).total, evaluate(&left, &picture).total, evaluate(&right, &picture).total);
    assert!(((left + right) / both - 1.0).abs() < 1e-9, "{left} + {right}, not {both}");
}

#[test]
fn a_region_without_texture_is_left_alone_and_told() {
    let none = mask(40, 44, |_, _| 0.0);
    let of_style = Regions::from_masks(&[mask(40, 44, |_, _| 1.0), none]).unwrap();
    for loss in ALL_LOSSES {
        let settings = settings(loss, &[Layer::relu(1, 1)], Guidance::default());
        let transfer = small::transfer(settings).regions(halves(24, 18), vec![of_style.clone()]);
        let plan = transfer.plan(&small::engine()).unwrap();
        let warnings: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
        let expected = "the region mask 2 (216 pixels) is in no style: nothing guides what is painted there";
        assert_eq!(warnings, [expected], "{loss:?}");

        let evaluation = evaluate(&transfer, &small::picture(24, 18, 7));
        assert!(evaluation.total.is_finite() && evaluation.total > 0.0, "{loss:?}: {}", evaluation.total);
        for (index, value) in evaluation.gradient.iter().enumerate() {
            // A convolution of 3x3 sees one column to the right.
            assert!(value.is_finite() && (index % 24 < 13 || *value == 0.0), "{loss:?}, {index}: {value}");
        }
    }
}

#[test]
fn a_region_too_small_for_a_layer_is_left_out_of_it_and_told_once() {
    let dot = |width, height| {
        let inside = |x: usize, y: usize| (8..10).contains(&x) && (8..10).contains(&y);
        let dot = |x, y| f32::from(u8::from(inside(x, y)));
        Regions::from_masks(&[mask(width, height, |x, y| 1.0 - dot(x, y)), mask(width, height, dot)]).unwrap()
    };
    let mut guided = settings(GramLoss::Mean, &[Layer::relu(1, 1), Layer::relu(3, 1)], Guidance::default());
    // Twice the same term, once the same warning.
    guided.terms.push(guided.terms[0].clone());
    let transfer = small::transfer(guided).regions(dot(24, 18), vec![halves(40, 44)]);
    let plan = transfer.plan(&small::engine()).unwrap();
    let warnings: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    let expected = "in the map of the picture, the region mask 2 (4 pixels) is too small for relu3_1: \
                    it is guided down to relu1_1 only";
    assert_eq!(warnings, [expected]);

    let deep = |guidance| {
        let settings = settings(GramLoss::Mean, &[Layer::relu(3, 1)], guidance);
        let guided = small::transfer(settings).regions(dot(24, 18), vec![halves(40, 44)]);
        evaluate(&guided, &small::picture(24, 18, 7)).total
    };
    let kept = Guidance { omit_vanishing: false, ..Guidance::default() };
    assert!(deep(Guidance::default()) < deep(kept));
}

#[test]
fn a_transfer_without_regions_warns_of_nothing() {
    let transfer = small::transfer(small::settings());
    assert_eq!(transfer.plan(&small::engine()).unwrap().warnings, []);
}
