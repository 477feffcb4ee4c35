//! `impasto doodle` on good input; bad maps are in `maps.rs`.

use impasto::picture::read_settings;
use serde_json::Value;

use crate::scene::Scene;

const SHORT: &str = "doodle --style style.png --style-map style-map.png --map map.png --iterations 3";

#[test]
fn a_doodle_has_the_shape_of_its_map() {
    let scene = Scene::new().with_maps();
    let (out, said) = scene.succeed(&format!("{SHORT} --size 64"));
    assert!(out.starts_with("wrote map-style.png, 64x48, "), "{out}");
    assert!(said.contains("map: 2 regions: #ff0000 75 %, #0000ff 25 %"), "{said}");
    assert!(said.contains("painting map.png like style.png: 64x48"), "{said}");
    assert_eq!(scene.picture("map-style.png").dimensions(), (64, 48));
}

#[test]
fn maps_guide() {
    let scene = Scene::new().with_maps();
    // The right half of the style is dark, and blue in its map.
    scene.split_style();
    scene.succeed(
        "doodle --style style.png --style-map style-map.png --map map.png --size 64 --iterations 100 -o out.png",
    );
    let out = scene.picture("out.png");
    let brightness = |columns: std::ops::Range<u32>| {
        let sum: u32 = columns.clone().flat_map(|x| (8..40).map(move |y| (x, y))).fold(0, |sum, (x, y)| {
            sum + out.get_pixel(x, y).0[..3].iter().map(|&value| u32::from(value)).sum::<u32>()
        });
        f64::from(sum) / f64::from(3 * 32 * columns.len() as u32)
    };
    // The last quarter of the map is blue.
    assert!(brightness(4..40) > brightness(52..60) + 30.0, "{} {}", brightness(4..40), brightness(52..60));
}

#[test]
fn a_photograph_may_be_kept() {
    let scene = Scene::new().with_maps();
    let flags = "--content content.png --content-weight 2 --size 32 --json -o out.png";
    let (out, _) = scene.succeed(&format!("{SHORT} {flags}"));
    let trace: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(trace["content"], "content.png");
    let losses = trace["evaluations"][0]["losses"].as_array().unwrap();
    assert!(losses.iter().any(|loss| loss["term"] == "content"), "{losses:?}");
    assert_eq!(scene.picture("out.png").dimensions(), (32, 24));
    for flag in ["--content-weight 2", "--style-ratio 3", "--original-colors", "--start content"] {
        let output = scene.run(&format!("{SHORT} {flag}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag}");
        assert!(said.contains("there is no content picture"), "{flag}: {said}");
    }
}

#[test]
fn metadata_name_the_maps() {
    let scene = Scene::new().with_maps();
    scene.succeed(&format!("{SHORT} --size 32 -o out.png"));
    let settings: Value =
        serde_json::from_str(&read_settings(scene.path("out.png")).unwrap().unwrap()).unwrap();
    assert_eq!(settings["content"], Value::Null);
    assert_eq!(settings["maps"]["picture"], serde_json::json!(["map.png"]));
    assert_eq!(settings["maps"]["styles"], serde_json::json!([["style-map.png"]]));
    assert_eq!(settings["maps"]["regions"][0]["name"], "#ff0000");
    assert_eq!(settings["maps"]["regions"][0]["share"], 0.75);
}

#[test]
fn a_dry_run_writes_nothing() {
    let scene = Scene::new().with_maps();
    let before = scene.files();
    let (out, _) = scene.succeed(&format!("{SHORT} --size 64 --dry-run"));
    for words in ["64x48", "2 regions", "noise", "map-style.png"] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let (out, _) = scene.succeed(&format!("{SHORT} --size 64 --dry-run --json"));
    let plan: Value = serde_json::from_str(&out).unwrap();
    assert!(plan["estimated_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(scene.files(), before);
}

#[test]
fn two_paintings_share_the_parts() {
    let scene = Scene::new().with_maps();
    scene.succeed(&format!("{SHORT} --style content.png --style-map map.png --size 32 -o out.png"));
    assert_eq!(scene.picture("out.png").dimensions(), (32, 24));
}
