//! Checksums that say whether a file is the published one, bit by bit.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha256};

/// The checksum of a file: the one its publisher states.
///
/// MD5 shows damage on the way, which is what checksums are for here; against forgery it is weak, and the
/// files that have no other come over HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// MD5 (RFC 1321).
    Md5([u8; 16]),
    /// SHA-256 (FIPS 180-4).
    Sha256([u8; 32]),
}

impl Checksum {
    /// The MD5 of these 32 hexadecimal digits.
    ///
    /// # Panics
    /// If `digits` are not that; a constant does not compile then.
    pub const fn md5(digits: &str) -> Self {
        Checksum::Md5(bytes(digits))
    }

    /// The SHA-256 of these 64 hexadecimal digits.
    ///
    /// # Panics
    /// If `digits` are not that; a constant does not compile then.
    pub const fn sha256(digits: &str) -> Self {
        Checksum::Sha256(bytes(digits))
    }

    /// Begins to compute a checksum of the same kind.
    pub fn hasher(&self) -> Hasher {
        match self {
            Checksum::Md5(_) => Hasher::Md5(Md5::new()),
            Checksum::Sha256(_) => Hasher::Sha256(Sha256::new()),
        }
    }

    /// The checksum of the same kind of a file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn of_file(&self, path: &Path) -> io::Result<Self> {
        let mut hasher = self.hasher();
        hasher.update_from(&mut File::open(path)?)?;
        Ok(hasher.finish())
    }
}

/// `md5 253f8cb515780f3b799900260a226db6`
impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes): (_, &[u8]) = match self {
            Checksum::Md5(bytes) => ("md5", bytes),
            Checksum::Sha256(bytes) => ("sha256", bytes),
        };
        write!(f, "{kind} ")?;
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A checksum in the making.
#[derive(Clone, Debug)]
pub enum Hasher {
    /// Of MD5.
    Md5(Md5),
    /// Of SHA-256.
    Sha256(Sha256),
}

impl Hasher {
    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Md5(state) => state.update(bytes),
            Hasher::Sha256(state) => state.update(bytes),
        }
    }

    /// Takes in the bytes of values, the lowest first.
    pub fn update_with_values(&mut self, values: &[f32]) {
        let mut bytes = Vec::with_capacity(size_of_val(&values[..values.len().min(1 << 14)]));
        for values in values.chunks(1 << 14) {
            bytes.clear();
            values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            self.update(&bytes);
        }
    }

    /// Takes in all that is left to read.
    ///
    /// # Errors
    /// If reading fails.
    pub fn update_from(&mut self, source: &mut impl Read) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 18];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => self.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The checksum of all bytes taken in.
    pub fn finish(self) -> Checksum {
        match self {
            Hasher::Md5(state) => Checksum::Md5(state.finalize().into()),
            Hasher::Sha256(state) => Checksum::Sha256(state.finalize().into()),
        }
    }
}

/// The bytes of lower-case hexadecimal digits.
const fn bytes<const LENGTH: usize>(digits: &str) -> [u8; LENGTH] {
    const fn digit(digit: u8) -> u8 {
        match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => panic!("expected digits 0 to 9 and a to f"),
        }
    }
    let digits = digits.as_bytes();
    assert!(digits.len() == 2 * LENGTH, "a checksum of another length");
    let mut bytes = [0; LENGTH];
    let mut index = 0;
    while index < LENGTH {
        bytes[index] = 16 * digit(digits[2 * index]) + digit(digits[2 * index + 1]);
        index += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1321, appendix A.5, and FIPS 180-4's example of one block.
    #[test]
    fn checksums_are_the_published_ones() {
        let md5 = Checksum::md5("900150983cd24fb0d6963f7d28e17f72");
        let sha256 = Checksum::sha256("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        for checksum in [md5, sha256] {
            let mut hasher = checksum.hasher();
            hasher.update(b"a");
            hasher.update_from(&mut &b"bc"[..]).unwrap();
            assert_eq!(hasher.finish(), checksum);
        }
        assert_eq!(md5.to_string(), "md5 900150983cd24fb0d6963f7d28e17f72");
    }
}
