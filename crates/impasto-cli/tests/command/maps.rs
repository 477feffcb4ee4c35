//! Maps that are odd or bad: a clear line, or a stated, sensible meaning, and never a picture of nothing.

use image::{GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};

use crate::scene::Scene;

const SHORT: &str =
    "doodle --style style.png --style-map style-map.png --size 48 --iterations 2 -o out.png --force";

/// Runs a doodle with `map` and other `flags`, which must fail with `words`.
fn refused(scene: &Scene, map: &str, flags: &str, words: &str) {
    let output = scene.run(&format!("{SHORT} --map {map} {flags}"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{map} {flags}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(words), "{map} {flags}: expected {words:?} in {said}");
}

/// Runs one that must succeed, and returns what it says.
fn said(scene: &Scene, map: &str, flags: &str) -> String {
    let (_, said) = scene.succeed(&format!("{SHORT} --map {map} {flags}"));
    let out = scene.picture("out.png");
    let first = out.get_pixel(0, 0);
    assert!(out.pixels().any(|pixel| pixel != first), "{map}: a picture of one colour");
    said
}

#[test]
fn colors_that_do_not_match_are_named() {
    let scene = Scene::new().with_maps();
    RgbImage::from_fn(64, 48, |x, _| Rgb(if x < 48 { [255, 0, 0] } else { [0, 160, 0] }))
        .save(scene.path("green.png"))
        .unwrap();
    for words in
        ["green.png: #00a000, 768 pixels, is not in", "--map-match nearest", "style-map.png: #0000ff"]
    {
        refused(&scene, "green.png", "", words);
    }
    assert!(said(&scene, "green.png", "--map-match nearest").contains("map: "));
}

#[test]
fn a_map_of_many_colors_has_to_be_counted() {
    let scene = Scene::new().with_maps();
    RgbImage::from_fn(64, 48, |x, y| Rgb([x as u8 * 4, y as u8 * 5, (x * y % 251) as u8]))
        .save(scene.path("noisy.png"))
        .unwrap();
    refused(&scene, "noisy.png", "", "--map-colors N");
    refused(&scene, "noisy.png", "", "noisy.png: has ");
    said(&scene, "noisy.png", "--map-colors 2 --map-match nearest");
}

#[test]
fn a_map_of_one_color_says_nothing() {
    let scene = Scene::new().with_maps();
    for (name, color) in [("red.png", [255, 0, 0]), ("black.png", [0; 3])] {
        RgbImage::from_pixel(64, 48, Rgb(color)).save(scene.path(name)).unwrap();
        let both =
            format!("doodle --style style.png --style-map {name} --map {name} --size 48 --iterations 2");
        let (_, said) = scene.succeed(&both);
        assert!(said.contains("one region only"), "{said}");
    }
    refused(&scene, "red.png", "", "#0000ff");
    // The region takes the style of a part of the painting: the other part is left out.
    let said = said(&scene, "red.png", "--map-match nearest");
    assert!(said.contains("map: 1 region: #ff0000 100 %"), "{said}");
}

#[test]
fn maps_of_another_size_are_resized() {
    let scene = Scene::new().with_maps();
    scene.map(30, 30).save(scene.path("small.png")).unwrap();
    let flags = "--content content.png";
    let words = "warning: small.png: 30x30, stretched to 64x48 like its picture";
    assert!(said(&scene, "small.png", flags).contains(words));
    scene.map(128, 96).save(scene.path("large.png")).unwrap();
    let words = "large.png: 128x96, resized to 64x48 like its picture";
    let said = said(&scene, "large.png", flags);
    assert!(said.lines().any(|line| line == words), "{said}");
}

#[test]
fn what_has_been_erased_is_white() {
    let scene = Scene::new().with_maps();
    let erased = |x: u32| if x < 48 { Rgba([255, 0, 0, 255]) } else { Rgba([9, 9, 9, 0]) };
    RgbaImage::from_fn(64, 48, |x, _| erased(x)).save(scene.path("alpha.png")).unwrap();
    refused(&scene, "alpha.png", "", "alpha.png: #ffffff, 768 pixels");
    assert!(said(&scene, "alpha.png", "--map-match nearest").contains("map: "));
}

#[test]
fn masks_guide_a_transfer() {
    let scene = Scene::new();
    let half = |at: u32| GrayImage::from_fn(64, 48, move |x, _| Luma([if x < at { 255 } else { 0 }]));
    half(20).save(scene.path("a.png")).unwrap();
    half(40).save(scene.path("b.png")).unwrap();
    GrayImage::new(64, 48).save(scene.path("none.png")).unwrap();
    let short = "transfer content.png style.png --size 48 --iterations 2 -o out.png --force";
    let (_, said) = scene.succeed(&format!("{short} --content-mask a.png --style-mask b.png"));
    assert!(said.contains("map: 2 regions"), "{said}");
    scene.succeed(&format!("{short} --content-mask a.png,b.png --style-mask b.png,a.png"));
    for (flags, words) in [
        (
            "--content-mask a.png --style-mask a.png,none.png,b.png",
            "--style-mask a.png,none.png,b.png: 3 masks",
        ),
        // One mask shows two regions, as two masks do.
        ("--content-mask a.png --style-mask b.png,a.png", "2 masks, but --content-mask has 1"),
        ("--content-mask b.png,a.png --style-mask a.png", "1 mask, but --content-mask has 2"),
        ("--content-mask a.png,b.png --style-mask a.png,none.png", "nothing of a style"),
        ("--content-mask a.png --style-mask a.png --style-mask b.png", "2 times for 1 style picture"),
        ("--content-mask a.png --style-mask a.png --map-colors 2", "cannot be used with"),
        ("--content-mask missing.png --style-mask a.png", "missing.png: no such file"),
    ] {
        let output = scene.run(&format!("{short} {flags}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags}: {said}");
        assert!(said.contains(words), "{flags}: {said}");
    }
}

#[test]
fn maps_are_inputs_that_are_not_overwritten() {
    let scene = Scene::new().with_maps();
    let output =
        scene.run("doodle --style style.png --style-map style-map.png --map map.png -o style-map.png");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("style-map.png: is one of the inputs"));
}
