//! What differs between the four formats: how samples and settings are laid out in the file.

pub(super) mod exif;
pub(super) mod jpeg;
pub(super) mod png;
pub(super) mod tiff;
pub(super) mod webp;

/// Begins a text that this program left in a field which other programs use too.
///
/// PNG needs no mark, because its texts have keywords.
const MARK: &str = "impasto:";

/// The most bytes of settings that are read back.
const LONGEST_SETTINGS: usize = 16 << 20;

/// Samples of a picture ready to be written, rounded to the depth of the file: red, green, blue and, if
/// `has_alpha`, alpha of each pixel, row by row.
pub(super) struct Raster {
    pub width: u32,
    pub height: u32,
    pub has_alpha: bool,
    pub samples: Samples,
}

/// The samples at one of the two depths, 0 to the greatest integer.
pub(super) enum Samples {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

/// JSON in ASCII: other characters stand in strings only, where JSON allows to escape them.
///
/// The text fields of TIFF and EXIF are defined for ASCII without NUL.
fn ascii_json(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\0' {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

/// The profile that marks a file as sRGB, the same bytes every time.
fn srgb_profile() -> Option<Vec<u8>> {
    // Where the header holds its date of creation: year, month, day, hours, minutes, seconds of 16 bits
    // (ICC.1:2022, 7.2.10). The encoder puts the current time there, so equal pictures would give
    // files that differ.
    const DATE: std::ops::Range<usize> = 24..36;
    const FIRST_OF_2000: [u8; 12] = [0x07, 0xd0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0];
    let mut profile = moxcms::ColorProfile::new_srgb().encode().ok()?;
    profile.get_mut(DATE)?.copy_from_slice(&FIRST_OF_2000);
    Some(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_holds_no_clock() {
        let first = srgb_profile().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1100));
        assert!(first == srgb_profile().unwrap());
    }

    #[test]
    fn escaped_json_means_the_same() {
        let json = r#"{"style":"Große Welle 🌊","size":512}"#;
        let ascii = ascii_json(json);
        assert!(ascii.is_ascii());
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&ascii), parse(json));
    }
}
