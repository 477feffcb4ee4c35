//! The colours of maps, found without being told how many.
//!
//! A map of at most [`MAX_COLORS`] colours is taken at its word: they are its colours, each by itself. Only a
//! rare colour that fills no 3×3 anywhere and mixes two others is the anti-aliasing between these.
//!
//! Otherwise the colours are those that fill areas. Beginning with the commonest [`Shade`], each shade joins
//! the nearest colour if this is the same within [`SAME_COLOR`], or becomes a colour; colours of less than a
//! thousandth of the map are dropped. A colour that is certain in one map may be rarer in another.

use super::clusters::SMALLEST_SHARE;
use super::color::Lab;
use super::palette::{ColorMap, MAX_COLORS, SAME_COLOR, Shade};
use super::{MapOf, RegionError};

/// A colour that a map may have.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Candidate {
    color: [u8; 3],
    /// Whether it is a colour by the map alone. Otherwise it is one if it is certain in another map.
    is_certain: bool,
}

/// The colours of each map, the commonest first.
///
/// # Errors
/// [`RegionError::TooManyColors`].
pub(super) fn dominant_colors(maps: &[ColorMap], owners: &[MapOf]) -> Result<Vec<Vec<[u8; 3]>>, RegionError> {
    let mut candidates = Vec::with_capacity(maps.len());
    for (map, &owner) in maps.iter().zip(owners) {
        let histogram = map.histogram();
        candidates.push(if histogram.len() <= MAX_COLORS {
            plain_colors(map, histogram)
        } else {
            let colors = histogram.len();
            area_colors(map).ok_or(RegionError::TooManyColors { map: owner, colors })?
        });
    }
    let certain = |candidates: &[Candidate]| -> Vec<Lab> {
        let certain = candidates.iter().filter(|candidate| candidate.is_certain);
        certain.map(|candidate| candidate.color.into()).collect()
    };
    let everywhere = certain(&candidates.concat());
    let is_among = |candidate: &Candidate, colors: &[Lab]| {
        let nearest = Lab::from(candidate.color).nearest(colors);
        nearest.is_some_and(|(_, squared)| squared <= SAME_COLOR * SAME_COLOR)
    };
    let kept = |candidates: Vec<Candidate>| {
        let own = certain(&candidates);
        let kept = candidates.iter().filter(|candidate| {
            candidate.is_certain || (is_among(candidate, &everywhere) && !is_among(candidate, &own))
        });
        kept.take(MAX_COLORS).map(|candidate| candidate.color).collect()
    };
    Ok(candidates.into_iter().map(kept).collect())
}

/// The colours of a map that has few.
fn plain_colors(map: &ColorMap, mut histogram: Vec<([u8; 3], usize)>) -> Vec<Candidate> {
    /// Most of a map that the anti-aliasing of one tone takes.
    const RARE: f64 = 0.02;
    histogram.sort_by_key(|&(color, pixels)| (std::cmp::Reverse(pixels), color));
    let flat = map.flat(0);
    let fills_an_area =
        |color: [u8; 3]| map.pixels.iter().zip(&flat).any(|(pixel, &flat)| flat && *pixel == color);
    let is_solid = |&(color, pixels): &([u8; 3], usize)| {
        pixels as f64 >= RARE * map.pixels.len() as f64 || fills_an_area(color)
    };
    let solid: Vec<[u8; 3]> = histogram.iter().filter(|entry| is_solid(entry)).map(|entry| entry.0).collect();
    let candidate = |entry: &([u8; 3], usize)| Candidate {
        color: entry.0,
        is_certain: solid.contains(&entry.0) || !is_blend(entry.0, &solid),
    };
    histogram.iter().map(candidate).collect()
}

/// Whether a colour lies between two others, in the encoded values that graphics programs mix.
fn is_blend(color: [u8; 3], others: &[[u8; 3]]) -> bool {
    /// Rounding, and a little of gamma.
    const FARTHEST: f32 = 6.0;
    let color = color.map(f32::from);
    others.iter().enumerate().any(|(index, first)| {
        others[..index].iter().any(|second| {
            let mix = super::unmixing::Mix::of(color, first.map(f32::from), second.map(f32::from));
            mix.squared_distance <= FARTHEST * FARTHEST && (0.02..=0.98).contains(&mix.share)
        })
    })
}

/// The colours that fill areas of a map that has many; `None` if they are too many, or together less than
/// half of the areas.
fn area_colors(map: &ColorMap) -> Option<Vec<Candidate>> {
    /// Fewest pixels inside the areas of a colour that is certain in another map.
    const FEWEST: usize = 9;
    let shades = map.shades();
    let total: usize = shades.iter().map(|shade| shade.pixels).sum();
    let mut colors: Vec<Shade> = Vec::new();
    let mut labs: Vec<Lab> = Vec::new();
    for shade in shades {
        match shade.lab.nearest(&labs) {
            Some((index, squared)) if squared <= SAME_COLOR * SAME_COLOR => {
                colors[index].pixels += shade.pixels
            }
            _ => {
                colors.push(shade);
                labs.push(shade.lab);
            }
        }
    }
    colors.sort_by_key(|shade| (std::cmp::Reverse(shade.pixels), shade.color));
    let is_certain = |shade: &Shade| shade.pixels as f64 >= SMALLEST_SHARE * map.pixels.len() as f64;
    let certain = colors.iter().filter(|shade| is_certain(shade));
    let covered: usize = certain.clone().map(|shade| shade.pixels).sum();
    if certain.count() > MAX_COLORS || 2 * covered < total {
        return None;
    }
    let kept = colors.iter().filter(|shade| is_certain(shade) || shade.pixels >= FEWEST);
    Some(kept.map(|shade| Candidate { color: shade.color, is_certain: is_certain(shade) }).collect())
}
