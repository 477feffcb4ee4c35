//! The preset `impasto`: a good picture without tuning.
//!
//! All losses are relative, so that weights mean the same for every network, picture and size. A √2
//! pyramid lets large strokes settle where they cost little; Adam keeps its moments from size to size, and
//! the average of its pictures is free of its noise (both Crowson 2021). Replicating the border at the
//! first convolution keeps the rim of the picture from turning dark or bright.

use impasto_network::{NetworkOptions, Padding, Pooling};

use super::{CONTENT_LAYER, STYLE_LAYERS};
use crate::picture::Filter;
use crate::terms::{
    Content, ContentLoss, Gram, GramLoss, Guidance, TotalVariation, VariationLoss, WeightedLayers,
};
use crate::{Colors, OptimizerSettings, PixelUnits, Pyramid, Schedule, Settings, Start, StyleFit, Variables};

pub(super) fn settings() -> Settings {
    Settings {
        network: NetworkOptions {
            pooling: Pooling::Max,
            first_padding: Padding::Replicate,
            padding: Padding::Zero,
        },
        units: PixelUnits::One,
        terms: vec![
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
        ],
        normalize_gradients: false,
        optimizer: OptimizerSettings::adam(PixelUnits::One),
        // Crowson's 0.99 is for 500 iterations; over 100 it would keep much of the blurred start of each size.
        average: Some(0.9),
        schedule: Schedule {
            size: 512,
            pyramid: Pyramid::RootsOfTwo { first: 128 },
            iterations: 100,
            refinement: None,
            start: Start::Content,
            style_fit: StyleFit::Shrink,
            style_scale: 1.0,
            filter: Filter::Lanczos3,
        },
        variables: Variables::Pixels,
        seamless: false,
        colors: Colors::default(),
        seed: 0,
    }
}
