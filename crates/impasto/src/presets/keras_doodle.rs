//! The preset `keras-doodle`: the example neural_doodle.py of Keras (2016, commit 01990ff, MIT licence).
//!
//! A painting, a map of its parts and a map of the new picture; [`Transfer::regions`](crate::Transfer::regions)
//! takes the maps. VGG-19 with max pooling, pixels 0..255. Style 1, of which each of relu1_1 to relu5_1 has a
//! fifth: for each region the mean over C² of the squared distance of `(m F)(m F)ᵀ/(C · mean of m)`; masks
//! follow the network by 3×3 averages over what lies inside, and halvings; no region is left out for being
//! small. Content 0.1 · `Σ (F − P)²` at relu5_2 (`block5_conv2`), if there is a content picture, which the
//! compact network lacks. Total variation 50 · `Σ (a + b)^1.25`. The style is squeezed to the size of the
//! picture. The start is uniform noise over 0..255.
//!
//! The example goes on for 50 rounds of 20 evaluations of SciPy's L-BFGS-B, which remembers 10 steps, at the
//! size of the map. Here that is L-BFGS with a line search, 1000 iterations without a restart.

use impasto_network::{Layer, NetworkOptions, Padding, Pooling};

use super::STYLE_LAYERS;
use crate::optimizers::{LbfgsOptions, LbfgsRule};
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
            pooling: Pooling::Max,
            first_padding: Padding::Zero,
            padding: Padding::Zero,
        },
        units: PixelUnits::Bytes,
        terms: vec![
            Content {
                weight: 0.1,
                layers: WeightedLayers::each(&[Layer::relu(5, 2)]),
                loss: ContentLoss::Sum,
            }
            .into(),
            Gram {
                weight: 1.0,
                layers: WeightedLayers::sharing(&STYLE_LAYERS),
                loss: GramLoss::KerasDoodle,
                guidance: Guidance {
                    propagation: Propagation::MaskNetwork { border_counts: false },
                    omit_vanishing: false,
                },
            }
            .into(),
            TotalVariation { weight: 50.0, loss: VariationLoss::Power }.into(),
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
            iterations: 1000,
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
