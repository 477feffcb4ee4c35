//! The preset `keras`: the example neural_style_transfer.py of Keras (2015 to 2020, MIT licence), which
//! Chen, Tripathi and Xu took for their figures.
//!
//! Pixels 0..255. Content 0.025 · Σ (F − P)² at block4_conv2, which is relu4_2; style
//! Σ (G − T)² / (4 · 3² · pixels²) at relu1_1 to relu5_1, 1/5 each; total variation Σ (a + b)^1.25. Styles
//! are forced to the size of the content. It takes VGG-16 and makes the picture 400 pixels high; here
//! `size` is the longest side, as everywhere.
//!
//! The original calls SciPy's L-BFGS-B (10 steps remembered) ten times for 20 evaluations each. Here that
//! is one run of 200 iterations with the strong Wolfe line search.

use impasto_network::{NetworkOptions, Padding, Pooling};

use super::{CONTENT_LAYER, STYLE_LAYERS};
use crate::optimizers::{LbfgsOptions, LbfgsRule};
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
        units: PixelUnits::Bytes,
        terms: vec![
            Content { weight: 0.025, layers: WeightedLayers::each(&[CONTENT_LAYER]), loss: ContentLoss::Sum }
                .into(),
            Gram {
                weight: 1.0,
                layers: WeightedLayers::sharing(&STYLE_LAYERS),
                loss: GramLoss::Keras,
                guidance: Guidance::default(),
            }
            .into(),
            TotalVariation { weight: 1.0, loss: VariationLoss::Power }.into(),
        ],
        normalize_gradients: false,
        optimizer: OptimizerSettings::Lbfgs(LbfgsOptions {
            memory: 10,
            rule: LbfgsRule::StrongWolfe,
            learning_rate: 1.0,
            bounds: None,
        }),
        average: None,
        average_counts_start: false,
        schedule: Schedule {
            size: 512,
            pyramid: Pyramid::One,
            iterations: 200,
            smaller_sizes: SmallerSizes::Equal,
            stop: None,
            refinement: None,
            start: Start::UniformNoise { range: 0.0..1.0 },
            style_fit: StyleFit::ContentSize,
            style_scale: 1.0,
            filter: Filter::Lanczos3,
        },
        variables: Variables::Pixels,
        seamless: false,
        colors: Colors::default(),
        seed: 0,
    }
}
