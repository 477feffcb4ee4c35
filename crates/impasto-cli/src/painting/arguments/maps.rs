//! Flags: how maps are read.

use clap::Args;
use impasto::regions::ColorMatching;

use super::super::values::{self, MapColors};

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Maps")]
pub struct MapArguments {
    /// Number of colours in the maps, 1 to 24, for maps whose colours blur, such as JPEG files: like ones
    /// are joined [default: auto, every colour that fills an area]
    #[arg(long, value_name = "N", value_parser = values::map_colors)]
    pub map_colors: Option<MapColors>,

    /// Whether a colour that only one side has is an error, or takes the nearest of the other side
    /// [default: exact]
    #[arg(long, value_name = "RULE", value_parser = values::map_match())]
    pub map_match: Option<ColorMatching>,
}

impl MapArguments {
    /// The first of these flags that was given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [(self.map_colors.is_some(), "--map-colors"), (self.map_match.is_some(), "--map-match")];
        flags.into_iter().find_map(|(given, flag)| given.then_some(flag))
    }
}
