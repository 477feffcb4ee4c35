//! Choices: the patches of the style, where it acts by them.

use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
#[cfg(feature = "clap")]
use super::values;

/// The patches of the style, where it acts by them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Patches (--method patches)"))]
pub struct PatchChoices {
    /// Side of a patch in positions of its layer; larger ones keep larger pieces of the style together
    /// [default: 3]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = parsers::patch_size()))]
    pub patch_size: Option<u8>,

    /// Also look at the styles turned by so many steps of 7.5° to each side, 0 to 23 [default: 0]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=23)))]
    pub patch_rotations: Option<u8>,

    /// Also look at the styles scaled down and up by so many steps of 5 %, 0 to 10 [default: 0]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=10)))]
    pub patch_scales: Option<u8>,

    /// Take the patches of the styles at every such row and column only, 1 to 64: less of the style is used
    /// [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64)))]
    pub patch_stride: Option<u8>,

    /// Weight of the maps beside the features when patches are compared, at least 0 [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::weight))]
    pub semantic_weight: Option<f64>,

    /// How much a patch is avoided that fits everywhere, at least 0; takes twice the time [default: 0]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::weight))]
    pub variety: Option<f64>,

    /// Look for the best patches anew every N evaluations, 1 or more [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..)))]
    pub match_every: Option<u32>,
}

impl PatchChoices {
    /// The first of these fields that was given.
    pub fn given(&self) -> Option<&'static str> {
        let fields = [
            (self.patch_size.is_some(), "patch_size"),
            (self.patch_rotations.is_some(), "patch_rotations"),
            (self.patch_scales.is_some(), "patch_scales"),
            (self.patch_stride.is_some(), "patch_stride"),
            (self.semantic_weight.is_some(), "semantic_weight"),
            (self.variety.is_some(), "variety"),
            (self.match_every.is_some(), "match_every"),
        ];
        fields.into_iter().find_map(|(given, field)| given.then_some(field))
    }
}
