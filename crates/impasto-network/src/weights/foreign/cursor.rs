//! Reads a file piece by piece, and says where it stands when a piece is missing.

use super::ForeignFault;

/// A place in a file, and where the part that is being read ends.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    /// The start of a whole file.
    pub fn new(file: &'a [u8]) -> Self {
        Cursor { bytes: file, offset: 0 }
    }

    /// The same file from `offset` on.
    ///
    /// # Errors
    /// If it lies beyond the end; `expected` says what should be there.
    pub fn at(&self, offset: u64, expected: &str) -> Result<Self, ForeignFault> {
        let inside = usize::try_from(offset).ok().filter(|&offset| offset <= self.bytes.len());
        match inside {
            Some(offset) => Ok(Cursor { bytes: self.bytes, offset }),
            None => Err(ForeignFault::Truncated {
                offset: usize::try_from(offset).unwrap_or(usize::MAX),
                end: self.bytes.len(),
                expected: expected.to_owned(),
            }),
        }
    }

    /// Bytes from the start of the file.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether nothing follows.
    pub fn is_at_end(&self) -> bool {
        self.offset == self.bytes.len()
    }

    /// How many bytes follow.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.offset
    }

    /// All bytes that follow, which are passed.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.offset..];
        self.offset = self.bytes.len();
        rest
    }

    /// The next `count` bytes, which are passed; `expected` says what they are.
    pub fn take(&mut self, count: usize, expected: &str) -> Result<&'a [u8], ForeignFault> {
        let part = self.part(count as u64, expected)?;
        Ok(&part.bytes[part.offset..])
    }

    /// The next `count` bytes as a part of the file to be read on its own; they are passed.
    pub fn part(&mut self, count: u64, expected: &str) -> Result<Self, ForeignFault> {
        match usize::try_from(count) {
            Ok(count) if count <= self.remaining() => {
                let start = self.offset;
                self.offset += count;
                Ok(Cursor { bytes: &self.bytes[..self.offset], offset: start })
            }
            _ => Err(ForeignFault::Truncated {
                offset: self.offset,
                end: self.bytes.len(),
                expected: format!("{expected} ({count} bytes)"),
            }),
        }
    }

    /// The next bytes as an array, which are passed.
    pub fn array<const COUNT: usize>(&mut self, expected: &str) -> Result<[u8; COUNT], ForeignFault> {
        self.take(COUNT, expected).map(|bytes| bytes.try_into().expect("as many were taken"))
    }

    /// The next byte, which is passed.
    pub fn byte(&mut self, expected: &str) -> Result<u8, ForeignFault> {
        self.array::<1>(expected).map(|[byte]| byte)
    }

    /// The next two bytes as a little-endian number.
    pub fn u16(&mut self, expected: &str) -> Result<u16, ForeignFault> {
        self.array(expected).map(u16::from_le_bytes)
    }

    /// The next four bytes as a little-endian number.
    pub fn u32(&mut self, expected: &str) -> Result<u32, ForeignFault> {
        self.array(expected).map(u32::from_le_bytes)
    }

    /// The next eight bytes as a little-endian number.
    pub fn u64(&mut self, expected: &str) -> Result<u64, ForeignFault> {
        self.array(expected).map(u64::from_le_bytes)
    }

    /// The bytes up to the next line feed, which is passed but not returned; there are at most `longest`.
    pub fn line(&mut self, longest: usize, expected: &str) -> Result<&'a [u8], ForeignFault> {
        let rest = &self.bytes[self.offset..];
        let Some(length) = rest.iter().take(longest + 1).position(|&byte| byte == b'\n') else {
            let found = "no line feed".to_owned();
            let expected = format!("{expected}, a line of at most {longest} bytes");
            return Err(ForeignFault::Unexpected { offset: self.offset, found, expected });
        };
        self.offset += length + 1;
        Ok(&rest[..length])
    }
}
