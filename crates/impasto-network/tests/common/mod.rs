//! Weight files made at run time, and the way to the development data.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::collections::HashMap;
use std::path::PathBuf;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView, serialize};

/// A file of the development data, or `None`, with a note, where there is none.
pub fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("IMPASTO_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if !path.exists() {
        println!("skipped: no data ({})", path.display());
        return None;
    }
    Some(path)
}

/// One tensor of a file to be made.
#[derive(Clone)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
    pub format: Dtype,
}

/// A weight file to be made, tensor by tensor.
#[derive(Clone, Default)]
pub struct WeightFile {
    pub tensors: HashMap<String, Tensor>,
    pub metadata: Option<HashMap<String, String>>,
}

impl WeightFile {
    /// Convolutions of the given stems and output channels, chained from three channels, with small
    /// values that f16 and bf16 hold exactly.
    pub fn chain(stems_and_widths: &[(&str, usize)]) -> Self {
        let mut file = WeightFile::default();
        let mut inputs = 3;
        for &(stem, outputs) in stems_and_widths {
            file.add(&format!("{stem}.weight"), &[outputs, inputs, 3, 3]);
            file.add(&format!("{stem}.bias"), &[outputs]);
            inputs = outputs;
        }
        file
    }

    /// Adds or replaces an f32 tensor.
    pub fn add(&mut self, name: &str, shape: &[usize]) {
        let count = shape.iter().product::<usize>();
        let values = (0..count).map(|element| (element * 37 % 101) as f32 / 64.0 - 0.75).collect();
        let tensor = Tensor { shape: shape.to_vec(), values, format: Dtype::F32 };
        self.tensors.insert(name.to_owned(), tensor);
    }

    /// The same file with all numbers in another format.
    pub fn in_format(mut self, format: Dtype) -> Self {
        self.tensors.values_mut().for_each(|tensor| tensor.format = format);
        self
    }

    /// The same file with `input` in its metadata.
    pub fn with_input(mut self, input: &str) -> Self {
        self.metadata = Some(HashMap::from([("input".to_owned(), input.to_owned())]));
        self
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Vec<u8> {
        let stored: Vec<_> =
            self.tensors.iter().map(|(name, tensor)| (name, tensor, store(tensor))).collect();
        let views = stored.iter().map(|(name, tensor, bytes)| {
            (name.as_str(), TensorView::new(tensor.format, tensor.shape.clone(), bytes).unwrap())
        });
        serialize(views, self.metadata.clone()).unwrap()
    }
}

fn store(tensor: &Tensor) -> Vec<u8> {
    let values = tensor.values.iter();
    match tensor.format {
        Dtype::F32 => values.flat_map(|value| value.to_le_bytes()).collect(),
        Dtype::F16 => values.flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect(),
        Dtype::BF16 => values.flat_map(|&value| bf16::from_f32(value).to_le_bytes()).collect(),
        Dtype::F64 => values.flat_map(|&value| f64::from(value).to_le_bytes()).collect(),
        other => panic!("no test file holds {other}"),
    }
}
