//! Several pictures in the same style.

use std::collections::BTreeSet;
use std::fs;

use crate::scene::Scene;

const FLAGS: &str = "--size 48 --iterations 2";

/// Adds the folder `photos` with two pictures and a text.
fn add_photos(scene: &Scene) {
    fs::create_dir(scene.path("photos")).unwrap();
    for name in ["photos/a.png", "photos/b.png"] {
        fs::copy(scene.path("content.png"), scene.path(name)).unwrap();
    }
    fs::write(scene.path("photos/notes.txt"), "no picture").unwrap();
}

fn in_folder(scene: &Scene, folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(scene.path(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Exit code and standard error of a run that fails.
fn failed(scene: &Scene, words: &str) -> (Option<i32>, String) {
    let output = scene.run(words);
    assert!(!output.status.success(), "impasto {words}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_folder_is_painted_into_a_folder() {
    let scene = Scene::new();
    add_photos(&scene);
    let (out, said) = scene.succeed(&format!("transfer photos style.png {FLAGS} -o out/"));
    assert_eq!(out, "wrote out/a-style.png, 48x36\nwrote out/b-style.png, 48x36\n");
    assert!(said.contains("1 of 2: photos/a.png") && said.contains("2 of 2: photos/b.png"), "{said}");
    scene.succeed(&format!("transfer content.png style.png {FLAGS} -o one.png"));
    // Both learn the style once, and are what they are alone.
    for name in ["out/a-style.png", "out/b-style.png"] {
        assert_eq!(scene.picture(name), scene.picture("one.png"), "{name}");
    }
}

#[test]
fn pictures_beside_named_styles_are_painted() {
    let scene = Scene::new();
    add_photos(&scene);
    let named = "--name {content}-in-{style}-{seed}.png";
    scene.succeed(&format!("transfer content.png photos/b.png --style style.png {FLAGS} {named} -o out"));
    assert_eq!(in_folder(&scene, "out"), names(&["b-in-style-0.png", "content-in-style-0.png"]));
    let (out, _) = scene.succeed(&format!("transfer content.png --style style.png {FLAGS} -o one/"));
    assert!(out.starts_with("wrote one/content-style.png, 48x36, "), "{out}");
}

#[test]
fn one_failure_does_not_stop_the_rest() {
    let scene = Scene::new();
    add_photos(&scene);
    fs::write(scene.path("photos/aa.png"), "no picture").unwrap();
    let (code, said) = failed(&scene, &format!("transfer photos style.png {FLAGS} -o out/"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("error: 1 of 3 pictures failed:\n  photos/aa.png: "), "{said}");
    assert_eq!(in_folder(&scene, "out"), names(&["a-style.png", "b-style.png"]));
}

#[test]
fn what_is_finished_is_skipped_if_that_is_asked_for() {
    let scene = Scene::new();
    add_photos(&scene);
    let run = format!("transfer photos style.png {FLAGS} -o out/");
    scene.succeed(&run);
    fs::remove_file(scene.path("out/b-style.png")).unwrap();
    let (out, said) = scene.succeed(&format!("{run} --skip-finished"));
    assert_eq!(out, "wrote out/b-style.png, 48x36\n");
    assert!(said.contains("finished before and skipped: 1 of 2"), "{said}");
    // Without it, nothing is replaced.
    let (out, _) = scene.succeed(&run);
    assert_eq!(out, "wrote out/a-style-2.png, 48x36\nwrote out/b-style-2.png, 48x36\n");
    let (out, _) = scene.succeed(&format!("{run} --force"));
    assert_eq!(out, "replaced out/a-style.png, 48x36\nreplaced out/b-style.png, 48x36\n");
}

#[test]
fn what_is_incomplete_is_painted_anew() {
    let scene = Scene::new();
    add_photos(&scene);
    let run = format!("transfer photos style.png {FLAGS} -o out/");
    scene.succeed(&run);
    // A picture along the way is what an interruption leaves.
    scene.succeed(&format!("transfer content.png style.png {FLAGS} --save-every 1 -o way.png"));
    fs::copy(scene.path("way-00001.png"), scene.path("out/b-style.png")).unwrap();
    let (out, _) = scene.succeed(&format!("{run} --skip-finished"));
    assert_eq!(out, "wrote out/b-style.png, 48x36\n");
    assert_eq!(scene.picture("out/b-style.png"), scene.picture("out/a-style.png"));
    assert_eq!(in_folder(&scene, "out"), names(&["a-style.png", "b-style.png"]));
}

#[test]
fn pictures_of_the_same_name_get_names_of_their_own() {
    let scene = Scene::new();
    add_photos(&scene);
    fs::copy(scene.path("content.png"), scene.path("a.png")).unwrap();
    let run = format!("transfer a.png photos/a.png --style style.png {FLAGS} --force -o out/");
    for _ in 0..2 {
        scene.succeed(&run);
        assert_eq!(in_folder(&scene, "out"), names(&["a-style.png", "a-style-2.png"]));
    }
}

#[test]
fn paintings_in_the_folder_are_not_painted_again() {
    let scene = Scene::new();
    add_photos(&scene);
    scene.succeed(&format!("transfer photos style.png {FLAGS} -o photos/"));
    let (out, said) = scene.succeed(&format!("transfer photos style.png {FLAGS} --dry-run"));
    assert!(said.contains("photos: impasto painted 2 of the pictures, which are left out"), "{said}");
    assert!(out.starts_with("photos/a.png to a-style.png, 48x36\nphotos/b.png to b-style.png"), "{out}");
    assert!(out.contains("2 pictures in at most about "), "{out}");
}

#[test]
fn many_styles_need_to_be_named_as_such() {
    let scene = Scene::new();
    let many = "a.png b.png c.png d.png e.png style.png";
    let (code, said) = failed(&scene, &format!("transfer {many}"));
    assert_eq!(code, Some(2));
    let example = "impasto transfer a.png b.png ... --style style.png";
    assert!(said.starts_with("error: 5 styles for a.png: ") && said.contains(example), "{said}");
    let styles =
        "--style style.png --style style.png --style style.png --style style.png --style content.png";
    scene.succeed(&format!("transfer content.png {styles} {FLAGS} -o out.png"));
}

#[test]
fn flags_of_one_picture_are_refused() {
    let scene = Scene::new();
    add_photos(&scene);
    for (flags, words) in [
        ("-o out.png", "--output out.png: 2 pictures do not go into one file; name a folder, as in out/"),
        ("--json", "--json: is for one picture, not for 2"),
        ("--checkpoint run.checkpoint", "--checkpoint: is for one picture"),
        ("--strength-map content.png", "--strength-map: is for one picture"),
        ("--name {colour}.png", "content, style, seed, preset"),
    ] {
        let (code, said) = failed(&scene, &format!("transfer photos style.png {flags}"));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(words), "{flags}: {said}");
    }
    let (_, said) = failed(&scene, "transfer content.png style.png --skip-finished");
    assert!(said.contains("--skip-finished: is for several pictures"), "{said}");
    let (_, said) = failed(&scene, "transfer content.png style.png -o a.png --name b.png");
    assert!(said.contains("--name: cannot be used with --output a.png"), "{said}");
    fs::create_dir(scene.path("empty")).unwrap();
    let (_, said) = failed(&scene, "transfer empty style.png");
    assert!(said.contains("empty: holds no picture to paint"), "{said}");
}
