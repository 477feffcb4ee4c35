//! What an order is for: the pictures, by their roles.

use std::path::{Path, PathBuf};

use impasto::Preset;
use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
use super::values::MaskList;

/// What is painted, from which pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Repaints a picture in the style of others.
    Transfer(Transfer),
    /// Paints from a few coloured strokes in the style of a painting.
    Doodle(Doodle),
    /// Paints more of the texture of a picture.
    Texture(Texture),
}

/// The pictures of a transfer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
pub struct Transfer {
    /// The picture to repaint.
    pub content: PathBuf,

    /// The pictures to take the style from, one or more.
    #[cfg_attr(feature = "clap", arg(required = true, value_name = "STYLE"))]
    pub styles: Vec<PathBuf>,

    /// Map of the parts of CONTENT, a colour each: a part takes the style of the part of STYLE that has the
    /// same colour in its map.
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "FILE", requires = "style_map", help_heading = "Maps")
    )]
    #[serde(default)]
    pub content_map: Option<PathBuf>,

    /// Map of the parts of STYLE; of several styles one for each, in their order, the flag repeated.
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "FILE", requires = "content_map", help_heading = "Maps")
    )]
    #[serde(default)]
    pub style_map: Vec<PathBuf>,

    /// Soft masks of the parts of CONTENT instead of a map, one for each with commas between: white belongs
    /// to the part, black does not, grey in part. One mask alone makes two parts, its white and its black.
    #[cfg_attr(feature = "clap", arg(
        long,
        value_name = "FILES",
        value_parser = parsers::mask_list,
        requires = "style_mask",
        conflicts_with_all = ["content_map", "style_map", "map_colors", "map_match"],
        help_heading = "Maps"
    ))]
    #[serde(default)]
    pub content_mask: Option<MaskList>,

    /// Soft masks of the same parts of STYLE, in the same order; of several styles the flag repeated.
    #[cfg_attr(feature = "clap", arg(
        long,
        value_name = "FILES",
        value_parser = parsers::mask_list,
        requires = "content_mask",
        help_heading = "Maps"
    ))]
    #[serde(default)]
    pub style_mask: Vec<MaskList>,
}

/// The pictures of a doodle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
pub struct Doodle {
    /// The painting to take the style from; for several the flag repeated.
    #[cfg_attr(
        feature = "clap",
        arg(long = "style", required = true, value_name = "PAINTING", help_heading = "Pictures")
    )]
    pub styles: Vec<PathBuf>,

    /// The map of the parts of PAINTING, one for each, in their order.
    #[cfg_attr(feature = "clap", arg(long, required = true, value_name = "MAP", help_heading = "Pictures"))]
    pub style_map: Vec<PathBuf>,

    /// The map of the parts of the new picture.
    #[cfg_attr(feature = "clap", arg(long, value_name = "DOODLE", help_heading = "Pictures"))]
    pub map: PathBuf,

    /// A photograph whose shapes are kept as well.
    #[cfg_attr(feature = "clap", arg(long, value_name = "PHOTO", help_heading = "Pictures"))]
    #[serde(default)]
    pub content: Option<PathBuf>,
}

/// The pictures of a texture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
pub struct Texture {
    /// The pictures to take the texture from, one or more.
    #[cfg_attr(feature = "clap", arg(required = true, value_name = "STYLE"))]
    pub styles: Vec<PathBuf>,

    /// Make opposite borders meet, so that the result tiles.
    #[cfg_attr(feature = "clap", arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Picture"
    ))]
    #[serde(default)]
    pub seamless: Option<bool>,
}

/// The files of maps: of the picture, and of each style in their order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MapFiles<'a> {
    /// Colour maps.
    Colors { picture: &'a Path, styles: &'a [PathBuf] },
    /// Soft masks.
    Masks { picture: &'a MaskList, styles: &'a [MaskList] },
}

impl Task {
    /// The preset that a task is painted by unless told otherwise.
    pub fn default_preset(&self) -> Preset {
        match self {
            Task::Transfer(_) => Preset::Impasto,
            Task::Doodle(_) => Preset::Doodle,
            Task::Texture(_) => Preset::Texture,
        }
    }

    /// The picture to repaint.
    pub fn content(&self) -> Option<&Path> {
        match self {
            Task::Transfer(transfer) => Some(&transfer.content),
            Task::Doodle(doodle) => doodle.content.as_deref(),
            Task::Texture(_) => None,
        }
    }

    /// The pictures to take the style from.
    pub fn styles(&self) -> &[PathBuf] {
        match self {
            Task::Transfer(Transfer { styles, .. })
            | Task::Doodle(Doodle { styles, .. })
            | Task::Texture(Texture { styles, .. }) => styles,
        }
    }

    /// Whether the result is to tile; `None` for as the settings have it.
    pub fn seamless(&self) -> Option<bool> {
        match self {
            Task::Texture(texture) => texture.seamless,
            Task::Transfer(_) | Task::Doodle(_) => None,
        }
    }

    /// What is painted: the file that shows its shapes. `None` for a texture.
    pub fn subject(&self) -> Option<&Path> {
        self.content().or_else(|| self.maps()?.of_picture().first().copied())
    }

    /// The paths of all its pictures.
    pub(crate) fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        let mut paths = Vec::new();
        match self {
            Task::Transfer(Transfer {
                content,
                styles,
                content_map,
                style_map,
                content_mask,
                style_mask,
            }) => {
                paths.push(content);
                paths.extend(styles);
                paths.extend(content_map);
                paths.extend(style_map);
                paths.extend(content_mask.iter_mut().chain(style_mask).flat_map(|masks| &mut masks.0));
            }
            Task::Doodle(Doodle { styles, style_map, map, content }) => {
                paths.extend(styles);
                paths.extend(style_map);
                paths.push(map);
                paths.extend(content);
            }
            Task::Texture(Texture { styles, .. }) => paths.extend(styles),
        }
        paths
    }

    /// The files that say which parts of the picture take the style of which parts of the styles.
    pub(crate) fn maps(&self) -> Option<MapFiles<'_>> {
        match self {
            Task::Transfer(Transfer { content_map: Some(picture), style_map, .. }) => {
                Some(MapFiles::Colors { picture, styles: style_map })
            }
            Task::Transfer(Transfer { content_mask: Some(picture), style_mask, .. }) => {
                Some(MapFiles::Masks { picture, styles: style_mask })
            }
            Task::Doodle(Doodle { map, style_map, .. }) => {
                Some(MapFiles::Colors { picture: map, styles: style_map })
            }
            Task::Transfer(_) | Task::Texture(_) => None,
        }
    }
}

impl<'a> MapFiles<'a> {
    /// The map of the picture, or its masks.
    pub(crate) fn of_picture(self) -> Vec<&'a Path> {
        match self {
            MapFiles::Colors { picture, .. } => vec![picture],
            MapFiles::Masks { picture, .. } => paths(picture),
        }
    }

    /// The map of each style, or its masks.
    pub(crate) fn of_styles(self) -> Vec<Vec<&'a Path>> {
        match self {
            MapFiles::Colors { styles, .. } => styles.iter().map(|path| vec![path.as_path()]).collect(),
            MapFiles::Masks { styles, .. } => styles.iter().map(paths).collect(),
        }
    }
}

fn paths(masks: &MaskList) -> Vec<&Path> {
    masks.0.iter().map(PathBuf::as_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{Order, StartFrom};

    #[test]
    fn every_path_that_is_read_can_be_replaced() {
        let masks = MaskList(vec!["m.png".into(), "n.png".into()]);
        let transfer = Transfer {
            content: "a.png".into(),
            styles: vec!["b.png".into()],
            content_mask: Some(masks.clone()),
            style_mask: vec![masks],
            ..Transfer::default()
        };
        let doodle = Doodle {
            styles: vec!["b.png".into()],
            style_map: vec!["c.png".into()],
            map: "d.png".into(),
            content: Some("a.png".into()),
        };
        for task in [Task::Transfer(transfer), Task::Doodle(doodle)] {
            let mut order = Order::new(task);
            order.picture.start = Some(StartFrom::Picture("s.png".into()));
            order.picture.fine_strokes = Some("f.png".into());
            order.content.strength_map = Some("t.png".into());
            order.inputs_mut().into_iter().for_each(|path| *path = "other.png".into());
            assert!(order.inputs().iter().all(|input| input.path == Path::new("other.png")), "{order:?}");
        }
    }
}
