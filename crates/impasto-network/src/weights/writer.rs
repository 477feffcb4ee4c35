//! Saves convolutions as a safetensors file that [`Weights::open`](super::Weights::open) accepts.
//!
//! The tensors are named by block, `conv4_2.weight` `[out, in, 3, 3]` and `conv4_2.bias` `[out]`, and lie
//! in the order that a picture passes them. The same convolutions and texts give the same bytes, always:
//! that is why the header is written here and not by the `safetensors` crate, which keeps metadata in a
//! hash map.

use half::f16;
use serde_json::{Map, Value, json};

use super::{Convention, Convolution};
use crate::Layer;

/// The number format of a saved network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Half precision: 2 bytes a number, 11 significant bits, up to ±65504.
    F16,
    /// Single precision: 4 bytes a number, exactly as the engines compute.
    F32,
}

impl Precision {
    /// The name that safetensors gives it.
    const fn name(self) -> &'static str {
        match self {
            Precision::F16 => "F16",
            Precision::F32 => "F32",
        }
    }

    /// Bytes of one number.
    const fn bytes(self) -> usize {
        match self {
            Precision::F16 => 2,
            Precision::F32 => 4,
        }
    }
}

/// A number that cannot be saved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WriteError {
    /// A value is NaN or infinite; no reader would accept the file.
    #[error("tensor {tensor} holds {value} at element {element}, expected finite numbers")]
    NotFinite {
        /// Name of the tensor.
        tensor: String,
        /// NaN or an infinity.
        value: f32,
        /// Index of the first such element.
        element: usize,
    },
    /// A value is finite, but rounds to infinity in half precision.
    #[error(
        "tensor {tensor} holds {value} at element {element}, beyond ±65504, the range of f16: save as f32"
    )]
    Overflow {
        /// Name of the tensor.
        tensor: String,
        /// The value.
        value: f32,
        /// Index of the first such element.
        element: usize,
    },
}

/// The bytes of a safetensors file with these convolutions, rounded to `precision` (to nearest, ties to
/// even).
///
/// `convention` goes into the header's metadata under `input`, so that the network is read under it
/// again. `metadata` is added in the order given, for example `network` (a name) and where the weights
/// come from; of keys that repeat, `input` included, the last one counts, and `convention` before any.
///
/// # Errors
/// If a number is not finite, or beyond the range of f16 where that is the precision.
///
/// # Panics
/// If a layer is no convolution, or the numbers of one do not match its inputs and outputs.
pub fn safetensors_bytes(
    convolutions: &[(Layer, Convolution)],
    convention: &Convention,
    precision: Precision,
    metadata: &[(String, String)],
) -> Result<Vec<u8>, WriteError> {
    let mut texts: Map<String, Value> =
        metadata.iter().map(|(key, text)| (key.clone(), text.as_str().into())).collect();
    texts.insert("input".to_owned(), convention.to_string().into());
    let mut header = Map::from_iter([("__metadata__".to_owned(), Value::Object(texts))]);

    let mut data = Vec::new();
    for (layer, Convolution { inputs, outputs, weight, bias }) in convolutions {
        assert!(layer.is_convolution(), "{layer} is no convolution");
        assert_eq!((weight.len(), bias.len()), (outputs * inputs * 9, *outputs), "numbers of {layer}");
        let tensors = [("weight", vec![*outputs, *inputs, 3, 3], weight), ("bias", vec![*outputs], bias)];
        for (kind, shape, values) in tensors {
            let (tensor, start) = (format!("{layer}.{kind}"), data.len());
            append(&mut data, values, precision, &tensor)?;
            let place =
                json!({ "dtype": precision.name(), "shape": shape, "data_offsets": [start, data.len()] });
            header.insert(tensor, place);
        }
    }

    // Spaces after the header let the numbers start at a multiple of eight bytes, as readers that map the
    // file expect.
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();
    Ok([&length, &header[..], &data].concat())
}

/// Appends `values` in little-endian order.
fn append(data: &mut Vec<u8>, values: &[f32], precision: Precision, tensor: &str) -> Result<(), WriteError> {
    data.reserve(values.len() * precision.bytes());
    for (element, &value) in values.iter().enumerate() {
        if !value.is_finite() {
            return Err(WriteError::NotFinite { tensor: tensor.to_owned(), value, element });
        }
        match precision {
            Precision::F32 => data.extend_from_slice(&value.to_le_bytes()),
            Precision::F16 => {
                let half = f16::from_f32(value);
                if half.is_infinite() {
                    return Err(WriteError::Overflow { tensor: tensor.to_owned(), value, element });
                }
                data.extend_from_slice(&half.to_le_bytes());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, Weights};

    /// A chain of 3, 4 and 2 channels in two blocks.
    fn network() -> Vec<(Layer, Convolution)> {
        let weights = Weights::random(Architecture::new("small", vec![vec![3, 4], vec![2]]), 5);
        weights.architecture().convolutions().map(|layer| (layer, weights.convolution(layer))).collect()
    }

    #[test]
    fn a_saved_network_reads_back_exactly() {
        let (network, convention) = (network(), "rgb 0..256, minus mean (1,2,3)".parse().unwrap());
        let bytes = safetensors_bytes(&network, &convention, Precision::F32, &[]).unwrap();
        let weights = Weights::from_bytes("small", bytes, None).unwrap();
        assert_eq!(weights.architecture(), &Architecture::new("small", vec![vec![3, 4], vec![2]]));
        assert_eq!(weights.convention(), &convention);
        for (layer, convolution) in network {
            assert_eq!(weights.convolution(layer), convolution);
        }
    }

    #[test]
    fn half_precision_rounds_to_the_nearest() {
        let network = network();
        let bytes = safetensors_bytes(&network, &Convention::CAFFE, Precision::F16, &[]).unwrap();
        let weights = Weights::from_bytes("small", bytes, None).unwrap();
        for (layer, convolution) in network {
            let half = |values: Vec<f32>| values.iter().map(|&value| f16::from_f32(value).to_f32()).collect();
            let rounded =
                Convolution { weight: half(convolution.weight), bias: half(convolution.bias), ..convolution };
            assert_eq!(weights.convolution(layer), rounded);
        }
    }

    #[test]
    fn the_header_is_that_of_the_format() {
        let metadata = [("network", "small"), ("input", "ours counts"), ("teacher", "vgg19")];
        let metadata = metadata.map(|(key, text)| (key.to_owned(), text.to_owned()));
        let bytes =
            safetensors_bytes(&network()[..1], &Convention::CAFFE, Precision::F16, &metadata).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        assert_eq!(length % 8, 0);
        let header = std::str::from_utf8(&bytes[8..][..length]).unwrap();
        assert_eq!(
            header.trim_end(),
            r#"{"__metadata__":{"network":"small","input":"bgr 0..255, minus mean (103.939,116.779,123.68)","teacher":"vgg19"},"conv1_1.weight":{"dtype":"F16","shape":[3,3,3,3],"data_offsets":[0,162]},"conv1_1.bias":{"dtype":"F16","shape":[3],"data_offsets":[162,168]}}"#
        );
        assert_eq!(bytes.len(), 8 + length + 168);
        safetensors::SafeTensors::deserialize(&bytes).unwrap();
    }

    #[test]
    fn numbers_that_cannot_be_saved_are_named() {
        let mut network = network();
        let message = |network: &[(Layer, Convolution)], precision| {
            safetensors_bytes(network, &Convention::CAFFE, precision, &[]).unwrap_err().to_string()
        };
        network[1].1.weight[7] = -65520.0;
        assert_eq!(
            message(&network, Precision::F16),
            "tensor conv1_2.weight holds -65520 at element 7, beyond ±65504, the range of f16: save as f32"
        );
        assert!(safetensors_bytes(&network, &Convention::CAFFE, Precision::F32, &[]).is_ok());
        network[1].1.weight[7] = 65519.0;
        assert!(safetensors_bytes(&network, &Convention::CAFFE, Precision::F16, &[]).is_ok());
        network[2].1.bias[1] = f32::NAN;
        assert_eq!(
            message(&network, Precision::F32),
            "tensor conv2_1.bias holds NaN at element 1, expected finite numbers"
        );
    }
}
