//! The maps of a run in its metadata.

use std::path::{Path, PathBuf};

use impasto::regions::{ColorMatching, Regions};
use serde::{Deserialize, Serialize};

use crate::files::file_name;
use crate::order::{MapFiles, MaskList};

/// Which parts took the style of which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapRecipe {
    kind: MapKind,
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

impl MapRecipe {
    /// The number of colours asked for; `None` if it was found.
    pub fn colors(&self) -> Option<usize> {
        self.colors
    }

    /// The names of the map of the picture and of those of the styles, if they were colour maps.
    pub fn color_maps(&self) -> Option<(PathBuf, Vec<PathBuf>)> {
        let of_styles = self.styles.iter().map(|names| names.first().map(PathBuf::from));
        let maps = (self.picture.first()?.into(), of_styles.collect::<Option<_>>()?);
        (self.kind == MapKind::Colors).then_some(maps)
    }

    /// The names of the masks of the picture and of those of the styles, if they were masks.
    pub fn masks(&self) -> Option<(MaskList, Vec<MaskList>)> {
        let list = |names: &Vec<String>| MaskList(names.iter().map(PathBuf::from).collect());
        let masks = (list(&self.picture), self.styles.iter().map(list).collect());
        (self.kind == MapKind::Masks).then_some(masks)
    }

    /// How the colours found each other.
    pub fn matching(&self) -> ColorMatching {
        if self.nearest { ColorMatching::Nearest } else { ColorMatching::Exact }
    }
}

/// What the files of the maps hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MapKind {
    /// A colour for each part.
    Colors,
    /// A soft mask for each part.
    Masks,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionRecipe {
    name: String,
    /// Part of the map of the picture, 0..1.
    share: f64,
}

impl MapRecipe {
    /// The recipe of these maps, read as so many colours, which find each other by `matching`.
    pub(crate) fn new(
        files: MapFiles<'_>,
        colors: Option<usize>,
        matching: ColorMatching,
        of_picture: &Regions,
    ) -> Self {
        let names = |paths: Vec<&Path>| paths.into_iter().map(file_name).collect();
        let pixels = (of_picture.width() * of_picture.height()) as f64;
        MapRecipe {
            kind: match files {
                MapFiles::Colors { .. } => MapKind::Colors,
                MapFiles::Masks { .. } => MapKind::Masks,
            },
            picture: names(files.of_picture()),
            styles: files.of_styles().into_iter().map(names).collect(),
            colors,
            nearest: matching == ColorMatching::Nearest,
            regions: of_picture
                .regions()
                .iter()
                .map(|it| RegionRecipe { name: it.name.to_string(), share: it.pixels as f64 / pixels })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_of_maps_comes_back_as_it_was() {
        let text = r##"{"kind":"colors","picture":["map.png"],"styles":[["a.png"],["b.png"]],"colors":5,"nearest":true,"regions":[{"name":"#b4dc3c","share":0.32921459056712965}]}"##;
        let recipe: MapRecipe = serde_json::from_str(text).unwrap();
        assert_eq!((recipe.kind, recipe.colors), (MapKind::Colors, Some(5)));
        assert_eq!(serde_json::to_string(&recipe).unwrap(), text);
    }
}
