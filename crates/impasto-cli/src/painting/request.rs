//! What a command asks to be painted: pictures by their roles, and flags.

use std::path::{Path, PathBuf};

use super::arguments::{ContentArguments, MapArguments, SharedArguments};
use super::files::stem;
use super::values::{Grid, MaskList, StartFrom};
use crate::failure::Failure;

/// One painting, as a command asks for it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The flags that every painting command has.
    pub shared: &'a SharedArguments,
    /// The flags about a content picture, of commands that take one.
    pub keeping: Option<&'a ContentArguments>,
    /// The picture to repaint.
    pub content: Option<&'a Path>,
    /// The pictures to take the style from.
    pub styles: &'a [PathBuf],
    /// Which parts of the picture take the style of which parts of the styles.
    pub maps: Option<Maps<'a>>,
    /// Whether the result tiles; `None` for as the basis has it.
    pub seamless: Option<bool>,
    /// The preview of its tiling.
    pub preview: Option<Grid>,
}

/// The maps of a request.
#[derive(Clone, Copy)]
pub struct Maps<'a> {
    /// How they are read.
    pub flags: &'a MapArguments,
    /// The files.
    pub files: MapFiles<'a>,
}

/// The files of maps: of the picture, and of each style in their order.
#[derive(Clone, Copy)]
pub enum MapFiles<'a> {
    /// Colour maps.
    Colors { picture: &'a Path, styles: &'a [PathBuf] },
    /// Soft masks.
    Masks { picture: &'a MaskList, styles: &'a [MaskList] },
}

/// A picture file and what it is for, in the words of messages and reports.
pub struct Input<'a> {
    pub role: &'static str,
    pub path: &'a Path,
}

impl<'a> Request<'a> {
    /// All pictures that are read.
    pub fn inputs(&self) -> Vec<Input<'a>> {
        let mut inputs = Vec::new();
        let mut add = |role, path| inputs.push(Input { role, path });
        self.content.into_iter().for_each(|path| add("content", path));
        self.styles.iter().for_each(|path| add("style", path));
        if let Some(Maps { files, .. }) = self.maps {
            files.of_picture().into_iter().for_each(|path| add("map", path));
            files.of_styles().into_iter().flatten().for_each(|path| add("style map", path));
        }
        self.strength_map().into_iter().for_each(|path| add("strength map", path));
        self.shared.picture.fine_strokes.iter().for_each(|path| add("fine strokes", path));
        if let Some(StartFrom::Picture(path)) = &self.shared.picture.start {
            add("start", path);
        }
        inputs
    }

    /// The picture that says where the painting acts.
    pub fn strength_map(&self) -> Option<&'a Path> {
        self.keeping.and_then(|flags| flags.strength_map.as_deref())
    }

    /// What is painted: the file that shows its shapes. `None` for a texture.
    pub fn subject(&self) -> Option<&'a Path> {
        let map = self.maps.and_then(|maps| maps.files.of_picture().first().copied());
        self.content.or(map)
    }

    /// What is painted, in words.
    pub fn title(&self) -> String {
        let styles: Vec<String> = self.styles.iter().map(|path| stem(path)).collect();
        let styles = styles.join(" and ");
        match self.subject() {
            Some(subject) => format!("{} in the style of {styles}", stem(subject)),
            None => format!("a texture of {styles}"),
        }
    }

    /// Name of the result where none is given, in the current folder, after the files without their
    /// extensions: `CONTENT-STYLE.png`, `MAP-STYLE.png` or `STYLE-texture.png`.
    pub fn default_output(&self) -> PathBuf {
        let mut names: Vec<String> = self.subject().into_iter().map(stem).collect();
        names.extend(self.styles.iter().map(|path| stem(path)));
        if self.subject().is_none() {
            names.push("texture".to_owned());
        }
        PathBuf::from(names.join("-") + ".png")
    }
}

impl<'a> MapFiles<'a> {
    /// The map of the picture, or its masks.
    pub fn of_picture(self) -> Vec<&'a Path> {
        match self {
            MapFiles::Colors { picture, .. } => vec![picture],
            MapFiles::Masks { picture, .. } => paths(picture),
        }
    }

    /// The map of each style, or its masks.
    pub fn of_styles(self) -> Vec<Vec<&'a Path>> {
        match self {
            MapFiles::Colors { styles, .. } => styles.iter().map(|path| vec![path.as_path()]).collect(),
            MapFiles::Masks { styles, .. } => styles.iter().map(paths).collect(),
        }
    }
}

fn paths(masks: &MaskList) -> Vec<&Path> {
    masks.0.iter().map(PathBuf::as_path).collect()
}

impl<'a> Maps<'a> {
    /// The maps of a request, which come from the flags that `wanted` names.
    ///
    /// # Errors
    /// If there are no maps, but flags that say how to read them.
    pub fn new(
        flags: &'a MapArguments,
        files: Option<MapFiles<'a>>,
        wanted: &str,
    ) -> Result<Option<Self>, Failure> {
        match (files, flags.given()) {
            (Some(files), _) => Ok(Some(Maps { flags, files })),
            (None, None) => Ok(None),
            (None, Some(flag)) => {
                Err(Failure::mistake(format_args!("{flag}: there are no maps; add {wanted}")))
            }
        }
    }
}
