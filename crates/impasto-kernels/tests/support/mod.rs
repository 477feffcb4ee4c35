//! What the tests of the kernels share.

use impasto_kernels::scalar::Shape;
use impasto_kernels::{BlockedMap, Isa};

#[allow(dead_code, reason = "one file is about one set")]
pub fn sets() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.is_available())
}

/// Values spread over -1..1 by a fixed integer hash of `seed` and the index.
pub fn values(count: usize, seed: u64) -> Vec<f32> {
    let hash = |index: usize| {
        let mut state =
            (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed.wrapping_mul(0xd134_2543);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(hash).collect()
}

pub fn assert_close(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-6f32, |largest, value| largest.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / scale;
        assert!(error <= tolerance, "{what}: element {index} is {found}, expected {expected}");
    }
}

#[allow(dead_code, reason = "not every test file has maps of one picture")]
pub fn map_of(planes: &[f32], shape: Shape) -> BlockedMap {
    BlockedMap::from_planes(shape.channels, shape.height, shape.width, planes)
}
