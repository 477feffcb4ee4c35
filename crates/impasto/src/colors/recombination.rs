//! The lightness of a painting with the colours of a photograph.
//!
//! A painting moves edges a little. The photograph's chroma, put over it as it is, would stick out beside them
//! as coloured rims. So a [`GuidedFilter`] brings the chroma to the edges of the painting's lightness first.
//! Where the painting is of a lightness at which a colour does not exist, chroma is reduced
//! ([`oklab::to_rgb`]).

use rayon::prelude::*;

use super::guided_filter::GuidedFilter;
use super::oklab;
use crate::Picture;

/// Radius of the guided filter as a part of the longest side of the picture: how far strokes carry an edge.
const RADIUS: f64 = 1.0 / 64.0;

/// Variance of lightness, 0..1, from which the filter keeps an edge: a deviation of 0.1, which is more than
/// the canvas and less than an outline.
const EDGE_VARIANCE: f64 = 0.01;

/// The lightness of `painted`, and colours of which `strength`, 0..1, is the chroma of `photograph` and the rest
/// that of `painted`. Both are of the same size. Where `share`, `[H, W]`, is below 1, less of the chroma is
/// brought to the painting's edges: none where it is 0.
///
/// # Panics
/// If the sizes differ.
pub(super) fn recombined(
    painted: &Picture,
    photograph: &Picture,
    strength: f64,
    share: Option<&[f32]>,
) -> Picture {
    let (width, height) = (painted.width(), painted.height());
    assert_eq!((width, height), (photograph.width(), photograph.height()), "colours of a picture as large");
    let (painting, colors) = (oklab::planes(painted), oklab::planes(photograph));
    let (lightness, own) = painting.split_at(width * height);
    let radius = (RADIUS * width.max(height) as f64).round().max(1.0) as usize;
    let filter = GuidedFilter::new(lightness, width, radius, EDGE_VARIANCE);
    let chroma: Vec<Vec<f32>> =
        colors.chunks_exact(width * height).skip(1).map(|plane| filter.apply(plane)).collect();
    let color = |index: usize| {
        let share = share.map_or(1.0, |share| f64::from(share[index]));
        let [a, b] = std::array::from_fn(|axis| {
            let photographed = f64::from(colors[(axis + 1) * width * height + index]);
            let fitted = photographed + share * (f64::from(chroma[axis][index]) - photographed);
            let own = f64::from(own[axis * width * height + index]);
            own + strength * (fitted - own)
        });
        oklab::to_rgb([f64::from(lightness[index]), a, b])
    };
    Picture::new(width, height, oklab::planar((0..width * height).into_par_iter().map(color)))
}
