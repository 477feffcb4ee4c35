//! Both layouts of PyTorch. Where the magic number of the old one was nearly there, it is put right, so
//! that the pickles after it are reached.

#![no_main]

use impasto_network::ForeignNetwork;
use libfuzzer_sys::{Corpus, fuzz_target};

const MAGIC: [u8; 15] = *b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let mut bytes = bytes.to_vec();
    if bytes.starts_with(&MAGIC[..1]) && bytes.len() >= MAGIC.len() {
        bytes[..MAGIC.len()].copy_from_slice(&MAGIC);
    } else if !bytes.starts_with(b"PK") {
        return Corpus::Reject;
    }
    let _ = ForeignNetwork::from_bytes("fuzzed", bytes);
    Corpus::Keep
});
