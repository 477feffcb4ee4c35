//! Which page of a TIFF file is the picture, and what is no picture at all.

use crate::picture::ReadWarning;
use crate::picture::formats::ReadFailure;
use crate::picture::formats::directory::{Directory, Tagged};

use super::tags;

/// Directories that are looked at; a file with more is read up to here.
const MOST_PAGES: usize = 10_000;

/// How many times as many pixels as the first page another has to have to be the picture, where nothing says that
/// the first is a preview of it.
const MUCH_LARGER: u64 = 4;

/// Bits of the tag `NewSubfileType`.
const REDUCED: u64 = 1;
const MASK: u64 = 4;

/// What `PhotometricInterpretation` says of a sensor's values.
const COLOR_FILTER_ARRAY: u64 = 32803;
const LINEAR_RAW: u64 = 34892;

/// Compressions of Nikon and Sony, and the signature that Canon puts behind the header of a CR2 file.
const RAW_COMPRESSIONS: [u64; 3] = [34713, 32767, 32770];
const CANON: &[u8] = b"CR";

/// The directory of the picture, and a note if the file has more pages.
pub(super) fn picture(
    file: &Tagged,
    first: u64,
    warnings: &mut Vec<ReadWarning>,
) -> Result<Directory, ReadFailure> {
    let damaged = || ReadFailure::Damaged("the table of contents is missing or cut short".to_owned());
    let mut pages = Vec::new();
    let mut previews = Vec::new();
    let mut to_visit = vec![(first, true)];
    let mut seen = std::collections::HashSet::new();
    while let Some((place, is_page)) = to_visit.pop() {
        if place == 0 || !seen.insert(place) || seen.len() > MOST_PAGES {
            continue;
        }
        let Some(directory) = file.directory(place) else { continue };
        if is_raw(file, &directory) {
            return Err(raw_file(file, first));
        }
        // Children come before the pages that follow, and are no pages of the document.
        if is_page {
            to_visit.push((directory.next, true));
        }
        let children = file.numbers(&directory, tags::SUB_DIRECTORIES).unwrap_or_default();
        to_visit.extend(children.into_iter().take(MOST_PAGES).rev().map(|child| (child, false)));
        let kind = kind(file, &directory);
        let pixels = pixels(file, &directory);
        match (kind & (REDUCED | MASK), pixels) {
            (_, 0) => {}
            (0, _) => pages.push((pixels, is_page, directory)),
            _ => previews.push((pixels, is_page, directory)),
        }
    }
    if pages.is_empty() {
        // All that there is.
        pages = previews;
    }
    let count = pages.iter().filter(|(_, is_page, _)| *is_page).count();
    let (first_pixels, _, _) = pages.first().ok_or_else(damaged)?;
    let threshold = first_pixels.saturating_mul(MUCH_LARGER);
    let mut best = 0;
    for (index, (pixels, _, _)) in pages.iter().enumerate() {
        if *pixels >= threshold && *pixels > pages[best].0 {
            best = index;
        }
    }
    if count > 1 {
        warnings.push(ReadWarning::Pages { count, read: best + 1 });
    }
    Ok(pages.swap_remove(best).2)
}

fn kind(file: &Tagged, directory: &Directory) -> u64 {
    let old = match file.first_number(directory, tags::SUBFILE_TYPE) {
        Some(2) => REDUCED,
        _ => 0,
    };
    file.first_number(directory, tags::NEW_SUBFILE_TYPE).unwrap_or(old)
}

fn pixels(file: &Tagged, directory: &Directory) -> u64 {
    let side = |tag| file.first_number(directory, tag).unwrap_or(0);
    side(tags::WIDTH).saturating_mul(side(tags::HEIGHT))
}

/// Whether a directory belongs to what a camera's sensor saw.
fn is_raw(file: &Tagged, directory: &Directory) -> bool {
    let number = |tag| file.first_number(directory, tag);
    matches!(number(tags::PHOTOMETRIC), Some(COLOR_FILTER_ARRAY | LINEAR_RAW))
        || number(tags::COMPRESSION).is_some_and(|number| RAW_COMPRESSIONS.contains(&number))
        || file.bytes_of(directory, tags::DNG_VERSION).is_some()
        || file.slice(8, 2) == Some(CANON)
}

fn raw_file(file: &Tagged, first: u64) -> ReadFailure {
    let directory = file.directory(first);
    let maker = directory.as_ref().and_then(|it| file.text(it, tags::MAKE)).unwrap_or_default();
    let is_dng = directory.as_ref().is_some_and(|it| file.bytes_of(it, tags::DNG_VERSION).is_some());
    let maker_is = |name: &str| maker.to_ascii_uppercase().starts_with(name);
    let kind = match () {
        () if is_dng => "DNG",
        () if maker_is("NIKON") => "Nikon NEF",
        () if maker_is("SONY") => "Sony ARW",
        () if maker_is("CANON") => "Canon CR2",
        () if maker_is("PENTAX") || maker_is("RICOH") => "Pentax PEF",
        () if maker_is("SAMSUNG") => "Samsung SRW",
        () => "TIFF with sensor values",
    };
    ReadFailure::Foreign(format!("a camera raw file ({kind})"))
}
