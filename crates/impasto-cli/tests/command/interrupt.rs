//! Ctrl-C, as SIGINT.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use impasto::picture::read_settings;

use crate::scene::Scene;

/// A run that would take hours, after its first iteration.
fn started(scene: &Scene) -> Child {
    let mut command = scene.command(
        "transfer content.png style.png --size 64 --iterations 1000000 --save-every 1 -o out.png \
         --json=trace.json --report run",
    );
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !scene.path("out-00001.png").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "no iteration in a minute");
        thread::sleep(Duration::from_millis(10));
    }
    child
}

fn interrupt(child: &Child) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

#[test]
fn the_first_saves_what_there_is() {
    let scene = Scene::new();
    let child = started(&scene);
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(scene.picture("out.png").dimensions(), (64, 48));
    let settings = read_settings(scene.path("out.png")).unwrap().unwrap();
    assert!(settings.contains("\"completed\":false"), "{settings}");
    let trace: serde_json::Value = serde_json::from_slice(&scene.bytes("trace.json")).unwrap();
    assert_eq!(trace["completed"], false);
    let page = String::from_utf8(scene.bytes("run/index.html")).unwrap();
    assert!(page.contains("Stopped early: interrupted") && page.contains("<polyline"));
    assert!(scene.files().iter().all(|name| !name.ends_with(".part")), "{:?}", scene.files());
}
