//! The preset `texture`: more of a texture, without content, from noise.
//!
//! Gram matrices alone (Gatys, Ecker and Bethge, Texture Synthesis Using Convolutional Neural Networks, 2015)
//! hold the colours and the frequencies of a texture but not its pieces: bricks lose their corners, and single
//! bright spots carry the statistics of a whole wall. Patches (Li and Wand 2016) hold the pieces, and alone
//! repeat the few that fit best. Together they give whole bricks, all of them. relu5_1 is left out: it sees so
//! far that small pictures are its copies.

use impasto_network::Layer;

use super::{CONTENT_LAYER, STYLE_LAYERS, impasto};
use crate::terms::{
    Content, ContentLoss, Gram, GramLoss, Guidance, Patches, TermSettings, TotalVariation, VariationLoss,
    WeightedLayers,
};
use crate::{Settings, SmallerSizes, Start, StyleFit};

/// Noise to start from: around mid grey, faint enough to leave no trace.
pub(super) const NOISE: Start = Start::NormalNoise { mean: [0.5; 3], deviation: 0.1 };

pub(super) fn settings() -> Settings {
    let mut settings = with_patches();
    settings.terms.retain(|term| Content::of(term).is_none());
    if let Some(gram) = settings.term_mut::<Gram>() {
        let layers = [Layer::relu(1, 1), Layer::relu(2, 1), Layer::relu(3, 1), Layer::relu(4, 1)];
        gram.layers = WeightedLayers::sharing(&layers);
    }
    settings
}

/// The sizes and the optimiser of `impasto`, from noise, with half as much weight on patches as on Gram matrices.
/// Matches change little from one step of Adam to the next, so they are looked for at every fifth evaluation.
pub(super) fn with_patches() -> Settings {
    let mut settings = impasto::settings();
    settings.terms = vec![
        Content {
            weight: 0.1,
            layers: WeightedLayers::sharing(&[CONTENT_LAYER]),
            loss: ContentLoss::Relative,
        }
        .into(),
        Gram {
            weight: 1.0,
            layers: WeightedLayers::sharing(&STYLE_LAYERS),
            loss: GramLoss::Relative,
            guidance: Guidance::default(),
        }
        .into(),
        TotalVariation { weight: 1.0, loss: VariationLoss::MeanSquares }.into(),
        Patches { weight: 0.5, match_every: 5, ..Patches::default() }.into(),
    ];
    (settings.schedule.iterations, settings.schedule.smaller_sizes) = (100, SmallerSizes::Equal);
    (settings.schedule.start, settings.schedule.style_fit) = (NOISE, StyleFit::Shrink);
    settings
}
