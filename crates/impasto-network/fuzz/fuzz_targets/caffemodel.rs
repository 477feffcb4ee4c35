//! Caffe models: whatever begins like no other format.

#![no_main]

use impasto_network::{ForeignFormat, ForeignNetwork};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match ForeignNetwork::from_bytes("fuzzed", bytes.to_vec()) {
        Ok(network) if network.format != ForeignFormat::Caffemodel => Corpus::Reject,
        _ => Corpus::Keep,
    }
});
