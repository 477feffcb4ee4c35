//! What a photograph's EXIF data say is carried into what is written, as far as it is asked for.

use impasto::picture::{BitDepth, KeptMetadata, Metadata, SourcePicture, WriteOptions, read_settings};

use super::{EXTENSIONS, decode, gradient, scratch};

/// A tag, its type and its values.
type Field = (u16, u16, Vec<u8>);

fn text(tag: u16, text: &str) -> Field {
    (tag, 2, [text.as_bytes(), b"\0"].concat())
}

/// Directory 0, of EXIF and of GPS, as a camera fills them in; numbers of either byte order.
fn of_camera(big_endian: bool) -> [Vec<Field>; 3] {
    let short = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() }.to_vec();
    let long = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() }.to_vec();
    let picture = vec![
        (0x0100, 4, long(6000)),
        text(0x010e, "A harbour, Größe L"),
        text(0x010f, "Maker"),
        (0x0112, 3, short(6)),
        (0x011a, 5, [long(300), long(1)].concat()),
        text(0x0132, "2024:05:06 07:08:09"),
        text(0x013b, "Ada"),
        text(0x8298, "Ada, all rights reserved"),
    ];
    let taking = vec![
        (0x829a, 5, [long(1), long(250)].concat()),
        (0x9000, 7, b"0231".to_vec()),
        text(0x9003, "2024:05:06 07:08:09"),
        text(0x9011, "+02:00"),
        (0x927c, 7, b"notes of the maker, which tell a serial number".to_vec()),
        (0xa002, 4, long(6000)),
        text(0xa420, "0123456789abcdef"),
        text(0xa430, "Ada Owner"),
        text(0xa431, "BODY-4711"),
        text(0xa435, "LENS-4712"),
    ];
    let place = vec![text(1, "N"), (2, 5, [long(53), long(1), long(33), long(1), long(0), long(1)].concat())];
    [picture, taking, place]
}

/// A block of these directories, written apart from the code under test.
fn block(directories: &[Vec<Field>; 3], big_endian: bool) -> Vec<u8> {
    let short = |value: usize| {
        let value = value as u16;
        if big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    };
    let long = |value: usize| {
        let value = value as u32;
        if big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    };
    let size = |kind: u16| [0, 1, 1, 2, 4, 8, 1, 1][usize::from(kind)];
    let [picture, taking, place] = directories.clone();
    let mut bytes = if big_endian { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    bytes.extend(long(0));
    // From the last to the first, so that the places of those below are known.
    let mut put = |fields: Vec<Field>| {
        let mut table = short(fields.len()).to_vec();
        for (tag, kind, value) in fields {
            table.extend(short(usize::from(tag)).into_iter().chain(short(usize::from(kind))));
            table.extend(long(value.len() / size(kind)));
            if value.len() <= 4 {
                table.extend([&value[..], &[0; 4]].concat().into_iter().take(4));
            } else {
                table.extend(long(bytes.len()));
                bytes.extend(value);
            }
        }
        table.extend([0; 4]);
        let at = bytes.len();
        bytes.extend(table);
        at
    };
    let (taking, place) = (put(taking), put(place));
    let pointers = [(0x8769, taking), (0x8825, place)].map(|(tag, at)| (tag, 4, long(at).to_vec()));
    let mut picture = picture;
    picture.extend(pointers);
    let first = put(picture);
    bytes[4..8].copy_from_slice(&long(first));
    bytes
}

/// A PNG of 24 × 16 pixels with a block.
fn photograph(block: Vec<u8>) -> SourcePicture {
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    image::ImageEncoder::set_exif_metadata(&mut encoder, block).unwrap();
    let samples = [90; 3 * 24 * 16];
    image::ImageEncoder::write_image(encoder, &samples, 24, 16, image::ExtendedColorType::Rgb8).unwrap();
    decode(&file).unwrap()
}

fn written(metadata: &Metadata, kept: KeptMetadata, extension: &str) -> Vec<u8> {
    let settings = Some("{\"seed\":7}".to_owned());
    let options = WriteOptions { metadata: metadata.kept(kept), settings, ..WriteOptions::default() };
    gradient(8, 8, 255).encode(format!("a.{extension}"), None, &options).unwrap()
}

fn holds(file: &[u8], words: &str) -> bool {
    file.windows(words.len()).any(|window| window == words.as_bytes())
}

const PRIVATE: [&str; 5] = ["0123456789abcdef", "Ada Owner", "BODY-4711", "LENS-4712", "Maker"];
const CREDITS: [&str; 4] =
    ["A harbour, Größe L", "Ada, all rights reserved", "2024:05:06 07:08:09", "+02:00"];

#[test]
fn credits_and_all_come_back_from_every_format() {
    for big_endian in [false, true] {
        let source = photograph(block(&of_camera(big_endian), big_endian));
        assert_eq!((source.picture.width(), source.metadata.problem()), (16, None));
        for (extension, _) in EXTENSIONS {
            let none = written(&source.metadata, KeptMetadata::None, extension);
            assert!(!CREDITS.iter().chain(&PRIVATE).any(|words| holds(&none, words)), "{extension}");

            let credits = written(&source.metadata, KeptMetadata::Credits, extension);
            assert!(CREDITS.iter().all(|words| holds(&credits, words)), "{extension}");
            assert!(!PRIVATE.iter().any(|words| holds(&credits, words)), "{extension}");

            let all = written(&source.metadata, KeptMetadata::All, extension);
            assert!(CREDITS.iter().chain(&PRIVATE).all(|words| holds(&all, words)), "{extension}");
            assert!(!holds(&all, "notes of the maker"), "{extension}");

            for (file, kept) in
                [(&none, KeptMetadata::None), (&credits, KeptMetadata::Credits), (&all, KeptMetadata::All)]
            {
                let back = decode(file).unwrap();
                // It stands upright, whatever the photograph did.
                assert_eq!((back.picture, back.warnings), (decode(&none).unwrap().picture, Vec::new()));
                assert_eq!(back.metadata, source.metadata.kept(kept), "{extension}");
                let (_folder, path) = scratch(&format!("a.{extension}"));
                std::fs::write(&path, file).unwrap();
                assert_eq!(read_settings(&path).unwrap().as_deref(), Some("{\"seed\":7}"), "{extension}");
            }
        }
    }
}

#[test]
fn the_place_is_in_no_credits() {
    let source = photograph(block(&of_camera(false), false));
    let latitude: Vec<u8> = [53u32, 1, 33, 1, 0, 1].iter().flat_map(|number| number.to_le_bytes()).collect();
    let tells = |kept| {
        let file = written(&source.metadata, kept, "jpg");
        file.windows(latitude.len()).any(|window| window == latitude)
    };
    assert!(tells(KeptMetadata::All) && !tells(KeptMetadata::Credits));
}

#[test]
fn another_reader_finds_the_directories_of_a_tiff() {
    let source = photograph(block(&of_camera(true), true));
    for depth in [BitDepth::Eight, BitDepth::Sixteen] {
        let metadata = source.metadata.kept(KeptMetadata::All);
        let options = WriteOptions { metadata, depth, ..WriteOptions::default() };
        let file = gradient(8, 8, 255).encode("a.tif", None, &options).unwrap();
        let mut decoder = tiff::decoder::Decoder::new(std::io::Cursor::new(&file)).unwrap();
        assert_eq!(decoder.get_tag_u32(tiff::tags::Tag::Orientation).unwrap(), 1);
        assert_eq!(decoder.get_tag_ascii_string(tiff::tags::Tag::Artist).unwrap(), "Ada");
        let pointer = decoder.get_tag_u64(tiff::tags::Tag::ExifDirectory).unwrap();
        let pointer = tiff::tags::IfdPointer(pointer);
        let directory = decoder.read_directory(pointer).unwrap();
        let tag = tiff::tags::Tag::from_u16_exhaustive(0x829a);
        let exposure = decoder.read_directory_tags(&directory).find_tag(tag).unwrap().unwrap();
        assert_eq!(exposure.into_u32_vec().unwrap(), [1, 250]);
    }
}

#[test]
fn the_settings_of_a_painting_are_no_description() {
    let mut camera = of_camera(false);
    camera[0][1] = text(0x010e, "impasto:{\"seed\":1}");
    let source = photograph(block(&camera, false));
    let file = written(&source.metadata, KeptMetadata::All, "tif");
    assert!(!holds(&file, "{\"seed\":1}") && holds(&file, "impasto:{\"seed\":7}"));
}

#[test]
fn damaged_metadata_are_told_and_nothing_of_them_is_kept() {
    let sound = block(&of_camera(false), false);
    for damaged in [b"no block".to_vec(), sound[..sound.len() - 30].to_vec(), sound[..6].to_vec()] {
        let source = photograph(damaged);
        assert!(source.metadata.is_empty() && source.metadata.problem().is_some());
        let all = source.metadata.kept(KeptMetadata::All);
        assert_eq!((all.is_empty(), all.problem()), (true, None));
    }
    // The value of a text that lies beyond the end.
    let mut beyond = sound.clone();
    let artist = beyond.windows(4).rposition(|bytes| bytes == [0x3b, 0x01, 2, 0]).unwrap();
    beyond[artist + 4] = 0xff;
    beyond[artist + 6] = 0xff;
    assert!(photograph(beyond).metadata.problem().is_some_and(|why| why.contains("beyond")));
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 0xff;
        written(&photograph(damaged).metadata, KeptMetadata::All, "tif");
    }
}
