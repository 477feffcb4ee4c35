//! `--stop-at-progress`.

use impasto::picture::read_settings;
use serde_json::{Value, json};

use crate::scene::Scene;

const LARGER: &str = "transfer content.png style.png --size 182 --iterations 34";

#[test]
fn sizes_end_once_the_loss_hardly_falls() {
    let scene = Scene::new();
    let (out, said) = scene
        .succeed(&format!("{LARGER} --stop-at-progress 0.9:6 --json=run.json --save-every 6 -o out.png"));
    assert!(said.starts_with("warning: content.png"), "{said}");
    assert!(said.contains(": 182x137, at most 76 iterations, "), "{said}");
    let ends: Vec<&str> =
        said.lines().filter(|line| line.contains("the last: the loss hardly falls")).collect();
    assert_eq!(ends.len(), 2, "{said}");
    assert!(ends[1].ends_with(" s each"), "no time is left: {said}");
    let run: Value = serde_json::from_slice(&scene.bytes("run.json")).unwrap();
    let stages = run["stages"].as_array().unwrap();
    let iterations: Vec<u64> = stages.iter().map(|stage| stage["iterations"].as_u64().unwrap()).collect();
    assert!(stages.iter().all(|stage| stage["end"] == "progress"), "{stages:?}");
    assert!(iterations.iter().all(|iterations| (6..42).contains(iterations)), "{iterations:?}");
    let done = iterations.iter().sum::<u64>();
    assert_eq!(run["evaluations"].as_array().unwrap().len() as u64, done);
    assert!(out.contains(&format!(" for {done} of 76 iterations")), "{out}");
    let metadata: Value =
        serde_json::from_str(&read_settings(scene.path("out.png")).unwrap().unwrap()).unwrap();
    assert_eq!(metadata["iterations_done"], done);
    assert_eq!(metadata["settings"]["schedule"]["stop"], json!({"share": 0.9, "interval": 6}));
    // Numbered as planned: the first size ends as its forty-second iteration would have.
    assert!(scene.files().contains("out-00042.png"), "{:?}", scene.files());
    scene.succeed("transfer content.png style.png --like out.png --threads 1 -o again.png");
    assert_eq!(scene.bytes("again.png"), scene.bytes("out.png"));
    scene.succeed("transfer content.png style.png --like out.png --stop-at-progress never -o all.png");
    scene.succeed(&format!("{LARGER} -o plain.png"));
    // The preset's own rule takes 50 iterations to say anything.
    assert_eq!(scene.picture("all.png"), scene.picture("plain.png"));
}

#[test]
fn a_report_and_a_plan_tell_of_it() {
    let scene = Scene::new();
    scene.succeed(&format!("{LARGER} --stop-at-progress 0.9:6 --report run"));
    let page = String::from_utf8(scene.bytes("run/index.html")).unwrap();
    for iterations in [42, 34] {
        let end = format!(" of {iterations}: the loss hardly falls any more</td>");
        assert_eq!(page.matches(&end).count(), 1, "{iterations}");
    }
    let (out, _) = scene.succeed(&format!("{LARGER} --stop-at-progress 1e-3:20 --dry-run"));
    assert!(out.contains(": at most 34 iterations") && out.contains("at most about"), "{out}");
    let (out, _) = scene.succeed(&format!("{LARGER} --dry-run"));
    assert!(!out.contains("at most"), "{out}");
    let output = scene.run(&format!("{LARGER} --stop-at-progress 1"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("as in 1e-3:20"));
}
