//! What a photograph's EXIF data say goes into the result, if it is asked for.

use std::fs::File;

use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use impasto::picture::{KeptMetadata, ReadOptions, SourcePicture};

use crate::scene::Scene;

const SHORT: &str = "transfer photograph.png style.png --size 32 --iterations 1 --force";

/// A block with the name of an artist and a serial number.
fn block() -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x02\0".to_vec();
    block.extend(b"\x3b\x01\x02\0\x04\0\0\0Ada\0");
    block.extend(b"\x69\x87\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0");
    block.extend(b"\x02\0\0\x90\x07\0\x04\0\0\x000232\x31\xa4\x02\0\x04\0\0\0S11\0\0\0\0\0");
    block
}

fn scene(block: Vec<u8>) -> Scene {
    let scene = Scene::new();
    let mut encoder = PngEncoder::new(File::create(scene.path("photograph.png")).unwrap());
    encoder.set_exif_metadata(block).unwrap();
    encoder.write_image(&[99; 3 * 32 * 24], 32, 24, image::ExtendedColorType::Rgb8).unwrap();
    scene
}

fn read(scene: &Scene, name: &str) -> SourcePicture {
    SourcePicture::read(scene.path(name), &ReadOptions::default()).unwrap()
}

#[test]
fn metadata_are_kept_where_they_are_asked_for() {
    let scene = scene(block());
    let photograph = read(&scene, "photograph.png").metadata;
    assert!(!photograph.kept(KeptMetadata::Credits).is_empty());
    assert_ne!(photograph.kept(KeptMetadata::Credits), photograph);
    for (flags, kept) in [
        ("-o out.png", KeptMetadata::None),
        ("-o out.jpg --keep-metadata", KeptMetadata::Credits),
        ("--keep-metadata -o out.webp", KeptMetadata::Credits),
        ("--keep-metadata all -o out.tif", KeptMetadata::All),
        ("--keep-metadata=none -o out.tif", KeptMetadata::None),
    ] {
        scene.succeed(&format!("{SHORT} {flags}"));
        let name =
            ["out.png", "out.jpg", "out.webp", "out.tif"].into_iter().find(|name| flags.contains(name));
        assert_eq!(read(&scene, name.unwrap()).metadata, photograph.kept(kept), "{flags}");
    }
}

#[test]
fn what_cannot_be_kept_is_told() {
    let damaged = block()[..30].to_vec();
    let (_, said) = scene(damaged.clone()).succeed(&format!("{SHORT} --keep-metadata"));
    assert!(said.contains("warning: --keep-metadata: nothing is kept"), "{said}");
    let (_, said) = scene(damaged).succeed(SHORT);
    assert!(!said.contains("EXIF"), "{said}");

    let scene = Scene::new();
    let (_, said) = scene.succeed("transfer content.png style.png --size 32 --iterations 1 --keep-metadata");
    assert!(said.contains("--keep-metadata: the content picture has no EXIF data"), "{said}");
    let output = scene.run("transfer --keep-metadata content.png style.png");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("none, credits, all"), "{said}");
}
