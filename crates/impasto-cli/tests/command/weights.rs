//! `impasto weights`: what it says, and what it does not do. Pulls that succeed are tested beside the code of
//! the command, as the published files are too large to serve here.

use std::fs;
use std::process::Output;

use impasto_network::{Architecture, Convention, Precision, Weights, safetensors_bytes};
use serde_json::Value;

use crate::scene::Scene;
use crate::server::{Answer, Server};

/// Runs without the proxies of whoever runs the tests.
fn run(scene: &Scene, words: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = scene.command(words);
    for variable in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        command.env_remove(variable).env_remove(variable.to_lowercase());
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

/// What a command says that must end with this exit code.
fn refused(scene: &Scene, words: &str, code: i32) -> String {
    let output = run(scene, words, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "impasto {words}: {said}");
    said
}

/// Writes a weight file.
fn write_network(scene: &Scene, name: &str, network: Architecture) {
    let weights = Weights::random(network, 3);
    let layers = weights.architecture().convolutions();
    let convolutions: Vec<_> = layers.map(|layer| (layer, weights.convolution(layer))).collect();
    let bytes = safetensors_bytes(&convolutions, &Convention::CAFFE, Precision::F32, &[]).unwrap();
    fs::write(scene.path(name), bytes).unwrap();
}

#[test]
fn a_file_is_imported_used_checked_and_removed() {
    let scene = Scene::new();
    write_network(&scene, "Birds.safetensors", Architecture::new("birds", vec![vec![8, 8], vec![16]]));
    let (said, _) = scene.succeed("weights import Birds.safetensors");
    assert!(said.contains("by its shape") && said.contains("installed birds"), "{said}");
    let path = scene.succeed("weights path birds").0;
    assert!(path.trim_end().ends_with("birds.safetensors"), "{path}");
    scene.succeed(&format!("features content.png --weights {} --layers relu1_1 --size 32", path.trim_end()));
    assert!(scene.succeed("weights verify").0.starts_with("birds: intact, sha256 "));
    let (list, _) = scene.succeed("weights list");
    assert!(list.contains("birds        installed, f32"), "{list}");
    let entries: Value = serde_json::from_str(&scene.succeed("weights list --json").0).unwrap();
    let names: Vec<&str> =
        entries.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names.last(), Some(&"birds"));
    assert!(names.contains(&"vgg19") && entries[1]["installed"] == false, "{entries}");

    let said = refused(&scene, "weights import Birds.safetensors", 2);
    assert!(said.contains("impasto weights remove birds"), "{said}");
    scene.succeed("weights import Birds.safetensors --name more-birds --precision f16 --convention torch");
    let file = scene.path("cache/weights/birds.safetensors");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let output = run(&scene, "weights verify", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("more-birds: intact"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("impasto weights remove birds"));
    scene.succeed("weights remove birds more-birds");
    assert!(scene.succeed("weights verify").0.contains("no weights are installed"));
    for words in ["weights remove birds", "weights path birds", "weights verify birds"] {
        assert!(refused(&scene, words, 2).contains("birds is not installed"), "{words}");
    }
}

/// A preset of Torch units wants a network for pixels 0..255 to read 0..256; a choice of the user wins, where it is
/// timed and where it is painted.
#[test]
fn a_convention_that_is_chosen_is_the_one_that_is_used() {
    let scene = Scene::new();
    write_network(&scene, "Birds.safetensors", Architecture::new("birds", vec![vec![8, 8], vec![16]]));
    let words = "transfer content.png style.png --weights Birds.safetensors --preset neural-style --size 32 \
                 --iterations 2 --style-layers relu1_1 --content-layers relu2_1";
    for convention in ["caffe", "torch"] {
        let chosen = format!("{words} --convention {convention} --output {convention}.png");
        scene.succeed(&format!("{chosen} --dry-run"));
        scene.succeed(&chosen);
    }
    scene.succeed(&format!("{words} --output its-own.png"));
    assert_ne!(scene.bytes("caffe.png"), scene.bytes("torch.png"));
}

/// The fixtures of the readers, whose values are checked there.
#[test]
fn files_of_other_programs_are_imported_or_used_as_they_are() {
    let scene = Scene::new();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../impasto-network/tests/foreign");
    for file in ["keras2.h5", "zip.pth", "legacy.pth", "v1.caffemodel", "v2.caffemodel"] {
        let path = format!("{fixtures}/{file}");
        // Sheets are headed by the name of the network.
        let (name, _) = file.split_once('.').unwrap();
        scene.succeed(&format!("weights import {path} --name {name}"));
        let installed = format!("cache/weights/{name}.safetensors");
        for (weights, out) in [(path, "direct.png"), (installed, "installed.png")] {
            scene.succeed(&format!(
                "features content.png --weights {weights} --layers relu1_1 --size 32 -o {out} --force"
            ));
        }
        assert_eq!(scene.bytes("direct.png"), scene.bytes("installed.png"), "{file}");
    }
    fs::write(scene.path("notes.caffemodel"), "weights are heavy").unwrap();
    let said = refused(&scene, "features content.png --weights notes.caffemodel --layers relu1_1", 2);
    assert!(said.contains("Caffe"), "{said}");
    fs::write(scene.path("notes.txt"), "weights are heavy").unwrap();
    let said = refused(&scene, "features content.png --weights notes.txt --layers relu1_1", 2);
    assert!(said.contains("not a safetensors file"), "{said}");
}

#[test]
fn an_imported_file_keeps_its_account_on_another_machine() {
    let scene = Scene::new();
    write_network(&scene, "birds.safetensors", Architecture::new("birds", vec![vec![8]]));
    scene.succeed("weights import birds.safetensors");
    let installed = scene.bytes("cache/weights/birds.safetensors");
    let other = Scene::new();
    fs::write(other.path("carried.safetensors"), &installed).unwrap();
    other.succeed("weights import carried.safetensors --name same");
    let (list, _) = other.succeed("weights list");
    assert!(list.contains("from birds.safetensors"), "{list}");
}

#[test]
fn installed_weights_are_found_by_their_network() {
    let scene = Scene::new();
    let start = Architecture::new("vgg19", vec![vec![64; 2], vec![128; 2], vec![256; 4]]);
    write_network(&scene, "start.safetensors", start);
    let said = refused(&scene, "features content.png --network vgg19 --layers relu1_1", 2);
    assert!(said.contains("impasto weights pull vgg19"), "{said}");
    scene.succeed("weights import start.safetensors --name vgg19");
    scene.succeed("features content.png --network vgg19 --layers relu1_1 --size 32 -o seen.png");
    let said = refused(&scene, "features content.png --network vgg19-torch --layers relu1_1", 2);
    assert!(said.contains("impasto weights pull vgg19-torch"), "{said}");
}

#[test]
fn names_that_promise_another_network_are_refused() {
    let scene = Scene::new();
    write_network(&scene, "birds.safetensors", Architecture::new("birds", vec![vec![8]]));
    for (words, message) in [
        ("--name vgg16", "holds another network"),
        ("--name compact", "built in"),
        ("--name ../birds", "is no name for weights"),
        ("--precision f8", "f8"),
    ] {
        let said = refused(&scene, &format!("weights import birds.safetensors {words}"), 2);
        assert!(said.contains(message), "{words}: {said}");
    }
    fs::write(scene.path("notes.txt"), "weights are heavy").unwrap();
    for file in ["notes.txt", "content.png", "nowhere.pth", "."] {
        refused(&scene, &format!("weights import {file}"), 2);
    }
    assert!(!scene.path("cache").exists());
}

#[test]
fn a_pull_says_terms_and_what_was_wrong_with_each_source() {
    let missing = Server::start(|_| Answer::without_file("404 Not Found"));
    let page = Server::start(|_| Answer::whole(b"<html>Please log in to the network</html>"));
    let scene = Scene::new();
    let words = format!("weights pull vgg19 --mirror {} --mirror {}", missing.url(""), page.url("login"));
    let output = run(&scene, &words, &[]);
    let (said, error) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{error}");
    for words in ["80.1 MB", "CC BY 4.0", "Simonyan", "md5 253f8cb515780f3b799900260a226db6", "/login"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let last = error.lines().last().unwrap();
    assert!(last.contains("404 (no such file)") && last.contains("expected 80134624"), "{error}");
    assert_eq!(missing.requests()[0].path, "/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5");
    let said = refused(&scene, "weights pull vgg19 --offline", 2);
    assert!(said.contains("weights import"), "{said}");
    let said = refused(&scene, "weights pull vgg11", 2);
    assert!(said.contains("vgg19-torch"), "{said}");
}

#[test]
fn proxies_of_the_environment_are_used() {
    let proxy = Server::start(|_| Answer::without_file("404 Not Found"));
    let scene = Scene::new();
    let words = "weights pull vgg19 --mirror http://weights.invalid/vgg19.h5";
    let direct = run(&scene, words, &[]);
    assert!(String::from_utf8(direct.stderr).unwrap().contains("cannot be reached"));
    for variable in ["HTTP_PROXY", "all_proxy"] {
        let before = proxy.requests().len();
        run(&scene, words, &[(variable, &proxy.origin())]);
        assert_eq!(proxy.requests().len(), before + 1, "{variable}");
        assert!(proxy.requests()[before].path.contains("weights.invalid"), "{:?}", proxy.requests());
        run(&scene, words, &[(variable, &proxy.origin()), ("NO_PROXY", "weights.invalid")]);
        assert_eq!(proxy.requests().len(), before + 1, "{variable}");
    }
}

#[cfg(unix)]
#[test]
fn a_cache_that_cannot_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;

    let server = Server::start(|_| Answer::without_file("404 Not Found"));
    let scene = Scene::new();
    let folder = scene.path("cache");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write anywhere, but not below a file.
    let writable = fs::write(folder.join("probe"), b"").is_ok();
    if writable {
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, b"a file").unwrap();
    }
    let said = refused(&scene, &format!("weights pull vgg19 --mirror {}", server.url("")), 1);
    assert!(said.contains("cannot be written") && said.contains("IMPASTO_CACHE"), "{said}");
    assert!(server.requests().is_empty());
}
