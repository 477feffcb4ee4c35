//! The network that is part of the program holds as much of VGG-19's features as its model card says.

use std::path::{Path, PathBuf};

use impasto_kernels::Isa;
use impasto_network::Weights;
use impasto_train::data::{Collection, Crops};
use impasto_train::distillation::{FrozenNetwork, TAPS, explained_variance};

/// Explained variance on pictures kept apart, at relu1_1, 2_1, 3_1, 4_1, 4_2 and 5_1, by docs/compact-network.md.
const CARD: [f64; 6] = [0.991, 0.927, 0.879, 0.863, 0.811, 0.560];

/// Other instruction sets round otherwise.
const TOLERANCE: f64 = 0.005;

#[test]
fn the_embedded_network_holds_what_its_card_says() {
    let folder = std::env::var_os("IMPASTO_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let path = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
    let (Some(photos), Some(vgg19)) = (path("photos.tar"), path("weights/vgg19.safetensors")) else {
        println!("skipped: no data");
        return;
    };
    let crops = Crops::open(&[Collection { path: photos, share: 1.0 }], 96).unwrap();
    let teacher = Weights::open(vgg19, None).unwrap();
    let [mut teacher, mut student] =
        [&teacher, &Weights::compact()].map(|weights| FrozenNetwork::new(weights, &TAPS, Isa::detect()));
    let found = explained_variance(&mut teacher, &mut student, &crops, 0, Isa::detect()).unwrap();
    assert_eq!(found.len(), CARD.len());
    for ((layer, found), said) in found.into_iter().zip(CARD) {
        assert!((found - said).abs() < TOLERANCE, "{layer}: {found}, the card says {said}");
    }
}
