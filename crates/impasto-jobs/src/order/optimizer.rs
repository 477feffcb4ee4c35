//! Choices: what moves the pixels, and for how long.

use impasto::Effort;
use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
use super::text;
#[cfg(feature = "clap")]
use super::values;
use super::values::{OptimizerName, Stop};

/// What moves the pixels, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Optimiser"))]
pub struct OptimizerChoices {
    /// Iterations at the last size, 1 to 1000000: more comes closer to the style. Smaller sizes take as many or, in
    /// our presets, more [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000)))]
    pub iterations: Option<u32>,

    /// End each size once its loss falls by less than this part of itself in 50 iterations, such as 1e-3, or in
    /// so many, as in 1e-3:20; never for all iterations [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "SHARE", value_parser = values::stop))]
    #[serde(with = "text")]
    pub stop_at_progress: Option<Stop>,

    /// How much time the picture may take: draft, a fifth of the iterations, to try things; normal; high, four
    /// times as many, and VGG-19 if it is installed [default: normal]
    #[cfg_attr(feature = "clap", arg(long, value_name = "EFFORT", value_parser = parsers::named::<Effort>(), conflicts_with = "iterations", help_heading = "Picture"))]
    pub effort: Option<Effort>,

    /// What moves the pixels [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "METHOD"))]
    pub optimizer: Option<OptimizerName>,

    /// Length of the steps, above 0, in the pixel units of the preset [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::positive))]
    pub learning_rate: Option<f64>,

    /// Steps that L-BFGS remembers, 1 to 100; each takes 25 MB for a megapixel [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100)))]
    pub lbfgs_memory: Option<u8>,
}
