//! Pulls of a small published network from a server on this machine, up to the file in the cache.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use impasto_network::cache::{Cache, Installed};
use impasto_network::catalogue::Published;
use impasto_network::checksum::Checksum;
use impasto_network::{Architecture, Convention, Precision, Weights, safetensors_bytes};
use tempfile::TempDir;

use super::arguments::{PrecisionArguments, PrecisionName, PullArguments};
use super::pull::pull;
use crate::failure::Failure;

#[path = "../../../impasto-network/tests/fetch/server.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod server;

use server::{Answer, Server};

/// A published network of two convolutions.
fn file() -> Vec<u8> {
    let weights = Weights::random(Architecture::new("tiny", vec![vec![4, 6]]), 3);
    let layers = weights.architecture().convolutions();
    let convolutions: Vec<_> = layers.map(|layer| (layer, weights.convolution(layer))).collect();
    safetensors_bytes(&convolutions, &Convention::CAFFE, Precision::F32, &[]).unwrap()
}

fn published() -> Published {
    let mut hasher = Checksum::md5("00000000000000000000000000000000").hasher();
    hasher.update(&file());
    Published {
        name: "tiny",
        network: "tiny",
        file: "tiny-v1.bin",
        about: "a network for tests",
        bytes: file().len() as u64,
        checksum: hasher.finish(),
        mirrors: &["http://127.0.0.1:1/never-asked"],
        terms: "public domain",
    }
}

/// A server, and a cache to pull into.
struct Scene {
    folder: TempDir,
    cache: Cache,
    server: Server,
}

impl Scene {
    fn new(server: Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(folder.path().join("weights"));
        Scene { folder, cache, server }
    }

    fn good() -> Self {
        Scene::new(Server::start(|request| Answer::part(&file(), request)))
    }

    fn arguments(&self) -> PullArguments {
        PullArguments {
            name: "tiny".to_owned(),
            mirrors: vec![self.server.url("")],
            precision: PrecisionArguments { precision: PrecisionName::F32 },
            keep_original: false,
            offline: false,
            quiet: true,
        }
    }

    fn pull(&self, arguments: &PullArguments) -> Result<(), Failure> {
        pull(&published(), &self.cache, arguments)
    }

    fn installed(&self) -> Option<Installed> {
        self.cache.find("tiny").unwrap()
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.cache.folder()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn a_pull_leaves_one_file_that_says_where_it_is_from() {
    let scene = Scene::good();
    scene.pull(&scene.arguments()).unwrap();
    assert_eq!(scene.files(), ["tiny.safetensors"]);
    let requests = scene.server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/tiny-v1.bin");
    let installed = scene.installed().unwrap();
    installed.verify().unwrap();
    let provenance = &installed.provenance;
    assert_eq!(provenance.source.as_deref(), Some(&*scene.server.url("tiny-v1.bin")));
    assert_eq!(provenance.source_checksum, Some(published().checksum.to_string()));
    assert_eq!(provenance.terms.as_deref(), Some("public domain"));

    let weights = Weights::open(&installed.path, None).unwrap();
    assert_eq!(weights.convention(), &Convention::CAFFE);
    let original = Weights::from_bytes("tiny", file(), None).unwrap();
    for layer in original.architecture().convolutions() {
        assert_eq!(weights.convolution(layer), original.convolution(layer));
    }
    // Again, there is nothing to do.
    scene.pull(&scene.arguments()).unwrap();
    assert_eq!(scene.server.requests().len(), 1);
}

#[test]
fn another_precision_is_made_from_the_file_that_was_kept() {
    let scene = Scene::good();
    let keep = PullArguments { keep_original: true, ..scene.arguments() };
    scene.pull(&keep).unwrap();
    assert_eq!(scene.files(), ["tiny-v1.bin", "tiny.safetensors"]);
    assert_eq!(fs::read(scene.cache.folder().join("tiny-v1.bin")).unwrap(), file());
    let half = PullArguments {
        precision: PrecisionArguments { precision: PrecisionName::F16 },
        offline: true,
        ..scene.arguments()
    };
    scene.pull(&half).unwrap();
    assert_eq!(scene.installed().unwrap().precision.as_deref(), Some("f16"));
    assert_eq!(scene.files().len(), 2, "what was kept stays");
    assert_eq!(scene.server.requests().len(), 1);
}

#[test]
fn offline_nothing_is_fetched() {
    let scene = Scene::good();
    let offline = PullArguments { offline: true, ..scene.arguments() };
    let failure = scene.pull(&offline).unwrap_err();
    assert!(matches!(&failure, Failure::Mistake(line) if line.contains("--offline")), "{failure:?}");
    fs::write(scene.cache.folder().join("tiny-v1.bin"), vec![0; file().len()]).unwrap();
    scene.pull(&offline).unwrap_err();
    fs::write(scene.cache.folder().join("tiny-v1.bin"), file()).unwrap();
    scene.pull(&offline).unwrap();
    assert!(scene.installed().is_some() && scene.server.requests().is_empty());
}

#[test]
fn an_interrupted_pull_is_continued() {
    let scene = Scene::good();
    fs::create_dir_all(scene.cache.folder()).unwrap();
    fs::write(scene.cache.folder().join("tiny.part"), &file()[..1000]).unwrap();
    scene.pull(&scene.arguments()).unwrap();
    assert_eq!(scene.server.requests()[0].from, Some(1000));
    assert_eq!(scene.files(), ["tiny.safetensors"]);
}

#[test]
fn what_is_installed_survives_a_pull_that_fails() {
    static DAMAGED: AtomicBool = AtomicBool::new(false);
    let scene = Scene::new(Server::start(|request| {
        let mut file = file();
        *file.last_mut().unwrap() ^= u8::from(DAMAGED.load(Ordering::SeqCst));
        Answer::part(&file, request)
    }));
    scene.pull(&scene.arguments()).unwrap();
    let before = scene.installed().unwrap();
    DAMAGED.store(true, Ordering::SeqCst);
    let half = PrecisionArguments { precision: PrecisionName::F16 };
    let failure = scene.pull(&PullArguments { precision: half, ..scene.arguments() }).unwrap_err();
    assert!(matches!(&failure, Failure::World(line) if line.contains("md5")), "{failure:?}");
    assert_eq!(scene.installed().unwrap(), before);
    before.verify().unwrap();
}

#[test]
fn what_is_damaged_is_pulled_again() {
    let scene = Scene::good();
    scene.pull(&scene.arguments()).unwrap();
    let path = scene.installed().unwrap().path;
    let mut damaged = fs::read(&path).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&path, &damaged).unwrap();
    scene.pull(&scene.arguments()).unwrap();
    scene.installed().unwrap().verify().unwrap();
    // A header that cannot be read is no obstacle either.
    fs::write(&path, b"nonsense").unwrap();
    scene.pull(&scene.arguments()).unwrap();
    scene.installed().unwrap().verify().unwrap();
    assert_eq!(scene.server.requests().len(), 3);
}

#[test]
fn a_folder_that_cannot_be_made_is_said_before_anything_is_fetched() {
    let scene = Scene::good();
    fs::write(scene.folder.path().join("weights"), b"in the way").unwrap();
    let failure = scene.pull(&scene.arguments()).unwrap_err();
    assert!(matches!(&failure, Failure::World(line) if line.contains("IMPASTO_CACHE")), "{failure:?}");
    assert!(scene.server.requests().is_empty());
}

#[test]
fn a_file_that_is_no_network_is_kept_for_the_next_try_but_not_installed() {
    let scene = Scene::new(Server::start(|request| Answer::part(&[7; 500], request)));
    let mut hasher = Checksum::md5("00000000000000000000000000000000").hasher();
    hasher.update(&[7; 500]);
    let published = Published { bytes: 500, checksum: hasher.finish(), ..published() };
    let failure = pull(&published, &scene.cache, &scene.arguments()).unwrap_err();
    assert!(matches!(failure, Failure::Mistake(_)), "{failure:?}");
    assert_eq!(scene.files(), ["tiny.part"]);
}
