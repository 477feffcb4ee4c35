//! The preset `impasto`: a good picture without tuning.
//!
//! All losses are relative, so that weights mean the same for every network, picture and size. Means and
//! covariances, not Gram matrices, keep calm what is calm in the painting. relu5_1 is left out: it breaks faces and
//! brings nothing that relu4_1 lacks. A little of the content at relu3_1 keeps eyes and rims in their places. A √2
//! pyramid lets large strokes settle where they cost little, with more iterations at small sizes; Adam keeps its
//! moments from size to size, and the average of its pictures is free of its noise (both Crowson 2021). Its mean
//! square of the gradient spans as few steps as its mean: each size starts with a blurred picture, whose gradients
//! are large and soon out of date. Total variation with nine points smooths without a weave. Replicating the border
//! at the first convolution keeps the rim of the picture from turning dark or bright.
//!
//! `docs/default.md` shows what else was tried, and what it did wrong.

use impasto_network::{Layer, NetworkOptions, Padding, Pooling};

use super::{CONTENT_EDGES, CONTENT_LAYER};
use crate::optimizers::AdamOptions;
use crate::picture::Filter;
use crate::terms::{
    Content, ContentLoss, Guidance, LayerWeight, Moments, MomentsLoss, TotalVariation, VariationLoss,
    WeightedLayers,
};
use crate::{
    Colors, OptimizerSettings, PixelUnits, Pyramid, Schedule, Settings, SmallerSizes, Start, StopAtProgress,
    StyleFit, Variables,
};

/// A stage ends once its loss falls by less than this part of itself in 50 iterations. With the iterations of the
/// preset no stage of a picture in `docs/default.md` does; with four times as many, small sizes save up to 40 %.
const PLATEAU: f64 = 1e-3;

/// Layers of the style.
const STYLE_LAYERS: [Layer; 4] = [Layer::relu(1, 1), Layer::relu(2, 1), Layer::relu(3, 1), Layer::relu(4, 1)];

/// Weights of the style at relu1_1, relu2_1, relu3_1 and relu4_1, about those that Crowson's 256:64:16:4 come to with
/// VGG-19's activations.
const STYLE_WEIGHTS: [f64; 4] = [0.1, 0.3, 0.2, 0.4];

/// Layers of the content and their weights.
const CONTENT_WEIGHTS: [(Layer, f64); 2] = [(CONTENT_EDGES, 0.1), (CONTENT_LAYER, 0.9)];

/// These weights at the layers of the style.
pub(crate) fn style_weights(weights: [f64; 4]) -> [(Layer, f64); 4] {
    std::array::from_fn(|index| (STYLE_LAYERS[index], weights[index]))
}

/// The layers of the style with the weights of the default.
pub(crate) fn style_layers() -> WeightedLayers {
    sharing(&style_weights(STYLE_WEIGHTS))
}

/// Layers that share the weight of their term as these weights say.
pub(crate) fn sharing(weights: &[(Layer, f64)]) -> WeightedLayers {
    let layers = weights.iter().map(|&(layer, weight)| LayerWeight { layer, weight }).collect();
    WeightedLayers { layers, shared: true }
}

pub(super) fn settings() -> Settings {
    Settings {
        network: NetworkOptions {
            pooling: Pooling::Max,
            first_padding: Padding::Replicate,
            padding: Padding::Zero,
        },
        units: PixelUnits::One,
        terms: vec![
            Content { weight: 0.12, layers: sharing(&CONTENT_WEIGHTS), loss: ContentLoss::Relative }.into(),
            Moments {
                weight: 1.0,
                layers: style_layers(),
                loss: MomentsLoss::Relative,
                directions: Some(64),
                guidance: Guidance::default(),
            }
            .into(),
            TotalVariation { weight: 0.05, loss: VariationLoss::NinePoint }.into(),
        ],
        normalize_gradients: false,
        optimizer: OptimizerSettings::Adam(AdamOptions {
            learning_rate: 0.02,
            beta1: 0.9,
            beta2: 0.9,
            clamp: Some((0.0, 1.0)),
            ..Default::default()
        }),
        // Crowson's 0.99 is for 500 iterations; over 60 it would keep much of the blurred start of each size.
        average: Some(0.9),
        average_counts_start: false,
        schedule: Schedule {
            size: 512,
            pyramid: Pyramid::RootsOfTwo { first: 128 },
            iterations: 60,
            smaller_sizes: SmallerSizes::Growing(1.5),
            stop: Some(StopAtProgress::below(PLATEAU)),
            refinement: None,
            start: Start::Content,
            style_fit: StyleFit::Strokes,
            style_scale: 1.0,
            filter: Filter::Lanczos3,
        },
        variables: Variables::Pixels,
        seamless: false,
        colors: Colors::default(),
        seed: 0,
    }
}
