//! The preset `cnnmrf`: C. Li and M. Wand, Combining Markov Random Fields and Convolutional Neural Networks
//! for Image Synthesis, CVPR 2016, with the defaults of their cnnmrf.lua (commit fddcf4d, MIT licence).
//!
//! Pixels 0..256 minus the mean of 0..255. Style at relu3_1 and relu4_1: the gradient by a map F is
//! 1e-4 · (F − M), M the average of the matched 3×3 patches that cover a position, at every second row and
//! column of both pictures; the match has the highest normalised cross-correlation of whole patches. Content
//! 20 · mean of (F − P)² at relu4_1; total variation 1e-3 · ½ Σ. Three sizes, each twice the one before, of 100
//! iterations of L-BFGS by Torch's rule with 25 steps remembered, from the content; the longest side of
//! content and style is 384. It takes VGG-19 with its convention for 0..255: see [`Settings::convention`].
//!
//! | option | setting |
//! | --- | --- |
//! | `-mrf_weight`, `-mrf_layers`, `-mrf_patch_size` | [`Patches`] |
//! | `-target_num_rotation`, `-target_num_scale` | [`Patches::rotations`], [`Patches::scales`] |
//! | `-target_sample_stride`, `-source_sample_stride` | [`Patches::source_stride`], [`Patches::query_stride`] |
//! | `-content_weight`, `-content_layers` | [`Content`] |
//! | `-tv_weight` | [`TotalVariation`] |
//! | `-max_size`, `-num_res`, `-num_iter`, `-ini_method` | [`Schedule`] |
//! | `-nCorrection` | [`Settings::optimizer`] |
//! | `-mode`, `-gpu_chunck_size`, `-backend` | no need of them |
//!
//! The authors' examples use 1 or 3 rotations and scales, and `run_trans.lua` reads the content at relu4_2.
//! The original prints a loss of 0 for the style; here it is `½ Σ (F − M)²` times the weight, which has that
//! gradient. Its `-mrf_confidence_threshold`, 0 by default, is not there: every match counts.

use impasto_network::{Layer, NetworkOptions, Padding, Pooling};

use crate::picture::Filter;
use crate::terms::{
    Content, ContentLoss, GuideChannels, PatchLoss, PatchScore, Patches, TotalVariation, VariationLoss,
    WeightedLayers,
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
        variables: Variables::Pixels,
        terms: vec![
            Content {
                weight: 20.0,
                layers: WeightedLayers::each(&[Layer::relu(4, 1)]),
                loss: ContentLoss::Mean,
            }
            .into(),
            Patches {
                weight: 1e-4,
                layers: WeightedLayers::each(&[Layer::relu(3, 1), Layer::relu(4, 1)]),
                size: 3,
                score: PatchScore::Whole,
                // Regions are strict for whole patches; this only says that they count.
                semantic_weight: 1.0,
                guide: GuideChannels::Regions,
                variety: 0.0,
                source_stride: 2,
                query_stride: 2,
                rotations: 0,
                scales: 0,
                match_every: 1,
                loss: PatchLoss::HalfSum,
            }
            .into(),
            TotalVariation { weight: 1e-3, loss: VariationLoss::HalfSquares }.into(),
        ],
        normalize_gradients: false,
        optimizer: OptimizerSettings::lbfgs(25),
        average: None,
        average_counts_start: false,
        schedule: Schedule {
            size: 384,
            pyramid: Pyramid::Doublings { sizes: 3 },
            iterations: 100,
            smaller_sizes: SmallerSizes::Equal,
            stop: None,
            refinement: None,
            start: Start::Content,
            style_fit: StyleFit::LongestSide,
            style_scale: 1.0,
            filter: Filter::Bilinear,
        },
        seamless: false,
        colors: Colors::default(),
        seed: 0,
    }
}
