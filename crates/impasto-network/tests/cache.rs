//! Weights are kept, found, checked and removed by their names.

use std::fs;

use impasto_network::cache::{Cache, CacheError, Provenance};
use impasto_network::{
    Architecture, Convention, ForeignNetwork, Precision, Weights, WriteError, safetensors_bytes,
};

fn network() -> ForeignNetwork {
    let weights = Weights::random(Architecture::new("birds", vec![vec![4, 6], vec![8]]), 3);
    let layers = weights.architecture().convolutions();
    let convolutions: Vec<_> = layers.map(|layer| (layer, weights.convolution(layer))).collect();
    let bytes = safetensors_bytes(&convolutions, &Convention::CAFFE, Precision::F32, &[]).unwrap();
    ForeignNetwork::from_bytes("birds", bytes).unwrap()
}

fn provenance() -> Provenance {
    let text = |text: &str| Some(text.to_owned());
    Provenance { source: text("birds \"final\".h5"), terms: text("CC0"), ..Provenance::default() }
}

#[test]
fn what_is_installed_is_found_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::in_folder(folder.path().join("not/there/yet"));
    assert!(cache.find("birds").unwrap().is_none() && cache.names().unwrap().is_empty());
    assert!(cache.remove("birds").unwrap().is_empty());

    let installed = cache.install("birds", &network(), Precision::F32, &provenance()).unwrap();
    assert_eq!(cache.find("birds").unwrap().as_ref(), Some(&installed));
    assert_eq!(installed.provenance, provenance());
    assert_eq!(installed.network.as_deref(), Some("birds"));
    assert_eq!(installed.bytes, fs::metadata(&installed.path).unwrap().len());
    let weights = Weights::open(&installed.path, None).unwrap();
    for (layer, convolution) in network().convolutions {
        assert_eq!(weights.convolution(layer), convolution);
    }

    let half = cache.install("a.half-1", &network(), Precision::F16, &Provenance::default()).unwrap();
    assert!(half.bytes < installed.bytes && half.precision.as_deref() == Some("f16"));
    fs::write(cache.partial_file("birds").unwrap(), b"what had arrived").unwrap();
    fs::write(cache.folder().join("Readme.safetensors"), b"no name of ours").unwrap();
    assert_eq!(cache.names().unwrap(), ["a.half-1", "birds"]);
    assert_eq!(cache.remove("birds").unwrap().len(), 2);
    assert_eq!(cache.names().unwrap(), ["a.half-1"]);
}

#[test]
fn every_change_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::in_folder(folder.path());
    let installed = cache.install("birds", &network(), Precision::F32, &provenance()).unwrap();
    let checksum = installed.verify().unwrap();
    assert_eq!(checksum.len(), 64);
    let sound = fs::read(&installed.path).unwrap();
    let mean = sound.windows(7).position(|bytes| bytes == b"103.939").unwrap();
    for place in [mean, sound.len() - 1] {
        let mut changed = sound.clone();
        changed[place] ^= 1;
        fs::write(&installed.path, changed).unwrap();
        let error = installed.verify().unwrap_err();
        assert!(
            matches!(&error, CacheError::Damaged { reason, .. } if reason.contains(&checksum)),
            "{error}"
        );
    }
    fs::write(&installed.path, &sound[..sound.len() - 1]).unwrap();
    assert!(installed.verify().is_err());
    assert!(matches!(cache.find("birds"), Err(CacheError::Damaged { .. })));
}

#[test]
fn names_cannot_lead_out_of_the_folder() {
    let cache = Cache::in_folder("here");
    for name in ["", ".", "..", "../x", "a/b", "a\\b", "-x", "Birds", "vögel", &"x".repeat(65)] {
        assert!(matches!(cache.path(name), Err(CacheError::Name { .. })), "{name}");
    }
    assert_eq!(cache.path("vgg19-torch").unwrap(), std::path::Path::new("here/vgg19-torch.safetensors"));
}

#[test]
fn a_failing_installation_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::in_folder(folder.path());
    let before = cache.install("birds", &network(), Precision::F16, &provenance()).unwrap();
    let mut loud = network();
    loud.convolutions[1].1.bias[2] = 1e6;
    let error = cache.install("birds", &loud, Precision::F16, &provenance()).unwrap_err();
    assert!(matches!(error, CacheError::Numbers(WriteError::Overflow { .. })), "{error}");
    before.verify().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
