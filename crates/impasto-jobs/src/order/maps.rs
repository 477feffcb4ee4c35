//! Choices: how maps are read.

use impasto::regions::ColorMatching;
use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
use super::text;
#[cfg(feature = "clap")]
use super::values;
use super::values::MapColors;

/// How maps are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Maps"))]
pub struct MapChoices {
    /// Number of colours in the maps, 1 to 24, for maps whose colours blur, such as JPEG files: like ones
    /// are joined [default: auto, every colour that fills an area]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = values::map_colors))]
    #[serde(with = "text")]
    pub map_colors: Option<MapColors>,

    /// Whether a colour that only one side has is an error, or takes the nearest of the other side
    /// [default: exact]
    #[cfg_attr(feature = "clap", arg(long, value_name = "RULE", value_parser = parsers::named::<ColorMatching>()))]
    #[serde(with = "text")]
    pub map_match: Option<ColorMatching>,
}

impl MapChoices {
    /// The first of these fields that was given.
    pub fn given(&self) -> Option<&'static str> {
        let fields = [(self.map_colors.is_some(), "map_colors"), (self.map_match.is_some(), "map_match")];
        fields.into_iter().find_map(|(given, field)| given.then_some(field))
    }
}
