//! A checksum within the file that it is of.
//!
//! The header of our safetensors files holds, under `sha256`, the SHA-256 of the whole file as it would be
//! with 64 zeros in that place. So a file needs no other beside it, appears in one step, and shows any
//! change of its numbers, its names or its account of where it comes from.

use std::ops::Range;

use sha2::{Digest, Sha256};

/// Key of the checksum in the header's metadata.
pub(super) const KEY: &str = "sha256";

/// Hexadecimal digits of the checksum.
const DIGITS: usize = 64;

/// What stands in the place of the checksum while it is computed.
pub(super) fn placeholder() -> String {
    "0".repeat(DIGITS)
}

/// Puts the checksum into the place that its placeholder keeps.
///
/// # Panics
/// If there is no such place.
pub(super) fn seal(file: &mut [u8]) {
    let place = place(file).expect("the file was written with a placeholder");
    let digits = digits(file, &place);
    file[place].copy_from_slice(digits.as_bytes());
}

/// The checksum that a file claims and the one that it has, in hexadecimal; `None` if it claims none.
pub(super) fn claimed_and_found(file: &[u8]) -> Option<(String, String)> {
    let place = place(file)?;
    Some((String::from_utf8_lossy(&file[place.clone()]).into_owned(), digits(file, &place)))
}

/// Where the checksum is. A text within the metadata cannot be mistaken for it, as its quotation marks would
/// be escaped.
fn place(file: &[u8]) -> Option<Range<usize>> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let header = rest.get(..length)?;
    let opening = format!("\"{KEY}\":\"");
    let start = header.windows(opening.len()).position(|bytes| bytes == opening.as_bytes())?;
    let start = 8 + start + opening.len();
    (file.get(start + DIGITS) == Some(&b'"')).then_some(start..start + DIGITS)
}

fn digits(file: &[u8], place: &Range<usize>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(&file[..place.start]);
    hasher.update(placeholder());
    hasher.update(&file[place.end..]);
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[1, 2, 3]].concat()
    }

    #[test]
    fn every_change_breaks_the_seal() {
        let header = format!(r#"{{"__metadata__":{{"a":"\"sha256\":\"no","sha256":"{}"}}}}"#, placeholder());
        let mut sealed = file(&header);
        seal(&mut sealed);
        let (claimed, found) = claimed_and_found(&sealed).unwrap();
        assert!(claimed == found && claimed != placeholder(), "{claimed}");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            let intact = claimed_and_found(&changed).is_some_and(|(claimed, found)| claimed == found);
            assert!(!intact, "byte {index}");
        }
        for length in 0..sealed.len() {
            let intact =
                claimed_and_found(&sealed[..length]).is_some_and(|(claimed, found)| claimed == found);
            assert!(!intact, "{length} bytes");
        }
    }

    #[test]
    fn files_without_a_seal_claim_nothing() {
        for header in ["{}", r#"{"__metadata__":{"sha256":"short"}}"#] {
            assert_eq!(claimed_and_found(&file(header)), None);
        }
    }
}
