//! `-`, named pipes and standard output.

use std::fs::File;
use std::process::{Output, Stdio};

use crate::scene::Scene;

const SHORT: &str = "--size 48 --iterations 2";

/// Runs the program with `content.png` on its standard input.
fn with_input(scene: &Scene, words: &str) -> Output {
    let mut command = scene.command(words);
    let child = command.stdin(File::open(scene.path("content.png")).unwrap());
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_picture_goes_from_standard_input_to_standard_output() {
    let scene = Scene::new();
    scene.succeed(&format!("transfer content.png style.png {SHORT} -o file.png"));
    let output = with_input(&scene, &format!("transfer - style.png {SHORT} -o -"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let piped = image::load_from_memory_with_format(&output.stdout, image::ImageFormat::Png).unwrap();
    assert_eq!(piped.to_rgba8(), scene.picture("file.png"));
    assert!(said.contains("wrote standard output, 48x36"), "{said}");
    assert_eq!(scene.files().len(), 3, "{:?}", scene.files());
}

#[test]
fn the_format_of_standard_output_can_be_chosen() {
    let scene = Scene::new();
    let output = scene.run(&format!("transfer content.png style.png {SHORT} -o - --format jpg --quality 80"));
    assert!(output.status.success());
    image::load_from_memory_with_format(&output.stdout, image::ImageFormat::Jpeg).unwrap();
    let (out, _) = scene.succeed(&format!("transfer content.png style.png {SHORT} --format tiff"));
    assert!(out.starts_with("wrote content-style.tiff, "), "{out}");
}

#[test]
fn a_name_is_made_up_for_standard_input() {
    let scene = Scene::new();
    let output = with_input(&scene, &format!("transfer - style.png {SHORT}"));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("wrote stdin-style.png, "));
}

#[test]
fn a_sweep_reads_its_picture_once() {
    let scene = Scene::new();
    let output = with_input(&scene, &format!("sweep - style.png {SHORT} --strength 0.2,0.8"));
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.starts_with("wrote stdin-style-sweep.png, "), "{out}");
}

#[cfg(unix)]
#[test]
fn named_pipes_are_read() {
    let scene = Scene::new();
    let made = std::process::Command::new("mkfifo").arg(scene.path("pipe.png")).status().unwrap();
    assert!(made.success());
    let mut command = scene.command(&format!("transfer content.png pipe.png {SHORT} -o out.png"));
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    std::fs::write(scene.path("pipe.png"), scene.bytes("style.png")).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    scene.succeed(&format!("transfer content.png style.png {SHORT} -o file.png"));
    assert_eq!(scene.picture("out.png"), scene.picture("file.png"));
}

#[test]
fn what_needs_a_name_is_refused() {
    let scene = Scene::new();
    for (flags, words) in [
        ("-o - --save-every 1", "--save-every: needs a file name, which --output - has not"),
        ("-o - --snapshots 1", "--snapshots: needs a file name"),
        ("-o - --json", "--json: the picture goes to standard output; name a file: --json=FILE"),
        ("-o - --quality 80", "--quality is for JPEG"),
        ("-o out.png --format jpg", "--format jpg: the name says the format: out.png"),
        ("-o - --format gif", "png, jpg, webp, tiff"),
    ] {
        let output = scene.run(&format!("transfer content.png style.png {SHORT} {flags}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags}: {said}");
        assert!(said.contains(words), "{flags}: {said}");
        assert_eq!(output.stdout, b"", "{flags}");
    }
    let output = with_input(&scene, &format!("transfer - style.png {SHORT} --checkpoint run.checkpoint"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--checkpoint: a picture from a pipe cannot be read again"), "{said}");
    let output = with_input(&scene, "transfer style.png - --size 48 --iterations 1");
    assert!(output.status.success(), "a style may come from a pipe too");
}
