//! Gradients of the terms against finite differences.
//!
//! The layers are before their ReLU, and pooling is average, so that losses are smooth functions of the
//! pixels.

use impasto::terms::{
    Content, ContentLoss, Gram, GramLoss, Guidance, Moments, MomentsLoss, Term, TotalVariation,
    VariationLoss, WeightedLayers,
};
use impasto::{Picture, PixelUnits, Transfer};
use impasto_network::Layer;

use crate::small;

/// All terms in all their kinds, at weights that are no round number.
fn terms() -> Vec<Term> {
    let layers = WeightedLayers::each(&[Layer::convolution(1, 1)]);
    let content = [ContentLoss::HalfSum, ContentLoss::Sum, ContentLoss::Mean, ContentLoss::Relative];
    let gram = [GramLoss::Gatys, GramLoss::Mean, GramLoss::Keras, GramLoss::Relative];
    let variation = [
        VariationLoss::HalfSquares,
        VariationLoss::Power,
        VariationLoss::MeanPower,
        VariationLoss::MeanSquares,
        VariationLoss::NinePoint,
    ];
    let moments = [MomentsLoss::Mean, MomentsLoss::Relative];
    let content = content.map(|loss| Content { weight: 0.7, layers: layers.clone(), loss }.into());
    let gram = gram
        .map(|loss| Gram { weight: 1.7, layers: layers.clone(), loss, guidance: Guidance::default() }.into());
    let moments = moments.map(|loss| {
        Moments { weight: 1.3, layers: layers.clone(), loss, directions: None, guidance: Guidance::default() }
            .into()
    });
    let variation = variation.map(|loss| TotalVariation { weight: 0.3, loss }.into());
    content.into_iter().chain(gram).chain(moments).chain(variation).collect()
}

/// The loss along `direction` from `start`, by the gradient and by central differences.
pub fn slopes(transfer: &Transfer, start: &Picture, direction: &Picture) -> (f64, f64) {
    const LENGTH: f32 = 1e-3;
    let scale = f64::from(transfer.settings().units.scale());
    let mut engine = small::engine();
    let gradient = transfer.evaluate(&mut engine, start).unwrap().gradient;
    let product = gradient.iter().zip(direction.data()).map(|(&g, &d)| f64::from(g) * f64::from(d));
    let mut at = |length: f32| {
        let values = start.data().iter().zip(direction.data()).map(|(x, d)| x + length * d).collect();
        let moved = Picture::new(start.width(), start.height(), values);
        transfer.evaluate(&mut engine, &moved).unwrap().total
    };
    let difference = (at(LENGTH) - at(-LENGTH)) / (2.0 * f64::from(LENGTH));
    // The gradient is by the variables, which move `scale` times as far as the picture.
    (product.sum::<f64>() * scale, difference)
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for units in [PixelUnits::One, PixelUnits::Torch] {
        for term in terms() {
            let mut settings = small::simple_settings();
            (settings.terms, settings.units) = (vec![term.clone()], units);
            let (start, direction) = (small::picture(24, 18, 7), small::picture(24, 18, 8));
            let (product, difference) = slopes(&small::transfer(settings), &start, &direction);
            let error = (product - difference).abs() / difference.abs();
            assert!(error < 1e-3, "{term:?} in {units:?}: {product}, not {difference} ({error:.1e})");
        }
    }
}

#[test]
fn a_ramp_has_total_variation_at_its_edges_only() {
    // x = d · column: by anchors of neural-style, ½ Σ d² on the crop, and its gradient ±w·d at both ends.
    let (width, height, step) = (24, 18, 1.0 / 64.0);
    let ramp = (0..3 * width * height).map(|index| step * (index % width) as f32).collect();
    let mut settings = small::simple_settings();
    settings.terms = vec![TotalVariation { weight: 2.0, loss: VariationLoss::HalfSquares }.into()];
    let mut engine = small::engine();
    let transfer = Transfer::new(settings).content(small::picture(24, 18, 1));
    let found = transfer.evaluate(&mut engine, &Picture::new(width, height, ramp)).unwrap();
    let expected = 2.0 * 0.5 * f64::from(step).powi(2) * (3 * (width - 1) * (height - 1)) as f64;
    assert!((found.total - expected).abs() < 1e-9 * expected, "{} {expected}", found.total);
    for (index, &value) in found.gradient.iter().enumerate() {
        let (row, column) = (index / width % height, index % width);
        let expected = match column {
            _ if row + 1 == height => 0.0,
            0 => -2.0 * step,
            _ if column + 1 == width => 2.0 * step,
            _ => 0.0,
        };
        assert!((value - expected).abs() < 1e-7, "row {row}, column {column}: {value}, not {expected}");
    }
}

#[test]
fn relative_losses_of_a_black_picture_are_finite() {
    // Without bias, black in, zero out: the norms that the losses are relative to vanish.
    let mut settings = small::simple_settings();
    settings.terms = terms();
    let black = Picture::new(24, 18, vec![0.0; 3 * 24 * 18]);
    let transfer = Transfer::new(settings).content(black.clone()).style(black.clone(), 1.0);
    let mut engine = small::engine();
    for picture in [black, small::picture(24, 18, 7)] {
        let found = transfer.evaluate(&mut engine, &picture).unwrap();
        assert!(found.total.is_finite() && found.gradient.iter().all(|value| value.is_finite()));
    }
}
