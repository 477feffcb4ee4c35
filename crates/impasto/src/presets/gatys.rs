//! The preset `gatys`: L. Gatys, A. Ecker and M. Bethge, A Neural Algorithm of Artistic Style,
//! arXiv:1508.06576 (2015); Image Style Transfer Using Convolutional Neural Networks, CVPR 2016.
//!
//! With pixels 0..255 and average pooling (2015, section 2): content `½ Σ (F − P)²` at relu4_2 with
//! α = 1, style `1/(4 C² M²) Σ (G − A)²` at relu1_1 to relu5_1, 1/5 each, with β = 1000 (2015, equations 1
//! to 7; figure 3 shows β/α of 1e3 to 1e5). [`Settings::set_style_ratio`] sets β/α. The papers take VGG-19.
//!
//! They leave the optimiser at "gradient descent" from "white noise". The authors' DeepTextures code has
//! L-BFGS with a line search that remembers 20 steps, from noise of deviation 1 around the mean colour;
//! so has this preset.

use impasto_network::{NetworkOptions, Padding, Pooling};

use super::{CONTENT_LAYER, MEAN_COLOR, STYLE_LAYERS};
use crate::optimizers::{LbfgsOptions, LbfgsRule};
use crate::picture::Filter;
use crate::terms::{Content, ContentLoss, Gram, GramLoss, Guidance, WeightedLayers};
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
        units: PixelUnits::Bytes,
        terms: vec![
            Content {
                weight: 1.0,
                layers: WeightedLayers::each(&[CONTENT_LAYER]),
                loss: ContentLoss::HalfSum,
            }
            .into(),
            Gram {
                weight: 1e3,
                layers: WeightedLayers::sharing(&STYLE_LAYERS),
                loss: GramLoss::Gatys,
                guidance: Guidance::default(),
            }
            .into(),
        ],
        normalize_gradients: false,
        optimizer: OptimizerSettings::Lbfgs(LbfgsOptions {
            memory: 20,
            rule: LbfgsRule::StrongWolfe,
            learning_rate: 1.0,
            bounds: None,
        }),
        average: None,
        average_counts_start: false,
        schedule: Schedule {
            size: 512,
            pyramid: Pyramid::One,
            iterations: 500,
            smaller_sizes: SmallerSizes::Equal,
            stop: None,
            refinement: None,
            start: Start::NormalNoise { mean: MEAN_COLOR.map(|mean| mean / 255.0), deviation: 1.0 / 255.0 },
            style_fit: StyleFit::LongestSide,
            style_scale: 1.0,
            filter: Filter::Lanczos3,
        },
        variables: Variables::Pixels,
        seamless: false,
        colors: Colors::default(),
        seed: 0,
    }
}
