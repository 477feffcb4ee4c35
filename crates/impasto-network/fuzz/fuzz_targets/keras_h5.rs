//! HDF5 files. The signature is put back where a mutation destroyed it.

#![no_main]

use impasto_network::ForeignNetwork;
use libfuzzer_sys::fuzz_target;

const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

fuzz_target!(
    // The reader turns a panic of the HDF5 library into an error. libFuzzer's own hook would stop there; a
    // panic that leaves the reader still ends the run.
    init: std::panic::set_hook(Box::new(|_| ())),
    |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if let Some(start) = bytes.first_chunk_mut() {
            *start = SIGNATURE;
            let _ = ForeignNetwork::from_bytes("fuzzed", bytes);
        }
    }
);
