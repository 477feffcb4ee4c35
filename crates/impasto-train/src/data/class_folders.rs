//! Pictures in a folder for each class.

use std::collections::BTreeSet;
use std::path::Path;

use super::DataFault;
use super::data_set::{DataSet, Split};
use super::decode::{Decoding, Pixels};
use super::files::for_each_file;

/// Without a test folder, one in so many pictures of a class is kept for the test.
const HELD_OUT: usize = 10;

/// The data set in `path`, its pictures brought to `side`×`side`.
pub(super) fn read(path: &Path, side: usize) -> Result<DataSet, DataFault> {
    let mut decoding = Decoding::new(|_: &str, pixels: Pixels| Ok(planes(&pixels.scaled(side, side))));
    let mut found = Vec::new();
    let folders = for_each_file(path, |file, bytes| {
        if file.contains('/') && !is_note(&file) {
            return decoding.push(file, bytes);
        }
        // Beside the folders there may be a readme.
        found.push(file);
        Ok(())
    })?;
    let pictures = decoding.finish()?;
    if pictures.is_empty() {
        return Err(DataFault::Unknown { found: summary(&found) });
    }
    check_folders(&folders, &pictures.iter().map(|(file, _)| folder_of(file)).collect())?;
    let places: Vec<Place> = pictures.iter().map(|(file, _)| place(file)).collect();
    let classes: BTreeSet<&str> = places.iter().map(|place| place.class).collect();
    let classes: Vec<String> = classes.into_iter().map(str::to_owned).collect();
    if classes.len() > 256 {
        return Err(DataFault::Classes { found: classes.len() });
    }
    let has_test = places.iter().any(|place| place.split == Some("test"));
    let (mut training, mut test) = (Split::default(), Split::default());
    let mut seen = vec![0; classes.len()];
    for (place, (_, planes)) in places.iter().zip(&pictures) {
        let label = classes.binary_search_by(|class| class.as_str().cmp(place.class));
        let label = label.expect("every class was listed");
        let is_test = match place.split {
            _ if !has_test => {
                seen[label] += 1;
                usize::is_multiple_of(seen[label], HELD_OUT)
            }
            split => split == Some("test"),
        };
        let to = if is_test { &mut test } else { &mut training };
        to.labels.push(label as u8);
        to.pixels.extend_from_slice(planes);
    }
    Ok(DataSet { side, classes, training, test })
}

/// Whether a file is a text that goes with the pictures, by its name.
fn is_note(file: &str) -> bool {
    let extension = file.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, it)| it);
    extension
        .is_some_and(|it| ["txt", "md", "html", "json", "csv"].contains(&it.to_ascii_lowercase().as_str()))
}

fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Checks that no folder beside those of classes is empty: its class would silently be missing.
fn check_folders(folders: &[String], of_classes: &BTreeSet<&str>) -> Result<(), DataFault> {
    let holds_classes =
        |folder: &str| of_classes.iter().any(|class| class.starts_with(&format!("{folder}/")));
    let beside: BTreeSet<&str> = of_classes.iter().map(|class| folder_of(class)).collect();
    let empty = folders.iter().find(|folder| {
        beside.contains(folder_of(folder)) && !of_classes.contains(folder.as_str()) && !holds_classes(folder)
    });
    empty.map_or(Ok(()), |folder| {
        let (parent, class) = folder.rsplit_once('/').unwrap_or(("", folder));
        let split = if parent.rsplit('/').next() == Some("test") { "test" } else { "training" };
        Err(DataFault::EmptyClass { class: class.to_owned(), split })
    })
}

/// Where a file stands: `train` or `test`, and its class.
struct Place<'a> {
    split: Option<&'a str>,
    class: &'a str,
}

fn place(file: &str) -> Place<'_> {
    let mut parts = file.rsplit('/').skip(1);
    let class = parts.next().unwrap_or_default();
    Place { split: parts.next().filter(|split| ["train", "test"].contains(split)), class }
}

/// `[3, height, width]` of `[height, width, 3]`.
fn planes(pixels: &Pixels) -> Vec<u8> {
    (0..3).flat_map(|channel| pixels.values.iter().skip(channel).step_by(3).copied()).collect()
}

/// Pictures `[N, 3, from, from]` brought to `[N, 3, to, to]`.
pub(super) fn resized(pictures: &[u8], from: usize, to: usize) -> Vec<u8> {
    use rayon::prelude::*;
    let area = from * from;
    let pictures = pictures.par_chunks_exact(3 * area).flat_map_iter(|picture| {
        let values = (0..3 * area).map(|index| picture[index % 3 * area + index / 3]).collect();
        planes(&Pixels { width: from, height: from, values }.scaled(to, to))
    });
    pictures.collect()
}

/// A few names, for a message.
fn summary(found: &[String]) -> String {
    match found {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first, ..] => format!("{first} and {} more", found.len() - 1),
    }
}
