//! Maps: from files to regions. What is said of them is in `messages.rs`, what is kept in metadata in
//! `recipe.rs`.

mod messages;
mod recipe;

use std::path::Path;

use impasto::regions::{RegionOptions, Regions, flattened, read_color_maps};
use impasto::{Picture, StrengthMap};
pub use recipe::MapRecipe;

use super::basis::Basis;
use super::blend::counted;
use super::reading::read;
use super::request::{MapFiles, Maps, Request};
use super::values::MaskList;
use crate::failure::Failure;

/// A colour map is read over white, as a paint program shows what has not been painted.
const BEHIND_COLORS: f32 = 1.0;

/// A mask is read over black: what has been erased is not in it.
const BEHIND_MASKS: f32 = 0.0;

/// The regions of a run.
#[derive(Clone)]
pub struct MapRegions {
    /// Of the picture, at the size of its map.
    pub of_picture: Regions,
    /// Of each style, at the size of its map.
    pub of_styles: Vec<Regions>,
}

/// The regions that the maps of a request show. What is to be said of them goes to `notes`. `content` is
/// width and height of the content picture if there is one, `styles` those of the styles.
///
/// # Errors
/// If a file cannot be read, a map is missing, or colours do not find each other.
pub fn regions(
    request: &Request<'_>,
    basis: &Basis,
    maps: &Maps<'_>,
    content: Option<(usize, usize)>,
    styles: &[(usize, usize)],
    seed: u64,
    notes: &mut Vec<String>,
) -> Result<(MapRegions, MapRecipe), Failure> {
    check_number(request, maps)?;
    let regions = match maps.files {
        MapFiles::Colors { picture, styles } => {
            let mut map =
                |path: &Path| read(request, path, notes).map(|source| flattened(&source, BEHIND_COLORS));
            let of_picture = map(picture)?;
            let of_styles: Vec<Picture> = styles.iter().map(|path| map(path)).collect::<Result<_, _>>()?;
            let options = RegionOptions {
                colors: basis.map_colors(maps.flags),
                matching: basis.map_matching(maps.flags),
                seed,
            };
            let (of_picture, of_styles) = read_color_maps(&of_picture, &of_styles, &options)
                .map_err(|error| messages::of_colors(error, maps.files))?;
            MapRegions { of_picture, of_styles }
        }
        MapFiles::Masks { picture, styles } => {
            check_lists(picture, styles)?;
            let of_picture = masks(request, picture, notes)?;
            let of_styles: Vec<Regions> =
                styles.iter().map(|list| masks(request, list, notes)).collect::<Result<_, _>>()?;
            let refused = |error| Failure::mistake(format_args!("--content-mask, --style-mask: {error}"));
            of_picture.check_partners(&of_styles).map_err(refused)?;
            MapRegions { of_picture, of_styles }
        }
    };
    notes.extend(messages::sizes(maps.files, &regions, content, styles));
    notes.push(messages::found(&regions));
    let (colors, matching) = (basis.map_colors(maps.flags), basis.map_matching(maps.flags));
    let recipe = MapRecipe::new(maps, colors, matching, &regions.of_picture);
    Ok((regions, recipe))
}

/// Where the painting acts, from a file. What is to be said of it goes to `notes`. `content` is width and height of
/// the content picture if there is one.
///
/// # Errors
/// If it cannot be read.
pub fn strength(
    request: &Request<'_>,
    path: &Path,
    content: Option<(usize, usize)>,
    notes: &mut Vec<String>,
) -> Result<StrengthMap, Failure> {
    let source = read(request, path, notes)?;
    let map = StrengthMap::from_picture(&flattened(&source, BEHIND_MASKS));
    let size = |content| messages::size(path, (map.width(), map.height()), content);
    notes.extend(content.and_then(size));
    Ok(map)
}

/// `Ok` if each style has a map or a list of masks.
fn check_number(request: &Request<'_>, maps: &Maps<'_>) -> Result<(), Failure> {
    let (flag, given) = match maps.files {
        MapFiles::Colors { styles, .. } => ("--style-map", styles.len()),
        MapFiles::Masks { styles, .. } => ("--style-mask", styles.len()),
    };
    let styles = request.styles.len();
    if given == styles {
        return Ok(());
    }
    let (given, styles) = (counted(given, "time"), counted(styles, "style picture"));
    Err(Failure::mistake(format_args!(
        "{flag} is given {given} for {styles}: give it once for each, in order"
    )))
}

/// `Ok` if each style has as many masks as the picture. The numbers of their regions would not tell: one mask
/// alone shows two, its white and its black.
fn check_lists(picture: &MaskList, styles: &[MaskList]) -> Result<(), Failure> {
    let expected = picture.0.len();
    let Some(other) = styles.iter().find(|list| list.0.len() != expected) else { return Ok(()) };
    Err(Failure::mistake(format_args!(
        "--style-mask {other}: {}, but --content-mask has {expected}: give one for each part, in the same order",
        counted(other.0.len(), "mask")
    )))
}

/// The regions of a list of masks.
fn masks(request: &Request<'_>, list: &MaskList, notes: &mut Vec<String>) -> Result<Regions, Failure> {
    let mut mask = |path: &Path| read(request, path, notes).map(|source| flattened(&source, BEHIND_MASKS));
    let masks: Vec<Picture> = list.0.iter().map(|path| mask(path)).collect::<Result<_, _>>()?;
    match &masks[..] {
        [mask] => Ok(Regions::from_gray_mask(mask)),
        masks => Regions::from_masks(masks).map_err(Failure::mistake),
    }
}
