//! Patches: a Markov random field. Every k×k patch of the picture's feature maps is drawn to the most similar
//! patch of the style's (Li and Wand 2016, section 3; Champandard 2016, section 3).
//!
//! With m(p) the style patch of the highest score for patch p of the map F, G the style's map, and M at each
//! position the mean of the matched columns `G_{m(p)+o}` that cover it:
//!
//! ```text
//! mean of squares          loss = mean over p, offsets o and channels of (F_{p+o} − G_{m(p)+o})²
//! of averages              loss = k · Σ (F − M)²
//! ```
//!
//! Matches are constants in the gradient. [`PatchScore`] says what a score is, and [`PatchLoss`] which loss. The
//! patches of all styles and of all their copies compete on equal terms: weights of styles do not matter
//! here, but for 0, which leaves a style out.
//!
//! With [`Regions`](crate::regions::Regions), patches prefer those of their own region: by guide channels that
//! are compared beside the features where scores are of positions (`guides.rs`), and strictly, by a search for
//! each region, where they are of whole patches. `distance.rs` is the loss at work.

mod distance;
mod guides;
mod memory;

use distance::PatchDistance;
use impasto_network::{Architecture, Engine, Layer, MapShape, PatchNormalization, PatchOptions, Size};
use serde::{Deserialize, Serialize};

use super::{Definition, Loss, Pictures, Reads, Scene, WeightedLayers, Work};
use crate::SettingsError;
use crate::error::{require, require_weight};
use crate::style_copy::StyleCopy;

/// Degrees from one turned copy to the next: π/24.
const ROTATION_STEP: f64 = 7.5;

/// Factor from one scaled copy to the next.
const SCALE_STEP: f64 = 1.05;

/// What a multiply-add of the search costs over one of the network: its tiles stay in the cache.
const OF_PRODUCT: f64 = 0.7;

/// Settings of the patch term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patches {
    /// Factor of the term, at least 0; 0 leaves it out. More brings more of the style. Default: 1.
    pub weight: f64,
    /// Where the network is read. Default: relu3_1 and relu4_1, which share the weight, as in both papers.
    #[serde(flatten)]
    pub layers: WeightedLayers,
    /// Side k of a patch in positions of its layer: 1, 3, 5 or 7. Larger patches keep larger pieces of the style
    /// together, and fit fewer places. Default: 3.
    pub size: usize,
    /// What makes patches similar. Default: positions.
    pub score: PatchScore,
    /// Weight of the regions beside the features in scores of positions, 0 to 1 000 000. From about 10 on, a
    /// patch of the right region nearly always wins. At 0 regions have no effect on any score; whole patches
    /// obey them strictly at any other value. Default: 10, as Champandard.
    pub semantic_weight: f64,
    /// What represents the regions in scores of positions. Default: a channel for each.
    pub guide: GuideChannels,
    /// From the score of a style patch this part of the best score is subtracted that it got in the evaluation
    /// before, 0 to 100: patches that fit everywhere are used less. Takes twice the time. For scores of
    /// positions only. Default: 0.
    pub variety: f64,
    /// Style patches are taken at every such row and column, and at the last; 1 to 64. Default: 1.
    pub source_stride: usize,
    /// The same for patches of the picture, 1 to `size`, so that they cover it. Default: 1.
    pub query_stride: usize,
    /// Copies of the styles turned by so many steps of 7.5° to each side, 0 to 23: 2n + 1 with the original.
    /// Default: 0.
    pub rotations: usize,
    /// Copies, of each turn, smaller and larger by so many factors of 1.05, 0 to 10. Default: 0.
    pub scales: usize,
    /// Evaluations from one matching to the next, at least 1. More is faster, and follows the picture more
    /// slowly. Default: 1.
    pub match_every: usize,
    /// How distances are counted. Default: relative.
    pub loss: PatchLoss,
}

/// What makes two patches with columns `f_o` and `g_o` similar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PatchScore {
    /// The cosine of the whole patches, `Σ_o ⟨f_o, g_o⟩ / (‖f‖·‖g‖)`: CNNMRF (Li and Wand 2016). With regions,
    /// patches match within their own region only, as long as the style has a patch of it.
    Whole,
    /// The mean cosine of their columns, plus the semantic weight times that of the regions' channels:
    /// neural-doodle (Champandard 2016).
    Positions,
}

/// What represents regions where scores are of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GuideChannels {
    /// The three colours of the map, 0..255: neural-doodle. Only their direction counts: greys are one region,
    /// black is none, and similar colours are similar regions. Regions of masks, which have no colour, are as
    /// [`Regions`](GuideChannels::Regions).
    Colors,
    /// A channel for each region: all are equally different. Ours.
    Regions,
}

/// Which loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PatchLoss {
    /// The mean of squares over all patches and their elements: neural-doodle.
    Mean,
    /// `½ Σ (F − M)²`: what CNNMRF adds to the gradient, `F − M`, is the gradient of this. Grows with the
    /// picture.
    HalfSum,
    /// `Σ (F − M)² / Σ G²`, the latter as if the style had as many positions as the picture: 1 is the distance
    /// of an empty map, for every network, layer and size. Ours.
    Relative,
}

impl Default for Patches {
    fn default() -> Self {
        Patches {
            weight: 1.0,
            layers: WeightedLayers::sharing(&[Layer::relu(3, 1), Layer::relu(4, 1)]),
            size: 3,
            score: PatchScore::Positions,
            semantic_weight: 10.0,
            guide: GuideChannels::Regions,
            variety: 0.0,
            source_stride: 1,
            query_stride: 1,
            rotations: 0,
            scales: 0,
            match_every: 1,
            loss: PatchLoss::Relative,
        }
    }
}

impl Definition for Patches {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn weight_mut(&mut self) -> &mut f64 {
        &mut self.weight
    }

    fn weighted_layers(&self) -> Option<&WeightedLayers> {
        Some(&self.layers)
    }

    fn weighted_layers_mut(&mut self) -> Option<&mut WeightedLayers> {
        Some(&mut self.layers)
    }

    fn is_absolute(&self) -> bool {
        self.loss != PatchLoss::Relative
    }

    fn learns_style(&self) -> bool {
        true
    }

    fn style_copies(&self) -> Vec<StyleCopy> {
        let steps = |count: usize| -(count as i32)..=count as i32;
        let copy =
            |turn, step| StyleCopy { angle: ROTATION_STEP * f64::from(turn), scale: SCALE_STEP.powi(step) };
        steps(self.rotations).flat_map(|turn| steps(self.scales).map(move |step| copy(turn, step))).collect()
    }

    fn smallest_map(&self) -> usize {
        self.size
    }

    /// Each style map is kept twice, as it is and packed for the search, and one map of the size of the
    /// picture for each layer; matching takes three more, one layer at a time. Guide channels are not counted.
    fn reads(&self) -> Reads {
        Reads::WholeMaps
    }

    fn memory_needed(&self, architecture: &Architecture, picture: Size, styles: &[Size]) -> u64 {
        let bytes = |layer: Layer, size: Size| {
            architecture.map_shape(layer, size).map_or(0, |shape: MapShape| 4 * shape.elements() as u64)
        };
        let copies = self.style_copies();
        let of_styles = |layer| -> u64 {
            let sizes = styles.iter().flat_map(|&style| copies.iter().map(move |copy| copy.of_size(style)));
            sizes.map(|size| 2 * bytes(layer, size)).sum()
        };
        let layers = self.layers();
        let matching = layers.iter().map(|&layer| 3 * bytes(layer, picture)).max().unwrap_or(0);
        matching + layers.iter().map(|&layer| of_styles(layer) + bytes(layer, picture)).sum::<u64>()
    }

    fn work(&self, architecture: &Architecture, pictures: &Pictures<'_>) -> Work {
        let copies = self.style_copies();
        let positions = |layer, size| {
            architecture.map_shape(layer, size).map_or(0.0, |shape: MapShape| shape.positions() as f64)
        };
        // Products of single columns, of which the k² of a patch are added up.
        let matching = |layer: Layer| -> f64 {
            let depth = (architecture.channels(layer).unwrap_or(0) + 2 * self.size) as f64;
            let of_styles =
                pictures.styles.iter().flat_map(|&style| copies.iter().map(move |copy| copy.of_size(style)));
            let sources: f64 = of_styles.map(|size| positions(layer, size)).sum();
            positions(layer, pictures.size) * sources * depth
        };
        let matching: f64 = self.layers().into_iter().map(matching).sum();
        let times = if self.variety > 0.0 { 2.0 } else { 1.0 };
        Work { learning: 0.0, evaluation: OF_PRODUCT * times * matching / self.match_every as f64 }
    }

    fn validate(&self) -> Result<(), SettingsError> {
        require_weight("patch weight", self.weight)?;
        self.layers.validate("patch")?;
        require([1, 3, 5, 7].contains(&self.size), "patch size", self.size, "1, 3, 5 or 7")?;
        let within = |value: f64, largest: f64| (0.0..=largest).contains(&value);
        let semantic = self.semantic_weight;
        require(within(semantic, 1e6), "semantic weight", semantic, "0 to 1000000")?;
        require(within(self.variety, 100.0), "variety", self.variety, "0 to 100")?;
        let varies = self.score == PatchScore::Positions || self.variety == 0.0;
        require(varies, "variety", self.variety, "0 for whole patches: score positions instead")?;
        let (source, query) = (self.source_stride, self.query_stride);
        require((1..=64).contains(&source), "patch stride of the style", source, "1 to 64")?;
        require((1..=self.size).contains(&query), "patch stride", query, "1 to the size of a patch")?;
        require(self.rotations <= 23, "patch rotations", self.rotations, "0 to 23")?;
        require(self.scales <= 10, "patch scales", self.scales, "0 to 10")?;
        require(self.match_every > 0, "evaluations between matchings", self.match_every, "at least 1")
    }
}

impl Patches {
    pub(super) fn loss<E: Engine>(&self, scene: &Scene) -> impl Loss<E> + use<E> {
        PatchDistance::<E>::new(self, scene)
    }

    /// How the engine compares patches.
    fn options(&self, seamless: bool) -> PatchOptions {
        PatchOptions {
            size: self.size,
            normalization: match self.score {
                PatchScore::Whole => PatchNormalization::Whole,
                PatchScore::Positions => PatchNormalization::Positions,
            },
            guide_weight: self.semantic_weight as f32,
            source_stride: self.source_stride,
            query_stride: self.query_stride,
            circular: seamless,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_turned_and_scaled_to_both_sides() {
        assert_eq!(Patches::default().style_copies(), [StyleCopy::ORIGINAL]);
        let copies = Patches { rotations: 1, scales: 1, ..Patches::default() }.style_copies();
        assert_eq!(copies.len(), 9);
        assert!(copies.contains(&StyleCopy::ORIGINAL));
        assert!(copies.contains(&StyleCopy { angle: -7.5, scale: 1.05 }));
        assert_eq!(Patches { rotations: 3, ..Patches::default() }.style_copies()[6].angle, 22.5);
    }

    #[test]
    fn settings_outside_their_range_are_named() {
        let refused = |patches: Patches| patches.validate().unwrap_err().to_string();
        let even = refused(Patches { size: 4, ..Patches::default() });
        assert_eq!(even, "patch size is 4, but must be 1, 3, 5 or 7");
        let stride = refused(Patches { query_stride: 4, ..Patches::default() });
        assert_eq!(stride, "patch stride is 4, but must be 1 to the size of a patch");
        let whole = Patches { score: PatchScore::Whole, variety: 0.5, ..Patches::default() };
        assert!(refused(whole).starts_with("variety is 0.5, but must be 0 for whole patches"));
        assert!(refused(Patches { match_every: 0, ..Patches::default() }).contains("at least 1"));
    }
}
