//! Pictures painted at the size of their content.

use std::fs;

use crate::scene::Scene;

const SHORT: &str = "--size original --iterations 1 --from-size 64";

/// Standard error of a run that must fail as the caller's mistake.
fn refused(scene: &Scene, words: &str) -> String {
    let output = scene.run(words);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "impasto {words}\n{said}");
    said
}

#[test]
fn each_picture_keeps_its_size() {
    let scene = Scene::new();
    scene.succeed(&format!("transfer content.png style.png {SHORT} -o out.png"));
    assert_eq!(scene.picture("out.png").dimensions(), (64, 48));
    scene.succeed("transfer content.png style.png --size 64 --iterations 1 --from-size 64 -o same.png");
    assert_eq!(scene.picture("out.png"), scene.picture("same.png"));
    fs::create_dir(scene.path("photos")).unwrap();
    fs::copy(scene.path("content.png"), scene.path("photos/a.png")).unwrap();
    scene.map(70, 50).save(scene.path("photos/b.png")).unwrap();
    scene.succeed(&format!("transfer photos style.png {SHORT} -o out/"));
    assert_eq!(scene.picture("out/a-style.png").dimensions(), (64, 48));
    assert_eq!(scene.picture("out/b-style.png").dimensions(), (70, 50));
    assert_eq!(scene.picture("out/a-style.png"), scene.picture("out.png"));
}

#[test]
fn a_doodle_has_the_size_of_its_map() {
    let scene = Scene::new().with_maps();
    let maps = "doodle --style style.png --map map.png --style-map style-map.png";
    let (out, _) = scene.succeed(&format!("{maps} {SHORT} -o out.png"));
    assert!(out.contains("64x48"), "{out}");
}

#[test]
fn limits_speak_of_the_size_of_the_picture() {
    let scene = Scene::new();
    let run = format!("transfer content.png style.png {SHORT}");
    let said = refused(&scene, &format!("{run} --max-pixels 3071"));
    assert!(
        said.contains("content.png") && said.contains("64x48") && said.contains("--max-pixels"),
        "{said}"
    );
    let said = refused(&scene, "texture style.png --size original");
    assert!(said.contains("--size original: a texture repaints no picture"), "{said}");
    let said = refused(&scene, &format!("{run} --memory 1MB"));
    assert!(said.contains("--memory 1 MB: a picture of 64x48 needs at least"), "{said}");
}
