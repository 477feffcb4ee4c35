//! `--checkpoint` and `impasto resume`.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use impasto::picture::read_settings;
use serde_json::Value;

use crate::scene::Scene;

const RUN: &str =
    "transfer content.png style.png --size 128 --iterations 60 --seed 3 --stop-at-progress never";

/// The run, interrupted by `signal` once it has done some iterations.
fn interrupted(scene: &Scene, flags: &str, signal: &str) -> (Option<i32>, String) {
    let mut command = scene.command(&format!("{RUN} {flags} --save-every 1 -o part.png"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(scene, &mut child, "part-00007.png");
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn wait_for(scene: &Scene, child: &mut Child, file: &str) {
    let start = Instant::now();
    while !scene.path(file).exists() {
        assert!(child.try_wait().unwrap().is_none(), "the run has ended");
        assert!(start.elapsed() < Duration::from_secs(60), "no {file} in a minute");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_picture() {
    for (method, signal) in [("moments", "-INT"), ("gram --optimizer lbfgs", "-TERM"), ("patches", "-INT")] {
        let scene = Scene::new();
        let flags = format!("--method {method} --checkpoint run.checkpoint");
        scene.succeed(&format!("{RUN} --method {method} -o whole.png"));
        let (code, said) = interrupted(&scene, &flags, signal);
        assert_eq!(code, Some(130), "{said}");
        assert!(said.trim_end().ends_with("to go on: impasto resume run.checkpoint"), "{said}");
        assert!(scene.path("run.checkpoint").exists());
        let (out, _) = scene.succeed("resume run.checkpoint");
        assert!(out.starts_with("wrote part.png, "), "{out}");
        assert_eq!(scene.picture("part.png"), scene.picture("whole.png"), "{method}");
        let done = |file: &str| {
            let settings = read_settings(scene.path(file)).unwrap().unwrap();
            serde_json::from_str::<Value>(&settings).unwrap()["iterations_done"].clone()
        };
        assert_eq!(done("part.png"), done("whole.png"));
        assert!(!scene.path("run.checkpoint").exists(), "a finished run needs no checkpoint");
    }
}

#[test]
fn a_run_that_was_killed_goes_on_from_its_last_checkpoint() {
    let scene = Scene::new();
    scene.succeed(&format!("{RUN} -o whole.png"));
    let (code, _) = interrupted(&scene, "--checkpoint run.checkpoint", "-KILL");
    assert_eq!(code, None);
    scene.succeed("resume run.checkpoint");
    assert_eq!(scene.picture("part.png"), scene.picture("whole.png"));
}

#[test]
fn other_inputs_are_refused_by_name() {
    let scene = Scene::new();
    interrupted(&scene, "--checkpoint run.checkpoint", "-INT");
    fs::copy(scene.path("style.png"), scene.path("content.png")).unwrap();
    let output = scene.run("resume run.checkpoint");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("content content.png is not the file that the run began with"), "{said}");
}

#[test]
fn another_network_is_refused_and_the_memory_stays_as_it_was() {
    let scene = Scene::new();
    // What a run needs depends on the set.
    interrupted(&scene, "--isa portable --checkpoint run.checkpoint", "-INT");
    let bytes = fs::read(scene.path("run.checkpoint")).unwrap();
    let resumed_with = |note: &str, value: &str| {
        let mut checkpoint = impasto::Checkpoint::from_bytes(&bytes).unwrap();
        assert!(checkpoint.notes.contains_key(note), "{:?}", checkpoint.notes);
        checkpoint.notes.insert(note.to_owned(), value.to_owned());
        fs::write(scene.path("run.checkpoint"), checkpoint.to_bytes()).unwrap();
        String::from_utf8(scene.run("resume run.checkpoint").stderr).unwrap()
    };
    let said = resumed_with("network", "sha256:0");
    assert!(said.contains("the network is not the one that the run began with"), "{said}");
    // So little that there are tiles, whatever is free now.
    let said = resumed_with("memory", "30000000");
    assert!(said.contains(" tiles: rounding differs, so strokes may fall elsewhere"), "{said}");
}

#[test]
fn a_checkpoint_never_takes_the_place_of_another_file() {
    let scene = Scene::new();
    let refused = |flags: &str, words: &str| {
        let output = scene.run(&format!("{RUN} {flags}"));
        assert_eq!(output.status.code(), Some(2), "{flags}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words), "{flags}: {said}");
    };
    refused("-o part.png --checkpoint part.png", "another file of this run is written there");
    refused("-o part.png --force --checkpoint style.png", "is one of the inputs");
    refused("-o part.png --json=run.json --checkpoint run.json", "another file of this run is written there");
    interrupted(&scene, "--checkpoint run.checkpoint", "-INT");
    let before = scene.bytes("run.checkpoint");
    refused(
        "-o other.png --checkpoint run.checkpoint",
        "go on with impasto resume run.checkpoint, or begin anew",
    );
    assert_eq!(scene.bytes("run.checkpoint"), before);
}

#[test]
fn short_runs_leave_no_checkpoint_unasked() {
    let scene = Scene::new();
    let (_, said) = interrupted(&scene, "", "-INT");
    assert!(!said.contains("to go on"), "{said}");
    assert!(scene.files().iter().all(|name| !name.ends_with(".checkpoint")), "{:?}", scene.files());
}

#[test]
fn what_is_no_checkpoint_is_named() {
    let scene = Scene::new();
    for (file, words) in [("none.checkpoint", "there is no such file"), ("content.png", "content.png: ")] {
        let output = scene.run(&format!("resume {file}"));
        assert_eq!(output.status.code(), Some(2), "{file}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_finished_picture_is_refined_at_larger_sizes() {
    let scene = Scene::new();
    scene.succeed("transfer content.png style.png --size 128 --iterations 3 -o small.png");
    let flags = "--start small.png --size 256 --from-size 181 --iterations 2";
    let (_, said) = scene.succeed(&format!("transfer content.png style.png {flags} -o large.png"));
    let sizes = said.lines().filter(|line| line.contains("(size ")).count();
    assert_eq!(sizes, 2, "{said}");
    assert_eq!(scene.picture("large.png").dimensions(), (256, 192));
}
