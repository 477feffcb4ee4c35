//! Maps: from files to regions. What is said of them is in `messages.rs`, what is kept in metadata in
//! `recipe.rs`.

mod messages;
mod recipe;

use std::path::Path;

use impasto::regions::{RegionOptions, Regions, flattened, read_color_maps};
use impasto::{Picture, StrengthMap};
pub use recipe::MapRecipe;

use crate::basis::Basis;
use crate::figures::counted;
use crate::message::{Field, Message, Note};
use crate::order::{MapFiles, MaskList, Order, Task};
use crate::reading::read;
use crate::refusal::Refusal;
use crate::words;

/// A colour map is read over white, as a paint program shows what has not been painted.
const BEHIND_COLORS: f32 = 1.0;

/// A mask is read over black: what has been erased is not in it.
const BEHIND_MASKS: f32 = 0.0;

/// The regions of a run.
pub(crate) struct MapRegions {
    /// Of the picture, at the size of its map.
    pub of_picture: Regions,
    /// Of each style, at the size of its map.
    pub of_styles: Vec<Regions>,
}

/// The regions that the maps of an order show. What is to be said of them goes to `notes`. `content` is
/// width and height of the content picture if there is one, `styles` those of the styles.
///
/// # Errors
/// If a file cannot be read, a map is missing, or colours do not find each other.
pub(crate) fn regions(
    order: &Order,
    basis: &Basis,
    files: MapFiles<'_>,
    content: Option<(usize, usize)>,
    styles: &[(usize, usize)],
    seed: u64,
    notes: &mut Vec<Note>,
) -> Result<(MapRegions, MapRecipe), Refusal> {
    check_number(order, files)?;
    let regions = match files {
        MapFiles::Colors { picture, styles } => {
            let field = if matches!(order.task, Task::Doodle(_)) { "map" } else { "content_map" };
            let mut map = |field, path: &Path| {
                read(order, field, path, notes).map(|source| flattened(&source, BEHIND_COLORS))
            };
            let of_picture = map(field, picture)?;
            let of_styles: Vec<Picture> =
                styles.iter().map(|path| map("style_map", path)).collect::<Result<_, _>>()?;
            let options = RegionOptions {
                colors: basis.map_colors(&order.maps),
                matching: basis.map_matching(&order.maps),
                seed,
            };
            let (of_picture, of_styles) = read_color_maps(&of_picture, &of_styles, &options)
                .map_err(|error| messages::of_colors(error, files))?;
            MapRegions { of_picture, of_styles }
        }
        MapFiles::Masks { picture, styles } => {
            check_lists(picture, styles)?;
            let of_picture = masks(order, "content_mask", picture, notes)?;
            let of_styles: Vec<Regions> = styles
                .iter()
                .map(|list| masks(order, "style_mask", list, notes))
                .collect::<Result<_, _>>()?;
            let refused = |error| {
                let both = words![Field("content_mask"), ", ", Field("style_mask")];
                Refusal::order(words![both, format!(": {error}")]).of("style_mask")
            };
            of_picture.check_partners(&of_styles).map_err(refused)?;
            MapRegions { of_picture, of_styles }
        }
    };
    notes.extend(messages::sizes(files, &regions, content, styles));
    notes.push(messages::found(&regions));
    let (colors, matching) = (basis.map_colors(&order.maps), basis.map_matching(&order.maps));
    let recipe = MapRecipe::new(files, colors, matching, &regions.of_picture);
    Ok((regions, recipe))
}

/// Where the painting acts, from a file. What is to be said of it goes to `notes`. `content` is width and height of
/// the content picture if there is one.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn strength(
    order: &Order,
    path: &Path,
    content: Option<(usize, usize)>,
    notes: &mut Vec<Note>,
) -> Result<StrengthMap, Refusal> {
    let source = read(order, "strength_map", path, notes)?;
    let map = StrengthMap::from_picture(&flattened(&source, BEHIND_MASKS));
    let size = |content| messages::size(path, (map.width(), map.height()), content);
    notes.extend(content.and_then(size));
    Ok(map)
}

/// `Ok` if each style has a map or a list of masks.
fn check_number(order: &Order, files: MapFiles<'_>) -> Result<(), Refusal> {
    let (field, given) = match files {
        MapFiles::Colors { styles, .. } => ("style_map", styles.len()),
        MapFiles::Masks { styles, .. } => ("style_mask", styles.len()),
    };
    let styles = order.task.styles().len();
    if given == styles {
        return Ok(());
    }
    let (given, styles) = (counted(given, "time"), counted(styles, "style picture"));
    let why = format!("is given {given} for {styles}: give it once for each, in order");
    Err(Refusal::new(Message::predicate(field, why)))
}

/// `Ok` if each style has as many masks as the picture. The numbers of their regions would not tell: one mask
/// alone shows two, its white and its black.
fn check_lists(picture: &MaskList, styles: &[MaskList]) -> Result<(), Refusal> {
    let expected = picture.0.len();
    let Some(other) = styles.iter().find(|list| list.0.len() != expected) else { return Ok(()) };
    let (masks, why) = (counted(other.0.len(), "mask"), "give one for each part, in the same order");
    let why = words![format!("{masks}, but "), Field("content_mask"), format!(" has {expected}: {why}")];
    Err(Refusal::new(Message::about_value("style_mask", other, why)))
}

/// The regions of a list of masks.
fn masks(
    order: &Order,
    field: &'static str,
    list: &MaskList,
    notes: &mut Vec<Note>,
) -> Result<Regions, Refusal> {
    let mut mask =
        |path: &Path| read(order, field, path, notes).map(|source| flattened(&source, BEHIND_MASKS));
    let masks: Vec<Picture> = list.0.iter().map(|path| mask(path)).collect::<Result<_, _>>()?;
    match &masks[..] {
        [mask] => Ok(Regions::from_gray_mask(mask)),
        masks => Regions::from_masks(masks).map_err(|error| Refusal::order(error.to_string()).of(field)),
    }
}
