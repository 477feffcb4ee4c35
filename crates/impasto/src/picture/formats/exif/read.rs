//! The metadata in the directories of an EXIF block or a TIFF file.

use super::tags;
use crate::picture::formats::MARK;
use crate::picture::formats::directory::Tagged;
use crate::picture::metadata::{Entry, Metadata};

/// The most that is kept, in bytes: one segment of JPEG, with room for the directories.
const MOST_BYTES: usize = 60_000;

/// Bytes of an entry in a directory.
const ENTRY_BYTES: usize = 12;

const ASCII: u16 = 2;
const UTF8: u16 = 129;

/// The metadata in an EXIF block, with or without `Exif\0\0` before it.
pub(in crate::picture::formats) fn metadata(block: &[u8]) -> Metadata {
    match Tagged::open(block.strip_prefix(b"Exif\0\0").unwrap_or(block)) {
        Some((file, first)) => of_directories(&file, first),
        None => with_problem("the header is damaged"),
    }
}

/// The metadata in the directory at a place, and in those that it points to. All of it or, if part of it is damaged, nothing.
pub(in crate::picture::formats) fn of_directories(file: &Tagged, first: u64) -> Metadata {
    read(file, first).unwrap_or_else(with_problem)
}

fn with_problem(problem: &str) -> Metadata {
    Metadata { problem: Some(problem.to_owned()), ..Metadata::default() }
}

fn read(file: &Tagged, first: u64) -> Result<Metadata, &'static str> {
    const CUT: &str = "a directory is cut short";
    let mut space = MOST_BYTES;
    let directory = file.directory(first).ok_or(CUT)?;
    let mut picture = entries(file, first, |tag| tags::OF_PICTURE.contains(&tag), &mut space)?;
    // What this program wrote there are the settings of another picture.
    picture.retain(|entry| !entry.bytes.starts_with(MARK.as_bytes()));
    let mut below = |pointer, is_kept: fn(u16) -> bool| match file.first_number(&directory, pointer) {
        Some(place) => entries(file, place, is_kept, &mut space),
        None => Ok(Vec::new()),
    };
    let taking = below(tags::EXIF_DIRECTORY, |tag| !tags::OF_PIXELS.contains(&tag))?;
    let place = below(tags::GPS_DIRECTORY, |_| true)?;
    Ok(Metadata { picture, taking, place, problem: None })
}

/// The entries of the directory at a place that are kept, by their tags, each once.
fn entries(
    file: &Tagged,
    place: u64,
    is_kept: impl Fn(u16) -> bool,
    space: &mut usize,
) -> Result<Vec<Entry>, &'static str> {
    let directory = file.directory(place).ok_or("a directory is cut short")?;
    let mut kept: Vec<Entry> = Vec::new();
    for (tag, kind, bytes) in file.entries(&directory).filter(|(tag, ..)| is_kept(*tag)) {
        // Programs of before EXIF 3 know texts as ASCII alone, and most take UTF-8 there.
        let kind = if kind == UTF8 { ASCII } else { kind };
        if Entry::layout(kind).is_none() {
            continue;
        }
        let bytes = bytes.ok_or("a value lies beyond the end")?;
        let is_blank = kind == ASCII && bytes.iter().all(|byte| matches!(byte, 0 | b' '));
        if bytes.is_empty() || is_blank {
            continue;
        }
        *space = space.checked_sub(ENTRY_BYTES + bytes.len()).ok_or("more than 60000 bytes")?;
        let mut entry = Entry { tag, kind, bytes: bytes.to_vec() };
        if file.is_big_endian {
            entry.reverse();
        }
        kept.push(entry);
    }
    // The first of several, as readers take it.
    kept.sort_by_key(|entry| entry.tag);
    kept.dedup_by_key(|entry| entry.tag);
    Ok(kept)
}
