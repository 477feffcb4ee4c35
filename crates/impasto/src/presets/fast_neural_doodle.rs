//! The preset `fast-neural-doodle`: D. Ulyanov's fast_neural_doodle.lua (2016, commit 867d039).
//!
//! A painting, a map of its parts and a map of the new picture; [`Transfer::regions`](crate::Transfer::regions)
//! takes the maps. It is built on neural-style: pixels 0..256 minus the mean of 0..255, VGG-19 with average
//! pooling. Style 1 at each of relu1_1 to relu5_1: for each region the smooth L1 distance, mean over C², of
//! `G = (m F)(m F)ᵀ/(C · Σ m)`; masks follow the network by 3×3 averages, zeros beyond the border counted, and
//! halvings; no region is left out for being small. Content 1e-3 · mean of (F − P)² at relu4_2, if there is a
//! content picture. Total variation 0. L-BFGS by Torch's rule with 100 steps remembered, 1000 iterations, from
//! noise as in neural-style; its `adam` has learning rate 10.
//!
//! Where an option of the original is here:
//!
//! | option | setting |
//! | --- | --- |
//! | `-content_weight`, `-content_layers` | [`Content`] |
//! | `-style_layers` | [`Gram`] |
//! | `-style_weight` | none: the original never applies it |
//! | `-tv_weight` | [`TotalVariation`] |
//! | `-num_iterations`, `-resolutions` | [`Schedule`]; the sizes there are square, ours keep the aspect |
//! | `-style_scale` | [`Schedule::style_scale`]; the original never applies it |
//! | `-normalize_gradients`, `-seed` | [`Settings`] |
//! | `-optimizer`, `-learning_rate` | [`Settings::optimizer`], [`OptimizerSettings::adam`] |
//! | `-pooling` | [`Settings::network`] |
//!
//! Its published example runs 450 iterations at 256 pixels, then 100 at full size. The original reads maps by
//! clusters of the style map's colours; here, as [`regions`](crate::regions) reads them.

use impasto_network::{NetworkOptions, Padding, Pooling};

use super::{CONTENT_LAYER, MEAN_COLOR, STYLE_LAYERS};
use crate::picture::Filter;
use crate::regions::Propagation;
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
            pooling: Pooling::Average,
            first_padding: Padding::Zero,
            padding: Padding::Zero,
        },
        units: PixelUnits::Torch,
        terms: vec![
            Content { weight: 1e-3, layers: WeightedLayers::each(&[CONTENT_LAYER]), loss: ContentLoss::Mean }
                .into(),
            Gram {
                weight: 1.0,
                layers: WeightedLayers::each(&STYLE_LAYERS),
                loss: GramLoss::FastNeuralDoodle,
                guidance: Guidance {
                    propagation: Propagation::MaskNetwork { border_counts: true },
                    omit_vanishing: false,
                },
            }
            .into(),
            TotalVariation { weight: 0.0, loss: VariationLoss::HalfSquares }.into(),
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
