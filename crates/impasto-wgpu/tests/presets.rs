//! What a run asks of the engine first, against the engine on the CPU: for presets and methods.

use std::sync::Arc;

use impasto::{Evaluation, Picture, Preset, Settings, StyleMethod, Transfer};
use impasto_network::{CpuEngine, Engine, Weights};
use impasto_wgpu::{Adapter, DeviceOptions, GpuEngine};

/// Waves in three colours.
fn picture(width: usize, height: usize, pitch: f32) -> Picture {
    let value = |at: usize| 0.5 + 0.3 * (at as f32 * pitch).sin() + 0.2 * (at as f32 * 0.013).cos();
    Picture::new(width, height, (0..3 * width * height).map(value).collect())
}

fn evaluate(settings: &Settings, engine: &mut impl Engine) -> Evaluation {
    let mut settings = settings.clone();
    settings.schedule.size = 72;
    let transfer = Transfer::new(settings).content(picture(72, 54, 0.31)).style(picture(60, 66, 0.17), 1.0);
    transfer.evaluate(engine, &picture(72, 54, 0.23)).expect("an evaluation")
}

#[test]
fn first_evaluations_are_those_of_the_cpu() {
    let Some(adapter) = Adapter::all().into_iter().next() else {
        assert!(std::env::var_os("CI").is_none(), "no device: install a Vulkan driver");
        eprintln!("skipped: no Vulkan, Metal or DirectX 12 on this machine");
        return;
    };
    let device = Arc::new(adapter.open(DeviceOptions::default()).expect("an open device"));
    let presets = [Preset::Impasto, Preset::Gatys, Preset::NeuralStyle, Preset::Cnnmrf];
    let mut all: Vec<(String, Settings)> =
        presets.into_iter().map(|preset| (preset.to_string(), preset.settings())).collect();
    for method in [StyleMethod::Patches, StyleMethod::Nearest] {
        let mut settings = Preset::Impasto.settings();
        settings.set_method(method);
        all.push((format!("{method:?}"), settings));
    }
    for (name, settings) in all {
        let weights = Arc::new(settings.fit_weights(Weights::compact()));
        let found = evaluate(&settings, &mut GpuEngine::new(device.clone(), weights.clone()));
        let expected = evaluate(&settings, &mut CpuEngine::new(weights));
        for (found, expected) in found.losses.iter().zip(&expected.losses) {
            let error = (found.loss / expected.loss - 1.0).abs();
            // Roots of eigenvalues near 0 amplify rounding: there, the CPU itself is 1.4e-4 from sums in f64.
            let allowed = if expected.term == "moments" { 1e-3 } else { 1e-5 };
            assert!(error < allowed, "{name}: {found:?}, not {expected:?}");
        }
        let distance = |values: &mut dyn Iterator<Item = f64>| values.map(|it| it * it).sum::<f64>().sqrt();
        let pairs = found.gradient.iter().zip(&expected.gradient);
        let apart = distance(&mut pairs.map(|(a, b)| f64::from(a - b)));
        let size = distance(&mut expected.gradient.iter().map(|&value| f64::from(value)));
        // As the conformance suite has it: near ties of max pooling may fall to the other side by rounding.
        assert!(apart < 1e-2 * size, "{name}: gradients are {:e} apart", apart / size);
    }
}

#[test]
fn a_picture_that_must_stay_whole_and_fits_no_buffer_is_refused_before_the_run() {
    let Some(adapter) = Adapter::all().into_iter().next() else { return };
    let options = DeviceOptions { largest_buffer: Some(4 << 20), ..DeviceOptions::default() };
    let device = Arc::new(adapter.open(options).expect("an open device"));
    let mut settings = Preset::Impasto.settings();
    settings.set_method(StyleMethod::Nearest);
    settings.schedule.size = 512;
    let transfer = Transfer::new(settings).content(picture(72, 54, 0.31)).style(picture(60, 66, 0.17), 1.0);
    let refused = transfer.plan(&GpuEngine::new(device, Weights::compact())).expect_err("too large");
    assert!(refused.to_string().contains("a smaller size fits"), "{refused}");
}
