//! Styles that are transparent in places: only what is visible is style.

use impasto::picture::Alpha;
use impasto::regions::Regions;
use impasto::terms::{Nearest, PatchScore, Patches, Term};
use impasto::{Picture, Pyramid, Settings, StyleMethod, Transfer, TransferError, Warning};
use impasto_network::Layer;

use crate::small::{self, go_on};

/// Opaque on the left, hidden on the right, and soft in two columns between.
fn half_hidden(width: usize, height: usize) -> Alpha {
    let opacity = |column: usize| match (column + 2).cmp(&(width / 2 + 1)) {
        std::cmp::Ordering::Less => 1.0,
        std::cmp::Ordering::Equal => 0.6,
        std::cmp::Ordering::Greater if column < width / 2 => 0.3,
        std::cmp::Ordering::Greater => 0.0,
    };
    Alpha::new(width, height, (0..width * height).map(|index| opacity(index % width)).collect())
}

/// A style with these colours where nothing can be seen.
fn style(hidden: impl Fn(usize) -> f32) -> (Picture, Alpha) {
    let (mut picture, alpha) = (small::picture(56, 40, 2), half_hidden(56, 40));
    let positions = alpha.data().len();
    for (index, value) in picture.data_mut().iter_mut().enumerate() {
        if alpha.data()[index % positions] == 0.0 {
            *value = hidden(index);
        }
    }
    (picture, alpha)
}

/// One method in two sizes, with turned copies and a refinement where there are any.
fn settings(style: Term) -> Settings {
    let mut settings = small::settings();
    (settings.schedule.size, settings.schedule.pyramid) = (48, Pyramid::RootsOfTwo { first: 34 });
    settings.schedule.iterations = 3;
    if matches!(style, Term::Nearest(_)) {
        settings.set_method(StyleMethod::Nearest);
        settings.schedule.pyramid = Pyramid::Doublings { sizes: 1 };
        settings.schedule.iterations = 3;
        settings.schedule.refinement = Some(3);
    }
    settings.terms.retain(|term| matches!(term, Term::Content(_)));
    settings.terms.push(style);
    settings
}

/// Every kind of style term.
fn methods() -> Vec<(&'static str, Settings)> {
    let mut patches = Patches { rotations: 1, ..Patches::default() };
    patches.layers.replace(&[Layer::relu(2, 1), Layer::relu(3, 1)]);
    let whole = Patches { score: PatchScore::Whole, source_stride: 2, ..patches.clone() };
    let varied = Patches { variety: 0.5, ..patches.clone() };
    let gram = small::settings().term::<impasto::terms::Gram>().cloned().unwrap();
    vec![
        ("gram", settings(gram.into())),
        ("patches", settings(patches.into())),
        ("whole patches", settings(whole.into())),
        ("varied patches", settings(varied.into())),
        ("nearest", settings(Nearest::default().into())),
    ]
}

fn painted(transfer: &Transfer) -> Picture {
    let mut engine = small::engine();
    let outcome = transfer.run(&mut engine, &mut go_on).unwrap();
    assert!(outcome.picture.data().iter().all(|value| value.is_finite()));
    outcome.picture
}

#[test]
fn colors_of_hidden_pixels_have_no_effect() {
    let content = small::picture(48, 36, 1);
    for (name, settings) in methods() {
        let paint = |(picture, alpha): (Picture, Alpha)| {
            let transfer = Transfer::new(settings.clone()).content(content.clone());
            painted(&transfer.style_with_alpha(picture, &alpha, 1.0))
        };
        let black = paint(style(|_| 0.0));
        assert_eq!(paint(style(|index| (index % 7) as f32 / 6.0)), black, "{name}");
        assert_eq!(paint(style(|_| f32::NAN)), black, "{name}");
    }
}

#[test]
fn with_maps_colors_of_hidden_pixels_have_no_effect_either() {
    let content = small::picture(48, 36, 1);
    let map = |width: usize, height: usize| {
        let rows = (0..3 * width * height).map(|index| f32::from(index / width % height < height / 2));
        Regions::from_gray_mask(&Picture::new(width, height, rows.collect()))
    };
    for (name, settings) in methods() {
        let paint = |(picture, alpha): (Picture, Alpha)| {
            let transfer = Transfer::new(settings.clone()).content(content.clone());
            let transfer = transfer.style_with_alpha(picture, &alpha, 1.0);
            painted(&transfer.regions(map(48, 36), vec![map(56, 40)]))
        };
        assert_eq!(paint(style(|index| (index % 5) as f32 / 4.0)), paint(style(|_| 1.0)), "{name}");
    }
}

#[test]
fn evenly_soft_and_opaque_pictures_are_the_same_style() {
    let (content, style) = (small::picture(48, 36, 1), small::picture(48, 40, 2));
    for (name, settings) in methods() {
        let total = |transfer: Transfer| {
            let transfer = transfer.content(content.clone());
            let mut engine = small::engine();
            transfer.evaluate(&mut engine, &content).unwrap().total
        };
        let opaque = total(Transfer::new(settings.clone()).style(style.clone(), 1.0));
        let alpha = Alpha::new(48, 40, vec![0.5; 48 * 40]);
        let soft = total(Transfer::new(settings).style_with_alpha(style.clone(), &alpha, 1.0));
        assert!((soft - opaque).abs() < 1e-3 * opaque, "{name}: {soft}, not {opaque}");
    }
}

#[test]
fn only_the_visible_half_is_taken() {
    // Texture beside a flat colour, painted like itself: with the flat half hidden, nothing of the style is like it.
    let mut halves = small::picture(64, 64, 2);
    let flat = |index: usize| index % 64 >= 32;
    halves.data_mut().iter_mut().enumerate().filter(|&(index, _)| flat(index)).for_each(|(_, it)| *it = 0.9);
    let alpha = (0..64 * 64).map(|index| f32::from(!flat(index))).collect();
    let alpha = Alpha::new(64, 64, alpha);
    for (name, mut settings) in methods() {
        settings.terms.retain(|term| !matches!(term, Term::Content(_)));
        settings.schedule.size = 64;
        let total = |transfer: Transfer| {
            let transfer = transfer.content(halves.clone());
            let mut engine = small::engine();
            transfer.evaluate(&mut engine, &halves).unwrap().total
        };
        let all = total(Transfer::new(settings.clone()).style(halves.clone(), 1.0));
        let visible = total(Transfer::new(settings).style_with_alpha(halves.clone(), &alpha, 1.0));
        assert!(visible > 0.01 && visible > 2.0 * all, "{name}: {visible}, of both halves {all}");
    }
}

#[test]
fn a_style_without_a_visible_pixel_is_refused_unless_it_has_no_weight() {
    let (picture, hidden) = (small::picture(40, 44, 2), Alpha::new(40, 44, vec![0.0; 40 * 44]));
    let settings = small::settings();
    let engine = small::engine();
    let transfer = small::transfer(settings);
    let error = transfer.clone().style_with_alpha(picture.clone(), &hidden, 1.0).plan(&engine).unwrap_err();
    assert!(matches!(error, TransferError::NothingVisible { index: 1, count: 2 }));
    assert_eq!(
        error.to_string(),
        "no pixel of the style 2 picture is visible, so it shows no style: leave it out"
    );
    assert!(transfer.style_with_alpha(picture, &hidden, 0.0).plan(&engine).is_ok());
}

#[test]
fn too_little_that_is_visible_is_told() {
    let mut dot = vec![0.0; 40 * 44];
    (0..4).for_each(|index| dot[20 * 40 + 20 + index] = 1.0);
    let settings = small::settings();
    let engine = small::engine();
    let transfer = Transfer::new(settings).content(small::picture(48, 36, 1));
    let transfer = transfer.style_with_alpha(small::picture(40, 44, 2), &Alpha::new(40, 44, dot), 1.0);
    let warnings = transfer.plan(&engine).unwrap().warnings;
    assert!(matches!(warnings[..], [Warning::RegionVanishes { .. }]), "{warnings:?}");
    let words = warnings[0].to_string();
    assert!(words.starts_with("of style, only about 4 pixels are visible, too few for relu3_1"), "{words}");
    assert!(words.ends_with("it is style down to relu2_1 only"), "{words}");
    painted(&transfer);
}

#[test]
fn a_start_of_another_aspect_is_cropped() {
    let mut settings = small::settings();
    settings.schedule.iterations = 1;
    let wide = small::picture(90, 36, 4);
    let start = |start: Picture| {
        let transfer = small::transfer(settings.clone()).start(start);
        let mut first = None;
        struct First<'a>(&'a mut Option<Picture>);
        impl impasto::Observer for First<'_> {
            fn started(&mut self, picture: &Picture) {
                *self.0 = Some(picture.clone());
            }
            fn progress(&mut self, _: &impasto::Progress<'_>) -> impasto::Control {
                impasto::Control::Continue
            }
        }
        let mut engine = small::engine();
        transfer.run_observed(&mut engine, &mut First(&mut first)).unwrap();
        first.unwrap()
    };
    assert_eq!(start(wide.clone()), start(wide.cropped_to_aspect(4, 3)));
    assert_ne!(start(wide.clone()), start(wide.resized(48, 36, impasto::picture::Filter::Lanczos3)));
}
