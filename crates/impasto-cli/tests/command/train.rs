//! `impasto train`, on a handful of pictures: interrupted, killed, on bad data, on a full disk; and what it makes is
//! used at once.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use impasto_network::Weights;

use crate::scene::Scene;

const COMMAND: &str =
    "train --network cifar-simple --data data --batch 8 --epochs 2 --target-error 0 --quiet";

/// Adds `data`: CIFAR-10 in its binary layout with two pictures of each class to learn from, and one to test.
fn scene() -> Scene {
    let scene = Scene::new();
    fs::create_dir(scene.path("data")).unwrap();
    for (file, pictures) in [("data_batch_1.bin", 20), ("test_batch.bin", 10)] {
        let record = |index: u32| {
            let value = move |at: u32| (128.0 + 100.0 * ((at * (index % 10 + 1)) as f32 * 0.01).sin()) as u8;
            std::iter::once((index % 10) as u8).chain((0..3072).map(value))
        };
        let bytes: Vec<u8> = (0..pictures).flat_map(record).collect();
        fs::write(scene.path("data").join(file), bytes).unwrap();
    }
    scene
}

/// Waits until `name` is there, and answers its process.
pub fn after(scene: &Scene, words: &str, name: &str) -> Child {
    let child = scene.command(words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !scene.path(name).exists() {
        assert!(start.elapsed() < Duration::from_secs(120), "no {name} in two minutes");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// What a command says that must end with this exit code.
pub fn refused(scene: &Scene, words: &str, code: i32) -> String {
    let output = scene.run(words);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "impasto {words}: {said}");
    said
}

#[test]
fn a_run_that_was_killed_and_interrupted_ends_as_one_that_was_not() {
    let scene = scene();
    scene.succeed(&format!("{COMMAND} -o whole.safetensors --report page --log curve.jsonl"));
    let page = String::from_utf8(scene.bytes("page/index.html")).unwrap();
    assert!(page.contains("Training of cifar-simple") && page.contains("<polyline"), "{page}");
    let log = String::from_utf8(scene.bytes("curve.jsonl")).unwrap();
    let epochs: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(epochs.len(), 2);
    assert!(epochs[1]["epoch"] == 2 && epochs[1]["test_error"].is_number(), "{log}");
    assert!(!scene.path("whole.checkpoint").exists(), "nothing is left to go on with");

    let cut = format!("{COMMAND} -o cut.safetensors --checkpoint-every 0");
    let mut child = after(&scene, &cut, "cut.checkpoint");
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert!(!scene.path("cut.safetensors").exists());
    let said = refused(&scene, &cut, 2);
    assert!(
        said.contains("cut.checkpoint") && said.contains("--resume") && said.contains("--restart"),
        "{said}"
    );

    // Interrupted while it goes on, it saves and says so.
    let before = scene.bytes("cut.checkpoint");
    let child = scene.command(&format!("{cut} --resume")).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while scene.path("cut.checkpoint").exists() && scene.bytes("cut.checkpoint") == before {
        assert!(start.elapsed() < Duration::from_secs(120), "no checkpoint in two minutes");
    }
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 130)), "{:?}", output.status);
    if output.status.code() == Some(130) {
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("go on with --resume"), "{said}");
        scene.succeed(&format!("{cut} --resume"));
    }
    assert!(scene.bytes("whole.safetensors") == scene.bytes("cut.safetensors"));
}

#[test]
fn what_was_learnt_paints_and_shows_its_features_at_once() {
    let scene = scene();
    scene.succeed(
        &format!("{COMMAND} --epochs 1 --precision f16 --keep-checkpoint").replace("--epochs 2 ", ""),
    );
    assert!(scene.path("cifar-simple.checkpoint").exists());
    let weights = Weights::open(scene.path("cifar-simple.safetensors"), None).unwrap();
    assert_eq!(weights.convention(), &impasto_train_convention());
    let (_, said) = scene.succeed(
        "transfer content.png style.png --weights cifar-simple.safetensors --size 64 --iterations 2 -o out.png",
    );
    assert!(said.contains("the network has no relu4_1, relu4_2; it is read at relu1_1"), "{said}");
    assert_eq!(scene.picture("out.png").dimensions(), (64, 48));
    scene.succeed("features content.png --weights cifar-simple.safetensors");
    assert!(scene.path("content-relu3_1.png").exists() && !scene.path("content-relu4_1.png").exists());
    let said = refused(
        &scene,
        "transfer content.png style.png --weights cifar-simple.safetensors --style-layers relu1_1,relu5_1",
        2,
    );
    assert!(said.contains("has no layer relu5_1"), "what was asked for by name is not left out: {said}");
}

/// How the classifiers read pictures.
fn impasto_train_convention() -> impasto_network::Convention {
    "rgb 0..1, minus mean (0.4914,0.4822,0.4465), divided by (0.247,0.2435,0.2616)".parse().unwrap()
}

#[test]
fn bad_data_and_flags_are_named() {
    let scene = scene();
    let train = |data: &str| format!("train --network cifar-simple --data {data}");
    let said = refused(&scene, &train("nothing"), 2);
    assert!(said.contains("nothing") && said.lines().count() == 1, "{said}");

    let batch = scene.path("data/data_batch_1.bin");
    let whole = fs::read(&batch).unwrap();
    fs::write(&batch, &whole[..3073 * 4 + 100]).unwrap();
    let said = refused(&scene, &train("data"), 2);
    assert!(said.contains("data_batch_1.bin: 12392 bytes, expected a multiple of 3073"), "{said}");
    assert!(said.contains("record 4 is cut off at byte 12292"), "{said}");
    let mut wrong = whole.clone();
    wrong[3073 * 2] = 77;
    fs::write(&batch, wrong).unwrap();
    let said = refused(&scene, &train("data"), 2);
    assert!(said.contains("label 77 of record 2, at byte 6146, expected 0 to 9"), "{said}");
    fs::write(&batch, &whole).unwrap();

    for class in ["cat", "dog"] {
        fs::create_dir_all(scene.path(&format!("folders/train/{class}"))).unwrap();
        fs::create_dir_all(scene.path(&format!("folders/test/{class}"))).unwrap();
        for split in ["train", "test"] {
            fs::copy(scene.path("style.png"), scene.path(&format!("folders/{split}/{class}/a.png"))).unwrap();
        }
    }
    let said = refused(&scene, &train("folders"), 2);
    assert!(said.contains("in 2 classes, network cifar-simple expects pictures of 32x32 in 10"), "{said}");
    fs::remove_file(scene.path("folders/train/dog/a.png")).unwrap();
    let said = refused(&scene, &train("folders"), 2);
    assert!(said.contains("class dog has no training pictures"), "{said}");
    fs::write(scene.path("folders/train/dog/b.png"), "no picture").unwrap();
    let said = refused(&scene, &train("folders"), 2);
    assert!(said.contains("train/dog/b.png: not a picture that can be read"), "{said}");

    let tar = Command::new("tar").args(["-cf", "data.tar", "data"]).current_dir(scene.path("")).status();
    assert!(tar.unwrap().success());
    let bytes = scene.bytes("data.tar");
    fs::write(scene.path("cut.tar"), &bytes[..40_000]).unwrap();
    let said = refused(&scene, &train("cut.tar"), 2);
    assert!(said.contains("cut.tar: the archive is damaged or cut off after 0 files, at byte"), "{said}");

    for (flag, allowed) in [
        ("--target-error 18", "0 to 1"),
        ("--rate 0", "above 0"),
        ("--dropout 1", "0 to below 1"),
        ("--epochs 0", "1..=10000"),
        ("--checkpoint-every -1", "0 to 1440"),
        ("--resume", "there is no checkpoint cifar-simple.checkpoint"),
        ("--log cifar-simple.safetensors", "one file cannot be two"),
    ] {
        let flag = flag.replace(" -1", "=-1");
        let said = refused(&scene, &format!("{} {flag}", train("data")), 2);
        assert!(said.contains(allowed), "{flag}: {said}");
    }
    assert!(!scene.path("cifar-simple.safetensors").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_the_checkpoint_before() {
    let scene = scene();
    let words = format!("{COMMAND} --checkpoint-every 0 -o cut.safetensors");
    let mut child = after(&scene, &words, "cut.checkpoint");
    signal(&child, "-KILL");
    child.wait().unwrap();
    let before = scene.bytes("cut.checkpoint");
    // A limit on the size of files stands for a disk that is full.
    let program = assert_cmd::cargo::cargo_bin!("impasto");
    let line = format!("trap '' XFSZ; ulimit -f 100000; exec {} {words} --resume", program.display());
    let output = Command::new("bash").args(["-c", &line]).current_dir(scene.path("")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cut.checkpoint: cannot be written") && said.contains("is intact"), "{said}");
    assert!(scene.bytes("cut.checkpoint") == before);
    scene.succeed(&format!("{words} --resume"));
}
