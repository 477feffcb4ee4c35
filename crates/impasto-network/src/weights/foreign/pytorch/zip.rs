//! The zip archive of PyTorch 1.6 and later.
//!
//! ```text
//! NAME/data.pkl    the pickle of the saved object
//! NAME/byteorder   "little" or "big"; missing in old files, which are little-endian
//! NAME/data/KEY    the numbers of a storage
//! ```
//!
//! All are stored without compression, so that they can be read where they lie. The directory of an archive
//! is at its end (PKWARE, APPNOTE.TXT 6.3, sections 4.3.12 to 4.3.16); of its parts only places and lengths
//! matter here. Checksums are left alone: PyTorch can be told to write none, and does not check them.

use std::collections::HashMap;

use super::super::ForeignFault;
use super::super::cursor::Cursor;
use super::super::tensor::Tensors;
use super::machine::Machine;
use super::{Storages, named_tensors};

const END: [u8; 4] = *b"PK\x05\x06";
const END_64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const END_64: [u8; 4] = *b"PK\x06\x06";
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// The end record without its comment, and the longest comment.
const END_BYTES: usize = 22;
const LONGEST_COMMENT: usize = 0xffff;
/// Bytes of the locator, which lies right before the end record.
const LOCATOR_BYTES: usize = 20;

/// The tensors of an archive.
pub(in super::super) fn read(file: &[u8]) -> Result<Tensors<'_>, ForeignFault> {
    let archive = Cursor::new(file);
    let mut entries = read_directory(&archive)?;
    let Some(pickle) = entries.keys().find(|name| name.ends_with("/data.pkl")).copied() else {
        let found = "a zip archive without data.pkl".to_owned();
        return Err(ForeignFault::Unsupported { found, expected: "one that torch.save writes" });
    };
    let folder = &pickle[..pickle.len() - "data.pkl".len()];
    let order = entries.get(format!("{folder}byteorder").as_str());
    if order.is_some_and(|order| order.clone().rest() != b"little") {
        let (found, expected) = ("a file of a big-endian machine".to_owned(), "a little-endian one");
        return Err(ForeignFault::Unsupported { found, expected });
    }
    let mut code = entries.remove(pickle).expect("its name was found above");
    let offset = code.offset();
    let mut machine = Machine::default();
    let root = machine.run(&mut code)?;
    let data = format!("{folder}data/");
    let storages: Storages<'_> = entries
        .into_iter()
        .filter_map(|(name, bytes)| Some((name.strip_prefix(&data)?, bytes.clone().rest())))
        .collect();
    named_tensors(&machine.heap, root, offset, &storages)
}

/// The files of an archive by name.
fn read_directory<'a>(archive: &Cursor<'a>) -> Result<HashMap<&'a str, Cursor<'a>>, ForeignFault> {
    let mut directory = find_directory(archive)?;
    let mut entries = HashMap::new();
    while !directory.is_at_end() {
        let (name, bytes) = read_entry(archive, &mut directory)?;
        if entries.insert(name, bytes).is_some() {
            return Err(ForeignFault::Twice { tensor: name.to_owned() });
        }
    }
    Ok(entries)
}

/// The directory, as the record at the end of the archive places it.
fn find_directory<'a>(archive: &Cursor<'a>) -> Result<Cursor<'a>, ForeignFault> {
    let bytes = archive.clone().rest();
    let from = bytes.len().saturating_sub(END_BYTES + LONGEST_COMMENT);
    let Some(end) = bytes[from..].windows(END_BYTES).rposition(|record| record.starts_with(&END)) else {
        let expected = "the directory of a zip archive".to_owned();
        return Err(ForeignFault::Truncated { offset: bytes.len(), end: bytes.len(), expected });
    };
    let end = from + end;
    let mut record = archive.at(end as u64 + 12, "the end record")?;
    let (mut length, mut start) = (u64::from(record.u32("a length")?), u64::from(record.u32("an offset")?));
    // PyTorch ends every archive with the wide record as well.
    let locator = end.checked_sub(LOCATOR_BYTES).map(|locator| &bytes[locator..end]);
    if let Some(locator) = locator.filter(|locator| locator.starts_with(&END_64_LOCATOR)) {
        let place = u64::from_le_bytes(locator[8..16].try_into().expect("eight bytes"));
        let mut record = archive.at(place, "the zip64 end record")?;
        signature(&mut record, END_64, "a zip64 end record")?;
        record.take(36, "the zip64 end record")?;
        (length, start) = (record.u64("a length")?, record.u64("an offset")?);
    }
    archive.at(start, "the directory of a zip archive")?.part(length, "the directory of a zip archive")
}

/// One entry of the directory: the name of a file, and its bytes.
fn read_entry<'a>(
    archive: &Cursor<'a>,
    directory: &mut Cursor<'a>,
) -> Result<(&'a str, Cursor<'a>), ForeignFault> {
    let offset = directory.offset();
    signature(directory, ENTRY, "an entry of a zip directory")?;
    directory.take(6, "versions")?;
    let method = directory.u16("a compression method")?;
    directory.take(8, "a date and checksum")?;
    let (packed, size) = (directory.u32("a size")?, directory.u32("a size")?);
    let name_length = directory.u16("the length of a name")?;
    let extra_length = directory.u16("the length of extra fields")?;
    let comment_length = directory.u16("the length of a comment")?;
    directory.take(8, "attributes")?;
    let place = directory.u32("a place")?;
    let name = directory.take(name_length.into(), "a name")?;
    let extra = directory.part(extra_length.into(), "extra fields")?;
    directory.take(comment_length.into(), "a comment")?;

    let name = std::str::from_utf8(name).unwrap_or("?");
    let [size, packed, place] = widen([size, packed, place], extra)?;
    if method != 0 || size != packed {
        return Err(ForeignFault::Unexpected {
            offset,
            found: format!("{name} in compression method {method}"),
            expected: "no compression, as torch.save writes".to_owned(),
        });
    }
    let mut local = archive.at(place, "the header of a zip entry")?;
    signature(&mut local, LOCAL, "the header of a zip entry")?;
    local.take(22, "the header of a zip entry")?;
    let (name_length, extra_length) = (local.u16("a length")?, local.u16("a length")?);
    local.take(usize::from(name_length) + usize::from(extra_length), "a name")?;
    Ok((name, local.part(size, name)?))
}

/// Numbers that are too large for four bytes say so by having all bits set, and follow in eight bytes in
/// the extra field of zip64 (section 4.5.3).
fn widen(narrow: [u32; 3], mut extra: Cursor<'_>) -> Result<[u64; 3], ForeignFault> {
    const ZIP64: u16 = 1;
    let mut wide = narrow.map(u64::from);
    while !extra.is_at_end() {
        let (kind, length) = (extra.u16("the kind of an extra field")?, extra.u16("its length")?);
        let mut field = extra.part(length.into(), "an extra field")?;
        if kind == ZIP64 {
            for number in wide.iter_mut().filter(|number| **number == u64::from(u32::MAX)) {
                *number = field.u64("a number of zip64")?;
            }
        }
    }
    Ok(wide)
}

fn signature(record: &mut Cursor<'_>, signature: [u8; 4], expected: &str) -> Result<(), ForeignFault> {
    let (offset, found) = (record.offset(), record.array(expected)?);
    if found == signature {
        return Ok(());
    }
    let found = format!("bytes {found:02x?}");
    Err(ForeignFault::Unexpected { offset, found, expected: expected.to_owned() })
}
