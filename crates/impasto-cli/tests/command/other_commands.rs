//! Help, info, bench, completions and manual pages.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::scene::Scene;

#[test]
fn help_lists_the_options_of_each_command() {
    let scene = Scene::new();
    for (command, options) in [
        (
            "transfer",
            "--method --patch-size --patch-rotations --patch-scales --patch-stride --semantic-weight --variety \
             --match-every --content-map --style-map --content-mask --style-mask --map-colors --map-match --report \
             --snapshots --output --size --preset --network --weights --convention --content-weight --style-weight \
             --style-ratio --tv-weight --content-layers --style-layers --style-blend --style-scale --optimizer \
             --learning-rate --lbfgs-memory --iterations --start --seed --strength --effort --original-colors \
             --colors --color-strength --strength-map --keep-metadata --from-size --checkpoint --memory --engine --pooling --normalize-gradients --like --stop-at-progress \
             --save-every --threads --isa --json --dry-run --force --bit-depth --quality \
             --max-pixels --quiet --report --snapshots Examples:",
        ),
        (
            "doodle",
            "--style --style-map --map --content --map-colors --map-match --content-weight --style-weight \
             --size --preset --like --start --report --snapshots --json --dry-run Examples:",
        ),
        (
            "texture",
            "--size --seamless --tile --style-weight --preset --like --report --json --dry-run Examples:",
        ),
        (
            "features",
            "--layers --channels --reconstruct --iterations --size --network --weights --engine Examples:",
        ),
        ("sweep", "--layers --style-ratio --style-layers --keep --cell --optimizer --weights Examples:"),
        (
            "bench",
            "--network --weights --size --threads --isa --runs --layers --json --engine --device Examples:",
        ),
        ("weights", "list pull import verify path remove Examples:"),
        ("weights pull", "--mirror --precision --keep-original --offline --quiet Examples:"),
        ("weights import", "--name --convention --precision --quiet Examples:"),
        ("weights list", "--json"),
        ("man", "--out Examples:"),
        ("completions", "bash fish zsh Examples:"),
        ("info", "--preset Examples:"),
        ("show", "PICTURE Examples:"),
    ] {
        // On one screen, painting commands show what most pictures need.
        let flags: &[&str] = match command {
            "transfer" | "doodle" | "texture" | "sweep" => &["--help"],
            _ => &["-h", "--help"],
        };
        for flag in flags {
            let (help, _) = scene.succeed(&format!("{command} {flag}"));
            for option in options.split_whitespace() {
                assert!(help.contains(option), "{command} {flag} does not mention {option}:\n{help}");
            }
        }
    }
    let (help, _) = scene.succeed("--help");
    assert!(
        help.contains("Exit codes:")
            && help.contains("transfer")
            && help.contains("bench")
            && help.contains("impasto transfer"),
        "{help}"
    );
}

#[test]
fn without_a_command_there_is_help_and_an_error() {
    let output = Scene::new().run("");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Usage: impasto <COMMAND>"));
}

#[test]
fn info_lists_what_there_is() {
    let (info, _) = Scene::new().succeed("info");
    for words in
        ["compact", "vgg19", "94.7 GMAC", "neural-style", "gram", "lbfgs", ".webp", "portable", "impasto 0."]
    {
        assert!(info.contains(words), "{words}:\n{info}");
    }
}

#[test]
fn bench_measures() {
    let scene = Scene::new();
    let (out, _) = scene.succeed("bench --size 64 --runs 2 --threads 1 --isa portable --json");
    let measured: Value = serde_json::from_str(&out).unwrap();
    for (field, value) in [("height", 64), ("width", 64), ("threads", 1)] {
        assert_eq!(measured[field], value);
    }
    assert_eq!((measured["network"].as_str(), measured["isa"].as_str()), (Some("compact"), Some("portable")));
    for field in ["seconds_best", "seconds_median", "prepare_seconds", "peak_bytes", "gflops"] {
        assert!(measured[field].as_f64().unwrap() > 0.0, "{field}: {out}");
    }
    let (words, _) = scene.succeed("bench --engine cpu --size 32 --runs 2 --layers");
    assert!(["forward", "\n1_1 ", "\n5_1 ", "threads: "].iter().all(|it| words.contains(it)), "{words}");
    let (words, _) = scene.succeed("bench --size 32 --runs 1");
    assert!(words.contains("GFLOP/s") && words.contains("MB at the peak"), "{words}");
    for bad in ["bench --size 8", "bench --runs 0", "bench --weights nowhere", "bench --network resnet"] {
        assert_eq!(scene.run(bad).status.code(), Some(2), "{bad}");
    }
}

#[test]
fn completions_and_manual_pages_are_made() {
    let scene = Scene::new();
    let (script, _) = scene.succeed("completions bash");
    assert!(script.contains("--style-blend"));
    assert!(scene.succeed("man").0.contains(".TH impasto 1"));
    assert!(scene.succeed("man transfer").0.contains("impasto transfer"));
    assert_eq!(scene.run("man nothing").status.code(), Some(2));
    fs::create_dir(scene.path("pages")).unwrap();
    scene.succeed("man --out pages");
    for command in ["transfer", "doodle", "texture"] {
        assert!(scene.path(&format!("pages/impasto-{command}.1")).exists(), "{command}");
    }
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_failure() {
    let scene = Scene::new();
    let mut child =
        scene.command("completions zsh").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn the_short_help_shows_what_most_pictures_need() {
    let scene = Scene::new();
    let (help, _) = scene.succeed("transfer -h");
    assert!(help.lines().count() <= 50, "{help}");
    for words in
        ["<CONTENT>", "--style ", "--size ", "[default: 512]", "--strength ", "-o, --output", "photos/"]
    {
        assert!(help.contains(words), "{words}: {help}");
    }
    assert!(!help.contains("--lbfgs-memory") && !help.contains("--content-map"), "{help}");
    let output = scene.run("transfer");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), help);
}

#[test]
fn help_breaks_no_line_in_the_middle() {
    let scene = Scene::new();
    let (help, _) = scene.succeed("weights --help");
    assert!(help.contains("Downloads go\nthrough the proxy that ALL_PROXY"), "{help}");
}

#[test]
fn the_values_of_a_preset_are_flags() {
    let scene = Scene::new();
    let (values, _) = scene.succeed("info --preset gatys");
    assert!(values.starts_with("gatys: Gatys, Ecker and Bethge 2015"), "{values}");
    let value = |flag: &str| {
        let line = values.lines().find(|line| line.trim_start().starts_with(flag)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!((value("--method"), value("--optimizer")), ("gram".to_owned(), "lbfgs".to_owned()));
    // Typed as they are, they change nothing.
    let flags = ["--content-weight", "--style-weight", "--style-layers", "--pooling"];
    let typed = flags.map(|flag| format!("{flag} {}", value(flag))).join(" ");
    let run =
        "transfer content.png style.png --preset gatys --size 48 --iterations 2 --start content --quiet";
    scene.succeed(&format!("{run} -o one.png"));
    scene.succeed(&format!("{run} {typed} -o other.png"));
    assert_eq!(scene.bytes("one.png"), scene.bytes("other.png"));
}
