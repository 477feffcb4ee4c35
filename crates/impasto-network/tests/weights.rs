//! Weight files: what is read from sound ones, and what is said about every other kind.

mod common;

use std::time::Instant;

use common::{WeightFile, data};
use impasto_network::{Architecture, Convention, Layer, Weights};
use safetensors::tensor::Dtype;

const BY_BLOCK: [(&str, usize); 5] =
    [("conv1_1", 4), ("conv1_2", 5), ("conv2_1", 6), ("conv2_2", 6), ("conv3_1", 7)];
const TORCHVISION: [(&str, usize); 5] =
    [("features.0", 4), ("features.2", 5), ("features.5", 6), ("features.7", 6), ("features.10", 7)];

fn read(file: &WeightFile) -> Result<Weights, String> {
    Weights::from_bytes("painter.safetensors", file.bytes(), None).map_err(|error| error.to_string())
}

/// The message for a file, which must name the file; returned without the name.
fn fault(file: &WeightFile) -> String {
    fault_of_bytes(file.bytes())
}

fn fault_of_bytes(bytes: Vec<u8>) -> String {
    let message = Weights::from_bytes("painter.safetensors", bytes, None).unwrap_err().to_string();
    message.strip_prefix("weight file painter.safetensors: ").expect(&message).to_owned()
}

#[test]
fn both_namings_give_the_same_network() {
    let (by_block, torchvision) = (WeightFile::chain(&BY_BLOCK), WeightFile::chain(&TORCHVISION));
    let (by_block, torchvision) = (read(&by_block).unwrap(), read(&torchvision).unwrap());
    let expected = Architecture::new("painter", vec![vec![4, 5], vec![6, 6], vec![7]]);
    assert_eq!(by_block.architecture(), &expected);
    assert_eq!(torchvision.architecture(), &expected);
    for layer in expected.convolutions() {
        assert_eq!(by_block.convolution(layer), torchvision.convolution(layer));
    }
    assert_eq!(by_block.origin(), "painter.safetensors");
}

#[test]
fn values_come_out_in_row_major_order() {
    let file = WeightFile::chain(&BY_BLOCK);
    let convolution = read(&file).unwrap().convolution(Layer::convolution(2, 1));
    assert_eq!((convolution.inputs, convolution.outputs), (5, 6));
    assert_eq!(convolution.weight, file.tensors["conv2_1.weight"].values);
    assert_eq!(convolution.bias, file.tensors["conv2_1.bias"].values);
}

#[test]
fn number_formats_agree() {
    let file = WeightFile::chain(&BY_BLOCK);
    let exact = read(&file).unwrap();
    for format in [Dtype::F16, Dtype::BF16] {
        let weights = read(&file.clone().in_format(format)).unwrap();
        for layer in exact.architecture().convolutions() {
            assert_eq!(weights.convolution(layer), exact.convolution(layer), "{format} {layer}");
        }
    }
}

#[test]
fn conventions_come_from_the_caller_the_metadata_or_the_naming() {
    let (by_block, torchvision) = (WeightFile::chain(&BY_BLOCK), WeightFile::chain(&TORCHVISION));
    assert_eq!(read(&by_block).unwrap().convention(), &Convention::CAFFE);
    assert_eq!(read(&torchvision).unwrap().convention(), &Convention::TORCH);

    let stated = by_block.with_input("rgb 0..255, minus mean (1,2,3)");
    let expected =
        Convention { mean: [1.0, 2.0, 3.0], deviation: [1.0; 3], scale: 255.0, ..Convention::TORCH };
    assert_eq!(read(&stated).unwrap().convention(), &expected);

    let unclear = torchvision.with_input("whatever you like");
    let message = fault(&unclear);
    assert!(message.starts_with("its metadata says input \"whatever you like\": expected"), "{message}");
    for file in [stated, unclear] {
        let weights = Weights::from_bytes("painter", file.bytes(), Some(Convention::TORCH)).unwrap();
        assert_eq!(weights.convention(), &Convention::TORCH);
    }
}

#[test]
fn other_tensors_are_ignored() {
    let mut file = WeightFile::chain(&TORCHVISION);
    file.add("classifier.0.weight", &[8, 7]);
    file.add("classifier.0.bias", &[8]);
    file.add("step", &[]);
    assert_eq!(read(&file).unwrap().architecture().convolutions().count(), 5);
}

#[test]
fn a_file_without_convolutions_is_refused() {
    let mut file = WeightFile::default();
    assert_eq!(
        fault(&file),
        "no convolutions: expected tensors conv1_1.weight … or features.0.weight …, found no tensors"
    );
    for name in ["e", "d", "c", "b", "a"] {
        file.add(name, &[1]);
    }
    assert!(fault(&file).ends_with("found a, b, c, d and 1 more"));
}

#[test]
fn missing_tensors_are_named() {
    let without = |file: &[(&str, usize)], tensors: &[&str]| {
        let mut file = WeightFile::chain(file);
        tensors.iter().for_each(|tensor| assert!(file.tensors.remove(*tensor).is_some()));
        fault(&file)
    };
    assert_eq!(
        without(&BY_BLOCK, &["conv2_1.bias"]),
        "tensor conv2_1.bias is missing, but conv2_1.weight is there"
    );
    assert_eq!(
        without(&TORCHVISION, &["features.5.weight"]),
        "tensor features.5.weight is missing, but features.5.bias is there"
    );
    for (stem, present) in [("conv1_1", "conv1_2"), ("conv2_1", "conv2_2")] {
        assert_eq!(
            without(&BY_BLOCK, &[&format!("{stem}.weight"), &format!("{stem}.bias")]),
            format!("convolution {stem} is missing, but {present} is there")
        );
    }
    assert_eq!(
        without(&BY_BLOCK, &["conv2_1.weight", "conv2_1.bias", "conv2_2.weight", "conv2_2.bias"]),
        "convolution conv2_1 is missing, but conv3_1 is there"
    );
    assert_eq!(
        without(&BY_BLOCK, &["conv1_1.weight", "conv1_1.bias", "conv1_2.weight", "conv1_2.bias"]),
        "convolution conv1_1 is missing, but conv2_1 is there"
    );
    assert_eq!(
        without(&TORCHVISION, &["features.0.weight", "features.0.bias"]),
        "convolution features.0 is missing, but features.2 is there"
    );
    assert_eq!(
        without(&TORCHVISION, &["features.5.weight", "features.5.bias"]),
        "after features.2 the next convolution is features.7: expected features.4 in the same block or \
         features.5 after a pooling"
    );
}

#[test]
fn batch_normalisation_is_refused() {
    let mut file = WeightFile::chain(&[("features.0", 4), ("features.3", 5)]);
    file.add("features.1.weight", &[4]);
    file.add("features.1.bias", &[4]);
    assert!(fault(&file).starts_with("tensor features.1.weight belongs to a batch normalisation"));
    file.add("features.1.running_mean", &[4]);
    assert!(fault(&file).starts_with("tensor features.1.running_mean belongs to a batch normalisation"));
}

#[test]
fn wrong_shapes_are_named_with_the_right_ones() {
    let with = |tensor: &str, shape: &[usize]| {
        let mut file = WeightFile::chain(&BY_BLOCK);
        file.add(tensor, shape);
        fault(&file)
    };
    let first = "expected [channels, 3, 3, 3]";
    for shape in [&[4, 1, 3, 3][..], &[0, 3, 3, 3], &[4, 3, 5, 5], &[4, 3, 3], &[4, 3, 3, 3, 1], &[108], &[]]
    {
        assert_eq!(
            with("conv1_1.weight", shape),
            format!("tensor conv1_1.weight has shape {shape:?}, {first}")
        );
    }
    assert_eq!(
        with("conv2_1.weight", &[6, 4, 3, 3]),
        "tensor conv2_1.weight has shape [6, 4, 3, 3], expected [channels, 5, 3, 3], as the convolution \
         before has 5 outputs"
    );
    assert_eq!(
        with("conv2_2.bias", &[5]),
        "tensor conv2_2.bias has shape [5], expected [6], one for each output of conv2_2.weight"
    );
    assert!(with("conv2_2.bias", &[6, 1]).starts_with("tensor conv2_2.bias has shape [6, 1], expected [6]"));
}

#[test]
fn other_number_formats_are_refused() {
    let message = fault(&WeightFile::chain(&BY_BLOCK).in_format(Dtype::F64));
    assert_eq!(message, "tensor conv1_1.weight holds F64 numbers, expected F32, F16 or BF16");
}

#[test]
fn values_that_are_no_numbers_are_found_in_every_format() {
    for format in [Dtype::F32, Dtype::F16, Dtype::BF16] {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for tensor in ["conv1_1.weight", "conv3_1.bias"] {
                let mut file = WeightFile::chain(&BY_BLOCK).in_format(format);
                file.tensors.get_mut(tensor).unwrap().values[6] = value;
                assert_eq!(
                    fault(&file),
                    format!("tensor {tensor} holds {value} at element 6, expected finite numbers")
                );
            }
        }
        let mut file = WeightFile::chain(&BY_BLOCK).in_format(format);
        let largest = if format == Dtype::F16 { 65504.0 } else { 3.3e38 };
        file.tensors.get_mut("conv1_1.weight").unwrap().values[6] = -largest;
        assert!(read(&file).is_ok(), "{largest} is a finite {format}");
    }
}

#[test]
fn more_convolutions_than_layer_names_are_refused() {
    let stems: Vec<String> = (0..10).map(|place| format!("features.{}", 2 * place)).collect();
    let chain: Vec<(&str, usize)> = stems.iter().map(|stem| (stem.as_str(), 2)).collect();
    assert_eq!(
        fault(&WeightFile::chain(&chain)),
        "features.18 would be convolution 10 of block 1: at most 9 blocks of 9 are supported"
    );
    assert!(read(&WeightFile::chain(&chain[..9])).is_ok());
}

#[test]
fn truncated_files_are_refused_wherever_they_end() {
    let bytes = WeightFile::chain(&BY_BLOCK).bytes();
    for length in 0..bytes.len() {
        let message = fault_of_bytes(bytes[..length].to_vec());
        assert!(message.starts_with("truncated") || message.starts_with("not a safetensors"), "{message}");
    }
    let message = fault_of_bytes(bytes[..bytes.len() - 1].to_vec());
    let (found, expected) = (bytes.len() - 1, bytes.len());
    assert!(message.starts_with("truncated: it ends within tensor conv"), "{message}");
    assert!(message.ends_with(&format!("after {found} bytes; its header announces {expected}")), "{message}");
    assert_eq!(
        fault_of_bytes(bytes[..5].to_vec()),
        "not a safetensors file, or a damaged one: 5 bytes, too few for any header"
    );
}

#[test]
fn foreign_files_are_refused() {
    let foreign: [&[u8]; 5] = [
        b"\x89PNG\r\n\x1a\n and so on",
        b"PK\x03\x04 a zipped pickle",
        &[0; 100],
        b"\x02\0\0\0\0\0\0\0[]",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
    ];
    for bytes in foreign {
        let message = fault_of_bytes(bytes.to_vec());
        assert!(message.starts_with("not a safetensors file, or a damaged one: "), "{message}");
    }
    let mut longer = WeightFile::chain(&BY_BLOCK).bytes();
    longer.push(0);
    assert!(fault_of_bytes(longer).contains("its header announces"));
    let enormous =
        br#"{"a":{"dtype":"F32","shape":[2305843009213693951],"data_offsets":[0,9223372036854775804]}}"#;
    let mut bytes = (enormous.len() as u64).to_le_bytes().to_vec();
    bytes.extend(enormous);
    assert!(fault_of_bytes(bytes).starts_with("not a safetensors file"));
}

#[test]
fn random_damage_is_refused_or_harmless() {
    let sound = WeightFile::chain(&BY_BLOCK).with_input("rgb 0..1").bytes();
    let header = 8 + u64::from_le_bytes(sound[..8].try_into().unwrap()) as usize;
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut bytes = sound.clone();
        for _ in 0..=random(3) {
            bytes[random(header)] = random(256) as u8;
        }
        if let Ok(weights) = Weights::from_bytes("damaged", bytes, None) {
            let layers: Vec<Layer> = weights.architecture().convolutions().collect();
            layers.into_iter().for_each(|layer| drop(weights.convolution(layer)));
        } else {
            refused += 1;
        }
    }
    assert!(refused > 15_000, "only {refused} of 20000 damaged headers were noticed");
}

#[test]
fn files_that_cannot_be_opened_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path| Weights::open(path, None).unwrap_err().to_string();
    let nowhere = folder.path().join("nowhere.safetensors");
    let expected = format!("weight file {}: cannot be read: ", nowhere.display());
    assert!(message(nowhere).starts_with(&expected));
    assert!(message(folder.path().to_owned()).ends_with("cannot be read: it is a folder"));
    let empty = folder.path().join("empty.safetensors");
    std::fs::write(&empty, b"").unwrap();
    assert!(message(empty).ends_with("0 bytes, too few for any header"));
}

#[test]
fn random_weights_fit_the_network() {
    let architecture = Architecture::new("tiny", vec![vec![4], vec![6, 5]]);
    let weights = Weights::random(architecture.clone(), 3);
    let again = Weights::random(architecture, 3).convolution(Layer::convolution(2, 2));
    assert_eq!(weights.convolution(Layer::convolution(2, 2)), again);
    assert_eq!((again.inputs, again.outputs, again.weight.len(), again.bias.len()), (6, 5, 270, 5));
    assert_eq!(weights.convolution(Layer::convolution(1, 1)).inputs, 3);
}

#[test]
fn the_embedded_network_is_the_compact_one() {
    let compact = Weights::compact();
    assert_eq!(compact.architecture(), &Architecture::compact());
    assert_eq!(compact.convention(), &Convention::TORCH);
    for layer in compact.architecture().convolutions() {
        let convolution = compact.convolution(layer);
        assert!(convolution.weight.iter().any(|&value| value != 0.0), "{layer}");
    }
}

#[test]
fn vgg19_opens_quickly() {
    let Some(path) = data("weights/vgg19.safetensors") else { return };
    let start = Instant::now();
    let weights = Weights::open(path, None).unwrap();
    let opened = start.elapsed();
    assert_eq!(weights.architecture(), &Architecture::vgg19());
    assert_eq!(weights.convention(), &Convention::CAFFE);
    let mut square_sum = 0.0;
    for layer in weights.architecture().convolutions() {
        let convolution = weights.convolution(layer);
        square_sum += f64::from(convolution.weight[0].powi(2));
    }
    let read = start.elapsed();
    println!("opened and checked in {opened:?}, all converted after {read:?}");
    assert!(square_sum.is_finite() && square_sum > 0.0);
    assert!(cfg!(debug_assertions) || read.as_secs_f64() < 0.3, "{read:?}");
}
