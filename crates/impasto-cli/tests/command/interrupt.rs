//! Ctrl-C, as SIGINT, and the signals by which systems end programs.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use impasto::picture::read_settings;

use crate::scene::Scene;

const LONG: &str = "transfer content.png style.png --size 64 --iterations 1000000 --save-every 1";

/// A run that would take hours, after its first iteration.
fn started(scene: &Scene) -> Child {
    let command = scene.command(&format!("{LONG} -o out.png --json=trace.json --report run"));
    after_an_iteration(command, &scene.path("out-00001.png"))
}

/// The run once it has saved `first`.
fn after_an_iteration(mut command: Command, first: &Path) -> Child {
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !first.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "no iteration in a minute");
        thread::sleep(Duration::from_millis(10));
    }
    child
}

fn interrupt(child: &Child, signal: &str) {
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

#[test]
fn the_first_saves_what_there_is() {
    // A system may send its signal twice, to a program and to its group.
    for signals in [&["-INT"][..], &["-TERM", "-TERM"]] {
        let scene = Scene::new();
        let child = started(&scene);
        signals.iter().for_each(|signal| interrupt(&child, signal));
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
}

#[test]
fn a_finished_picture_stays_when_a_later_run_is_interrupted() {
    for flags in ["", " --force"] {
        let scene = Scene::new();
        let short = "transfer content.png style.png --size 64 --iterations 2";
        scene.succeed(&format!("{short} -o out.png"));
        let finished = scene.bytes("out.png");
        // Without --force, another run finishes under the name while this one is at work.
        std::fs::remove_file(scene.path("out.png")).unwrap();
        let before = || std::fs::write(scene.path("out.png"), &finished).unwrap();
        if !flags.is_empty() {
            before();
        }
        let command = scene.command(&format!("{LONG} -o out.png{flags}"));
        let child = after_an_iteration(command, &scene.path("out-00001.png"));
        before();
        interrupt(&child, "-INT");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{flags}");
        assert_eq!(scene.bytes("out.png"), finished);
        let settings = read_settings(scene.path("out-incomplete.png")).unwrap().unwrap();
        assert!(settings.contains("\"completed\":false"), "{settings}");
    }
}

#[test]
fn a_collection_says_how_it_goes_on() {
    let scene = Scene::new();
    let flags = "--size 64 --iterations 1000000 -o out/";
    let mut command = scene.command(&format!("transfer content.png style.png --style style.png {flags}"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("1 of 2: content.png") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "the run ended");
    }
    interrupt(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    line.clear();
    said.read_to_string(&mut line).unwrap();
    assert!(line.ends_with("interrupted; 0 of 2 painted; --skip-finished goes on\n"), "{line}");
}

#[test]
fn an_interrupted_run_says_where_its_picture_is() {
    let scene = Scene::new();
    scene.succeed("transfer content.png style.png --size 64 --iterations 2 -o out.png");
    let mut command = scene.command(&format!("{LONG} -o out.png --force"));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    while !scene.path("out-00001.png").exists() {
        thread::sleep(Duration::from_millis(10));
    }
    interrupt(&child, "-INT");
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(out.starts_with("interrupted; wrote out-incomplete.png, 64x48, "), "{out}");
    assert!(out.ends_with("; out.png is of another run and stays\n"), "{out}");
}

/// Under a program that ignores SIGHUP, it is ignored here from the start.
#[cfg(target_os = "linux")]
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() & 1 == 1
}

#[cfg(target_os = "linux")]
#[test]
fn a_hangup_saves_what_there_is() {
    if ignores_hangups() {
        eprintln!("skipped: SIGHUP is ignored here");
        return;
    }
    let scene = Scene::new();
    let mut child = started(&scene);
    interrupt(&child, "-HUP");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(scene.picture("out.png").dimensions(), (64, 48));
}

/// `nohup` has SIGHUP ignored, and means it.
#[cfg(target_os = "linux")]
#[test]
fn a_hangup_that_is_ignored_stays_so() {
    let scene = Scene::new();
    let mut command = Command::new("nohup");
    let program = scene.command(&format!("{LONG} -o out.png"));
    command.arg(program.get_program()).args(program.get_args()).current_dir(scene.path(""));
    command.env("IMPASTO_CACHE", scene.path("cache"));
    let mut child = after_an_iteration(command, &scene.path("out-00001.png"));
    interrupt(&child, "-HUP");
    let start = Instant::now();
    while !scene.path("out-00040.png").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the run ended");
        assert!(start.elapsed() < Duration::from_secs(60), "no iterations in a minute");
        thread::sleep(Duration::from_millis(10));
    }
    interrupt(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_picture_whose_folder_is_gone_is_kept_elsewhere() {
    let scene = Scene::new();
    std::fs::create_dir(scene.path("sub")).unwrap();
    std::fs::create_dir(scene.path("temporary")).unwrap();
    let mut command = scene.command(&format!("{LONG} -o sub/out.png --json=sub/run.json"));
    command.env("TMPDIR", scene.path("temporary"));
    let child = after_an_iteration(command, &scene.path("sub/out-00001.png"));
    // The run may be writing into it.
    while std::fs::remove_dir_all(scene.path("sub")).is_err() {}
    interrupt(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let (_, kept) = said.trim_end().rsplit_once("; the picture is in ").expect(&said);
    assert!(Path::new(kept).starts_with(scene.path("temporary")), "{said}");
    assert_eq!(image::open(kept).unwrap().to_rgb8().dimensions(), (64, 48));
}
