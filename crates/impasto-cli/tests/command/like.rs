//! `--like`.

use std::fs;

use image::RgbImage;
use impasto::picture::read_settings;
use serde_json::{Value, json};

use crate::scene::Scene;

const SHORT: &str = "transfer content.png style.png --size 64 --iterations 3";
const AGAIN: &str = "transfer content.png style.png";

/// Fails with exit code 2 and one line with these words.
fn refused(scene: &Scene, arguments: &str, words: &[&str]) {
    let before = scene.files();
    let output = scene.run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
    assert_eq!(said.lines().count(), 1, "{arguments}: {said}");
    for words in words {
        assert!(said.contains(words), "{arguments}: {said}");
    }
    assert_eq!(scene.files(), before, "{arguments}");
}

fn recipe(scene: &Scene, name: &str) -> Value {
    serde_json::from_str(&read_settings(scene.path(name)).unwrap().unwrap()).unwrap()
}

#[test]
fn a_picture_is_repainted_bit_for_bit() {
    let scene = Scene::new();
    let flags = "--start noise --seed 7 --method patches --match-every 2 --style-weight 0.3 --pooling average \
                 --style-scale 0.7 --normalize-gradients --optimizer lbfgs --lbfgs-memory 3";
    for extension in ["png", "jpg", "webp", "tiff"] {
        let (first, again) = (format!("first.{extension}"), format!("again.{extension}"));
        scene.succeed(&format!("{SHORT} {flags} -o {first}"));
        scene.succeed(&format!("{AGAIN} --like {first} -o {again}"));
        // Metadata included: what is like a picture says of itself what that does.
        assert!(scene.bytes(&first) == scene.bytes(&again), "{extension}");
    }
}

#[test]
fn flags_change_single_settings() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --start noise --normalize-gradients -o first.png"));
    scene.succeed(&format!("{AGAIN} --like first.png --seed 3 -o seed.png"));
    scene
        .succeed(&format!("{AGAIN} --like first.png --iterations 4 --normalize-gradients=false -o more.png"));
    let first = recipe(&scene, "first.png");
    for (name, changes) in [
        ("seed.png", vec![("/settings/seed", json!(3))]),
        (
            "more.png",
            vec![
                ("/settings/schedule/iterations", json!(4)),
                ("/settings/normalize_gradients", json!(false)),
                ("/iterations_done", json!(4)),
            ],
        ),
    ] {
        assert_ne!(scene.picture(name), scene.picture("first.png"), "{name}");
        let mut expected = first.clone();
        for (place, value) in changes {
            *expected.pointer_mut(place).unwrap() = value;
        }
        assert_eq!(recipe(&scene, name), expected);
    }
}

#[test]
fn the_json_of_a_run_a_plan_or_settings_will_do() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --preset gatys -o first.png --json=run.json"));
    let (plan, _) = scene.succeed(&format!("{SHORT} --preset gatys --dry-run --json"));
    fs::write(scene.path("plan.json"), plan).unwrap();
    let settings = format!("\n  {}", recipe(&scene, "first.png")["settings"]);
    fs::write(scene.path("settings.json"), settings).unwrap();
    for file in ["run.json", "plan.json", "settings.json"] {
        scene.succeed(&format!("{AGAIN} --like {file} -o again.png --force"));
        assert_eq!(scene.picture("again.png"), scene.picture("first.png"), "{file}");
    }
    assert_eq!(recipe(&scene, "again.png")["preset"], Value::Null);
}

#[test]
fn parts_of_styles_are_taken_where_there_are_as_many() {
    let scene = Scene::new();
    let two = "transfer content.png style.png content.png";
    scene.succeed(&format!("{two} --size 64 --iterations 3 --style-blend 3,1 -o first.png"));
    scene.succeed(&format!("{two} --like first.png -o again.png"));
    assert_eq!(scene.bytes("again.png"), scene.bytes("first.png"));
    let (_, said) = scene.succeed(&format!("{AGAIN} --like first.png -o one.png"));
    assert!(said.contains("hint: --like first.png has its style in 2 parts"), "{said}");
    scene.succeed(&format!("{SHORT} -o alone.png"));
    assert_eq!(scene.bytes("one.png"), scene.bytes("alone.png"));
}

#[test]
fn a_texture_keeps_its_sides_and_its_seams() {
    let scene = Scene::new();
    scene.succeed("texture style.png --size 64x48 --seamless --iterations 2 -o first.png");
    scene.succeed("texture style.png --like first.png -o again.png");
    assert_eq!(scene.bytes("again.png"), scene.bytes("first.png"));
    scene.succeed("texture style.png --like first.png --seamless=false --size 32 -o open.png");
    assert_eq!(scene.picture("open.png").dimensions(), (32, 32));
    assert_eq!(recipe(&scene, "open.png")["settings"]["seamless"], false);
    assert_eq!(recipe(&scene, "open.png").get("sides"), None);
    // In the shape of a content picture, the sides of a texture have no say.
    scene.succeed(&format!("{AGAIN} --like first.png -o content.webp"));
    assert_eq!(scene.picture("content.webp").dimensions(), (64, 48));
}

#[test]
fn a_doodle_reads_its_maps_as_before() {
    let scene = Scene::new().with_maps();
    // Noisy maps, whose colours differ besides: only as before do they become two regions that match.
    let noisy = |map: RgbImage, other: u8| {
        let mut map = map;
        for (x, y, pixel) in map.enumerate_pixels_mut() {
            pixel.0[1] = ((x * 7 + y * 13) % 40) as u8 + other;
        }
        map
    };
    noisy(scene.map(64, 48), 0).save(scene.path("map.png")).unwrap();
    noisy(scene.map(60, 60), 30).save(scene.path("style-map.png")).unwrap();
    let doodle = "doodle --style style.png --style-map style-map.png --map map.png";
    let flags = "--map-colors 2 --map-match nearest --size 64 --iterations 2";
    scene.succeed(&format!("{doodle} {flags} -o first.png"));
    scene.succeed(&format!("{doodle} --like first.png -o again.png"));
    assert_eq!(scene.bytes("again.png"), scene.bytes("first.png"));
    assert_eq!(recipe(&scene, "again.png")["maps"]["colors"], 2);
}

#[test]
fn a_grid_is_painted_like_a_picture() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --start noise -o first.png"));
    scene.succeed("sweep content.png style.png --like first.png --seed 0,1 --keep cells -o grid.png");
    assert_eq!(scene.bytes("cells/seed=0.png"), scene.bytes("first.png"));
    refused(
        &scene,
        "sweep content.png style.png --like first.png --preset gatys,keras -o other.png",
        &["--like", "--preset"],
    );
}

#[test]
fn what_a_run_started_from_is_given_anew() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --start style.png -o first.png"));
    refused(
        &scene,
        &format!("{AGAIN} --like first.png -o again.png"),
        &["--like first.png starts from a picture, style.png", "--start FILE"],
    );
    scene.succeed(&format!("{AGAIN} --like first.png --start style.png -o again.png"));
    assert_eq!(scene.bytes("again.png"), scene.bytes("first.png"));
}

#[test]
fn a_network_that_is_not_there_is_named() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --json=run.json"));
    let run: Value = serde_json::from_slice(&scene.bytes("run.json")).unwrap();
    let with = |network: &str, weights: &str| {
        let mut run = run.clone();
        (run["network"], run["weights"]) = (json!(network), json!(weights));
        fs::write(scene.path("other.json"), run.to_string()).unwrap();
    };
    let again = format!("{AGAIN} --like other.json -o again.png");
    for (network, weights, words) in [
        ("vgg19", "installed as vgg19-torch", "impasto weights pull vgg19-torch"),
        // As it was written before installed weights were told from those built in.
        ("vgg19", "built in", "impasto weights pull vgg19,"),
        ("vgg16", "mine.pth", "impasto weights pull vgg16,"),
        ("compact", "student.safetensors", "name its file with --weights"),
        ("vgg99", "installed as vgg99", "name its file with --weights"),
    ] {
        with(network, weights);
        let painted = format!("--like other.json was painted with the network {network} ({weights})");
        refused(&scene, &again, &[&painted, words]);
    }
    scene.succeed(&format!("{again} --network compact"));
    assert_eq!(recipe(&scene, "again.png")["weights"], "built in");
}

#[test]
fn files_without_settings_are_refused() {
    let scene = Scene::new();
    fs::write(scene.path("words.txt"), "like a breeze").unwrap();
    fs::write(scene.path("broken.json"), "{\"settings\": {").unwrap();
    fs::write(scene.path("empty.json"), "{}").unwrap();
    fs::write(scene.path("nothing.png"), "").unwrap();
    for (file, words) in [
        ("style.png", "--like style.png: the picture holds no settings"),
        ("words.txt", "--like takes a picture that impasto painted, or the JSON of a run"),
        ("broken.json", "--like broken.json: its settings are damaged: EOF while parsing"),
        ("empty.json", "--like empty.json: missing field `network`"),
        ("nothing.png", "nothing.png"),
        ("missing.png", "missing.png"),
        (".", "a folder"),
    ] {
        refused(&scene, &format!("{AGAIN} --like {file}"), &[words]);
    }
    scene.succeed(&format!("{SHORT} -o first.png"));
    refused(&scene, &format!("{AGAIN} --like first.png --preset gatys"), &["--like", "--preset"]);
    refused(&scene, &format!("{AGAIN} --like first.png -o first.png"), &["first.png: is one of the inputs"]);
}

#[test]
fn values_of_a_newer_or_careless_hand_are_refused_by_name() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --json=run.json"));
    let run: Value = serde_json::from_slice(&scene.bytes("run.json")).unwrap();
    for (place, value, words) in [
        ("", json!({"mood": 1}), "--like other.json: unknown field `mood`"),
        (
            "/settings",
            json!({"mood": 1}),
            "unknown field `mood`: impasto 9.1.0 wrote it, and this is impasto 0",
        ),
        ("/settings/terms/1", json!({"mood": 1}), "unknown field `mood`"),
        ("/settings/terms/1", json!({"term": "means"}), "unknown variant `means`"),
        ("/settings/schedule", json!({"iterations": 0}), "iterations is 0, but must be 1 to 1000000"),
        ("/settings/schedule", json!({"iterations": "few"}), "invalid type: string \"few\""),
        ("/styles/0", json!({"weight": -1}), "weight of style.png is -1, but must be at least 0"),
        ("", json!({"sides": [0, 70000]}), "sides are 0x70000"),
    ] {
        let mut changed = run.clone();
        changed["program"] = json!("impasto 9.1.0");
        let object = changed.pointer_mut(place).unwrap().as_object_mut().unwrap();
        object.extend(value.as_object().unwrap().clone());
        fs::write(scene.path("other.json"), changed.to_string()).unwrap();
        refused(&scene, &format!("{AGAIN} --like other.json"), &[words]);
    }
}

#[test]
fn a_dry_run_says_what_the_picture_is_like() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --preset keras -o first.png"));
    let (out, said) = scene.succeed(&format!("{AGAIN} --like first.png --dry-run"));
    assert!(out.starts_with("like        first.png\npreset      keras: "), "{out}");
    assert!(out.contains("64x48, style 64x64: 3 iterations") || out.contains(": 3 iterations"), "{out}");
    assert!(!said.contains("balanced for"), "{said}");
}

/// Fails if a value of `old` is not in `new`, which may have more.
fn lost(old: &Value, new: &Value, place: &str) {
    match (old, new) {
        // The instruction set is that of the machine.
        _ if ["/program", "/engine"].contains(&place) => {}
        // It has become one of the rules of colours.
        _ if place == "/settings/original_colors" => {}
        (Value::Object(old), Value::Object(new)) => {
            old.iter().for_each(|(name, value)| {
                lost(value, new.get(name).unwrap_or(&Value::Null), &format!("{place}/{name}"))
            });
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            old.iter().zip(new).for_each(|(old, new)| lost(old, new, place));
        }
        (old, new) => assert_eq!(old, new, "{place}"),
    }
}

#[test]
fn a_picture_of_the_first_version_is_still_understood() {
    let scene = Scene::new();
    fs::write(scene.path("old.png"), include_bytes!("painted-by-0.1.0.png")).unwrap();
    scene.succeed(&format!("{AGAIN} --like old.png -o again.png"));
    let (old, new) = (recipe(&scene, "old.png"), recipe(&scene, "again.png"));
    lost(&old, &new, "");
}
