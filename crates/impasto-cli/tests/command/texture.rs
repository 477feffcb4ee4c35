//! `impasto texture`.

use image::RgbaImage;
use serde_json::Value;

use crate::scene::Scene;

/// Mean difference of two columns.
fn columns(picture: &RgbaImage, one: u32, other: u32) -> f64 {
    let rows = 0..picture.height();
    let sum: u32 = rows
        .flat_map(|y| (0..3).map(move |channel| (y, channel)))
        .map(|(y, channel)| {
            u32::from(picture.get_pixel(one, y)[channel].abs_diff(picture.get_pixel(other, y)[channel]))
        })
        .sum();
    f64::from(sum) / f64::from(3 * picture.height())
}

#[test]
fn a_texture_has_the_size_asked_for() {
    let scene = Scene::new();
    let (out, said) = scene.succeed("texture style.png --size 64 --iterations 2");
    assert!(out.starts_with("wrote style-texture.png, 64x64, "), "{out}");
    assert!(said.contains("painting a texture like style.png"), "{said}");
    scene.succeed("texture style.png content.png --size 80x33 --iterations 2 -o out.png");
    assert_eq!(scene.picture("out.png").dimensions(), (80, 33));
    for (flags, words) in [("--size 80x", "640x480"), ("--tile 2", "2x2"), ("--start content", "no content")]
    {
        let output = scene.run(&format!("texture style.png {flags}"));
        assert_eq!(output.status.code(), Some(2), "{flags}");
        assert!(String::from_utf8(output.stderr).unwrap().contains(words), "{flags}");
    }
}

#[test]
fn seamless_borders_are_as_like_as_neighbours() {
    let scene = Scene::new();
    let (_, said) =
        scene.succeed("texture style.png --size 60x50 --seamless --tile 2x3 --iterations 40 -o out.png");
    assert!(said.contains("size 60x50 becomes 64x56"), "{said}");
    let out = scene.picture("out.png");
    assert_eq!(out.dimensions(), (64, 56));
    let (width, height) = out.dimensions();
    let inner = (0..width - 1).map(|x| columns(&out, x, x + 1)).sum::<f64>() / f64::from(width - 1);
    let around = columns(&out, width - 1, 0);
    assert!(around < 1.5 * inner, "{around} {inner}");
    let tiled = scene.picture("out-tiled.png");
    assert_eq!(tiled.dimensions(), (2 * width, 3 * height));
    // But for the dithering, which is of the whole picture.
    let (again, once) = (tiled.get_pixel(width + 5, 2 * height + 7), out.get_pixel(5, 7));
    assert!((0..3).all(|channel| again[channel].abs_diff(once[channel]) <= 1), "{again:?} and {once:?}");
}

#[test]
fn the_json_tells_of_a_texture() {
    let scene = Scene::new();
    let (out, _) = scene.succeed("texture style.png --size 64 --seamless --iterations 2 --json -o out.png");
    let trace: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(trace["settings"]["seamless"], true);
    assert_eq!((&trace["content"], &trace["maps"]), (&Value::Null, &Value::Null));
    assert!(trace["evaluations"][0]["losses"].as_array().unwrap().iter().all(|it| it["term"] != "content"));
}
