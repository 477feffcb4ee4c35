//! The preset `nnst`: N. Kolkin, M. Kucera, S. Paris, D. Sýkora, E. Shechtman and G. Shakhnarovich, Neural
//! Neighbor Style Transfer, arXiv:2203.13215 (2022), as NeuralNeighborStyleTransfer (2022, commit 290976a) has
//! it.
//!
//! - Network: VGG-16 as torchvision has it, maximum pooling, zero padding; hypercolumns of the ten layers
//!   `relu1_1` to `relu4_3`. Any network that has these layers works; `--style-layers` names others.
//! - Sizes: four, each twice the last, 64 to 512 pixels. The longest sides are rounded; the program halves and
//!   rounds down.
//! - Start: the content without the three finest levels of its Laplacian pyramid (two from 1024 pixels on, where
//!   the program takes five sizes). At the smallest size it is the content itself.
//! - Variables: a Laplacian pyramid of eight halvings. The program goes on with the levels that remain at a size;
//!   here each size has as many as fit, up to eight.
//! - Columns are matched against a blend of a quarter of the painting so far (`1 − alpha`, alpha = 0.75) and the
//!   content, at the smallest size against the content alone; with the style and its three quarter turns.
//! - 200 steps of Adam a size, learning rate 0.002, moments 0.9 and 0.999, without clamping: values beyond 0..1 are
//!   cut off at the end. The moments begin anew at each size.
//! - Last, 200 steps in which layers split, at up to 64 × 64 positions each. For a layer of at most 64 positions a
//!   side, the program compares by mistake what it sampled of the layer before; here each is compared with
//!   itself.
//! - Not here: the colours taken from the style afterwards (OkLab moments and bilateral filtering, left out by the
//!   program's `--dont_colorize`), and the self-similarity of colours of `--content_loss`, which is off by
//!   default.
//!
//! Pictures are brought to size with a filter that averages; the program samples them bilinearly.

use impasto_network::{Layer, NetworkOptions, Padding, Pooling};

use crate::optimizers::AdamOptions;
use crate::picture::Filter;
use crate::terms::{Nearest, WeightedLayers};
use crate::{
    Colors, OptimizerSettings, PixelUnits, Pyramid, Schedule, Settings, SmallerSizes, Start, StyleFit,
    Variables,
};

/// What hypercolumns are made of.
const LAYERS: [Layer; 10] = [
    Layer::relu(1, 1),
    Layer::relu(1, 2),
    Layer::relu(2, 1),
    Layer::relu(2, 2),
    Layer::relu(3, 1),
    Layer::relu(3, 2),
    Layer::relu(3, 3),
    Layer::relu(4, 1),
    Layer::relu(4, 2),
    Layer::relu(4, 3),
];

pub(super) fn settings() -> Settings {
    Settings {
        network: NetworkOptions {
            pooling: Pooling::Max,
            first_padding: Padding::Zero,
            padding: Padding::Zero,
        },
        units: PixelUnits::One,
        terms: vec![
            Nearest {
                weight: 1.0,
                layers: WeightedLayers::each(&LAYERS),
                start_share: 0.25,
                turned: true,
                stride: 1,
                samples: 64,
            }
            .into(),
        ],
        normalize_gradients: false,
        optimizer: OptimizerSettings::Adam(AdamOptions {
            learning_rate: 2e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            clamp: None,
        }),
        average: None,
        average_counts_start: false,
        schedule: Schedule {
            size: 512,
            pyramid: Pyramid::Doublings { sizes: 4 },
            iterations: 200,
            smaller_sizes: SmallerSizes::Equal,
            stop: None,
            refinement: Some(200),
            start: Start::SmoothContent { levels: 3 },
            style_fit: StyleFit::LongestSide,
            style_scale: 1.0,
            filter: Filter::Bilinear,
        },
        variables: Variables::LaplacianPyramid { levels: 8 },
        seamless: false,
        colors: Colors::default(),
        seed: 0,
    }
}
