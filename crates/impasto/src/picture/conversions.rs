//! From and to the pictures of the crate [`image`].
//!
//! ```
//! use impasto::Picture;
//!
//! let red = image::RgbImage::from_pixel(4, 3, image::Rgb([255, 0, 0]));
//! let picture = Picture::from(red.clone());
//! assert_eq!((picture.width(), picture.height(), picture.data()[0]), (4, 3, 1.0));
//! assert_eq!(image::RgbImage::from(&picture), red);
//! ```

use image::{DynamicImage, RgbImage, RgbaImage};

use super::formats::{Model, Planes, Stored};
use super::{Alpha, Picture, hidden_colors};

/// The colours of a picture of any depth, taken as sRGB and clamped to 0..1. Grey is repeated. Where it is wholly
/// transparent, the colours continue those around; [`Alpha::of_image`] has the transparency.
///
/// # Panics
/// If a side is zero.
impl From<DynamicImage> for Picture {
    fn from(image: DynamicImage) -> Self {
        let stored = Stored::of_image(image);
        let Planes { width, height, mut colors, alpha } = stored.planes();
        if stored.model == Model::Grey {
            colors = colors.repeat(3);
        }
        for value in &mut colors {
            *value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        }
        if let Some(alpha) = alpha {
            hidden_colors::fill(width, height, &mut colors, &alpha);
        }
        Picture::new(width, height, colors)
    }
}

/// # Panics
/// If a side is zero.
impl From<RgbImage> for Picture {
    fn from(image: RgbImage) -> Self {
        DynamicImage::from(image).into()
    }
}

/// As from a [`DynamicImage`].
///
/// # Panics
/// If a side is zero.
impl From<RgbaImage> for Picture {
    fn from(image: RgbaImage) -> Self {
        DynamicImage::from(image).into()
    }
}

impl Alpha {
    /// The transparency of a picture; `None` if it is opaque everywhere.
    ///
    /// # Panics
    /// If a side is zero.
    pub fn of_image(image: &DynamicImage) -> Option<Self> {
        let Planes { width, height, alpha, .. } = Stored::of_image(image.clone()).planes();
        let alpha = alpha.filter(|alpha| alpha.iter().any(|&alpha| alpha < 1.0))?;
        Some(Alpha::new(width, height, alpha))
    }
}

/// Eight bits a channel: values are clamped to 0..1 and rounded to the nearest.
///
/// # Panics
/// If a side is longer than 2³² - 1.
impl From<&Picture> for RgbImage {
    fn from(picture: &Picture) -> Self {
        let side = |length: usize| u32::try_from(length).expect("sides of at most 2³² - 1 pixels");
        let (width, height) = (side(picture.width()), side(picture.height()));
        let (red, rest) = picture.data().split_at(picture.width() * picture.height());
        let (green, blue) = rest.split_at(red.len());
        let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        let pixels = red.iter().zip(green).zip(blue);
        let bytes = pixels.flat_map(|((&red, &green), &blue)| [red, green, blue].map(byte)).collect();
        RgbImage::from_raw(width, height, bytes).expect("three values for each pixel")
    }
}

/// As an [`RgbImage`].
///
/// # Panics
/// If a side is longer than 2³² - 1.
impl From<&Picture> for DynamicImage {
    fn from(picture: &Picture) -> Self {
        RgbImage::from(picture).into()
    }
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, Luma, Rgb, Rgb32FImage, Rgba};

    use super::*;

    #[test]
    fn eight_bits_come_back_as_they_were() {
        let image = RgbImage::from_fn(16, 16, |x, y| Rgb([(16 * y + x) as u8, x as u8, 255 - y as u8]));
        assert_eq!(RgbImage::from(&Picture::from(image.clone())), image);
    }

    #[test]
    fn every_depth_gives_the_same_colors() {
        let gray = DynamicImage::from(GrayImage::from_pixel(2, 1, Luma([51])));
        let sixteen: ImageBuffer<Rgb<u16>, _> = ImageBuffer::from_pixel(2, 1, Rgb([13107; 3]));
        let float = Rgb32FImage::from_pixel(2, 1, Rgb([0.2; 3]));
        for image in [gray, sixteen.into(), float.into()] {
            let picture = Picture::from(image);
            assert!(picture.data().iter().all(|value| (value - 0.2).abs() < 1e-6), "{picture:?}");
        }
    }

    #[test]
    fn values_beyond_the_range_and_nan_are_held() {
        let float = Rgb32FImage::from_fn(3, 1, |x, _| Rgb([[-1.0, 2.0, f32::NAN][x as usize]; 3]));
        assert_eq!(Picture::from(DynamicImage::from(float)).data(), [0.0, 1.0, 0.0].repeat(3));
        let picture = Picture::new(1, 1, vec![-3.0, 0.5, 7.0]);
        assert_eq!(RgbImage::from(&picture).into_raw(), [0, 128, 255]);
    }

    #[test]
    fn what_is_hidden_is_filled_and_told() {
        let image =
            RgbaImage::from_fn(4, 1, |x, _| if x < 3 { Rgba([200, 100, 0, 255]) } else { Rgba([0; 4]) });
        let alpha = Alpha::of_image(&image.clone().into()).unwrap();
        assert_eq!(alpha.data(), [1.0, 1.0, 1.0, 0.0]);
        let picture = Picture::from(image);
        assert!((picture.data()[3] - 200.0 / 255.0).abs() < 1e-3, "{picture:?}");
        assert_eq!(Alpha::of_image(&RgbImage::new(2, 2).into()), None);
    }
}
