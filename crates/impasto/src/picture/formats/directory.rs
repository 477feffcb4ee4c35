//! Directories of tagged values, which TIFF files and EXIF blocks are made of (TIFF 6.0, section 2; BigTIFF).

/// The bytes of a TIFF file or an EXIF block.
#[derive(Clone, Copy)]
pub(super) struct Tagged<'a> {
    pub bytes: &'a [u8],
    pub is_big_endian: bool,
    is_big_tiff: bool,
}

/// A directory: its entries, and the place of the next one, zero if there is none.
pub(super) struct Directory {
    entries: Vec<Entry>,
    pub next: u64,
}

/// A tag with its type, the number of its values, and where they stand.
#[derive(Clone, Copy)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    place: u64,
}

impl Entry {
    /// Bytes of a value.
    fn size(&self) -> u64 {
        match self.kind {
            1 | 2 | 6 | 7 | 129 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => 0,
        }
    }
}

impl<'a> Tagged<'a> {
    /// Reads the header; returns also the place of the first directory.
    pub fn open(bytes: &'a [u8]) -> Option<(Self, u64)> {
        let (is_big_endian, is_big_tiff) = match bytes.get(..4)? {
            b"II*\0" => (false, false),
            b"MM\0*" => (true, false),
            b"II+\0" => (false, true),
            b"MM\0+" => (true, true),
            _ => return None,
        };
        let file = Tagged { bytes, is_big_endian, is_big_tiff };
        let first = if is_big_tiff { file.number(8, 8)? } else { file.number(4, 4)? };
        Some((file, first))
    }

    /// The number of `size` bytes at a place.
    fn number(&self, place: u64, size: u64) -> Option<u64> {
        let bytes = self.slice(place, size)?.iter();
        let join = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.is_big_endian { bytes.fold(0, join) } else { bytes.rev().fold(0, join) })
    }

    /// A part of the file; `None` if it is not all there.
    pub fn slice(&self, place: u64, length: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(place).ok()?;
        self.bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    }

    /// The directory at a place.
    pub fn directory(&self, place: u64) -> Option<Directory> {
        let (count_size, word) = if self.is_big_tiff { (8, 8) } else { (2, 4) };
        let count = self.number(place, count_size)?;
        let first = place.checked_add(count_size)?;
        let size = 4 + 2 * word;
        // A table that is longer than the file is none.
        self.slice(first, count.checked_mul(size)?)?;
        let entries = (0..count).filter_map(|index| {
            let at = first + index * size;
            let (tag, kind) = (self.number(at, 2)? as u16, self.number(at + 2, 2)? as u16);
            let mut entry = Entry { tag, kind, count: self.number(at + 4, word)?, place: at + 4 + word };
            if entry.count.checked_mul(entry.size())? > word {
                entry.place = self.number(entry.place, word)?;
            }
            Some(entry)
        });
        let entries = entries.collect();
        Some(Directory { entries, next: self.number(first + count * size, word).unwrap_or(0) })
    }

    /// All entries: tag, type, and the bytes as they are stored, `None` where they are not all there.
    pub fn entries<'d>(
        &'d self,
        directory: &'d Directory,
    ) -> impl Iterator<Item = (u16, u16, Option<&'a [u8]>)> + 'd {
        directory.entries.iter().map(|entry| {
            let length = entry.count.checked_mul(entry.size());
            (entry.tag, entry.kind, length.and_then(|length| self.slice(entry.place, length)))
        })
    }

    fn entry(&self, directory: &Directory, tag: u16) -> Option<Entry> {
        directory.entries.iter().find(|entry| entry.tag == tag).copied()
    }

    /// Whole numbers without sign, of any width.
    pub fn numbers(&self, directory: &Directory, tag: u16) -> Option<Vec<u64>> {
        let entry = self.entry(directory, tag)?;
        if !matches!(entry.kind, 1 | 3 | 4 | 7 | 13 | 16 | 18) {
            return None;
        }
        let size = entry.size();
        self.slice(entry.place, entry.count.checked_mul(size)?)?;
        (0..entry.count).map(|index| self.number(entry.place + index * size, size)).collect()
    }

    /// The first of them.
    pub fn first_number(&self, directory: &Directory, tag: u16) -> Option<u64> {
        let entry = self.entry(directory, tag).filter(|entry| entry.count > 0)?;
        matches!(entry.kind, 1 | 3 | 4 | 7 | 13 | 16 | 18).then(|| self.number(entry.place, entry.size()))?
    }

    /// Fractions of two whole numbers without sign.
    pub fn fractions(&self, directory: &Directory, tag: u16) -> Option<Vec<f64>> {
        let entry = self.entry(directory, tag).filter(|entry| entry.kind == 5)?;
        self.slice(entry.place, entry.count.checked_mul(8)?)?;
        let fraction = |index: u64| {
            let (above, below) =
                (self.number(entry.place + 8 * index, 4)?, self.number(entry.place + 8 * index + 4, 4)?);
            Some(above as f64 / below as f64)
        };
        (0..entry.count).map(fraction).collect()
    }

    /// The bytes of a text or of something that is not a number.
    pub fn bytes_of(&self, directory: &Directory, tag: u16) -> Option<&'a [u8]> {
        let entry = self.entry(directory, tag).filter(|entry| entry.size() == 1)?;
        self.slice(entry.place, entry.count)
    }

    /// A text without the zeros at its end.
    pub fn text(&self, directory: &Directory, tag: u16) -> Option<&'a str> {
        Some(std::str::from_utf8(self.bytes_of(directory, tag)?).ok()?.trim_end_matches('\0'))
    }
}
