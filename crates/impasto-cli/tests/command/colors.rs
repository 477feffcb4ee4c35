//! Whose colours a result has, and where the painting acts.

use image::{GrayImage, Luma, RgbaImage};
use impasto::picture::read_settings;
use serde_json::{Value, json};

use crate::scene::Scene;

const SHORT: &str = "transfer content.png style.png --size 64 --iterations 3 --quiet";

/// Mean of red less that of blue, 0..255.
fn redness(picture: &RgbaImage) -> f64 {
    let sum: i64 = picture.pixels().map(|pixel| i64::from(pixel[0]) - i64::from(pixel[2])).sum();
    sum as f64 / f64::from(picture.width() * picture.height())
}

/// What the metadata of a picture say.
fn metadata(scene: &Scene, name: &str) -> Value {
    serde_json::from_str(&read_settings(scene.path(name)).unwrap().unwrap()).unwrap()
}

/// Adds `strength.png`: black on the left, grey in the middle, white on the right.
fn add_strength(scene: &Scene) {
    let level = |x: u32| [0, 128, 255][(x / 22) as usize];
    GrayImage::from_fn(64, 48, |x, _| Luma([level(x)])).save(scene.path("strength.png")).unwrap();
}

#[test]
fn every_rule_brings_the_colors_nearer_to_the_content() {
    let scene = Scene::new();
    let of_content = redness(&scene.picture("content.png"));
    let apart = |flags: &str| {
        scene.succeed(&format!("{SHORT} {flags} -o out.png --force"));
        (redness(&scene.picture("out.png")) - of_content).abs()
    };
    let own = apart("--colors style");
    for rule in ["content", "luminance", "match"] {
        assert!(apart(&format!("--colors {rule}")) < own, "{rule}");
    }
}

#[test]
fn the_strength_goes_from_none_to_all() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} -o plain.png"));
    let own = redness(&scene.picture("plain.png"));
    for rule in ["content", "match"] {
        let [none, half, all] = ["0", "0.5", "1"].map(|strength| {
            scene.succeed(&format!("{SHORT} --colors {rule} --color-strength {strength} -o out.png --force"));
            redness(&scene.picture("out.png"))
        });
        assert!((none - own).abs() < 1.0, "{rule}: {none} {own}");
        let away = |redness: f64| (redness - own).abs();
        assert!(away(none) < away(half) && away(half) < away(all), "{rule}: {none} {half} {all}");
    }
    scene.succeed(&format!("{SHORT} --colors luminance --color-strength 0.5 -o out.png --force"));
    let colors = &metadata(&scene, "out.png")["settings"]["colors"];
    assert_eq!(*colors, json!({ "rule": "luminance", "strength": 0.5 }));
}

#[test]
fn original_colors_are_those_of_the_content() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --original-colors -o one.png"));
    scene.succeed(&format!("{SHORT} --colors content -o other.png"));
    assert_eq!(scene.bytes("one.png"), scene.bytes("other.png"));
}

#[test]
fn black_in_a_strength_map_keeps_the_photograph() {
    let scene = Scene::new();
    add_strength(&scene);
    for flags in ["", "--optimizer lbfgs", "--colors content", "--colors luminance", "--method nearest"] {
        scene.succeed(&format!("{SHORT} --strength-map strength.png {flags} -o out.png --force"));
        let (painted, content) = (scene.picture("out.png"), scene.picture("content.png"));
        let apart = |columns: std::ops::Range<u32>| {
            let all = columns.flat_map(|x| (0..48).map(move |y| (x, y)));
            all.filter(|&(x, y)| painted.get_pixel(x, y) != content.get_pixel(x, y)).count()
        };
        assert_eq!(apart(0..22), 0, "{flags}");
        assert!(apart(44..64) > 500, "{flags}: {}", apart(44..64));
    }
    assert_eq!(metadata(&scene, "out.png")["strength_map"], "strength.png");
}

#[test]
fn a_strength_map_of_another_shape_is_brought_to_the_picture() {
    let scene = Scene::new();
    GrayImage::from_fn(2, 1, |x, _| Luma([x as u8 * 255])).save(scene.path("halves.png")).unwrap();
    let (_, said) = scene.succeed(
        "transfer content.png style.png --size 64 --iterations 3 --strength-map halves.png -o out.png",
    );
    assert!(said.contains("warning: halves.png: 2x1, stretched to 64x48 like its picture"), "{said}");
    let (painted, content) = (scene.picture("out.png"), scene.picture("content.png"));
    assert!((0..48).all(|y| painted.get_pixel(31, y) == content.get_pixel(31, y)));
}

#[test]
fn flags_without_effect_are_refused() {
    let scene = Scene::new();
    for (flags, words) in [
        ("--color-strength 0.5", "add --colors content, luminance or match"),
        ("--colors style --color-strength 0.5", "add --colors content, luminance or match"),
        ("--colors content --color-strength 1.5", "expected a number, 0 to 1"),
        ("--colors content --color-strength -0.1", "expected a number, 0 to 1"),
        ("--colors content --color-strength nan", "expected a number, 0 to 1"),
        ("--colors sepia", "style, content, luminance, match"),
        ("--colors content --original-colors", "--original-colors"),
        ("--strength-map nowhere.png", "nowhere.png: no such file"),
        ("--strength-map content.png -o content.png", "content.png: is one of the inputs"),
    ] {
        let output = scene.run(&format!("{SHORT} {flags}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags}: {said}");
        assert!(said.contains(words), "{flags}: {said}");
    }
    let scene = Scene::new().with_maps();
    add_strength(&scene);
    let doodle = "doodle --style style.png --style-map style-map.png --map map.png --size 32";
    for flags in ["--colors content", "--color-strength 1", "--strength-map strength.png"] {
        let output = scene.run(&format!("{doodle} {flags}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags}: {said}");
        assert!(said.contains("there is no content picture"), "{flags}: {said}");
    }
}
