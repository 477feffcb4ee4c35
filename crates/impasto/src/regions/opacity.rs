//! Regions of a picture that is transparent in places: hidden pixels are in no region.
//!
//! With the mask m of a region and the opacity a of the picture, what is visible of the region is the mask `a m`.
//! All of these masks become smaller together, and at a layer the part that the region has of what is visible
//! there is
//!
//! ```text
//! r = (average of a m) / (average of a)
//! ```

use impasto_network::{Architecture, Layer};

use super::geometry::resized_plane;
use super::propagation::least;
use super::{Propagation, RegionName, Regions};
use crate::picture::Alpha;

impl Regions {
    /// The visible part of each region, in a picture with this transparency, which is brought to the size of the
    /// regions.
    pub fn seen_through(self, alpha: &Alpha) -> Self {
        let (from, to) = ((alpha.width(), alpha.height()), (self.width, self.height));
        let alpha = resized_plane(alpha.data(), from, to);
        let visible = |mask: &[f32]| -> Vec<f32> { mask.iter().zip(&alpha).map(|(m, a)| m * a).collect() };
        let masks: Vec<f32> = self.masks.chunks_exact(alpha.len()).flat_map(visible).collect();
        let regions = Regions::new(self.width, self.height, self.regions.iter().map(|it| it.name), masks);
        regions.with_opacity(Some(alpha))
    }

    /// How opaque the picture is, `[height, width]`, 0..1; `None` if it is opaque everywhere.
    pub fn opacity(&self) -> Option<&[f32]> {
        self.opacity.as_deref()
    }

    /// The mean opacity of each position of a layer, `[h, w]`, of the masks of [`at_layer`](Regions::at_layer).
    pub(crate) fn opacity_at_layer(
        &self,
        architecture: &Architecture,
        layer: Layer,
        propagation: Propagation,
    ) -> Option<Vec<f32>> {
        let opacity = self.opacity.clone()?;
        let only = Regions::new(self.width, self.height, [RegionName::Whole], opacity);
        Some(only.at_layer(architecture, layer, propagation))
    }

    /// The least opacity of the pixels under each position of a layer, `[h, w]`: squares of the layer's stride.
    pub(crate) fn least_opacity_at_layer(
        &self,
        architecture: &Architecture,
        layer: Layer,
    ) -> Option<Vec<f32>> {
        Some(least(self.opacity()?, self.width, architecture, layer))
    }

    /// Whether they are the picture as a whole, which guides nothing.
    pub(crate) fn are_whole(&self) -> bool {
        matches!(self.regions[..], [super::Region { name: RegionName::Whole, .. }])
    }

    /// The same masks, of a picture with this opacity `[height, width]`, which they are already multiplied by.
    pub(super) fn with_opacity(self, opacity: Option<Vec<f32>>) -> Self {
        Regions { opacity, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_pixels_are_in_no_region() {
        let alpha = Alpha::new(2, 2, vec![1.0, 0.0, 0.5, 1.0]);
        let whole = Regions::whole(2, 2).seen_through(&alpha);
        assert_eq!(whole.mask(0), alpha.data());
        assert_eq!(whole.opacity(), Some(alpha.data()));
        assert!(whole.are_whole() && whole.regions()[0].pixels == 3);
    }

    #[test]
    fn opacity_changes_with_the_masks() {
        let alpha = Alpha::new(4, 1, vec![1.0, 0.5, 0.0, 0.0]);
        let regions = Regions::whole(4, 1).seen_through(&alpha);
        assert_eq!(regions.resized(2, 1).opacity(), Some(&[0.75, 0.0][..]));
        let reversed = regions.transformed(4, 1, |mask| mask.iter().rev().copied().collect());
        assert_eq!(reversed.opacity(), Some(&[0.0, 0.0, 0.5, 1.0][..]));
    }
}
