//! Whose colours a result has.

use impasto::network::{CpuEngine, ScalarEngine};
use impasto::{ColorRule, Colors, Picture, Settings, Start, Transfer, TransferError};

use crate::small::{self, go_on};

fn with(colors: impl Into<Colors>) -> Settings {
    let mut settings = small::simple_settings();
    settings.colors = colors.into();
    settings
}

/// A content of 24 x 18, the size it is painted at, and a style.
fn transfer(settings: &Settings, content: &Picture, style: &Picture) -> Transfer {
    Transfer::new(settings.clone()).content(content.clone()).style(style.clone(), 1.0)
}

fn paint(settings: &Settings, content: &Picture, style: &Picture) -> Picture {
    let mut engine = small::engine();
    transfer(settings, content, style).run(&mut engine, &mut go_on).unwrap().picture
}

/// `base` in colours: times these factors.
fn tinted(base: &Picture, factors: [f32; 3]) -> Picture {
    let planes = base.data().chunks_exact(base.width() * base.height()).zip(factors);
    let data = planes.flat_map(|(plane, factor)| plane.iter().map(move |value| factor * value)).collect();
    Picture::new(base.width(), base.height(), data)
}

fn grayed(base: &Picture) -> Picture {
    Picture::new(base.width(), base.height(), base.data()[..base.width() * base.height()].repeat(3))
}

/// Mean of red less that of blue.
fn redness(picture: &Picture) -> f64 {
    let plane = picture.width() * picture.height();
    let sum = |values: &[f32]| values.iter().copied().map(f64::from).sum::<f64>() / plane as f64;
    sum(&picture.data()[..plane]) - sum(&picture.data()[2 * plane..])
}

fn distance(one: &Picture, other: &Picture) -> f64 {
    let pairs = one.data().iter().zip(other.data());
    pairs.map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / one.data().len() as f64
}

fn blue_content() -> Picture {
    tinted(&small::picture(24, 18, 1), [0.4, 0.7, 1.0])
}

fn red_style() -> Picture {
    tinted(&small::picture(40, 44, 2), [1.0, 0.6, 0.3])
}

#[test]
fn content_and_luminance_give_the_colors_of_the_content_and_match_comes_near() {
    let (content, style) = (blue_content(), red_style());
    let of_content = redness(&content);
    let apart = |rule| (redness(&paint(&with(rule), &content, &style)) - of_content).abs();
    let of_style = apart(ColorRule::Style);
    for rule in [ColorRule::Content, ColorRule::Luminance, ColorRule::Match] {
        assert!(apart(rule) < 0.5 * of_style, "{rule:?}: {} {of_style}", apart(rule));
    }
}

#[test]
fn without_strength_content_and_match_are_as_if_they_were_not() {
    let (content, style) = (blue_content(), red_style());
    let plain = paint(&with(ColorRule::Style), &content, &style);
    let at = |rule, strength| paint(&with(Colors { rule, strength }), &content, &style);
    assert!(distance(&at(ColorRule::Content, 0.0), &plain) < 1e-5);
    assert_eq!(at(ColorRule::Match, 0.0), plain);
    let [half, full] = [0.5, 1.0].map(|strength| redness(&at(ColorRule::Content, strength)));
    assert!(full < half && half < redness(&plain), "{full} {half}");
}

#[test]
fn a_run_by_luminance_sees_no_colors() {
    let settings = with(ColorRule::Luminance);
    let (content, style) = (blue_content(), red_style());
    let mut engine = small::engine();
    let losses = |content: &Picture, style: &Picture, engine: &mut ScalarEngine| {
        let outcome = transfer(&settings, content, style).run(engine, &mut go_on).unwrap();
        outcome.trace.evaluations.iter().map(|evaluation| evaluation.total).collect::<Vec<f64>>()
    };
    // As light and as varied as the content in either case, and nothing else of the tint is left but rounding.
    let gray = grayed(&small::picture(40, 44, 2));
    let (one, other) =
        (losses(&content, &tinted(&gray, [0.5; 3]), &mut engine), losses(&content, &gray, &mut engine));
    assert!((one[0] / other[0] - 1.0).abs() < 0.1, "{one:?} {other:?}");
    let tinted = losses(&content, &style, &mut engine);
    assert!(tinted.iter().all(|loss| loss.is_finite()), "{tinted:?}");
}

#[test]
fn gray_and_flat_pictures_have_a_result_by_every_rule() {
    let flat = |width, height, value| Picture::new(width, height, vec![value; 3 * width * height]);
    let contents = [blue_content(), grayed(&blue_content()), flat(24, 18, 0.5), flat(24, 18, 0.0)];
    let styles = [red_style(), grayed(&red_style()), flat(40, 44, 1.0)];
    for rule in ColorRule::ALL {
        for (content, style) in contents.iter().zip(styles.iter().cycle()) {
            let painted = paint(&with(rule), content, style);
            assert!(painted.data().iter().all(|value| (0.0..=1.0).contains(value)), "{rule:?}");
        }
    }
}

#[test]
fn every_style_is_matched() {
    let settings = with(ColorRule::Match);
    let content = blue_content();
    let styles = [red_style(), tinted(&small::picture(40, 44, 3), [0.3, 1.0, 0.4])];
    let of_content = redness(&content);
    let transfer = styles
        .iter()
        .fold(Transfer::new(settings.clone()).content(content), |it, style| it.style(style.clone(), 1.0));
    let painted = transfer.run(&mut small::engine(), &mut go_on).unwrap().picture;
    assert!((redness(&painted) - of_content).abs() < 0.1, "{} {of_content}", redness(&painted));
}

#[test]
fn threads_do_not_show_in_the_colors() {
    for rule in ColorRule::ALL {
        let settings = with(rule);
        let run = |threads: usize| {
            let mut engine = CpuEngine::new(small::weights());
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let transfer = transfer(&settings, &blue_content(), &red_style());
            pool.install(|| transfer.run(&mut engine, &mut go_on)).unwrap()
        };
        assert_eq!(run(1), run(3), "{rule:?}");
    }
}

#[test]
fn colors_that_cannot_be_are_refused() {
    for strength in [-0.1, 1.1, f64::NAN] {
        let settings = with(Colors { rule: ColorRule::Match, strength });
        let error = settings.validate().unwrap_err().to_string();
        assert_eq!(error, format!("color strength is {strength}, but must be 0 to 1"));
    }
    let mut settings = with(ColorRule::Content);
    settings.schedule.start = Start::UniformNoise { range: 0.25..0.75 };
    let transfer = Transfer::new(settings.clone()).canvas(3, 2).style(red_style(), 1.0);
    let error = transfer.plan(&small::engine()).unwrap_err();
    assert!(matches!(error, TransferError::NoContent), "{error}");
}
