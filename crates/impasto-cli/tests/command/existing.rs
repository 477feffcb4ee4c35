//! Results whose names are taken.

use std::collections::BTreeSet;

use impasto::picture::read_settings;

use crate::scene::Scene;

const SHORT: &str = "transfer content.png style.png --size 64 --iterations 2";

/// Standard error of a run that must fail as the caller's mistake.
fn refused(scene: &Scene, words: &str) -> String {
    let output = scene.run(words);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "impasto {words}\n{said}");
    said
}

fn seed(scene: &Scene, name: &str) -> u64 {
    let settings = read_settings(scene.path(name)).unwrap().unwrap();
    let settings: serde_json::Value = serde_json::from_str(&settings).unwrap();
    settings["settings"]["seed"].as_u64().unwrap()
}

#[test]
fn made_up_names_are_never_those_of_other_pictures() {
    let scene = Scene::new();
    for (seed_of_run, name) in
        [(1, "content-style.png"), (2, "content-style-2.png"), (3, "content-style-3.png")]
    {
        let (out, said) = scene.succeed(&format!("{SHORT} --start noise --seed {seed_of_run}"));
        assert!(out.starts_with(&format!("wrote {name}, ")), "{out}");
        let told = format!("content-style.png is there already; this picture goes to {name}");
        assert_eq!(said.contains(&told), seed_of_run > 1, "{said}");
        assert_eq!(seed(&scene, name), seed_of_run);
    }
    assert_eq!(seed(&scene, "content-style.png"), 1);
    let (out, _) = scene.succeed(&format!("{SHORT} --dry-run"));
    assert!(out.contains("output      content-style-4.png; nothing written yet"), "{out}");
}

#[test]
fn a_file_that_is_there_is_replaced_with_force_alone() {
    let scene = Scene::new();
    let run = format!("{SHORT} --start noise -o out.png");
    scene.succeed(&format!("{run} --seed 1"));
    let said = refused(&scene, &format!("{run} --seed 2"));
    assert_eq!(said, "error: out.png: is there already; name another file, or replace it with --force\n");
    assert_eq!(seed(&scene, "out.png"), 1);
    let (out, _) = scene.succeed(&format!("{run} --seed 2 --dry-run"));
    assert!(out.contains("out.png (is there already: the run asks, or needs --force)"), "{out}");
    let (out, _) = scene.succeed(&format!("{run} --seed 3 --force"));
    assert!(out.starts_with("replaced out.png, "), "{out}");
    assert_eq!(seed(&scene, "out.png"), 3);
}

#[test]
fn the_json_and_the_page_of_a_run_are_not_replaced_either() {
    let scene = Scene::new();
    for (flag, file) in [("--json=run.json", "run.json"), ("--report run", "run/index.html")] {
        let run = format!("{SHORT} {flag}");
        scene.succeed(&run);
        let before = scene.bytes(file);
        let told =
            format!("error: {file}: is there already; name another file, or replace it with --force\n");
        let said = refused(&scene, &format!("{run} --seed 7 --start noise -q"));
        assert_eq!(said, told);
        let to_pipe = refused(&scene, &format!("{run} -o -"));
        assert!(to_pipe.ends_with(&told), "{to_pipe}");
        assert_eq!(scene.bytes(file), before);
        scene.succeed(&format!("{run} --seed 7 --start noise --force"));
        assert_ne!(scene.bytes(file), before);
    }
    let (out, _) = scene.succeed(&format!("{SHORT} --report run --dry-run"));
    assert!(out.contains("run/index.html (is there already: the run asks, or needs --force)"), "{out}");
    assert!(refused(&scene, &format!("{SHORT} --dry-run --json=run.json")).contains("run.json: is there"));
}

#[test]
fn runs_at_the_same_time_take_different_names() {
    let scene = Scene::new();
    let start = |seed: u64| {
        let mut command = scene.command(&format!("{SHORT} --start noise --seed {seed} --quiet"));
        command.spawn().unwrap()
    };
    let runs: Vec<_> = (1..=3).map(start).collect();
    for mut run in runs {
        assert!(run.wait().unwrap().success());
    }
    let names = ["content-style.png", "content-style-2.png", "content-style-3.png"];
    let seeds: BTreeSet<u64> = names.iter().map(|name| seed(&scene, name)).collect();
    assert_eq!(seeds, BTreeSet::from([1, 2, 3]));
    assert_eq!(scene.files().len(), 2 + 3);
}

#[test]
fn a_sweep_replaces_no_other_sheet() {
    let scene = Scene::new();
    let sweep = "sweep content.png style.png --size 64 --iterations 1 --seed 1,2 --start noise";
    scene.succeed(sweep);
    let (out, _) = scene.succeed(sweep);
    assert!(out.starts_with("wrote content-style-sweep-2.png, "), "{out}");
    let sheet = format!("{sweep} -o content-style-sweep.png");
    assert!(refused(&scene, &sheet).contains("is there already"));
    let (out, _) = scene.succeed(&format!("{sheet} --force"));
    assert!(out.starts_with("replaced content-style-sweep.png, "), "{out}");
}

#[test]
fn sheets_of_features_replace_no_others() {
    let scene = Scene::new();
    let run = "features content.png --layers relu1_1 --channels 1";
    scene.succeed(run);
    let (out, _) = scene.succeed(run);
    assert!(out.starts_with("wrote content-relu1_1-2.png, "), "{out}");
    assert!(refused(&scene, &format!("{run} -o content-relu1_1.png")).contains("is there already"));
    let (out, _) = scene.succeed(&format!("{run} -o content-relu1_1.png --force"));
    assert!(out.starts_with("replaced content-relu1_1.png, "), "{out}");
}

#[test]
fn the_preview_of_a_tiling_is_not_replaced_either() {
    let scene = Scene::new();
    let run = "texture style.png --size 32 --iterations 1 --tile 2x2 -o out.png";
    std::fs::copy(scene.path("style.png"), scene.path("out-tiled.png")).unwrap();
    assert!(refused(&scene, run).contains("out-tiled.png: is there already"));
    scene.succeed(&format!("{run} --force"));
    assert_eq!(scene.picture("out-tiled.png").dimensions(), (64, 64));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_yet_is_filled() {
    let scene = Scene::new();
    std::os::unix::fs::symlink("elsewhere.png", scene.path("out.png")).unwrap();
    scene.succeed(&format!("{SHORT} -o out.png"));
    assert!(scene.path("out.png").is_symlink());
    assert_eq!(scene.picture("elsewhere.png").dimensions(), (64, 48));
}

#[cfg(target_os = "linux")]
#[test]
fn names_need_not_be_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let scene = Scene::new();
    let folder = scene.path("");
    let name = |bytes: &[u8]| folder.join(OsStr::from_bytes(bytes));
    std::fs::copy(scene.path("content.png"), name(b"caf\xe9.png")).unwrap();
    for result in [&b"caf\xe9-style.png"[..], b"caf\xe9-style-2.png"] {
        let mut command = scene.command("transfer --size 48 --iterations 2 --save-every 1");
        let output = command.arg(OsStr::from_bytes(b"caf\xe9.png")).arg("style.png").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(name(result).exists());
    }
    assert!(name(b"caf\xe9-style-00001.png").exists() && name(b"caf\xe9-style-2-00001.png").exists());
}
