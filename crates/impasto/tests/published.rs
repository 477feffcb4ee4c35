//! Published presets on the compact network: with its activations brought to the size of VGG-19's, their losses
//! weigh what their authors meant, and they paint.

use std::path::Path;

use impasto::picture::{ReadOptions, SourcePicture};
use impasto::{Control, Picture, Preset, Transfer};
use impasto_network::{Activations, CpuEngine, Weights};

fn asset(name: &str) -> Picture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets").join(name);
    SourcePicture::read(path, &ReadOptions::default()).unwrap().picture
}

/// The harbour in swirls, 96 pixels wide, with an engine for it.
fn transfer(preset: Preset, iterations: usize) -> (Transfer, CpuEngine) {
    let mut settings = preset.settings();
    (settings.schedule.size, settings.schedule.iterations) = (96, iterations);
    let weights = settings.fit_weights(Weights::compact());
    assert_eq!(weights.activations(), Activations::OfVgg19, "{preset}");
    let engine = CpuEngine::new(weights);
    let transfer = Transfer::new(settings).content(asset("content/harbour.png"));
    (transfer.style(asset("style/swirls.png"), 1.0), engine)
}

/// A picture of one grey.
fn flat(width: usize, height: usize) -> Picture {
    Picture::new(width, height, vec![0.5; 3 * width * height])
}

/// Root mean square of the differences of two pictures, 0..1.
fn distance(a: &Picture, b: &Picture) -> f64 {
    let squares = a.data().iter().zip(b.data()).map(|(a, b)| f64::from(a - b).powi(2));
    (squares.sum::<f64>() / a.data().len() as f64).sqrt()
}

#[test]
fn losses_are_of_the_order_that_they_have_with_vgg19() {
    // Sums over the layers at a flat grey picture, as `impasto transfer --start grey.png` has them with VGG-19.
    for (preset, term, with_vgg19) in [
        (Preset::Gatys, "content", 2.47e9),
        (Preset::Gatys, "gram", 9.14e11),
        (Preset::NeuralStyle, "content", 4.09e6),
        (Preset::NeuralStyle, "gram", 3.13e8),
        (Preset::Keras, "content", 1.20e9),
        // A sum over C²: half as many channels leave a quarter of the 4.27e11. Found: 3.70e10, a twelfth.
        (Preset::Keras, "gram", 4.27e11 / 4.0),
    ] {
        let (transfer, mut engine) = transfer(preset, 1);
        let losses = transfer.evaluate(&mut engine, &flat(96, 64)).unwrap().losses;
        let loss: f64 = losses.iter().filter(|it| it.term == term).map(|it| it.loss).sum();
        let ratio = loss / with_vgg19;
        assert!((0.1..10.0).contains(&ratio), "{term} of {preset}: {loss:.3e}, not {with_vgg19:.3e}");
    }
}

#[test]
fn pictures_are_neither_flat_nor_the_photograph() {
    for preset in [Preset::Gatys, Preset::NeuralStyle, Preset::Keras] {
        let (transfer, mut engine) = transfer(preset, 40);
        let painted = transfer.run(&mut engine, |_| Control::Continue).unwrap().picture;
        let (width, height) = (painted.width(), painted.height());
        let content =
            asset("content/harbour.png").resized(width, height, transfer.settings().schedule.filter);
        let (from_flat, from_content) =
            (distance(&painted, &flat(width, height)), distance(&painted, &content));
        assert!(from_flat > 0.1 && from_content > 0.1, "{preset}: {from_flat:.3}, {from_content:.3}");
    }
}
