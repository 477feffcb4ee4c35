//! Eight bits without bands, and without noise where a colour lies on a step.

use impasto::picture::{BitDepth, Picture, WriteOptions};

use super::{decode, encode};

/// Grey that rises by `steps` steps of 8 bits from left to right.
fn slope(width: usize, height: usize, steps: f32) -> Picture {
    let row = (0..width).map(|x| (100.0 + steps * x as f32 / width as f32) / 255.0);
    Picture::new(width, height, row.collect::<Vec<f32>>().repeat(3 * height))
}

/// Steps of 8 bits of the red of what comes back.
fn steps_of(file: &[u8]) -> Vec<f32> {
    let picture = decode(file).unwrap().picture;
    let pixels = picture.width() * picture.height();
    picture.data()[..pixels].iter().map(|value| value * 255.0).collect()
}

#[test]
fn smooth_slopes_have_no_bands() {
    let (width, height) = (512, 64);
    for extension in ["png", "webp", "tif"] {
        let steps = steps_of(&encode(&slope(width, height, 4.0), None, extension));
        // The means of columns rise by a 128th of a step each; rounded alone they would jump by a whole one.
        for left in (0..width - 16).step_by(16) {
            let block = (0..height).flat_map(|y| &steps[y * width + left..][..16]).sum::<f32>();
            let (mean, expected) = (block / (16 * height) as f32, 100.0 + (left as f32 + 7.5) / 128.0);
            assert!((mean - expected).abs() < 0.02, "{extension}: {mean} at {left}, expected {expected}");
        }
        assert!(steps.iter().all(|step| (99.9..104.1).contains(step)), "{extension}");
    }
}

#[test]
fn grey_stays_grey_and_what_lies_on_a_step_stays() {
    let back = decode(&encode(&slope(64, 64, 3.3), None, "png")).unwrap().picture;
    let (red, rest) = back.data().split_at(64 * 64);
    assert!(rest.chunks(64 * 64).all(|plane| plane == red));
    for step in [0u8, 1, 77, 254, 255] {
        let flat = Picture::new(33, 17, vec![f32::from(step) / 255.0; 3 * 33 * 17]);
        assert_eq!(decode(&encode(&flat, None, "png")).unwrap().picture, flat, "{step}");
    }
}

#[test]
fn sixteen_bits_are_rounded() {
    let picture = slope(64, 3, 0.01);
    let options = WriteOptions { depth: BitDepth::Sixteen, ..WriteOptions::default() };
    let back = decode(&picture.encode("a.png", None, &options).unwrap()).unwrap().picture;
    for (back, value) in back.data().iter().zip(picture.data()) {
        assert!((back - value).abs() <= 0.501 / 65535.0, "{back} of {value}");
    }
}
