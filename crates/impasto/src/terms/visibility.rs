//! Which patches and columns of style pictures may be taken, where these are transparent in places.
//!
//! A place in a map sees pixels, and is as visible as the least of them. Those are taken that are at least half as
//! visible as the most visible of all: none that touches a hidden pixel. Where every place touches one, as in
//! small pictures of fine leaves, those are taken that have the most of what is visible on the average.

use impasto_network::{Architecture, Layer};

use crate::regions::{Propagation, Regions};

/// Part of the greatest visibility from which on places are taken.
const TAKEN: f32 = 0.5;

/// The same of the greatest mean, where all places touch hidden pixels.
const TAKEN_OF_MEAN: f32 = 0.9;

/// How much can be seen of the pixels that a place in a map sees, 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Visibility {
    /// The least opacity of all pixels.
    pub least: f32,
    /// The mean opacity.
    pub mean: f32,
}

impl Visibility {
    /// Of a place that sees no hidden pixel.
    pub const FULL: Visibility = Visibility { least: 1.0, mean: 1.0 };

    /// Of a place that must not be taken.
    pub const NONE: Visibility = Visibility { least: f32::NEG_INFINITY, mean: f32::NEG_INFINITY };

    /// Of several places together.
    pub fn of_all(places: impl IntoIterator<Item = Visibility>) -> Self {
        let (mut least, mut sum, mut count) = (f32::INFINITY, 0.0, 0.0);
        for place in places {
            (least, sum, count) = (least.min(place.least), sum + place.mean, count + 1.0);
        }
        Visibility { least, mean: sum / count }
    }

    /// Of each position of a layer of a picture with these regions; `None` if it is opaque everywhere.
    pub fn at_layer(regions: &Regions, architecture: &Architecture, layer: Layer) -> Option<Vec<Self>> {
        let least = regions.least_opacity_at_layer(architecture, layer)?;
        let mean = regions.opacity_at_layer(architecture, layer, Propagation::Pooling)?;
        Some(least.into_iter().zip(mean).map(|(least, mean)| Visibility { least, mean }).collect())
    }
}

/// The most visible places that were found so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct MostVisible(Visibility);

impl Default for MostVisible {
    fn default() -> Self {
        MostVisible(Visibility::NONE)
    }
}

impl MostVisible {
    /// Of these places.
    pub fn of<'a>(places: impl IntoIterator<Item = &'a Visibility>) -> Self {
        let mut most = MostVisible::default();
        places.into_iter().for_each(|&place| most.add(place));
        most
    }

    /// Takes in one more place.
    pub fn add(&mut self, place: Visibility) {
        let Visibility { least, mean } = &mut self.0;
        (*least, *mean) = (least.max(place.least), mean.max(place.mean));
    }

    /// Whether any of some places may be taken, of which these are the most visible.
    pub fn takes_any(self, most: MostVisible) -> bool {
        self.takes(most.0)
    }

    /// Whether a place, one of those that were taken in, may be taken. There is at least one.
    pub fn takes(self, place: Visibility) -> bool {
        let Visibility { least, mean } = self.0;
        if least > 0.0 { place.least >= TAKEN * least } else { place.mean >= TAKEN_OF_MEAN * mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of some places are taken.
    fn taken(places: &[(f32, f32)]) -> Vec<bool> {
        let places: Vec<_> = places.iter().map(|&(least, mean)| Visibility { least, mean }).collect();
        let most = MostVisible::of(&places);
        places.iter().map(|&place| most.takes(place)).collect()
    }

    #[test]
    fn a_place_that_touches_hidden_pixels_is_not_taken() {
        assert_eq!(taken(&[(1.0, 1.0), (0.0, 0.99), (0.6, 0.8), (0.4, 0.9)]), [true, false, true, false]);
    }

    #[test]
    fn half_transparent_pictures_are_taken_like_opaque_ones() {
        assert_eq!(taken(&[(0.3, 0.3), (0.3, 0.3), (0.0, 0.1)]), [true, true, false]);
    }

    #[test]
    fn where_all_places_touch_hidden_pixels_the_most_visible_are_taken() {
        assert_eq!(taken(&[(0.0, 0.2), (0.0, 0.5), (0.0, 0.48)]), [false, true, true]);
        assert_eq!(taken(&[(0.0, 0.0), (0.0, 0.0)]), [true, true]);
    }

    #[test]
    fn places_off_the_stride_are_never_taken() {
        let places = [Visibility::NONE, Visibility { least: 0.0, mean: 0.0 }];
        let most = MostVisible::of(&places);
        assert_eq!(places.map(|place| most.takes(place)), [false, true]);
    }

    #[test]
    fn several_places_are_as_visible_as_the_least() {
        let places = [Visibility { least: 0.5, mean: 0.5 }, Visibility::FULL];
        assert_eq!(Visibility::of_all(places), Visibility { least: 0.5, mean: 0.75 });
    }
}
