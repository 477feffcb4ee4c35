//! Bad input: one clear line, exit code 2 for the caller's mistake and 1 for the world's, nothing written.

use std::fs;
use std::path::Path;

use crate::scene::Scene;

/// Runs what must fail with `code`, and say `words` in one line; all files stay as they are.
fn fails(scene: &Scene, arguments: &str, code: i32, words: &str) {
    let before = scene.files();
    let output = scene.run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "impasto {arguments}\n{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 1 && lines[0].starts_with("error: "), "impasto {arguments}\n{said}");
    assert!(said.contains(words), "impasto {arguments}: expected {words:?} in\n{said}");
    assert_eq!(output.stdout, b"", "impasto {arguments}");
    assert_eq!(scene.files(), before, "impasto {arguments}");
}

/// An instruction set of other processors.
const FOREIGN_ISA: &str = if cfg!(target_arch = "aarch64") { "--isa avx2" } else { "--isa neon" };

#[test]
fn flags_out_of_range() {
    let scene = Scene::new();
    for (flags, words) in [
        ("--size 0", "1..=65536"),
        ("--size -5", "--size"),
        ("--size 70000", "1..=65536"),
        ("--size 8", "--size 8: the content picture"),
        ("--size 8", "the smallest size that works is 10"),
        ("--size 64x48", "--size 64"),
        ("--map-colors 3", "there are no maps; add --content-map and --style-map"),
        ("--patch-size 3", "--patch-size: this run has no patches; add --method patches"),
        ("--method patches --patch-size 4", "4"),
        ("--method fast", "gram, moments, patches, nearest"),
        ("--map-colors 25", "1..=24"),
        ("--content-map content.png", "--style-map"),
        ("--content-mask content.png", "--style-mask"),
        ("--size 65536", "GB of memory"),
        ("--size 65536", " fits"),
        ("--size 2048 --memory 150MB", " fits"),
        ("--size 20000 -o out.webp", "out.webp: 20000x15000: WebP holds at most 16384"),
        ("--sise 64", "--size"),
        ("--iterations 0", "1..=1000000"),
        ("--preset picasso", "impasto, doodle, texture, gatys"),
        ("--network alexnet", "compact, vgg16, vgg19"),
        ("--network vgg19", "--weights FILE"),
        ("--convention caffe", "--weights <FILE>"),
        ("--content-weight -1", "at least 0"),
        ("--content-weight nan", "finite"),
        ("--style-weight inf", "finite"),
        ("--style-weight lots", "'lots'"),
        ("--tv-weight 1e999", "finite"),
        ("--style-weight 0 --content-weight 0 --tv-weight 0", "weight above 0"),
        ("--style-weight 1 --style-ratio 2", "--style-ratio"),
        ("--style-layers relu9", "\"relu9\""),
        ("--style-layers relu1_7", "no layer relu1_7"),
        ("--style-layers relu5_1,relu6_1", "relu6_1"),
        ("--style-layers relu1_1:-2", "at least 0"),
        ("--content-layers conv4_2,conv4_2", "conv4_2"),
        ("--style-blend 1,2", "1 style picture"),
        ("--style-blend 0", "above"),
        ("--style-layers relu1_1:1e308,relu2_1:1e308", "sum of the style layer weights is inf"),
        ("--content-weight 0 --style-ratio 1000", "--style-ratio: content weight is 0"),
        ("--style-scale 0", "above 0"),
        ("--style-scale 1000", "at most 100"),
        ("--style-scale 0.01", "too small"),
        ("--learning-rate 0", "above 0"),
        ("--lbfgs-memory 5", "--optimizer lbfgs"),
        ("--optimizer sgd", "lbfgs, adam"),
        ("--preset gatys --tv-weight 1", "--tv-weight"),
        ("--preset keras --style-scale 2", "--style-scale"),
        ("--pooling median", "max, average, scaled-average, l2"),
        ("--threads 0", "1..=1024"),
        ("--isa sse9", "portable, neon, avx2, avx512"),
        (FOREIGN_ISA, "this machine does not have it"),
        ("--save-every 0", "--save-every"),
        ("--seed -1", "--seed"),
        ("--bit-depth 12", "8, 16"),
        ("--quality 101", "1..=100"),
        ("--quality 90", "--quality is for JPEG"),
        ("--bit-depth 16 -o out.jpg", "out.jpg"),
        ("--start nowhere.png", "nowhere.png: no such file"),
    ] {
        fails(&scene, &format!("transfer content.png style.png {flags}"), 2, words);
    }
    let twice = "transfer content.png style.png style.png --style-blend 1e308,1e308";
    fails(&scene, twice, 2, "--style-blend: the sum of the weights is inf");
    image::RgbaImage::new(20, 20).save(scene.path("hidden.png")).unwrap();
    let hidden = "hidden.png: no pixel is visible, so it shows no style";
    fails(&scene, "transfer content.png style.png hidden.png", 2, hidden);
    fails(&scene, "texture hidden.png", 2, hidden);
    fails(&scene, "transfer content.png", 2, "<STYLE>");
    fails(&scene, "transfer --size 64", 2, "<CONTENT>");
    fails(&scene, "transfer --size 64", 2, "see impasto transfer --help");
    fails(&scene, "transfer -content.png style.png", 2, "as ./-name");
    fails(&scene, "paint content.png", 2, "'paint'");
}

#[test]
fn pictures_that_are_none() {
    let scene = Scene::new();
    let whole = scene.bytes("content.png");
    fs::write(scene.path("empty.png"), "").unwrap();
    fs::write(scene.path("text.jpg"), "not a picture").unwrap();
    fs::write(scene.path("truncated.png"), &whole[..whole.len() / 2]).unwrap();
    image::RgbImage::new(8, 90).save(scene.path("narrow.png")).unwrap();
    fs::create_dir(scene.path("folder.png")).unwrap();
    for (name, words) in [
        ("missing.png", "no such file"),
        ("empty.png", "empty"),
        ("text.jpg", "not a picture"),
        ("truncated.png", "truncated"),
        ("folder.png", "folder.png"),
    ] {
        for arguments in [format!("{name} style.png"), format!("content.png {name}")] {
            let arguments = format!("transfer {arguments} -o out.png");
            fails(&scene, &arguments, 2, words);
            fails(&scene, &arguments, 2, name);
        }
    }
    let narrow = "transfer content.png narrow.png --method patches -o out.png";
    fails(&scene, narrow, 2, "narrow.png: 8x90 pixels is too small for the layers in use");
    fails(&scene, "transfer content.png a.json --json", 2, "--json=a.json");
    // A narrow content is enlarged with the result.
    scene.succeed("transfer narrow.png style.png --size 180 --iterations 1 -o out.png");
    assert_eq!(scene.picture("out.png").dimensions(), (16, 180));
}

#[test]
fn pictures_that_are_too_large_for_the_limit() {
    let scene = Scene::new();
    fails(
        &scene,
        "transfer content.png style.png --max-pixels 3200",
        2,
        "style.png: 60x60 is 3600 pixels, above the limit of 3200 pixels",
    );
    fails(&scene, "transfer content.png style.png --max-pixels 3200", 2, "--max-pixels");
    let mut claims = scene.bytes("content.png");
    claims[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let sum = crc_of(&claims[12..29]);
    claims[29..33].copy_from_slice(&sum.to_be_bytes());
    fs::write(scene.path("bomb.png"), claims).unwrap();
    fails(
        &scene,
        "transfer bomb.png style.png",
        2,
        "bomb.png: 65536x65536 is 4295.0 megapixels, above the limit of 100.0 megapixels",
    );
}

/// The check sum of a PNG chunk (ISO 15948, annex D).
fn crc_of(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[test]
fn outputs_that_cannot_be() {
    let scene = Scene::new();
    fs::create_dir(scene.path("folder.png")).unwrap();
    for (flags, words) in [
        ("-o out.gif", ".gif"),
        ("-o out", "no extension"),
        ("-o nowhere/out.png", "the folder nowhere does not exist"),
        ("-o folder.png", "a folder"),
        ("-o content.png", "content.png: is one of the inputs"),
        ("--json=style.png", "style.png: is one of the inputs"),
        ("--json=content-style.png", "the picture is written there"),
        ("--json=nowhere/trace.json", "the folder nowhere does not exist"),
        ("--json=folder.png", "a folder"),
    ] {
        fails(&scene, &format!("transfer content.png style.png {flags}"), 2, words);
    }
    fs::copy(scene.path("content.png"), scene.path("out-00010.png")).unwrap();
    let arguments = "transfer out-00010.png style.png -o out.png --save-every 5";
    fails(&scene, arguments, 2, "out-00010.png: is one of the inputs");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_never_replaced_by_one() {
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::UnixListener;

    let scene = Scene::new();
    for (name, flag) in [("socket.json", "--json=socket.json"), ("socket.png", "-o socket.png")] {
        let _socket = UnixListener::bind(scene.path(name)).unwrap();
        fails(&scene, &format!("transfer content.png style.png {flag}"), 2, "not a regular file");
        assert!(fs::metadata(scene.path(name)).unwrap().file_type().is_socket(), "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_refuses_is_the_worlds_fault() {
    let scene = Scene::new();
    fails(&scene, "transfer content.png style.png -o /proc/out.png", 1, "/proc/out.png: cannot be written");
    fails(&scene, "transfer content.png style.png --json=/proc/trace.json", 1, "/proc/trace.json");
}

#[test]
fn weight_files_that_are_none() {
    let scene = Scene::new();
    let compact =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../impasto-network/weights/compact.safetensors");
    let whole = fs::read(compact).unwrap();
    let mut broken = whole.clone();
    let last = broken.len() - 2;
    broken[last..].copy_from_slice(&0x7E00_u16.to_le_bytes());
    for (name, bytes) in [
        ("whole.safetensors", &whole[..]),
        ("truncated.safetensors", &whole[..whole.len() / 2]),
        ("nan.safetensors", &broken[..]),
        ("text.safetensors", b"weights"),
        ("empty.safetensors", b""),
    ] {
        fs::write(scene.path(name), bytes).unwrap();
    }
    fs::create_dir(scene.path("folder")).unwrap();
    for (flags, words) in [
        ("--weights folder", "weight file folder: cannot be read: it is a folder"),
        ("--weights missing.safetensors", "missing.safetensors: no such file"),
        ("--weights truncated.safetensors", "truncated"),
        ("--weights nan.safetensors", "NaN"),
        ("--weights text.safetensors", "text.safetensors: not a safetensors file"),
        ("--weights empty.safetensors", "empty.safetensors"),
        ("--weights whole.safetensors --network vgg19", "holds another network, compact"),
        ("--weights whole.safetensors --convention bananas", "\"bananas\""),
        ("--weights whole.safetensors --style-layers relu4_4", "network compact has no layer relu4_4"),
    ] {
        fails(&scene, &format!("transfer content.png style.png {flags}"), 2, words);
    }
    scene.succeed("transfer content.png style.png --weights whole.safetensors --size 32 --iterations 1");
}

#[test]
fn published_presets_name_their_network() {
    let scene = Scene::new();
    let short = "transfer content.png style.png --size 64 --iterations 1";
    let words = "--preset nnst is for VGG-16: the compact network has no layer";
    fails(&scene, &format!("{short} --preset nnst"), 2, words);
    let (_, said) = scene.succeed(&format!("{short} --preset gatys"));
    assert!(said.contains("is for VGG-19, whose weights --weights FILE brings"), "{said}");
    let (_, said) = scene.succeed(short);
    assert!(!said.contains("VGG"), "{said}");
}

#[test]
fn a_run_that_diverges_saves_its_last_good_picture() {
    let scene = Scene::new();
    let arguments = "transfer content.png style.png --size 64 --preset gatys --style-weight 1e300 -o out.png";
    let output = scene.run(&format!("{arguments} --quiet --json=trace.json"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("not finite in iteration") && said.contains("out.png"), "{said}");
    assert_eq!(scene.picture("out.png").dimensions(), (64, 48));
    let trace: serde_json::Value = serde_json::from_slice(&scene.bytes("trace.json")).unwrap();
    assert_eq!(trace["completed"], false);
    assert!(trace["evaluations"].is_array(), "{trace}");
}

#[test]
fn what_may_be_meant_is_told() {
    let scene = Scene::new();
    fs::create_dir(scene.path("photos")).unwrap();
    fs::copy(scene.path("content.png"), scene.path("photos/harbour.png")).unwrap();
    for (arguments, words) in [
        ("contnet.png style.png", "contnet.png: no such file; did you mean content.png?"),
        ("photos/habour.png style.png", "no such file; did you mean photos/harbour.png?"),
        ("content.png style.png,content.png", "pictures have spaces between them: style.png content.png"),
        ("content.png style.png --size 640x480", "give its longest side alone, --size 640"),
        ("content.png style.png --size huge", "expected the pixels of the longest side, 1..=65536, original"),
        ("content.png style.png --szie 64", "unexpected argument '--szie' found; did you mean --size?"),
    ] {
        fails(&scene, &format!("transfer {arguments}"), 2, words);
    }
    fails(&scene, "transfer content.png zzzzzz.jpg", 2, "zzzzzz.jpg: no such file\n");
}
