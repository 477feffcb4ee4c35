//! `impasto show`.

use crate::scene::Scene;

/// Runs what `impasto show` says paints a picture again, and compares.
fn paints_again(scene: &Scene, run: &str) -> String {
    scene.succeed(&format!("{run} -o first.png"));
    let (told, _) = scene.succeed("show first.png");
    let command = told.lines().last().unwrap().trim().strip_prefix("impasto ").unwrap();
    scene.succeed(&format!("{command} -o again.png"));
    assert_eq!(scene.picture("again.png"), scene.picture("first.png"), "{command}");
    told
}

#[test]
fn the_command_that_is_shown_paints_the_same() {
    let scene = Scene::new();
    let told = paints_again(
        &scene,
        "transfer content.png style.png content.png --style-blend 2,1 --size 48 --iterations 2 --seed 7 --start noise",
    );
    for line in ["content     content.png", "style       style.png, 67 %", "seed        7", "size        48"]
    {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(told.contains("run         finished after 2 iterations"), "{told}");
}

#[test]
fn maps_and_starts_are_part_of_it() {
    let scene = Scene::new().with_maps();
    let short = "--size 48 --iterations 2";
    let told = paints_again(
        &scene,
        &format!("doodle --style style.png --style-map style-map.png --map map.png {short}"),
    );
    assert!(
        told.contains("impasto doodle --map map.png --style style.png --style-map style-map.png"),
        "{told}"
    );
    let scene = Scene::new().with_maps();
    paints_again(
        &scene,
        &format!(
            "transfer content.png style.png --content-map map.png --style-map style-map.png --start style.png {short}"
        ),
    );
    let scene = Scene::new().with_maps();
    paints_again(&scene, &format!("texture style.png --seamless {short}"));
}

#[test]
fn what_holds_no_settings_is_named() {
    let scene = Scene::new();
    std::fs::write(scene.path("notes.txt"), "no picture").unwrap();
    for (file, words) in [
        ("content.png", "content.png: the picture holds no settings"),
        ("notes.txt", "expected a picture that impasto painted, or the JSON of a run"),
        ("missing.png", "missing.png: no such file"),
    ] {
        let output = scene.run(&format!("show {file}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{file}: {said}");
        assert!(said.contains(words), "{file}: {said}");
    }
}
