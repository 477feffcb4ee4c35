//! The result on its way to disk: size of its transparency, metadata, pictures along the way.

use std::path::{Path, PathBuf};
use std::{env, process};

use impasto::Picture;
use impasto::picture::{
    Alpha, BitDepth, Filter, PictureError, PictureFormat, WriteOptions, check_whole_file, check_writable,
};
use impasto_network::Size;
use serde::Serialize;

use super::recipe::Recipe;
use super::request::Request;
use super::values::{Grid, TraceTo};
use super::{files, tiling};
use crate::failure::Failure;
use crate::report_page;

/// Where pictures of the run go, and how they are written.
pub struct Output {
    path: PathBuf,
    /// Whether a file of this name was there before the run.
    replaces: bool,
    format: PictureFormat,
    options: WriteOptions,
    /// Transparency of the content, at its own size.
    alpha: Option<Alpha>,
    filter: Filter,
    /// The preview of the tiling.
    preview: Option<Grid>,
}

/// What goes into the metadata.
#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(flatten)]
    recipe: &'a Recipe,
    /// Iterations done, over all sizes.
    iterations_done: u64,
    /// Whether the run came to its end.
    completed: bool,
}

impl Output {
    /// Checks that the result, the pictures along the way and the JSON can be written and overwrite nothing
    /// that is read.
    ///
    /// # Errors
    /// If the name, the folder or the flags do not allow it.
    pub fn new(request: &Request<'_>) -> Result<Self, Failure> {
        let flags = &request.shared.output;
        let path = flags.output.clone().unwrap_or_else(|| request.default_output());
        let defaults = WriteOptions::default();
        let options = WriteOptions {
            depth: flags.bit_depth.unwrap_or(BitDepth::Eight),
            jpeg_quality: flags.quality.unwrap_or(defaults.jpeg_quality),
            settings: None,
        };
        let format = check_writable(&path, &options)?;
        if flags.quality.is_some() && format != PictureFormat::Jpeg {
            return Err(Failure::mistake(format_args!(
                "--quality is for JPEG, but {} is {format}, which is without loss: leave it out",
                path.display()
            )));
        }
        let output = Output {
            replaces: path.exists(),
            path,
            format,
            options,
            alpha: None,
            filter: Filter::Lanczos3,
            preview: request.preview,
        };
        output.check_inputs(request)?;
        Ok(output)
    }

    /// The same with the transparency of the content, brought to the size of results by `filter`.
    pub fn with_alpha(self, alpha: Option<Alpha>, filter: Filter) -> Self {
        Output { alpha, filter, ..self }
    }

    /// Checks that the format holds a picture of this size, and the preview of its tiling.
    pub fn check_size(&self, size: Size) -> Result<(), Failure> {
        let (Size { height, width }, format) = (size, self.format);
        let longest = format.longest_side();
        let preview =
            self.preview.map(|grid| (self.preview_path(), width * grid.columns, height * grid.rows));
        let all = [(self.path.clone(), width, height)].into_iter().chain(preview);
        for (path, width, height) in all {
            if width.max(height) > longest {
                return Err(PictureError::SideTooLong { path, format, width, height, longest }.into());
            }
        }
        Ok(())
    }

    /// Bytes for the preview of the tiling of a picture of this size, beside those of the run.
    pub fn preview_memory(&self, size: Size) -> u64 {
        self.preview.map_or(0, |grid| tiling::memory(size, grid))
    }

    /// The file of the result.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a file of the result's name was there before the run.
    pub fn replaces(&self) -> bool {
        self.replaces
    }

    /// Saves the picture of a run after so many iterations, and the preview of its tiling.
    ///
    /// # Errors
    /// If a file cannot be written. A picture that cannot be written where it was asked for, which may be hours of work,
    /// goes to the temporary folder, and the message names it.
    pub fn save(
        &self,
        picture: &Picture,
        recipe: &Recipe,
        iterations_done: u64,
        completed: bool,
    ) -> Result<(), Failure> {
        let metadata = Metadata { recipe, iterations_done, completed };
        if let Err(failure) = self.write(&self.path, picture, &metadata) {
            let rescued = self.rescue_path();
            return match (self.write(&rescued, picture, &metadata), failure) {
                (Ok(()), Failure::Mistake(why) | Failure::World(why)) => {
                    Err(Failure::world(format_args!("{why}; the picture is in {}", rescued.display())))
                }
                (_, failure) => Err(failure),
            };
        }
        match self.preview {
            Some(grid) => self.write(&self.preview_path(), &tiling::tiled(picture, grid), &metadata),
            None => Ok(()),
        }
    }

    /// Where the result goes that cannot be written where it was asked for.
    fn rescue_path(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        env::temp_dir().join(format!("impasto-{}-{name}", process::id()))
    }

    /// The file of the preview.
    fn preview_path(&self) -> PathBuf {
        files::tiled(&self.path)
    }

    /// Saves a picture along the way, after so many iterations, under its own name, which has the number.
    pub fn save_numbered(
        &self,
        picture: &Picture,
        recipe: &Recipe,
        number: u64,
        iterations_done: u64,
    ) -> Result<(), Failure> {
        let path = files::numbered(&self.path, number);
        self.write(&path, picture, &Metadata { recipe, iterations_done, completed: false })
    }

    fn write(&self, path: &Path, picture: &Picture, metadata: &Metadata<'_>) -> Result<(), Failure> {
        let (width, height) = (picture.width(), picture.height());
        let alpha = self.alpha.as_ref().map(|alpha| alpha.resized(width, height, self.filter));
        let settings = serde_json::to_string(metadata).map_err(Failure::world)?;
        let options = WriteOptions { settings: Some(settings), ..self.options.clone() };
        Ok(picture.write(path, alpha.as_ref(), &options)?)
    }

    /// Refuses to overwrite an input without `--force`, and one output by another at all.
    fn check_inputs(&self, request: &Request<'_>) -> Result<(), Failure> {
        let flags = &request.shared.output;
        let pictures = request.inputs();
        let others = [request.shared.network.weights.as_deref(), request.shared.picture.like.as_deref()];
        let inputs = pictures.iter().map(|input| input.path).chain(others.into_iter().flatten());
        let mut outputs = vec![self.path.clone()];
        outputs.extend(self.preview.map(|_| self.preview_path()));
        if let Some(TraceTo::File(path)) = &flags.json {
            check_whole_file(path)?;
            if outputs.iter().any(|output| files::is_same_file(path, output)) {
                return Err(Failure::mistake(format_args!(
                    "--json={}: the picture is written there",
                    path.display()
                )));
            }
            outputs.push(path.clone());
        }
        if let Some(folder) = &flags.report.report {
            let page = report_page::page_in(folder);
            if outputs.iter().any(|output| files::is_same_file(&page, output)) {
                return Err(Failure::mistake(format_args!(
                    "--json={0}: the page of --report {1} is written there",
                    page.display(),
                    folder.display()
                )));
            }
            outputs.push(page);
        }
        let numbers = flags.save_every.is_some() || flags.report.snapshots.is_some();
        for input in inputs {
            let numbered = numbers.then(|| self.numbered_like(input)).flatten();
            let overwritten = outputs.iter().find(|output| files::is_same_file(output, input));
            if let Some(output) = overwritten.or(numbered.as_ref()).filter(|_| !flags.force) {
                return Err(Failure::mistake(format_args!(
                    "{}: is one of the inputs; name another file, or overwrite it with --force",
                    output.display()
                )));
            }
        }
        Ok(())
    }

    /// `input` itself, if a picture along the way might be saved under its name.
    fn numbered_like(&self, input: &Path) -> Option<PathBuf> {
        let digits = input.file_stem()?.to_str()?.rsplit_once('-')?.1;
        let numbered = files::numbered(&self.path, digits.parse().ok()?);
        files::is_same_file(&numbered, input).then_some(numbered)
    }
}
