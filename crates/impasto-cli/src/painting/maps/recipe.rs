//! The maps of a run in its metadata.

use std::path::Path;

use impasto::regions::{ColorMatching, Regions};
use serde::Serialize;

use super::super::recipe::file_name;
use super::super::request::{MapFiles, Maps};

/// Which parts took the style of which.
#[derive(Clone, Debug, Serialize)]
pub struct MapRecipe {
    /// `colors` or `masks`.
    kind: &'static str,
    /// The map of the picture, or its masks.
    picture: Vec<String>,
    /// The map of each style, or its masks.
    styles: Vec<Vec<String>>,
    /// The number of colours asked for; `None` if it was found.
    colors: Option<usize>,
    /// Whether colours without a partner took the nearest.
    nearest: bool,
    /// What was found.
    regions: Vec<RegionRecipe>,
}

#[derive(Clone, Debug, Serialize)]
struct RegionRecipe {
    name: String,
    /// Part of the map of the picture, 0..1.
    share: f64,
}

impl MapRecipe {
    /// The recipe of these maps, read as so many colours.
    pub fn new(maps: &Maps<'_>, colors: Option<usize>, of_picture: &Regions) -> Self {
        let names = |paths: Vec<&Path>| paths.into_iter().map(file_name).collect();
        let pixels = (of_picture.width() * of_picture.height()) as f64;
        MapRecipe {
            kind: match maps.files {
                MapFiles::Colors { .. } => "colors",
                MapFiles::Masks { .. } => "masks",
            },
            picture: names(maps.files.of_picture()),
            styles: maps.files.of_styles().into_iter().map(names).collect(),
            colors,
            nearest: maps.flags.map_match == Some(ColorMatching::Nearest),
            regions: of_picture
                .regions()
                .iter()
                .map(|it| RegionRecipe { name: it.name.to_string(), share: it.pixels as f64 / pixels })
                .collect(),
        }
    }
}
