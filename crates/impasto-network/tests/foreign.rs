//! Weight files of other programs: made by the programs themselves (`foreign/make_fixtures.py`), whole,
//! and damaged.

use std::path::PathBuf;

use impasto_network::{Architecture, Convention, Convolution, ForeignFormat, ForeignNetwork, Layer, Weights};

/// Every sound file, with what it must be recognised as.
const FILES: [(&str, ForeignFormat); 10] = [
    ("keras1.h5", ForeignFormat::KerasH5),
    ("keras2.h5", ForeignFormat::KerasH5),
    ("keras_model.h5", ForeignFormat::KerasH5),
    ("zip.pth", ForeignFormat::PytorchZip),
    ("legacy.pth", ForeignFormat::PytorchLegacy),
    ("checkpoint.pth", ForeignFormat::PytorchZip),
    ("checkpoint_legacy.pth", ForeignFormat::PytorchLegacy),
    ("formats.pth", ForeignFormat::PytorchZip),
    ("v1.caffemodel", ForeignFormat::Caffemodel),
    ("v2.caffemodel", ForeignFormat::Caffemodel),
];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

fn reference() -> Vec<(Layer, Convolution)> {
    let weights = Weights::open(path("reference.safetensors"), None).unwrap();
    weights.architecture().convolutions().map(|layer| (layer, weights.convolution(layer))).collect()
}

/// The message for a file in memory, which must name it; returned without the name.
fn fault(bytes: Vec<u8>) -> String {
    let message = ForeignNetwork::from_bytes("painter", bytes).unwrap_err().to_string();
    message.strip_prefix("weight file painter: ").expect(&message).to_owned()
}

#[test]
fn every_format_gives_the_same_numbers() {
    let reference = reference();
    for (name, format) in FILES {
        let network = ForeignNetwork::open(path(name)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(network.format, format, "{name}");
        assert_eq!(network.architecture.blocks(), [[2], [3]], "{name}");
        let pytorch = matches!(format, ForeignFormat::PytorchZip | ForeignFormat::PytorchLegacy);
        let convention = if pytorch { Convention::TORCH } else { Convention::CAFFE };
        assert_eq!(network.convention, convention, "{name}");
        assert_eq!(network.convolutions, reference, "{name}");
    }
}

#[test]
fn our_own_format_is_read_with_its_convention() {
    let network = ForeignNetwork::open(path("reference.safetensors")).unwrap();
    assert_eq!(network.format, ForeignFormat::Safetensors);
    assert_eq!(network.convolutions, reference());
    assert_eq!(network.architecture, Architecture::new("reference", vec![vec![2], vec![3]]));
    assert_eq!(network.convention, Convention::CAFFE);
}

#[test]
fn a_class_in_a_pickle_is_refused_by_name() {
    let message = fault(bytes("whole_module.pth"));
    assert!(message.starts_with("read as PyTorch zip archive: at byte "), "{message}");
    assert!(
        message.contains("its pickle asks for torch.nn.modules.container.Sequential, which is"),
        "{message}"
    );
}

#[test]
fn files_of_other_kinds_are_named() {
    assert!(fault(Vec::new()).ends_with("found no tensors"));
    assert!(fault(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()).starts_with("read as Caffe model: "));
    assert!(fault(b"\x89HDF\r\n\x1a\n and nothing".to_vec()).starts_with("read as Keras HDF5: "));
    assert!(fault(b"PK".to_vec()).contains("expected the directory of a zip archive"));
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    assert!(fault(tar).contains("a tar archive, as PyTorch wrote before 0.1.10 is not supported"));
    assert!(ForeignNetwork::open(path("absent.pth")).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let mut file = bytes("v1.caffemodel");
    let (_, first) = &reference()[0];
    let needle: Vec<u8> = first.weight.iter().flat_map(|value| value.to_le_bytes()).collect();
    let place = file.windows(needle.len()).position(|window| window == needle).unwrap();
    file[place + 8..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(fault(file), "tensor conv1_1.weight holds NaN at element 2, expected finite numbers");
}

/// Cut at any length, no file is taken for whole, but where what is cut off belongs to no convolution.
#[test]
fn truncated_files_are_refused() {
    let reference = reference();
    for (name, format) in FILES {
        let whole = bytes(name);
        for length in (0..whole.len()).step_by(step(format)) {
            if let Ok(network) = ForeignNetwork::from_bytes("painter", whole[..length].to_vec()) {
                let stream = matches!(format, ForeignFormat::Caffemodel | ForeignFormat::KerasH5);
                assert!(stream, "{name} cut after {length} bytes");
                assert!(reference.starts_with(&network.convolutions), "{name} cut after {length} bytes");
            }
        }
    }
}

/// One byte of a sound file changed, anywhere: an error or other numbers, but no panic, and no wait.
#[test]
fn flipped_bytes_do_no_harm() {
    for (name, format) in FILES {
        let whole = bytes(name);
        for place in (0..whole.len()).step_by(step(format)) {
            let mut file = whole.clone();
            file[place] ^= [0x01, 0x80, 0xff][place % 3];
            if let Err(error) = ForeignNetwork::from_bytes("painter", file) {
                assert!(error.to_string().len() < 1000, "{name}: {error}");
            }
        }
    }
}

/// A name that the network needs, and no tensor under it.
#[test]
fn names_of_convolutions_without_tensors_are_refused() {
    let mut file = bytes("legacy.pth");
    // In place of the call that rebuilds the tensor (REDUCE), a pair of what it is called with (TUPLE2).
    assert_eq!(file[613], b'R');
    file[613] = 0x86;
    let message = fault(file);
    assert!(message.contains("features.3.bias that is no tensor is not supported"), "{message}");
}

/// A B-tree of forty levels, in which each node has the next one as its child twice: 2⁴⁰ ways to the leaf.
#[test]
fn hdf5_files_that_repeat_themselves_are_refused() {
    let mut file = bytes("keras1.h5");
    let node = file.windows(4).position(|bytes| bytes == b"TREE").unwrap();
    let leaf = file[node..node + 48].to_vec();
    let levels = 40;
    let address = |level: usize| if level == levels { node } else { 14560 + 64 * level };
    assert_eq!(file.len(), address(0));
    for level in 0..=levels {
        if level > 0 {
            // Signature, kind, level and the number of children; no neighbours; keys and children in turn.
            let child = (address(level - 1) as u64).to_le_bytes();
            let header = [b"TREE\x00\x01\x02\x00".as_slice(), &[0xff; 16]].concat();
            let whole = [&header, [0; 8].as_slice(), &child, &[0; 8], &child, &[0; 8]].concat();
            if level < levels { file.extend(whole) } else { file[node..node + 64].copy_from_slice(&whole) }
        } else {
            file.extend([leaf.as_slice(), &[0; 16]].concat());
        }
    }
    let message = fault(file);
    assert!(message.contains("point at each other without end"), "{message}");
}

/// Chunks are unpacked whole, so their sizes count even where they reach past the data.
#[test]
fn hdf5_chunks_larger_than_their_file_are_refused() {
    let mut file = bytes("keras2.h5");
    // A data layout of chunks in four sides of numbers of 4 bytes, by the version that h5py writes.
    let layout = |file: &[u8], place| file[place..place + 3] == [3, 2, 5] && file[place + 27] == 4;
    let place = (0..file.len() - 31).find(|&place| layout(&file, place)).unwrap();
    file[place + 11..place + 15].copy_from_slice(&8_000_000_u32.to_le_bytes());
    let message = fault(file);
    assert!(message.contains("the numbers of the chunks of one dataset are"), "{message}");
}

/// HDF5 files are large and mostly empty; the fuzzing looks closer.
fn step(format: ForeignFormat) -> usize {
    if format == ForeignFormat::KerasH5 { 17 } else { 1 }
}
