//! Our own files, both ways they are opened.

#![no_main]

use impasto_network::{ForeignNetwork, Weights};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(weights) = Weights::from_bytes("fuzzed", bytes.to_vec(), None) {
        for layer in weights.architecture().convolutions() {
            weights.convolution(layer);
        }
    }
    if bytes.get(8) == Some(&b'{') {
        let _ = ForeignNetwork::from_bytes("fuzzed", bytes.to_vec());
    }
});
