//! What PNG files say in chunks that decoders do not hand on, before or after the pixels.

use std::io::Read;

use super::super::LONGEST_SETTINGS;

/// The chunks of a file: type and data. Checksums are not looked at.
fn chunks(file: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = file.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (head, behind) = rest.split_at_checked(8)?;
        let length = u32::from_be_bytes(head[..4].try_into().ok()?) as usize;
        let data = behind.get(..length)?;
        rest = behind.get(length.checked_add(4)?..).unwrap_or_default();
        Some((&head[4..], data))
    })
}

/// The EXIF block, from the chunk made for it or from a text as ImageMagick and others wrote before there was one.
pub(super) fn exif(file: &[u8]) -> Option<Vec<u8>> {
    let chunk = chunks(file).find(|(kind, _)| *kind == b"eXIf").map(|(_, data)| data.to_vec());
    chunk.or_else(|| raw_profile(file, &["exif", "APP1"]))
}

/// A colour profile in a text.
pub(super) fn profile_in_text(file: &[u8]) -> Option<Vec<u8>> {
    raw_profile(file, &["icc", "icm"])
}

/// The bytes in a text with the keyword `Raw profile type NAME`: a line with a name, one with the number of bytes,
/// and hexadecimal digits.
fn raw_profile(file: &[u8], names: &[&str]) -> Option<Vec<u8>> {
    let text = chunks(file).find_map(|(kind, data)| {
        let end = data.iter().position(|&byte| byte == 0)?;
        let keyword = std::str::from_utf8(&data[..end]).ok()?.strip_prefix("Raw profile type ")?;
        if !names.contains(&keyword) {
            return None;
        }
        let data = &data[end + 1..];
        match kind {
            b"tEXt" => Some(data.to_vec()),
            b"zTXt" => inflated(data.get(1..)?),
            b"iTXt" => {
                // Whether compressed, the method, and two more texts that end with zero.
                let is_compressed = *data.first()? == 1;
                let mut rest = data.get(2..)?;
                for _ in 0..2 {
                    rest = &rest[rest.iter().position(|&byte| byte == 0)? + 1..];
                }
                if is_compressed { inflated(rest) } else { Some(rest.to_vec()) }
            }
            _ => None,
        }
    })?;
    let mut lines = text.split(|&byte| byte == b'\n').skip_while(|line| line.is_empty()).skip(1);
    let length: usize = std::str::from_utf8(lines.next()?).ok()?.trim().parse().ok()?;
    let digits = lines.flatten().filter_map(|&byte| char::from(byte).to_digit(16));
    let digits: Vec<u8> = digits.map(|digit| digit as u8).collect();
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    (bytes.len() >= length).then_some(bytes)
}

fn inflated(data: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::ZlibDecoder::new(data).take(LONGEST_SETTINGS as u64).read_to_end(&mut text).ok()?;
    Some(text)
}
