//! The preset `style-transfer-pytorch`: K. Crowson's style_transfer.py (2021 to 2023, MIT licence).
//!
//! Pixels 0..1. Content 0.015 · mean of (F − P)² at relu4_2; style: squared Wasserstein distances of means and
//! covariances at relu1_1 to relu5_1, which share the weight 1 as 256 : 64 : 16 : 4 : 1; total variation with nine
//! points, weight 2. The first convolution repeats the border. Sizes grow by √2 from 128, with 1000 iterations at the
//! first and 500 at the others, by Adam with learning rate 0.02, β = (0.9, 0.99) and a clamp to 0..1, whose state goes
//! on from size to size. Each size starts from the average of the pictures at the one before, with decay 0.99, and
//! so is the result. Styles are never enlarged.
//!
//! It reads torchvision's VGG-19; with the weights of Caffe it reads their pixels 0..255, and its numbers are others.
//!
//! | option | setting |
//! | --- | --- |
//! | `--content-weight` | [`Content`] |
//! | `--tv-weight` | [`TotalVariation`] |
//! | `--style-weights` | weights of [`Transfer::style`](crate::Transfer::style) |
//! | `--min-scale`, `--end-scale`, `--iterations`, `--initial-iterations`, `--init`, `--style-scale-fac` | [`Schedule`] |
//! | `--step-size`, `--optimizer` | [`Settings::optimizer`] |
//! | `--avg-decay` | [`Settings::average`] |
//! | `--pooling` | [`Settings::network`]: `average` is [`Pooling::ScaledAverage`] |

use impasto_network::{NetworkOptions, Padding, Pooling};

use super::{CONTENT_LAYER, STYLE_LAYERS};
use crate::picture::Filter;
use crate::terms::{
    Content, ContentLoss, Guidance, LayerWeight, Moments, MomentsLoss, TotalVariation, VariationLoss,
    WeightedLayers,
};
use crate::{
    Colors, OptimizerSettings, PixelUnits, Pyramid, Schedule, Settings, SmallerSizes, Start, StyleFit,
    Variables,
};

pub(super) fn settings() -> Settings {
    let layers = STYLE_LAYERS.into_iter().zip([256.0, 64.0, 16.0, 4.0, 1.0]);
    let layers = layers.map(|(layer, weight)| LayerWeight { layer, weight }).collect();
    Settings {
        network: NetworkOptions {
            pooling: Pooling::Max,
            first_padding: Padding::Replicate,
            padding: Padding::Zero,
        },
        units: PixelUnits::One,
        terms: vec![
            Content {
                weight: 0.015,
                layers: WeightedLayers::sharing(&[CONTENT_LAYER]),
                loss: ContentLoss::Mean,
            }
            .into(),
            Moments {
                weight: 1.0,
                layers: WeightedLayers { layers, shared: true },
                loss: MomentsLoss::Mean,
                directions: None,
                guidance: Guidance::default(),
            }
            .into(),
            TotalVariation { weight: 2.0, loss: VariationLoss::NinePoint }.into(),
        ],
        normalize_gradients: false,
        optimizer: OptimizerSettings::adam(PixelUnits::One),
        average: Some(0.99),
        average_counts_start: true,
        schedule: Schedule {
            size: 512,
            pyramid: Pyramid::RootsOfTwo { first: 128 },
            iterations: 500,
            smaller_sizes: SmallerSizes::First(1000),
            stop: None,
            refinement: None,
            start: Start::Content,
            style_fit: StyleFit::Shrink,
            style_scale: 1.0,
            filter: Filter::CatmullRom,
        },
        variables: Variables::Pixels,
        seamless: false,
        colors: Colors::default(),
        seed: 0,
    }
}
