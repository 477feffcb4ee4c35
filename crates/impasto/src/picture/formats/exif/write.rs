//! EXIF blocks of metadata and settings, little-endian.

use super::{ORIENTATION, tags};
use crate::picture::formats::{MARK, ascii_json};
use crate::picture::metadata::{Entry, Metadata};

/// Offset of the first directory, behind the header.
const FIRST: usize = 8;

/// Types of values.
const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const UNDEFINED: u16 = 7;

/// A block of metadata and settings; `None` where there are neither.
pub(in crate::picture::formats) fn block(metadata: &Metadata, settings: Option<&str>) -> Option<Vec<u8>> {
    if metadata.is_empty() && settings.is_none() {
        return None;
    }
    let mut picture = of_picture(metadata, settings);
    let (taking, place) = (of_taking(metadata), &metadata.place);
    // Pointers do not change the length of the directory that they stand in, so their places are known before.
    let below: Vec<(u16, &[Entry])> =
        [(tags::EXIF_DIRECTORY, &taking[..]), (tags::GPS_DIRECTORY, place)].into();
    let below: Vec<_> = below.into_iter().filter(|(_, entries)| !entries.is_empty()).collect();
    let pointer = |tag| Entry { tag, kind: LONG, bytes: vec![0; 4] };
    picture.extend(below.iter().map(|(tag, _)| pointer(*tag)));
    picture.sort_by_key(|entry| entry.tag);
    let mut end = FIRST + length(&picture);
    for (tag, entries) in &below {
        let place = (end as u32).to_le_bytes().to_vec();
        picture.iter_mut().filter(|entry| entry.tag == *tag).for_each(|entry| entry.bytes.clone_from(&place));
        end += length(entries);
    }
    let mut block = Vec::with_capacity(end);
    block.extend_from_slice(b"II*\0");
    block.extend_from_slice(&(FIRST as u32).to_le_bytes());
    put(&mut block, &picture);
    below.iter().for_each(|(_, entries)| put(&mut block, entries));
    Some(block)
}

/// The first directory: what is kept of the picture, that it is upright, and the settings where
/// [`settings`](super::settings) looks for them.
pub(in crate::picture::formats) fn of_picture(metadata: &Metadata, settings: Option<&str>) -> Vec<Entry> {
    let mut entries = metadata.picture.clone();
    if !metadata.is_empty() {
        entries.push(Entry { tag: ORIENTATION, kind: SHORT, bytes: vec![1, 0] });
    }
    entries.extend(settings.map(|settings| {
        let tag = if metadata.has_description() { tags::HISTORY } else { tags::DESCRIPTION };
        Entry { tag, kind: ASCII, bytes: format!("{MARK}{}\0", ascii_json(settings)).into_bytes() }
    }));
    entries.sort_by_key(|entry| entry.tag);
    entries
}

/// The EXIF directory, which must tell its version.
pub(in crate::picture::formats) fn of_taking(metadata: &Metadata) -> Vec<Entry> {
    let mut entries = metadata.taking.clone();
    if !entries.is_empty() && !entries.iter().any(|entry| entry.tag == tags::EXIF_VERSION) {
        entries.push(Entry { tag: tags::EXIF_VERSION, kind: UNDEFINED, bytes: b"0232".to_vec() });
        entries.sort_by_key(|entry| entry.tag);
    }
    entries
}

/// Bytes of a directory with its values, which begin at even places.
fn length(entries: &[Entry]) -> usize {
    let outside = entries.iter().map(|entry| entry.bytes.len()).filter(|length| *length > 4);
    2 + 12 * entries.len() + 4 + outside.map(|length| length.next_multiple_of(2)).sum::<usize>()
}

/// Puts a directory, and behind it the values that do not fit into it.
fn put(block: &mut Vec<u8>, entries: &[Entry]) {
    let mut outside = Vec::new();
    let values = block.len() + 2 + 12 * entries.len() + 4;
    block.extend_from_slice(&(entries.len() as u16).to_le_bytes());
    for entry in entries {
        block.extend_from_slice(&entry.tag.to_le_bytes());
        block.extend_from_slice(&entry.kind.to_le_bytes());
        block.extend_from_slice(&(entry.count() as u32).to_le_bytes());
        if entry.bytes.len() <= 4 {
            let mut inside = [0; 4];
            inside[..entry.bytes.len()].copy_from_slice(&entry.bytes);
            block.extend_from_slice(&inside);
        } else {
            block.extend_from_slice(&((values + outside.len()) as u32).to_le_bytes());
            outside.extend_from_slice(&entry.bytes);
            outside.resize(outside.len().next_multiple_of(2), 0);
        }
    }
    // No directory follows.
    block.extend_from_slice(&[0; 4]);
    block.extend_from_slice(&outside);
}
