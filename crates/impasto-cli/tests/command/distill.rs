//! `impasto distill`, from a teacher with random weights: killed, measured, used.

use std::fs;

use image::{Rgb, RgbImage};
use impasto_network::{Architecture, Convention, Precision, Weights, safetensors_bytes};

use crate::scene::Scene;
use crate::train::{after, refused, signal};

const COMMAND: &str =
    "distill --weights teacher.safetensors --images pictures --batch 1 --crop 32 --steps 12 --quiet";

/// Adds `teacher.safetensors` and twenty `pictures`.
fn scene() -> Scene {
    let scene = Scene::new();
    let teacher =
        Weights::random(Architecture::new("teacher", [1, 1, 1, 2, 1].map(|it| vec![16; it]).to_vec()), 3);
    let layers = teacher.architecture().convolutions();
    let convolutions: Vec<_> = layers.map(|layer| (layer, teacher.convolution(layer))).collect();
    let bytes = safetensors_bytes(&convolutions, &Convention::CAFFE, Precision::F32, &[]).unwrap();
    fs::write(scene.path("teacher.safetensors"), bytes).unwrap();
    fs::create_dir(scene.path("pictures")).unwrap();
    for number in 0..20u32 {
        let value = |x: u32, y: u32| [(x * 7 + number * 11) as u8, (y * 5) as u8, (x * y / 4 + number) as u8];
        let picture = RgbImage::from_fn(40, 36, |x, y| Rgb(value(x, y)));
        picture.save(scene.path(&format!("pictures/{number:02}.png"))).unwrap();
    }
    scene
}

#[test]
fn a_run_that_was_killed_ends_as_one_that_was_not() {
    let scene = scene();
    scene.succeed(&format!("{COMMAND} -o whole.safetensors --report page --log curve.jsonl"));
    let page = String::from_utf8(scene.bytes("page/index.html")).unwrap();
    assert!(page.contains("Distillation of compact from teacher") && page.contains("relu5_1"), "{page}");
    assert!(scene.bytes("curve.jsonl").starts_with(b"{\"step\":12,\"unexplained\":["));

    let cut = format!("{COMMAND} -o cut.safetensors --checkpoint-every 0");
    let mut child = after(&scene, &cut, "cut.checkpoint");
    signal(&child, "-KILL");
    child.wait().unwrap();
    scene.succeed(&format!("{cut} --resume"));
    assert!(scene.bytes("whole.safetensors") == scene.bytes("cut.safetensors"));
    assert!(!scene.path("cut.checkpoint").exists());
    assert!(scene.bytes("whole.safetensors").len() < 4_000_000);

    let (table, _) = scene.succeed(
        "distill --weights teacher.safetensors --images pictures --crop 32 --measure whole.safetensors --measure built-in",
    );
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "explained variance of teacher on 1 pictures kept apart:");
    assert!(lines[1].contains("relu5_1") && lines[2].starts_with("whole.safetensors"), "{table}");
    assert!(lines[3].starts_with("built-in"), "{table}");
    scene.succeed(
        "transfer content.png style.png --weights whole.safetensors --size 48 --iterations 2 -o out.png",
    );
    assert_eq!(scene.picture("out.png").dimensions(), (48, 36));
}

#[test]
fn mistakes_are_named() {
    let scene = scene();
    let said = refused(&scene, "distill --images pictures", 2);
    assert!(
        said.contains("--teacher vgg19 needs its weights") && said.contains("impasto weights pull vgg19"),
        "{said}"
    );
    let said = refused(&scene, &format!("{COMMAND} -o ./teacher.safetensors"), 2);
    assert!(said.contains("is what the run reads, teacher.safetensors"), "{said}");
    let said = refused(&scene, &format!("{COMMAND} --shares 1,2"), 2);
    assert!(said.contains("2 given for 1 collections"), "{said}");
    let said = refused(&scene, &format!("{COMMAND} --teacher vgg16"), 2);
    assert!(said.contains("holds another network"), "{said}");
    let said = refused(&scene, &COMMAND.replace("--crop 32", "--crop 40"), 2);
    assert!(said.contains("a multiple of 16, 32 to 512"), "{said}");
    fs::write(scene.path("pictures/99.jpg"), "no picture").unwrap();
    let said = refused(&scene, COMMAND, 2);
    assert!(said.contains("99.jpg: not a picture that can be read"), "{said}");
    fs::create_dir(scene.path("empty")).unwrap();
    let said = refused(&scene, "distill --weights teacher.safetensors --images empty", 2);
    assert!(said.contains("empty: no training pictures"), "{said}");
    assert!(!scene.path("compact.safetensors").exists());
}
