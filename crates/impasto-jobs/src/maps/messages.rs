//! What is said of maps: what they show, and what is wrong with them.

use std::path::Path;

use impasto::regions::{MapOf, RegionError, RegionName, Regions, SAME_COLOR, UnmatchedColor};

use super::MapRegions;
use crate::figures::counted;
use crate::message::{Field, Message, Note};
use crate::order::MapFiles;
use crate::refusal::Refusal;
use crate::words;

/// Most regions that are listed.
const MOST_LISTED: usize = 8;

/// Most unmatched colours that an error lists.
const MOST_UNMATCHED: usize = 3;

/// Aspects that differ by more than this factor are not a matter of rounding.
const ASPECT_TOLERANCE: f64 = 1.03;

/// `map: 2 regions: #ffffff 75 %, #0000ff 25 %`, or a warning that the maps say nothing: a single region does
/// so where it is the whole of each style too.
pub(crate) fn found(MapRegions { of_picture, of_styles }: &MapRegions) -> Note {
    let is_whole = |style: &Regions| style.regions()[0].pixels == style.width() * style.height();
    if let [only] = of_picture.regions()
        && of_styles.iter().all(is_whole)
    {
        let why = format!("map: one region only, {}: the maps change nothing", only.name);
        return Note::warning(Message::new(why));
    }
    let pixels = (of_picture.width() * of_picture.height()) as f64;
    let regions = of_picture.regions();
    let share = |pixels: usize, of: f64| match 100.0 * pixels as f64 / of {
        percent if percent > 0.0 && percent < 1.0 => "below 1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    };
    let listed =
        regions.iter().take(MOST_LISTED).map(|it| format!("{} {}", it.name, share(it.pixels, pixels)));
    let mut listed: Vec<String> = listed.collect();
    if regions.len() > MOST_LISTED {
        listed.push(format!("and {} more", regions.len() - MOST_LISTED));
    }
    let why = format!("map: {}: {}", counted(regions.len(), "region"), listed.join(", "));
    Note::fact(Message::new(why))
}

/// A line for each map that is not of the size of its picture.
pub(crate) fn sizes(
    files: MapFiles<'_>,
    regions: &MapRegions,
    content: Option<(usize, usize)>,
    styles: &[(usize, usize)],
) -> Vec<Note> {
    let of_styles = files.of_styles();
    let of_picture = content.map(|picture| (files.of_picture(), &regions.of_picture, picture));
    let of_styles = of_styles.into_iter().zip(&regions.of_styles).zip(styles);
    let all = of_picture.into_iter().chain(of_styles.map(|((paths, map), &style)| (paths, map, style)));
    all.filter_map(|(paths, map, picture)| size(paths[0], (map.width(), map.height()), picture)).collect()
}

/// What is said of one map, both sizes width and height.
pub(crate) fn size(path: &Path, map: (usize, usize), picture: (usize, usize)) -> Option<Note> {
    if map == picture {
        return None;
    }
    let aspect = |(width, height): (usize, usize)| width as f64 / height as f64;
    let stretch = aspect(map) / aspect(picture);
    let differs = !(1.0 / ASPECT_TOLERANCE..=ASPECT_TOLERANCE).contains(&stretch);
    let how = if differs { "stretched" } else { "resized" };
    let (path, (width, height), (to_width, to_height)) = (path.display(), map, picture);
    let message =
        Message::new(format!("{path}: {width}x{height}, {how} to {to_width}x{to_height} like its picture"));
    Some(if differs { Note::warning(message) } else { Note::fact(message) })
}

/// What is wrong with colour maps, by their files.
pub(crate) fn of_colors(error: RegionError, files: MapFiles<'_>) -> Refusal {
    let file = |map: MapOf| match map {
        MapOf::Picture => files.of_picture()[0].display().to_string(),
        MapOf::Style { index, .. } => files.of_styles()[index][0].display().to_string(),
    };
    match error {
        RegionError::Unmatched(colors) => {
            let mut listed: Vec<String> =
                colors.iter().take(MOST_UNMATCHED).map(|color| unmatched(color, &file(color.map))).collect();
            if colors.len() > MOST_UNMATCHED {
                listed.push(format!("and {} more", colors.len() - MOST_UNMATCHED));
            }
            let listed = listed.join("; ");
            let change = format!("{listed}: change the colour, or accept the nearest with ");
            Refusal::order(words![change, Field("map_match"), " nearest"]).of("map_match")
        }
        RegionError::TooManyColors { map, colors } => {
            let too_many = format!(
                "{}: has {colors} colours, and too many of them fill areas: use a map of flat colours, or say \
                 how many regions there are with ",
                file(map)
            );
            Refusal::order(words![too_many, Field("map_colors"), " N"]).of("map_colors")
        }
        error => Refusal::order(error.to_string()),
    }
}

/// One colour that only one side has.
fn unmatched(color: &UnmatchedColor, file: &str) -> String {
    let UnmatchedColor { map, color, pixels, nearest: (nearest, distance) } = color;
    let others = if *map == MapOf::Picture { "the style map" } else { "the map of the picture" };
    let (color, nearest) = (RegionName::Color(*color), RegionName::Color(*nearest));
    if *distance <= SAME_COLOR {
        let taken = "the partner of another colour";
        format!("{file}: {color}, {pixels} pixels, is near {nearest} of {others}, {taken}")
    } else {
        format!("{file}: {color}, {pixels} pixels, is not in {others}, whose nearest is {nearest}")
    }
}
