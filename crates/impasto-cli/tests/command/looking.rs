//! `--report`, `--snapshots`, `impasto features` and `impasto sweep`.

use std::fs;

use crate::scene::Scene;

const SHORT: &str = "transfer content.png style.png --size 64 --iterations 5 -o out.png";
const LARGER: &str = "transfer content.png style.png --size 182 --iterations 5 -o out.png";

fn page(scene: &Scene, folder: &str) -> String {
    String::from_utf8(scene.bytes(&format!("{folder}/index.html"))).unwrap()
}

/// Fails with exit code 2, saying these words, and writes nothing.
fn refused(scene: &Scene, arguments: &str, words: &str) {
    let before = scene.files();
    let output = scene.run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
    assert!(said.contains(words) && said.lines().count() == 1, "{arguments}: {said}");
    assert_eq!(scene.files(), before, "{arguments}");
}

#[test]
fn a_report_is_one_page_that_needs_nothing_else() {
    let scene = Scene::new();
    scene.succeed(&format!("{LARGER} --report a/run --snapshots 0,2,10"));
    let page = page(&scene, "a/run");
    assert_eq!(fs::read_dir(scene.path("a/run")).unwrap().count(), 1);
    // Pictures in base64 may hold any word.
    let pieces = page.split("base64,");
    let text: String = pieces
        .map(|piece| piece.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+/=".contains(c)))
        .collect();
    for foreign in ["http", "<script", "<link", "url(", "@import", "src=\"/", "NaN"] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    // The result, two inputs, three pictures along the way.
    assert_eq!(page.matches("<img src=\"data:image/").count(), 6);
    for caption in ["<b>start</b>", "<b>iteration 2</b>", "<b>iteration 10</b>", "content.png · 64×48"] {
        assert!(page.contains(caption), "{caption}");
    }
    // Content, gram, total variation and the total at each of two sizes.
    assert_eq!(page.matches("<svg viewBox=\"0 0 360 240\"").count(), 2);
    assert_eq!(page.matches("<polyline").count(), 2 * 4);
    for words in
        ["129×97", "5 of 5", "relu4_2", "compact", "built in", "impasto transfer content.png style.png"]
    {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.ends_with("</html>\n"));
}

#[test]
fn a_report_chooses_pictures_itself() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --report run"));
    let page = page(&scene, "run");
    assert!(page.contains("<b>start</b>") && page.contains("<b>iteration 5</b>"));
    assert_eq!(scene.files().len(), 2 + 2, "pictures are in the page only");
}

#[test]
fn names_are_text_in_a_report() {
    let scene = Scene::new();
    fs::copy(scene.path("content.png"), scene.path("<b>&\"'.png")).unwrap();
    let words = "transfer <b>&\"'.png style.png --size 64 --iterations 1 -o out.png --report run";
    scene.succeed(words);
    let page = page(&scene, "run");
    assert!(page.contains("&lt;b&gt;&amp;&quot;&#39;.png") && !page.contains("<b>&"), "not escaped");
}

#[test]
fn a_report_comes_whole_or_not_at_all() {
    let scene = Scene::new();
    fs::write(scene.path("file"), "x").unwrap();
    refused(&scene, &format!("{SHORT} --report file"), "--report file: file is a file, not a folder");
    refused(&scene, &format!("{SHORT} --report file/a"), "is a file, not a folder");
    refused(&scene, &format!("{SHORT} --report new --style-scale 0"), "--style-scale");
    fs::create_dir(scene.path("there")).unwrap();
    let same = format!("{SHORT} --report there --json=there/index.html");
    refused(&scene, &same, "--json=there/index.html: the page of --report there");
    scene.succeed(&format!("{SHORT} --report new --dry-run"));
    assert!(!scene.path("new").exists());
}

#[test]
fn snapshots_without_a_report_are_files() {
    let scene = Scene::new();
    scene.succeed(&format!("{SHORT} --snapshots 4,0,2"));
    let expected = ["content.png", "out-00000.png", "out-00002.png", "out-00004.png", "out.png", "style.png"];
    assert_eq!(scene.files().into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(scene.picture("out-00000.png").dimensions(), (64, 48));
    assert_eq!(scene.picture("out-00000.png"), scene.picture("content.png"));
    refused(&scene, &format!("{SHORT} --snapshots 6"), "--snapshots 6: the run has 5 iterations");
    refused(&scene, &format!("{SHORT} --snapshots 1,x"), "--snapshots");
    fs::rename(scene.path("style.png"), scene.path("out-00003.png")).unwrap();
    let own = "transfer content.png out-00003.png --size 64 --iterations 5 -o out.png --snapshots 3";
    refused(&scene, own, "is one of the inputs");
}

#[test]
fn a_sweep_is_a_grid_of_whole_paintings() {
    let scene = Scene::new();
    let common = "content.png style.png --size 64 --iterations 3";
    scene.succeed(&format!(
        "sweep {common} --style-ratio 1,100 --layers relu1_1,relu2_1,relu3_1 --keep cells -o grid.png"
    ));
    let names: Vec<_> = fs::read_dir(scene.path("cells")).unwrap().collect();
    assert_eq!(names.len(), 6);
    scene
        .succeed(&format!("transfer {common} --style-ratio 100 --style-layers relu1_1,relu2_1 -o alone.png"));
    let cell = scene.picture("cells/style-ratio=100,layers=relu1_1+relu2_1.png");
    assert_eq!(cell, scene.picture("alone.png"));
    // Cells of at least 96 pixels, a column of labels; three rows of 48, a title and labels of columns.
    let (width, height) = scene.picture("grid.png").dimensions();
    assert!(width > 2 * 96 && width < 600, "{width}");
    assert!((3 * 48 + 40..3 * 48 + 120).contains(&height), "{height}");
}

#[test]
fn a_sweep_has_a_name_of_its_own_and_checks_all_cells_first() {
    let scene = Scene::new();
    let common = "sweep content.png style.png --iterations 1";
    let (out, said) = scene.succeed(&format!("{common} --size 64 --seed 1,2 --start noise"));
    assert!(out.starts_with("wrote content-style-sweep.png, "), "{out}");
    assert!(said.contains("2 of 2: seed=2"), "{said}");
    for (flags, words) in [
        ("--seed 1", "nothing to compare"),
        ("--seed 1,2 --tv-weight 0,1 --style-weight 1,2", "more than one value each"),
        ("--style-ratio 1,x", "'x' for '--style-ratio <X>'"),
        ("--size 64,4", "--size 4"),
        ("--seed 1,2 -o style.png", "is one of the inputs"),
        ("--seed 1,2 -o grid.bmp", "grid.bmp"),
        ("--seed 1,2 --keep content.png", "--keep content.png"),
        ("--seed 1,2 --cell 5", "--cell"),
        // 180 cells of at least 96 pixels are more than the 16384 that WebP holds.
        (format!("--size 64 --seed {} -o grid.webp", ["1"; 180].join(",")).as_str(), "16384"),
    ] {
        refused(&scene, &format!("{common} {flags}"), words);
    }
}

#[test]
fn features_are_shown_on_a_sheet_for_each_layer() {
    let scene = Scene::new();
    scene.succeed("features content.png --layers relu1_1,conv2_1 --channels 6");
    let files = scene.files();
    assert!(files.contains("content-relu1_1.png") && files.contains("content-conv2_1.png"), "{files:?}");
    let six = scene.picture("content-relu1_1.png").dimensions();
    scene.succeed("features content.png --layers relu1_1 --channels all -o all.png");
    let all = scene.picture("all.png").dimensions();
    assert!(all.0 > six.0 && all.1 > six.1, "{six:?} {all:?}");
    scene.succeed("features content.png --layers relu2_1,relu1_1,relu2_1 --channels 1 -o one.png --quiet");
    assert!(scene.path("one-relu1_1.png").exists() && scene.path("one-relu2_1.png").exists());
    for (arguments, words) in [
        ("features content.png --layers relu9_1", "relu9_1"),
        ("features content.png --layers x", "\"x\""),
        ("features content.png --channels 0", "expected all"),
        ("features nothing.png", "nothing.png"),
        ("features content.png --size 4", "too small"),
        ("features content.png --iterations 5", "--reconstruct"),
        ("features content.png --layers relu1_1 -o content.png", "is the picture itself"),
        ("features content.png --network vgg19", "add --weights"),
    ] {
        refused(&scene, arguments, words);
    }
}

#[test]
fn pictures_are_painted_again_from_layers() {
    let scene = Scene::new();
    let common = "features content.png --layers relu1_1,relu2_1 --size 64 --iterations 40";
    let (out, said) = scene.succeed(&format!("{common} --reconstruct content"));
    assert!(out.starts_with("wrote content-content.png, "), "{out}");
    assert!(said.contains("2 of 2: relu2_1"), "{said}");
    let sheet = scene.picture("content-content.png");
    // The first layer holds nearly every pixel: the second tile is the first.
    let (left, right, top) = (14 + 16, 14 + 96 + 8 + 16, sheet.height() - 14 - 20 - 48);
    let mut difference = 0.0;
    for (x, y) in (0..64).flat_map(|x| (0..48).map(move |y| (x, y))) {
        let (one, other) = (sheet.get_pixel(left + x, top + y), sheet.get_pixel(right + x, top + y));
        difference += f64::from(one[1].abs_diff(other[1])) / (64.0 * 48.0);
    }
    assert!(difference < 16.0, "{difference}");
    scene.succeed(
        "features style.png --layers relu1_1,relu2_1 --size 64 --iterations 100 --reconstruct style",
    );
    let sheet = scene.picture("style-style.png");
    let redness = |left: u32| {
        let pixels = (0..64).flat_map(|x| (0..64).map(move |y| (x, y)));
        let of = |(x, y)| {
            let pixel = sheet.get_pixel(left + x, sheet.height() - 14 - 20 - 64 + y);
            f64::from(pixel[0]) - f64::from(pixel[2])
        };
        pixels.map(of).sum::<f64>() / (64.0 * 64.0)
    };
    // The stripes are redder than blue by 65, noise by nothing.
    let (of_picture, of_second) = (redness(14 + 16), redness(14 + 2 * (96 + 8) + 16));
    assert!((of_picture - of_second).abs() < 20.0, "{of_picture} {of_second}");
}
