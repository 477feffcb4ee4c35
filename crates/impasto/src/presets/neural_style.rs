//! The preset `neural-style`: J. Johnson's neural_style.lua (2015 to 2017, MIT licence).
//!
//! Pixels 0..256 minus the mean of 0..255. Content 5 · mean of (F − P)² at relu4_2; style 100 · mean over
//! C² of (G − T)², G = F Fᵀ/(C·H·W), at each of relu1_1 to relu5_1; total variation 1e-3 · ½ Σ, of which
//! the original prints only the other two. L-BFGS by Torch's rule with 100 steps remembered; its `adam`
//! has learning rate 10. The longest side of a style is ⌈style_scale · size⌉. It takes VGG-19 with its
//! convention for 0..255: see [`Settings::convention`].
//!
//! Where an option of the original is here:
//!
//! | option | setting |
//! | --- | --- |
//! | `-content_weight`, `-content_layers` | [`Content`] |
//! | `-style_weight`, `-style_layers` | [`Gram`] |
//! | `-tv_weight` | [`TotalVariation`] |
//! | `-style_blend_weights` | weights of [`Transfer::style`](crate::Transfer::style) |
//! | `-style_scale`, `-image_size`, `-num_iterations`, `-init` | [`Schedule`] |
//! | `-normalize_gradients`, `-seed` | [`Settings`] |
//! | `-original_colors` | [`ColorRule::Content`](crate::ColorRule::Content), in Oklab where it takes YUV |
//! | `-optimizer`, `-learning_rate`, `-lbfgs_num_correction` | [`Settings::optimizer`], [`OptimizerSettings::adam`] |
//! | `-pooling` | [`Settings::network`] |

use impasto_network::{NetworkOptions, Padding, Pooling};

use super::{CONTENT_LAYER, MEAN_COLOR, STYLE_LAYERS};
use crate::picture::Filter;
use crate::terms::{
    Content, ContentLoss, Gram, GramLoss, Guidance, TotalVariation, VariationLoss, WeightedLayers,
};
use crate::{
    Colors, OptimizerSettings, PixelUnits, Pyramid, Schedule, Settings, SmallerSizes, Start, StyleFit,
    Variables,
};

pub(super) fn settings() -> Settings {
    Settings {
        network: NetworkOptions {
            pooling: Pooling::Max,
            first_padding: Padding::Zero,
            padding: Padding::Zero,
        },
        units: PixelUnits::Torch,
        terms: vec![
            Content { weight: 5.0, layers: WeightedLayers::each(&[CONTENT_LAYER]), loss: ContentLoss::Mean }
                .into(),
            Gram {
                weight: 100.0,
                layers: WeightedLayers::each(&STYLE_LAYERS),
                loss: GramLoss::Mean,
                guidance: Guidance::default(),
            }
            .into(),
            TotalVariation { weight: 1e-3, loss: VariationLoss::HalfSquares }.into(),
        ],
        normalize_gradients: false,
        optimizer: OptimizerSettings::lbfgs(100),
        average: None,
        average_counts_start: false,
        schedule: Schedule {
            size: 512,
            pyramid: Pyramid::One,
            iterations: 1000,
            smaller_sizes: SmallerSizes::Equal,
            stop: None,
            refinement: None,
            start: Start::NormalNoise { mean: MEAN_COLOR.map(|mean| mean / 256.0), deviation: 0.001 / 256.0 },
            style_fit: StyleFit::LongestSide,
            style_scale: 1.0,
            filter: Filter::Bilinear,
        },
        variables: Variables::Pixels,
        seamless: false,
        colors: Colors::default(),
        seed: 0,
    }
}
