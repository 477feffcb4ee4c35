//! Which pictures are painted, and in which style: what was typed says it in two ways.
//!
//! `CONTENT STYLE…` names one picture to paint, or a folder of them, and then the styles. Where `--style` names the
//! styles, everything else is painted.

use std::fs;
use std::path::{Path, PathBuf};

use impasto::picture::{PictureFormat, read_settings};
use impasto_jobs::order::Transfer;

use super::TransferArguments;
use crate::failure::{Failure, say};
use crate::painting::is_same_file;

/// Most styles that may stand after the content: more are rather pictures to paint, such as all of a folder that a shell
/// has listed.
const MOST_STYLES: usize = 4;

/// What is painted.
#[derive(Debug)]
pub enum Pictures {
    /// One picture.
    One(Transfer),
    /// Each of several, in the same style.
    Several(Vec<Transfer>),
}

impl Pictures {
    /// What was typed.
    ///
    /// # Errors
    /// If there is no style, more styles than can be meant, or a folder without pictures.
    pub fn new(arguments: &TransferArguments) -> Result<Self, Failure> {
        let TransferArguments { pictures, style, .. } = arguments;
        let (contents, styles) = match style.as_slice() {
            [] => (vec![pictures.content.clone()], pictures.styles.clone()),
            styles => {
                let contents = [&pictures.content].into_iter().chain(&pictures.styles);
                (contents.cloned().collect(), styles.to_vec())
            }
        };
        if styles.is_empty() {
            let content = pictures.content.display();
            return Err(Failure::mistake(format_args!(
                "there is no <STYLE>: impasto transfer {content} STYLE; see impasto transfer --help"
            )));
        }
        if style.is_empty() && styles.len() > MOST_STYLES {
            return Err(too_many_styles(pictures));
        }
        let one = |content: &Path| Transfer {
            content: content.to_owned(),
            styles: styles.clone(),
            ..pictures.clone()
        };
        if let [content] = contents.as_slice()
            && !content.is_dir()
        {
            return Ok(Pictures::One(one(content)));
        }
        let mut all = Vec::new();
        for content in &contents {
            match content.is_dir() {
                true => all.extend(in_folder(content, &styles, arguments.shared.output.quiet)?),
                false => all.push(content.clone()),
            }
        }
        Ok(Pictures::Several(all.iter().map(|content| one(content)).collect()))
    }
}

/// Says how several pictures are painted in one style, and how many styles blend.
fn too_many_styles(pictures: &Transfer) -> Failure {
    let style = pictures.styles.last().map_or(Path::new("STYLE"), PathBuf::as_path).display();
    let (first, second) = (pictures.content.display(), pictures.styles[0].display());
    Failure::mistake(format_args!(
        "{} styles for {first}: more than {MOST_STYLES} need --style. To paint each of many pictures, name the style by \
         it: impasto transfer {first} {second} ... --style {style}; to blend many styles, repeat it",
        pictures.styles.len()
    ))
}

/// The pictures of a folder, by name. Styles, and what was painted before, are none of them.
fn in_folder(folder: &Path, styles: &[PathBuf], quiet: bool) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::world(format_args!("{}: {error}", folder.display()));
    let mut pictures = Vec::new();
    let mut painted = 0;
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, is_hidden) = (entry.path(), entry.file_name().to_string_lossy().starts_with('.'));
        let is_picture = !is_hidden && PictureFormat::is_read(&path) && path.is_file();
        if !is_picture || styles.iter().any(|style| is_same_file(style, &path)) {
            continue;
        }
        // What cannot be read is told when its turn comes.
        match read_settings(&path) {
            Ok(Some(_)) => painted += 1,
            _ => pictures.push(path),
        }
    }
    if painted > 0 && !quiet {
        let folder = folder.display();
        say(format_args!("{folder}: impasto painted {painted} of the pictures, which are left out"));
    }
    if pictures.is_empty() {
        return Err(Failure::mistake(format_args!("{}: holds no picture to paint", folder.display())));
    }
    pictures.sort();
    Ok(pictures)
}
