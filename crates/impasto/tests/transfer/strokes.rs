//! Coarse and fine strokes: which picture the layers read that see them.

use impasto::{Pyramid, Settings, StyleFit, StyleMethod, Transfer};

use crate::small;

/// The losses of the default's moments or of Gram matrices, layer by layer, at one picture.
fn losses(method: StyleMethod, fit: StyleFit, change: impl Fn(Transfer) -> Transfer) -> Vec<(String, f64)> {
    let mut settings: Settings = small::settings();
    settings.set_method(method);
    (settings.schedule.pyramid, settings.schedule.style_fit) = (Pyramid::One, fit);
    let mut engine = small::engine();
    let transfer =
        Transfer::new(settings).content(small::picture(48, 36, 1)).style(small::picture(40, 34, 2), 1.0);
    let found = change(transfer).evaluate(&mut engine, &small::picture(48, 36, 3)).unwrap();
    let of_style = found.losses.into_iter().filter(|loss| matches!(&*loss.term, "moments" | "gram"));
    of_style.map(|loss| (loss.layer.unwrap().to_string(), loss.loss)).collect()
}

#[test]
fn an_enlarged_style_is_read_at_its_own_size_by_the_layers_that_see_fine_strokes() {
    for method in [StyleMethod::Moments, StyleMethod::Gram] {
        let of = |fit| losses(method, fit, |transfer| transfer);
        let [strokes, own, enlarged] = [StyleFit::Strokes, StyleFit::Shrink, StyleFit::LongestSide].map(of);
        for (index, (layer, loss)) in strokes.iter().enumerate() {
            let is_fine = ["relu1_1", "relu2_1"].contains(&layer.as_str());
            let (same, other) = if is_fine { (&own, &enlarged) } else { (&enlarged, &own) };
            assert_eq!(*loss, same[index].1, "{method:?} {layer}");
            assert_ne!(*loss, other[index].1, "{method:?} {layer}");
        }
    }
}

#[test]
fn fine_strokes_of_another_picture_take_the_place_of_those_of_the_style() {
    let other = small::picture(40, 46, 9);
    let of_style = losses(StyleMethod::Moments, StyleFit::Shrink, |transfer| transfer);
    let mixed =
        losses(StyleMethod::Moments, StyleFit::Shrink, |transfer| transfer.fine_strokes(other.clone()));
    for ((layer, before), (_, after)) in of_style.iter().zip(&mixed) {
        let is_fine = ["relu1_1", "relu2_1"].contains(&layer.as_str());
        assert_eq!(before != after, is_fine, "{layer}: {before} and {after}");
    }
    // The picture itself gives its own fine strokes.
    let own = small::picture(40, 34, 2);
    let same = losses(StyleMethod::Moments, StyleFit::Shrink, |transfer| transfer.fine_strokes(own.clone()));
    assert_eq!(same, of_style);
}
