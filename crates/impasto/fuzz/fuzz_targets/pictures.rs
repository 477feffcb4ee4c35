//! Every format of pictures; the first bytes say which.

#![no_main]

use impasto::picture::{ReadOptions, SourcePicture};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match SourcePicture::from_bytes("fuzzed", bytes, &ReadOptions { max_pixels: 1 << 18 }) {
        Ok(source) => assert!(source.picture.data().iter().all(|value| (0.0..=1.0).contains(value))),
        Err(error) => assert_eq!(error.to_string().lines().count(), 1, "{error}"),
    }
});
