//! `impasto transfer` on good input.

use image::{Rgba, RgbaImage};
use impasto::picture::read_settings;
use serde_json::Value;

use crate::scene::Scene;

const SHORT: &str = "transfer content.png style.png --size 64 --iterations 3";

fn difference(one: &RgbaImage, other: &RgbaImage) -> f64 {
    let sum: f64 = one.as_raw().iter().zip(other.as_raw()).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / one.as_raw().len() as f64
}

/// What was said, but for what a debug build says of itself.
fn without_build(said: &str) -> String {
    said.split_inclusive('\n').filter(|line| !line.starts_with("a debug build")).collect()
}

#[test]
fn a_picture_is_painted_under_the_names_of_its_inputs() {
    let scene = Scene::new();
    let (out, said) = scene.succeed(SHORT);
    assert!(out.starts_with("wrote content-style.png, 64x48, "), "{out}");
    let said = without_build(&said);
    assert!(said.starts_with("painting content.png like style.png: 64x48, 3 iterations"), "{said}");
    assert!(said.contains("iteration 3 of 3: content "), "{said}");
    let painted = scene.picture("content-style.png");
    assert_eq!(painted.dimensions(), (64, 48));
    assert!(difference(&painted, &scene.picture("content.png")) > 1.0);
    assert_eq!(scene.files().len(), 3);
}

#[test]
fn metadata_say_how_it_was_made() {
    let scene = Scene::new();
    for name in ["a.png", "a.jpg", "a.webp", "a.tiff"] {
        scene.succeed(&format!("{SHORT} -o {name} --seed 7 --quiet"));
        let settings = read_settings(scene.path(name)).unwrap().unwrap_or_else(|| panic!("{name}"));
        let settings: Value = serde_json::from_str(&settings).unwrap();
        assert_eq!(settings["preset"], "impasto");
        assert_eq!(settings["network"], "compact");
        assert_eq!(settings["content"], "content.png");
        assert_eq!(settings["settings"]["seed"], 7);
        assert_eq!(settings["iterations_done"], 3);
        assert_eq!(settings["completed"], true);
    }
}

#[test]
fn the_trace_holds_every_loss() {
    let scene = Scene::new();
    let (out, said) = scene.succeed("transfer content.png style.png --size 182 --iterations 4 --json");
    let trace: Value = serde_json::from_str(&out).unwrap();
    assert!(said.lines().last().unwrap().starts_with("wrote content-style.png"), "{said}");
    let evaluations = trace["evaluations"].as_array().unwrap();
    assert_eq!(trace["plan"]["stages"].as_array().unwrap().len(), 2);
    assert_eq!(evaluations.len(), 5 + 4);
    for evaluation in evaluations {
        let losses = evaluation["losses"].as_array().unwrap();
        assert_eq!(losses.len(), 2 + 4 + 1, "{evaluation}");
        let sum: f64 = losses.iter().map(|loss| loss["loss"].as_f64().unwrap()).sum();
        let total = evaluation["total"].as_f64().unwrap();
        assert!((sum - total).abs() <= 1e-9 * total, "{sum} {total}");
    }
    let total = |index: usize| evaluations[index]["total"].as_f64().unwrap();
    assert!(total(5) < total(0), "{} {}", total(5), total(0));
    assert_eq!(trace["output"], "content-style.png");
    assert_eq!(trace["completed"], true);
}

#[test]
fn the_trace_goes_to_a_file_too() {
    let scene = Scene::new();
    let (out, _) = scene.succeed(&format!("{SHORT} --json=trace.json"));
    assert!(out.starts_with("wrote content-style.png"), "{out}");
    let trace: Value = serde_json::from_slice(&scene.bytes("trace.json")).unwrap();
    assert_eq!(trace["evaluations"].as_array().unwrap().len(), 3);
}

#[test]
fn a_dry_run_tells_and_writes_nothing() {
    let scene = Scene::new();
    let (out, said) = scene.succeed("transfer content.png style.png --size 182 --dry-run");
    for words in ["129x97", "182x137", "60 iterations", "memory", "time", "content-style.png"] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let said = without_build(&said);
    assert_eq!(said.lines().count(), 1);
    assert!(said.starts_with("warning: content.png is 64x48 and is enlarged to 182x137"), "{said}");
    assert_eq!(scene.succeed("transfer content.png style.png --size 182 --dry-run --quiet").1, "");
    let (out, _) = scene.succeed(&format!("{SHORT} --dry-run --json"));
    let plan: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(plan["plan"]["stages"][0]["iterations"], 3);
    assert!(plan["estimated_seconds"].as_f64().unwrap() > 0.0);
    assert!(plan["memory_bytes"].as_u64().unwrap() > 1 << 20);
    assert_eq!(scene.files().len(), 2);
}

#[test]
fn the_number_of_threads_does_not_show() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --threads 1 -o one.png"));
    scene.succeed(&format!("{SHORT} --threads 2 -o two.png"));
    assert_eq!(scene.bytes("one.png"), scene.bytes("two.png"));
}

#[test]
fn noise_is_named_by_its_seed() {
    let scene = Scene::new();
    for (name, seed) in [("a.png", 1), ("b.png", 1), ("c.png", 2)] {
        scene.succeed(&format!("{SHORT} --start noise --seed {seed} -o {name}"));
    }
    assert_eq!(scene.bytes("a.png"), scene.bytes("b.png"));
    assert!(difference(&scene.picture("a.png"), &scene.picture("c.png")) > 1.0);
}

#[test]
fn every_preset_and_method_paints() {
    let scene = Scene::new();
    for flags in [
        "--preset gatys",
        "--preset neural-style",
        "--preset keras",
        "--optimizer lbfgs --lbfgs-memory 5",
        "--method patches --patch-size 3 --patch-stride 2 --match-every 2",
        "--method nearest",
        "--preset gatys --optimizer adam --learning-rate 3 --style-ratio 1e4",
        "--preset neural-style --normalize-gradients --pooling average --start style.png",
        "--content-layers relu3_1:0.5,conv2_2 --style-layers relu1_1,relu2_1:3 --tv-weight 0",
    ] {
        let (out, _) = scene.succeed(&format!("{SHORT} {flags} --json"));
        let trace: Value = serde_json::from_str(&out).unwrap();
        let evaluations = trace["evaluations"].as_array().unwrap();
        // Stages may measure different things: the last of nearest columns is of every layer by itself.
        let stage = &evaluations.last().unwrap()["stage"];
        let of_stage = evaluations.iter().filter(|evaluation| evaluation["stage"] == *stage);
        let totals: Vec<f64> = of_stage.map(|evaluation| evaluation["total"].as_f64().unwrap()).collect();
        assert!(totals.last() < totals.first(), "{flags}: {totals:?}");
    }
}

#[test]
fn transparency_is_kept() {
    let scene = Scene::new().with_alpha();
    scene.succeed("transfer alpha.png style.png --size 32 --iterations 2 -o out.png");
    let out = scene.picture("out.png");
    assert_eq!(out.dimensions(), (32, 24));
    assert_eq!((out.get_pixel(2, 9)[3], out.get_pixel(29, 9)[3]), (255, 0));
}

#[test]
fn styles_blend_by_their_weights() {
    let scene = Scene::new();
    let blended = "transfer content.png style.png content.png --size 64 --iterations 3";
    scene.succeed(&format!("{SHORT} -o alone.png"));
    scene.succeed(&format!("{blended} --style-blend 2,0 -o first.png"));
    scene.succeed(&format!("{blended} --style-blend 1,1 -o both.png"));
    assert_eq!(scene.picture("first.png"), scene.picture("alone.png"));
    assert!(difference(&scene.picture("both.png"), &scene.picture("alone.png")) > 0.5);
}

#[test]
fn pictures_are_saved_along_the_way() {
    let scene = Scene::new();
    scene.succeed("transfer content.png style.png --size 64 --iterations 5 --save-every 2 -o out.png");
    let files = scene.files();
    assert!(files.contains("out-00002.png") && files.contains("out-00004.png"), "{files:?}");
    assert_eq!(files.len(), 2 + 1 + 2);
    assert_ne!(scene.bytes("out-00004.png"), scene.bytes("out.png"));
}

#[test]
fn a_picture_along_the_way_that_is_not_saved_is_an_error_at_the_end() {
    let scene = Scene::new();
    std::fs::create_dir(scene.path("out-00002.png")).unwrap();
    let arguments = "transfer content.png style.png --size 64 --iterations 5 --save-every 2 -o out.png";
    let output = scene.run(&format!("{arguments} --quiet"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("error: out-00002.png: is a folder"), "{said}");
    assert_eq!(lines[1], "error: pictures along the way that could not be saved: 1");
    let files = scene.files();
    assert!(files.contains("out.png") && files.contains("out-00004.png"), "{files:?}");
}

#[test]
fn sixteen_bits_are_written() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --bit-depth 16 -o out.png"));
    let color = image::open(scene.path("out.png")).unwrap().color();
    assert_eq!(color, image::ColorType::Rgb16);
}

#[test]
fn quiet_is_quiet() {
    let scene = Scene::new();
    assert_eq!(scene.succeed(&format!("{SHORT} --quiet")), (String::new(), String::new()));
}

#[test]
fn inputs_are_not_replaced() {
    let scene = Scene::new();
    let style = scene.bytes("style.png");
    let output = scene.run(&format!("{SHORT} -o ./style.png"));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(scene.bytes("style.png"), style);
    scene.succeed(&format!("{SHORT} -o style.png --force"));
    assert_ne!(scene.bytes("style.png"), style);
}

#[test]
fn colors_under_transparency_are_no_style() {
    let scene = Scene::new();
    let style = |name: &str, hidden: [u8; 3]| {
        let color = |x: u32, y: u32| match (x < 36, (x + y) % 8 < 4) {
            (false, _) => [hidden[0], hidden[1], hidden[2], 0],
            (true, true) => [200, 80, 20, 255],
            (true, false) => [40, 30, 90, 255],
        };
        RgbaImage::from_fn(60, 60, |x, y| Rgba(color(x, y))).save(scene.path(name)).unwrap();
    };
    style("a.png", [0, 255, 0]);
    style("b.png", [255, 0, 255]);
    for method in ["gram", "patches", "nearest"] {
        for name in ["a", "b"] {
            let flags = "--size 64 --iterations 2 --quiet";
            scene.succeed(&format!(
                "transfer content.png {name}.png --method {method} {flags} --force -o {name}-out.png"
            ));
        }
        assert_eq!(scene.picture("a-out.png"), scene.picture("b-out.png"), "{method}");
    }
}

#[test]
fn a_start_of_another_aspect_is_cropped_and_told() {
    let scene = Scene::new();
    let said = |start: &str| scene.succeed(&format!("{SHORT} --start {start} -o out.png --force")).1;
    let told = "style.png: 60x60, cropped to the middle 60x45, the aspect of the result";
    assert!(said("style.png").contains(told), "{}", said("style.png"));
    assert!(!said("./content.png").contains("cropped"));
}
