//! Regions from soft masks.
//!
//! The brightness of a mask, its luma, says how much of each pixel belongs to its region: white all, black
//! nothing. A part of the picture that no mask covers belongs to no region. Masks of the picture and of the
//! style are partners by their order.

use super::geometry::resized_plane;
use super::{MapOf, RegionError, RegionName, Regions};
use crate::Picture;
use crate::picture::luma;

impl Regions {
    /// One region for each mask, at the size of the first; the others are resized to it.
    ///
    /// Where masks overlap to a sum above 1 each keeps its share of 1.
    ///
    /// # Errors
    /// [`RegionError::NoMasks`].
    pub fn from_masks(masks: &[Picture]) -> Result<Self, RegionError> {
        let first = masks.first().ok_or(RegionError::NoMasks)?;
        let (width, height) = (first.width(), first.height());
        let plane =
            |mask: &Picture| resized_plane(&luma(mask), (mask.width(), mask.height()), (width, height));
        let mut planes: Vec<f32> = masks.iter().flat_map(plane).collect();
        let mut sums = vec![0.0f32; width * height];
        for plane in planes.chunks_exact(width * height) {
            sums.iter_mut().zip(plane).for_each(|(sum, value)| *sum += value);
        }
        for plane in planes.chunks_exact_mut(width * height) {
            plane.iter_mut().zip(&sums).for_each(|(value, sum)| *value /= sum.max(1.0));
        }
        Ok(Regions::new(width, height, (1..=masks.len()).map(RegionName::Mask), planes))
    }

    /// Two regions: what is white in the mask, and what is black. Greys belong to both in proportion.
    pub fn from_gray_mask(mask: &Picture) -> Self {
        let white = luma(mask);
        let black: Vec<f32> = white.iter().map(|value| 1.0 - value).collect();
        let names = [RegionName::Color([255; 3]), RegionName::Color([0; 3])];
        Regions::new(mask.width(), mask.height(), names, [white, black].concat())
    }

    /// The parts of the regions that lie in a part of the picture: all masks times `share`, `[height, width]`, 0..1.
    pub(crate) fn within(&self, share: &[f32]) -> Self {
        let masks = self.masks.chunks_exact(share.len());
        let masks =
            masks.flat_map(|mask| mask.iter().zip(share).map(|(value, share)| value * share)).collect();
        Regions::new(self.width, self.height, self.regions.iter().map(|region| region.name), masks)
    }

    /// `Ok` if every region of the picture has a texture to take: each style has as many regions, and each
    /// region that covers a pixel of the picture covers one of some style. Colour maps that were read
    /// together are so; masks have to be checked.
    ///
    /// # Errors
    /// [`RegionError::MaskCount`] and [`RegionError::NoTexture`].
    pub fn check_partners(&self, styles: &[Regions]) -> Result<(), RegionError> {
        if let Some(index) = styles.iter().position(|style| style.count() != self.count()) {
            let map = MapOf::Style { index, count: styles.len() };
            return Err(RegionError::MaskCount { map, masks: styles[index].count(), expected: self.count() });
        }
        let lacking = self.regions.iter().enumerate().find(|(index, region)| {
            region.pixels > 0 && styles.iter().all(|style| style.regions[*index].pixels == 0)
        });
        match lacking {
            Some((_, region)) => Err(RegionError::NoTexture { name: region.name, pixels: region.pixels }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(width: usize, values: &[f32]) -> Picture {
        Picture::new(width, values.len() / width, values.repeat(3))
    }

    fn assert_near(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (value, expected) in found.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{found:?}");
        }
    }

    #[test]
    fn overlapping_masks_share_a_pixel_and_uncovered_pixels_belong_to_none() {
        let regions =
            Regions::from_masks(&[gray(4, &[1.0, 1.0, 0.25, 0.0]), gray(4, &[0.0, 1.0, 0.5, 0.0])]).unwrap();
        assert_near(regions.mask(0), &[1.0, 0.5, 0.25, 0.0]);
        assert_near(regions.mask(1), &[0.0, 0.5, 0.5, 0.0]);
        assert_eq!(regions.regions()[1].name.to_string(), "mask 2");
    }

    #[test]
    fn a_gray_mask_has_two_sides() {
        let regions = Regions::from_gray_mask(&gray(3, &[1.0, 0.25, 0.0]));
        assert_near(regions.mask(0), &[1.0, 0.25, 0.0]);
        assert_near(regions.mask(1), &[0.0, 0.75, 1.0]);
        assert_eq!(regions.regions()[0].name.to_string(), "#ffffff");
    }

    #[test]
    fn values_outside_of_the_range_do_no_harm() {
        let regions = Regions::from_gray_mask(&gray(4, &[f32::NAN, -3.0, 7.0, f32::INFINITY]));
        assert_eq!(regions.mask(0), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(regions.mask(1), [1.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn masks_of_another_size_are_resized_to_the_first() {
        let masks = [gray(2, &[0.0, 1.0]), gray(4, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])];
        let regions = Regions::from_masks(&masks).unwrap();
        assert_near(regions.mask(1), &[0.5, 0.0]);
    }

    #[test]
    fn masks_without_partners_are_refused() {
        let picture = Regions::from_masks(&[gray(1, &[1.0]), gray(1, &[1.0])]).unwrap();
        let other = Regions::from_masks(&[gray(1, &[1.0]), gray(1, &[0.0])]).unwrap();
        let one = Regions::whole(1, 1);
        assert_eq!(Regions::from_masks(&[]).unwrap_err(), RegionError::NoMasks);
        assert_eq!(other.check_partners(std::slice::from_ref(&other)), Ok(()));
        let error = picture.check_partners(&[other.clone(), one]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the number of regions in the map of style 2 is 1, but in that of the picture 2"
        );
        let error = Regions::from_masks(&[gray(1, &[0.0]), gray(1, &[1.0])]).unwrap();
        let error = error.check_partners(&[other]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the region mask 2 covers 1 pixel of the picture, but nothing of a style"
        );
    }
}
