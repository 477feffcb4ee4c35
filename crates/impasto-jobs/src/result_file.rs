//! The file of a result: what it holds beside the pixels, which is the transparency of the content, and everything
//! that the picture depends on as metadata.

use std::path::Path;

use impasto::Picture;
use impasto::picture::{Alpha, Filter, WriteOptions};
use serde::Serialize;

use crate::recipe::Recipe;
use crate::refusal::Refusal;

/// How the file of a result, or of a picture along the way, is written.
#[derive(Clone, Debug)]
pub struct ResultFile {
    options: WriteOptions,
    /// Transparency of the content, at its own size.
    alpha: Option<Alpha>,
    /// Brings it to the size of results.
    filter: Filter,
}

/// How far the run of a picture came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Extent {
    /// Iterations done, over all sizes.
    pub iterations_done: u64,
    /// Whether the run came to its end.
    pub completed: bool,
}

/// What goes into the metadata.
#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(flatten)]
    recipe: &'a Recipe,
    #[serde(flatten)]
    extent: Extent,
}

impl ResultFile {
    pub(crate) fn new(options: WriteOptions, alpha: Option<Alpha>, filter: Filter) -> Self {
        ResultFile { options, alpha, filter }
    }

    /// Writes a picture of a run to a file, whose extension says the format.
    ///
    /// # Errors
    /// If the format is unknown, cannot hold the picture, or the file cannot be written.
    pub fn write(
        &self,
        path: &Path,
        picture: &Picture,
        recipe: &Recipe,
        extent: Extent,
    ) -> Result<(), Refusal> {
        let (alpha, options) = self.beside(picture, recipe, extent)?;
        Ok(picture.write(path, alpha.as_ref(), &options)?)
    }

    /// Encodes a picture of a run as a file of this name, whose extension says the format.
    ///
    /// # Errors
    /// If the format is unknown, or cannot hold the picture.
    pub fn encode(
        &self,
        name: &str,
        picture: &Picture,
        recipe: &Recipe,
        extent: Extent,
    ) -> Result<Vec<u8>, Refusal> {
        let (alpha, options) = self.beside(picture, recipe, extent)?;
        Ok(picture.encode(name, alpha.as_ref(), &options)?)
    }

    /// What the file holds beside the pixels.
    fn beside(
        &self,
        picture: &Picture,
        recipe: &Recipe,
        extent: Extent,
    ) -> Result<(Option<Alpha>, WriteOptions), Refusal> {
        let (width, height) = (picture.width(), picture.height());
        let alpha = self.alpha.as_ref().map(|alpha| alpha.resized(width, height, self.filter));
        let settings = serde_json::to_string(&Metadata { recipe, extent }).map_err(Refusal::system)?;
        Ok((alpha, WriteOptions { settings: Some(settings), ..self.options.clone() }))
    }
}
