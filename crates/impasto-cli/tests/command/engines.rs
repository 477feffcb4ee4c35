//! `--engine` and `--memory`.

use serde_json::Value;

use crate::scene::Scene;

const SHORT: &str = "transfer content.png style.png --size 64 --iterations 2";

#[test]
fn the_scalar_engine_finds_the_same_losses_and_is_named() {
    let scene = Scene::new();
    let run = |engine: &str| -> Value {
        scene.succeed(&format!("{SHORT} --engine {engine} --json=run.json --force -o out.png"));
        serde_json::from_slice(&scene.bytes("run.json")).unwrap()
    };
    // On a set that computes in f32, as the scalar engine does.
    let (cpu, scalar) = (run("cpu --isa portable"), run("scalar"));
    assert_eq!(scalar["engine"], "scalar");
    let first = |run: &Value| run["evaluations"][0]["total"].as_f64().unwrap();
    assert!((first(&cpu) / first(&scalar) - 1.0).abs() < 1e-4, "{} and {}", first(&cpu), first(&scalar));
}

#[test]
fn a_device_needs_the_engine_for_graphics_cards() {
    let scene = Scene::new();
    let refused = |flags: &str| {
        let output = scene.run(&format!("{SHORT} {flags}"));
        assert!(!output.status.success(), "{flags}");
        String::from_utf8(output.stderr).unwrap()
    };
    let error = refused("--engine cpu --device 0");
    assert!(error.contains("--device") && error.contains("--engine gpu"), "{error}");
    let error = refused("--engine cuda");
    assert!(error.contains("auto, cpu, gpu, scalar"), "{error}");
    let error = refused("--device a-card-that-nobody-has");
    let expected =
        if cfg!(feature = "gpu") { "graphics card can be used|no such device" } else { "--features gpu" };
    assert!(expected.split('|').any(|words| error.contains(words)), "{error}");
    let output = scene.run("distill --images . --engine gpu");
    assert!(String::from_utf8(output.stderr).unwrap().contains("--measure"));
}

#[test]
fn the_processor_computes_where_there_is_no_graphics_card() {
    let scene = Scene::new();
    // No loader finds a driver here, so that the machine's own card, if it has one, is not met.
    let without = |line: &str| {
        let output = scene.command(line).env("VK_DRIVER_FILES", "nowhere.json").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), said)
    };
    if cfg!(target_os = "linux") {
        let (painted, said) = without(&format!("{SHORT} --engine auto -o asked.png"));
        assert!(painted && said.contains("--engine cpu: "), "{said}");
        let (painted, said) = without(&format!("{SHORT} -o unasked.png"));
        assert!(painted && !said.contains("--engine"), "{said}");
        assert_eq!(scene.picture("asked.png"), scene.picture("unasked.png"));
        let (painted, said) = without(&format!("{SHORT} --engine gpu -o none.png"));
        assert!(!painted && said.contains("graphics card"), "{said}");
        let (_, said) = without("bench --size 32 --runs 1 --engine auto");
        assert!(said.contains("--engine cpu: "), "{said}");
    }
}

#[test]
fn a_picture_that_needs_more_memory_is_painted_in_tiles() {
    let scene = Scene::new();
    let large = "transfer content.png style.png --size 400 --iterations 1 --preset impasto";
    let (whole, _) = scene.succeed(&format!("{large} --dry-run"));
    assert!(!whole.contains("tiles"), "{whole}");
    let (tiled, _) = scene.succeed(&format!("{large} --memory 80MB --dry-run"));
    assert!(
        tiled.lines().any(|line| line.starts_with("size        400x300") && line.ends_with("tiles")),
        "{tiled}"
    );
    scene.succeed(&format!("{large} --memory 80MB -o tiled.png"));
    assert_eq!(scene.picture("tiled.png").dimensions(), (400, 300));
}

#[test]
fn memory_that_cannot_do_is_refused() {
    let scene = Scene::new();
    for (memory, words) in [
        ("1MB", "--memory 1 MB: a picture of 64x48 needs at least "),
        ("4", "expected bytes with their unit, as in 4GB, 1.5GiB or 800MB"),
        ("0GB", "expected bytes with their unit"),
        ("manyGB", "expected bytes with their unit"),
    ] {
        let output = scene.run(&format!("{SHORT} --memory {memory}"));
        assert_eq!(output.status.code(), Some(2), "{memory}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words), "{memory}: {said}");
    }
}
