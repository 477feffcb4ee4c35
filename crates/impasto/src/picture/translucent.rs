//! A picture that is transparent in places, of which only visible pixels count.
//!
//! At other sizes each pixel is the mean of the visible ones under it, weighted by their opacity:
//!
//! ```text
//! color' = resized(α · color) / resized(α)
//! ```
//!
//! with a filter that has no negative lobes, so that the quotient lies between the colours that it is made of.

use super::{Alpha, Filter, Picture, hidden_colors};

/// Opacities below this are none: the eye sees nothing there, and of files that hold colours multiplied by alpha
/// only a few levels are left.
const HIDDEN: f32 = 0.02;

/// Means of opacities from this on are 1 but for rounding.
const OPAQUE: f32 = 1.0 - 1e-4;

/// A picture and its transparency. Hidden pixels have colours that continue the visible ones around them, whatever
/// they had.
#[derive(Clone, Debug)]
pub(crate) struct Translucent {
    picture: Picture,
    alpha: Alpha,
}

impl Translucent {
    /// A picture with this transparency, which is brought to its size. What is not a number counts as hidden.
    pub fn new(mut picture: Picture, alpha: &Alpha) -> Self {
        let (width, height) = (picture.width(), picture.height());
        let mut alpha = alpha.resized(width, height, Filter::Bilinear);
        alpha
            .data_mut()
            .iter_mut()
            .for_each(|value| *value = if *value >= HIDDEN { value.min(1.0) } else { 0.0 });
        for plane in picture.data_mut().chunks_exact_mut(alpha.data().len()) {
            let hidden = plane.iter_mut().zip(alpha.data()).filter(|(_, alpha)| **alpha == 0.0);
            hidden.for_each(|(color, _)| *color = 0.0);
        }
        hidden_colors::fill(width, height, picture.data_mut(), alpha.data());
        Translucent { picture, alpha }
    }

    /// Whether any pixel is visible.
    pub fn is_visible(&self) -> bool {
        self.alpha.data().iter().any(|&alpha| alpha > 0.0)
    }

    /// The picture. Its hidden pixels continue the visible ones.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// The opacities, of its size.
    pub fn alpha(&self) -> &Alpha {
        &self.alpha
    }

    /// The colours at `width × height`, of which hidden ones are no part. `whole` is the picture resized as if it
    /// had no transparency: so it is where nothing hidden is near, and where nothing is visible.
    pub fn resized(&self, width: usize, height: usize, whole: Picture) -> Picture {
        if (width, height) == (self.picture.width(), self.picture.height()) {
            return whole;
        }
        let mut weighted = self.picture.clone();
        for plane in weighted.data_mut().chunks_exact_mut(self.alpha.data().len()) {
            plane.iter_mut().zip(self.alpha.data()).for_each(|(color, alpha)| *color *= alpha);
        }
        let weighted = weighted.resized(width, height, Filter::Bilinear);
        let alpha = self.alpha.resized(width, height, Filter::Bilinear);
        let mut resized = whole;
        let planes = resized.data_mut().chunks_exact_mut(width * height);
        for (plane, weighted) in planes.zip(weighted.data().chunks_exact(width * height)) {
            for ((color, weighted), &alpha) in plane.iter_mut().zip(weighted).zip(alpha.data()) {
                if (HIDDEN..OPAQUE).contains(&alpha) {
                    *color = (weighted / alpha).clamp(0.0, 1.0);
                }
            }
        }
        resized
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red on the left, where it is visible, and `hidden` on the right.
    fn half(hidden: f32) -> Translucent {
        let at = |index: usize| if index % 16 < 8 { [0.8, 0.1, 0.1][index / 128] } else { hidden };
        let alpha = (0..128).map(|index| f32::from(index % 16 < 8)).collect();
        Translucent::new(Picture::new(16, 8, (0..384).map(at).collect()), &Alpha::new(16, 8, alpha))
    }

    #[test]
    fn hidden_colors_do_not_count_at_any_size() {
        for (width, height) in [(16, 8), (5, 3), (31, 17)] {
            let resized = |hidden| {
                let picture = half(hidden);
                let whole = picture.picture().resized(width, height, Filter::Lanczos3);
                picture.resized(width, height, whole)
            };
            assert_eq!(resized(0.0), resized(1.0));
            let red = &resized(0.5).data()[..width * height].to_vec();
            assert!(red.iter().all(|value| (value - 0.8).abs() < 1e-3), "{width}x{height}: {red:?}");
        }
    }

    #[test]
    fn faint_colors_count_little() {
        // Green that is hardly visible beside red that is.
        let colors = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        let picture =
            Translucent::new(Picture::new(2, 1, colors.to_vec()), &Alpha::new(2, 1, vec![1.0, 0.1]));
        let whole = picture.picture().resized(1, 1, Filter::Bilinear);
        let green = picture.resized(1, 1, whole).data()[1];
        assert!((green - 0.1 / 1.1).abs() < 1e-3, "{green}");
    }

    #[test]
    fn what_nobody_sees_is_hidden() {
        let alpha = Alpha::new(2, 1, vec![0.01, f32::NAN]);
        assert!(!Translucent::new(Picture::new(2, 1, vec![0.3; 6]), &alpha).is_visible());
        assert!(half(0.0).is_visible());
    }
}
