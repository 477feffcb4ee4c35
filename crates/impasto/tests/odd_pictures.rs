//! Odd pictures as content and as style, by every method, with the built-in network: something finite is painted,
//! or one clear line says why not.

use impasto::picture::Alpha;
use impasto::{Control, Picture, Preset, Settings, StyleMethod, Transfer, TransferError};
use impasto_network::{CpuEngine, Weights};

const METHODS: [StyleMethod; 4] =
    [StyleMethod::Gram, StyleMethod::Moments, StyleMethod::Patches, StyleMethod::Nearest];

fn plain(width: usize, height: usize, color: [f32; 3]) -> Picture {
    Picture::new(width, height, color.into_iter().flat_map(|value| vec![value; width * height]).collect())
}

fn photograph() -> Picture {
    let mut picture = Picture::uniform_noise(48, 40, 0.0..0.2, 3);
    for (index, value) in picture.data_mut().iter_mut().enumerate() {
        *value += 0.4 + 0.3 * (0.3 * (index % 48) as f32).sin();
    }
    picture
}

/// The default settings by one method, small and quick.
fn settings(method: StyleMethod) -> Settings {
    let mut settings = Preset::Impasto.settings();
    settings.set_method(method);
    (settings.schedule.size, settings.schedule.iterations) = (64, 2);
    settings.schedule.refinement = settings.schedule.refinement.map(|_| 2);
    settings
}

/// What is painted. Its size is that of the plan and its values are colours.
fn painted(transfer: Transfer) -> Result<Picture, TransferError> {
    let weights = Weights::compact();
    let convention = transfer.settings().convention(weights.convention());
    let mut engine = CpuEngine::new(weights.with_convention(convention));
    let outcome = transfer.run(&mut engine, |_| Control::Continue)?;
    let losses = outcome.trace.evaluations.iter().flat_map(|evaluation| &evaluation.losses);
    assert!(losses.clone().count() > 0 && losses.into_iter().all(|it| it.loss.is_finite()));
    assert!(outcome.picture.data().iter().all(|value| (0.0..=1.0).contains(value)));
    Ok(outcome.picture)
}

/// Pictures that can be painted, and painted like.
fn odd_pictures() -> Vec<(&'static str, Picture)> {
    let grey = (0..3 * 48 * 40).map(|index| (index % (48 * 40)) as f32 / (48.0 * 40.0)).collect();
    vec![
        ("grey", Picture::new(48, 40, grey)),
        ("black", plain(48, 40, [0.0; 3])),
        ("white", plain(40, 48, [1.0; 3])),
        ("one colour", plain(50, 50, [0.9, 0.1, 0.3])),
        ("16 pixels", photograph().cropped_to_aspect(1, 1).resized(16, 16, Default::default())),
    ]
}

/// That it can be painted. Only 16 pixels are too few for a patch of a deep layer: styles are not enlarged.
fn assert_painted(method: StyleMethod, name: &str, transfer: Transfer) {
    match painted(transfer).map_err(|error| error.to_string()) {
        Ok(_) => {}
        Err(error) if method == StyleMethod::Patches && name == "16 pixels" => {
            assert!(
                error.starts_with("the style picture: a picture of 16x16 pixels is too small"),
                "{error}"
            );
        }
        Err(error) => panic!("{method:?}, {name}: {error}"),
    }
}

#[test]
fn odd_contents_are_painted() {
    let one_pixel = ("one pixel", plain(1, 1, [0.2, 0.4, 0.6]));
    for method in METHODS {
        for (name, content) in odd_pictures().into_iter().chain([one_pixel.clone()]) {
            let transfer = Transfer::new(settings(method)).content(content).style(photograph(), 1.0);
            let result = painted(transfer).unwrap_or_else(|error| panic!("{method:?}, {name}: {error}"));
            assert_eq!(result.width().max(result.height()), 64, "{method:?}, {name}");
        }
    }
}

#[test]
fn odd_styles_are_painted_like() {
    for method in METHODS {
        for (name, style) in odd_pictures() {
            let transfer = Transfer::new(settings(method)).content(photograph()).style(style, 1.0);
            assert_painted(method, name, transfer);
        }
    }
}

#[test]
fn odd_pictures_are_painted_like_themselves() {
    for method in METHODS {
        for (name, picture) in odd_pictures() {
            let transfer = Transfer::new(settings(method)).content(picture.clone()).style(picture, 1.0);
            assert_painted(method, name, transfer);
        }
    }
}

#[test]
fn lines_and_styles_of_one_pixel_are_too_small_and_told_so() {
    for method in METHODS {
        let dot = plain(1, 1, [0.2, 0.4, 0.6]);
        let transfer = Transfer::new(settings(method)).content(photograph()).style(dot, 1.0);
        if matches!(method, StyleMethod::Gram | StyleMethod::Moments) {
            // Enlarged, it is a colour.
            assert_painted(method, "one pixel", transfer);
        } else {
            let error = painted(transfer).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with("the style picture: a picture of 1x1 pixels"), "{error}");
        }
        for (width, height) in [(1, 4000), (4000, 1)] {
            let line = || plain(width, height, [0.3, 0.5, 0.7]);
            let as_content = Transfer::new(settings(method)).content(line()).style(photograph(), 1.0);
            let as_style = Transfer::new(settings(method)).content(photograph()).style(line(), 1.0);
            for (picture, transfer) in [("content", as_content), ("style", as_style)] {
                let error = painted(transfer).map(|_| ()).unwrap_err().to_string();
                let words = format!("the {picture} picture: a picture of ");
                assert!(error.starts_with(&words) && error.contains("too small for"), "{method:?}: {error}");
                assert_eq!(error.lines().count(), 1, "{error}");
            }
        }
    }
}

#[test]
fn pictures_of_which_little_is_visible_are_painted_like() {
    let dot = (0..48 * 40).map(|index| f32::from(index == 20 * 48 + 24)).collect();
    let faint = vec![0.05; 48 * 40];
    let sieve = (0..48 * 40).map(|index| f32::from((index % 48 + index / 48) % 3 > 0)).collect();
    for method in METHODS {
        for (name, alpha) in [("dot", &dot), ("faint", &faint), ("sieve", &sieve)] {
            let alpha = Alpha::new(48, 40, Vec::clone(alpha));
            let transfer = Transfer::new(settings(method)).content(plain(48, 40, [0.5; 3]));
            let transfer = transfer.style_with_alpha(photograph(), &alpha, 1.0);
            painted(transfer).unwrap_or_else(|error| panic!("{method:?}, {name}: {error}"));
        }
    }
}

#[test]
fn a_hidden_style_is_refused_by_every_method() {
    for method in METHODS {
        let transfer = Transfer::new(settings(method)).content(photograph());
        let transfer = transfer.style_with_alpha(photograph(), &Alpha::new(1, 1, vec![0.0]), 1.0);
        let error = painted(transfer).unwrap_err();
        assert!(matches!(error, TransferError::NothingVisible { .. }), "{method:?}: {error}");
    }
}
