//! Each preset against the same arithmetic in PyTorch, float64 (fixtures/make_*.py): every loss, every
//! gradient, and the way down.

mod parity;

use impasto::terms::{Content, Gram, Term, TotalVariation};
use impasto::{
    Control, Evaluation, OptimizerSettings, Picture, PixelUnits, Preset, Pyramid, Settings, StyleFit,
    Transfer,
};
use impasto_network::{CpuEngine, Engine, Layer, Pooling, ScalarEngine, Size, Statistic, Weights};

use crate::parity::{Fixture, assert_close, assert_gradient, fixture, losses_of};

/// Styles of one transfer: names of fixture pictures, with weights.
type Styles<'a> = &'a [(&'a str, f64)];

fn picture(name: &str) -> Picture {
    parity::picture("pictures.safetensors", name)
}

fn weights(settings: &Settings) -> Weights {
    parity::weights("network.safetensors", settings)
}

/// A preset at the size of the fixture pictures, which then go in bit for bit: the content is 40 x 48, one
/// style 56 x 40, the other 40 x 48.
fn settings(preset: Preset) -> Settings {
    let mut settings = preset.settings();
    (settings.schedule.size, settings.schedule.pyramid) = (48, Pyramid::One);
    if settings.schedule.style_fit == StyleFit::LongestSide {
        settings.schedule.style_fit = StyleFit::Shrink;
        settings.schedule.style_scale = 56.0 / 48.0;
    }
    settings
}

fn transfer(settings: &Settings, styles: Styles) -> Transfer {
    let transfer = Transfer::new(settings.clone()).content(picture("content"));
    styles.iter().fold(transfer, |transfer, (name, weight)| transfer.style(picture(name), *weight))
}

fn evaluate(settings: &Settings, styles: Styles) -> Evaluation {
    let mut engine = ScalarEngine::new(&weights(settings));
    transfer(settings, styles).evaluate(&mut engine, &picture("picture")).unwrap()
}

/// Compares an evaluation of all terms, then of each alone, with the fixture's values under `prefix`.
fn compare(settings: &Settings, styles: Styles, fixture: &Fixture, prefix: &str) {
    let expected = |name: &str| fixture[&format!("{prefix}{name}")].as_slice();
    let all = evaluate(settings, styles);
    assert_close(&[all.total], expected("loss.total"), &format!("{prefix}loss.total"));
    assert_gradient(&all, expected("gradient.total"), &format!("{prefix}gradient.total"));
    for term in &settings.terms {
        let (found, name) = match term {
            Term::Content(_) => ("content", "content"),
            Term::Gram(_) => ("gram", "style"),
            Term::TotalVariation(_) => ("total_variation", "total_variation"),
            other => panic!("no fixture of {other:?}"),
        };
        let losses = losses_of(&all, found);
        for (index, (loss, expected)) in losses.iter().zip(expected(&format!("loss.{name}"))).enumerate() {
            assert_close(&[*loss], &[*expected], &format!("{prefix}loss.{name}[{index}]"));
        }
        assert_eq!(losses.len(), expected(&format!("loss.{name}")).len(), "{prefix}{name}");
        let alone = evaluate(&Settings { terms: vec![term.clone()], ..settings.clone() }, styles);
        assert_gradient(&alone, expected(&format!("gradient.{name}")), &format!("{prefix}gradient.{name}"));
    }
}

#[test]
fn gatys_is_the_papers_arithmetic() {
    let fixture = fixture("gatys.safetensors");
    compare(&settings(Preset::Gatys), &[("style_2", 1.0)], &fixture, "same_size.");
    compare(&settings(Preset::Gatys), &[("style_1", 1.0)], &fixture, "other_size.");
}

#[test]
fn keras_is_the_example_s_arithmetic() {
    compare(&settings(Preset::Keras), &[("style_2", 1.0)], &fixture("keras.safetensors"), "");
}

#[test]
fn neural_style_is_johnson_s_arithmetic() {
    let fixture = fixture("neural_style.safetensors");
    for (pooling, prefix) in [(Pooling::Max, "max."), (Pooling::Average, "average.")] {
        let mut settings = settings(Preset::NeuralStyle);
        settings.network.pooling = pooling;
        // Blend weights need not add up to one.
        let styles: Styles = &[("style_1", 3.0), ("style_2", 1.0)];
        compare(&settings, styles, &fixture, prefix);
        settings.normalize_gradients = true;
        let name = format!("{prefix}gradient.normalized");
        assert_gradient(&evaluate(&settings, styles), &fixture[&name], &name);
    }
}

/// The totals of a run of the neural-style preset from the fixture picture, evaluation by evaluation.
fn descent<E: Engine>(
    pooling: Pooling,
    optimizer: OptimizerSettings,
    evaluations: usize,
    engine: impl Fn(Weights) -> E,
) -> Vec<f64> {
    let mut settings = settings(Preset::NeuralStyle);
    (settings.network.pooling, settings.optimizer) = (pooling, optimizer);
    settings.schedule.iterations = evaluations;
    let transfer = transfer(&settings, &[("style_1", 0.75), ("style_2", 0.25)]).start(picture("picture"));
    let mut engine = engine(weights(&settings));
    let outcome = transfer.run(&mut engine, |_| Control::Continue).unwrap();
    assert!(outcome.completed);
    // L-BFGS evaluates the picture after the last step too.
    outcome.trace.evaluations.iter().map(|evaluation| evaluation.total).take(evaluations).collect()
}

/// Compares the first `evaluations` of the descents by L-BFGS and by Adam with the fixture's.
fn assert_descends<E: Engine>(evaluations: usize, engine: impl Fn(Weights) -> E) {
    let fixture = fixture("trajectory.safetensors");
    let lbfgs = OptimizerSettings::lbfgs(100);
    let adam = OptimizerSettings::adam(PixelUnits::Torch);
    for (name, optimizer, pooling) in [("lbfgs", lbfgs, Pooling::Average), ("adam", adam, Pooling::Max)] {
        let expected = &fixture[&format!("{name}.loss")];
        let expected = &expected[..evaluations.min(expected.len())];
        let found = descent(pooling, optimizer, expected.len(), &engine);
        assert_eq!(found.len(), expected.len(), "{name}");
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            let error = (found / expected - 1.0).abs();
            assert!(error < 0.03, "{name}, evaluation {index}: {found}, not {expected} ({error:.1e})");
        }
    }
}

#[test]
fn neural_style_descends_as_torch_does() {
    assert_descends(usize::MAX, CpuEngine::new);
}

/// The start only: without optimisation, the scalar engine takes its time.
#[test]
fn neural_style_descends_as_torch_does_on_the_scalar_engine() {
    assert_descends(25, |weights| ScalarEngine::new(&weights));
}

#[test]
fn a_constant_layer_has_the_loss_of_the_closed_forms() {
    // A flat picture makes conv1_1 flat away from the border; with circular padding, everywhere.
    let mut settings = settings(Preset::NeuralStyle);
    settings.network.padding = impasto_network::Padding::Circular;
    settings.network.first_padding = impasto_network::Padding::Circular;
    settings.schedule.style_scale = 1.0;
    let layer = Layer::convolution(1, 1);
    settings.term_mut::<Gram>().unwrap().layers.replace(&[layer]);
    settings.term_mut::<Content>().unwrap().weight = 0.0;
    settings.term_mut::<TotalVariation>().unwrap().weight = 0.0;
    let flat = |value: f32| Picture::new(40, 48, vec![value; 3 * 40 * 48]);

    let weights = weights(&settings);
    let mut engine = ScalarEngine::new(&weights);
    let mut activations = |value: f32| -> Vec<f64> {
        let size = Size { height: 48, width: 40 };
        engine.prepare(size, settings.network, vec![Statistic::Map.at(layer)]).unwrap();
        engine.measure(flat(value).data()).unwrap();
        engine.read_map(engine.map(layer)).chunks(40 * 48).map(|plane| f64::from(plane[0])).collect()
    };
    let (a, b) = (activations(0.3), activations(0.8));
    let channels = a.len() as f64;
    // With all entries of the map equal along positions, G = a aᵀ / C, so the mean over C² of (G - T)² is:
    let mut expected = 0.0;
    for row in 0..a.len() {
        for column in 0..a.len() {
            expected += ((a[row] * a[column] - b[row] * b[column]) / channels).powi(2) / channels.powi(2);
        }
    }
    let transfer = Transfer::new(settings).content(flat(0.5)).style(flat(0.8), 1.0);
    let found = transfer.evaluate(&mut engine, &flat(0.3)).unwrap();
    assert_close(&[found.total], &[100.0 * expected], "loss of a flat picture");
}
