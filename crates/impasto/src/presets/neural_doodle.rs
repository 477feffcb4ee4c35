//! The preset `neural-doodle`: A. Champandard, Semantic Style Transfer and Turning Two-Bit Doodles into Fine
//! Artworks, arXiv:1603.01768 (2016), with the defaults of his program of that name (commit b2fac92).
//!
//! Pixels 0..255, average pooling, layers after their ReLU. Style 25 · mean of (patch − match)² over the
//! 3×3 patches at each of relu3_1 and relu4_1; the match has the highest mean cosine of columns, plus 10
//! times that of the map's colours. Content 10 · mean of (F − P)² at relu4_2, if there is a content picture;
//! smoothness 1 · mean of (a + b)^1.25. Three phases, each of twice the size of the one before, 100 iterations
//! of L-BFGS-B with 5 steps remembered and pixels held within 0..255, from noise of 16 to 240. It takes VGG-19.
//!
//! | option | setting |
//! | --- | --- |
//! | `--content-weight`, `--content-layers` | [`Content`] |
//! | `--style-weight`, `--style-layers`, `--semantic-weight`, `--variety` | [`Patches`] |
//! | `--smoothness` | [`TotalVariation`] |
//! | `--phases`, `--iterations`, `--seed`, `--seed-range` | [`Schedule`] |
//! | `--cache` | [`Patches::match_every`] |
//! | `--slices`, `--device` | no need of them |
//!
//! Where it differs: the paper's README says 50 and 1 for the weights of style and map, the program has 25
//! and 10. A picture without content has the size asked for, and styles are brought to its longest side; the
//! original keeps both at the size of their files. An enlarged result is the start of the next phase as it
//! is; the original first rounds it to 8 bits and stretches its contrast to the full range. Style patches
//! keep full precision, 16 bits there. Black in a map is no region; there it makes the result undefined. Each
//! phase is so many iterations of our line search; there it is so many evaluations of SciPy's.

use impasto_network::{Layer, NetworkOptions, Padding, Pooling};

use super::CONTENT_LAYER;
use crate::optimizers::{LbfgsOptions, LbfgsRule};
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
            pooling: Pooling::Average,
            first_padding: Padding::Zero,
            padding: Padding::Zero,
        },
        units: PixelUnits::Bytes,
        variables: Variables::Pixels,
        terms: vec![
            Content { weight: 10.0, layers: WeightedLayers::each(&[CONTENT_LAYER]), loss: ContentLoss::Mean }
                .into(),
            Patches {
                weight: 25.0,
                layers: WeightedLayers::each(&[Layer::relu(3, 1), Layer::relu(4, 1)]),
                size: 3,
                score: PatchScore::Positions,
                semantic_weight: 10.0,
                guide: GuideChannels::Colors,
                variety: 0.0,
                source_stride: 1,
                query_stride: 1,
                rotations: 0,
                scales: 0,
                match_every: 1,
                loss: PatchLoss::Mean,
            }
            .into(),
            TotalVariation { weight: 1.0, loss: VariationLoss::MeanPower }.into(),
        ],
        normalize_gradients: false,
        optimizer: OptimizerSettings::Lbfgs(LbfgsOptions {
            memory: 5,
            rule: LbfgsRule::StrongWolfe,
            learning_rate: 1.0,
            bounds: Some((0.0, 255.0)),
        }),
        average: None,
        average_counts_start: false,
        schedule: Schedule {
            size: 512,
            pyramid: Pyramid::Doublings { sizes: 3 },
            iterations: 100,
            smaller_sizes: SmallerSizes::Equal,
            stop: None,
            refinement: None,
            start: Start::UniformNoise { range: 16.0 / 255.0..240.0 / 255.0 },
            style_fit: StyleFit::LongestSide,
            style_scale: 1.0,
            filter: Filter::Lanczos3,
        },
        seamless: false,
        colors: Colors::default(),
        seed: 0,
    }
}
