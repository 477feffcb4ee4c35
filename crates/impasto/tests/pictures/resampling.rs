//! Resizing against Pillow, an independent implementation with the same kernels.

use impasto::picture::{Alpha, Filter, Picture};

/// `((3x + 5y² + xy) mod 11) / 10`, 5×4, in each channel.
fn pattern() -> Vec<f32> {
    (0..20).map(|i| (i % 5, i / 5)).map(|(x, y)| ((3 * x + 5 * y * y + x * y) % 11) as f32 / 10.0).collect()
}

/// Pillow 13.0: `Image.fromarray(pattern, mode="F").resize(size, filter)`; all values at 3×2, and those
/// at 0, 8, 17, 26, 35 and 41 of 7×6.
const BY_PILLOW: [(Filter, [f32; 6], [f32; 6]); 3] = [
    (
        Filter::Bilinear,
        [0.434694, 0.526984, 0.614286, 0.524490, 0.492063, 0.546939],
        [0.000000, 0.450000, 0.300000, 0.473810, 0.100000, 0.300000],
    ),
    (
        Filter::CatmullRom,
        [0.423954, 0.537169, 0.624622, 0.535664, 0.486398, 0.540731],
        [-0.049987, 0.454913, 0.256019, 0.420053, 0.007818, 0.240726],
    ),
    (
        Filter::Lanczos3,
        [0.426089, 0.547431, 0.624538, 0.555747, 0.477657, 0.547014],
        [-0.044956, 0.461914, 0.260413, 0.402028, -0.060154, 0.205363],
    ),
];

#[test]
fn agrees_with_pillow_both_ways() {
    let picture = Picture::new(5, 4, [pattern(), pattern(), pattern()].concat());
    for (filter, smaller, larger) in BY_PILLOW {
        let resized = picture.resized(3, 2, filter);
        for plane in resized.data().chunks(6) {
            assert!(plane.iter().zip(smaller).all(|(a, b)| (a - b).abs() < 2e-6), "{filter:?} {plane:?}");
        }
        let resized = picture.resized(7, 6, filter);
        for plane in resized.data().chunks(42) {
            let picked = [0, 8, 17, 26, 35, 41].map(|index| plane[index]);
            assert!(picked.iter().zip(larger).all(|(a, b)| (a - b).abs() < 2e-6), "{filter:?} {picked:?}");
        }
    }
}

#[test]
fn alpha_is_resized_alike_but_stays_an_opacity() {
    let alpha = Alpha::new(5, 4, pattern());
    assert_eq!(alpha.resized(5, 4, Filter::Lanczos3), alpha);
    let resized = alpha.resized(7, 6, Filter::Lanczos3);
    assert_eq!((resized.width(), resized.height()), (7, 6));
    assert_eq!(resized.data()[0], 0.0);
    assert!((resized.data()[8] - 0.461914).abs() < 2e-6);
}
