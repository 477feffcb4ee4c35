//! Data sets: every layout gives the same pictures, packed or not, and damage is named.

use std::fs::{self, File};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use image::{Rgb, RgbImage};
use impasto_train::data::{Collection, Crops, DataFault, DataSet};

/// Plane value of a picture, which its number and class name.
fn value(number: u32, channel: u32, at: u32) -> u8 {
    (number * 31 + channel * 60 + at / 8) as u8
}

/// CIFAR-10's files in a folder: two pictures of each class to learn from, one to test.
fn binary(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let record = |number: u32| {
        let planes = (0..3).flat_map(move |channel| (0..1024).map(move |at| value(number, channel, at)));
        std::iter::once((number % 10) as u8).chain(planes)
    };
    let batches = [("data_batch_1.bin", 0..12), ("data_batch_2.bin", 12..20), ("test_batch.bin", 20..30)];
    for (file, numbers) in batches {
        fs::write(folder.join(file), numbers.flat_map(record).collect::<Vec<u8>>()).unwrap();
    }
}

/// The same as pictures in folders; classes are named by a digit.
fn folders(folder: &Path) {
    for number in 0..30 {
        let split = if number < 20 { "train" } else { "test" };
        let class = folder.join(split).join(format!("class{}", number % 10));
        fs::create_dir_all(&class).unwrap();
        let pixel = |x: u32, y: u32| Rgb([0, 1, 2].map(|channel| value(number, channel, y * 32 + x)));
        RgbImage::from_fn(32, 32, pixel).save(class.join(format!("{number:04}.png"))).unwrap();
    }
}

fn pack(folder: &Path, archive: &Path) {
    let file = File::create(archive).unwrap();
    if archive.extension().unwrap() == "gz" {
        let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
        tar.append_dir_all("some/where", folder).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
    } else {
        let mut tar = tar::Builder::new(file);
        tar.append_dir_all("some/where", folder).unwrap();
        tar.finish().unwrap();
    }
}

/// Pictures with their labels in an order that does not depend on the layout.
fn sorted(set: &DataSet) -> [Vec<(u8, Vec<u8>)>; 2] {
    [&set.training, &set.test].map(|split| {
        let pictures = split.pixels.chunks_exact(3 * set.side * set.side).map(<[u8]>::to_vec);
        let mut all: Vec<_> = split.labels.iter().copied().zip(pictures).collect();
        all.sort();
        all
    })
}

#[test]
fn every_layout_gives_the_same_pictures() {
    let scene = tempfile::tempdir().unwrap();
    let path = |name: &str| scene.path().join(name);
    binary(&path("binary"));
    folders(&path("folders"));
    let expected = DataSet::open(path("binary"), 32).unwrap();
    assert_eq!((expected.training.labels.len(), expected.test.labels.len()), (20, 10));
    assert_eq!((expected.classes[0].as_str(), expected.classes[9].as_str()), ("airplane", "truck"));
    let planes = &expected.training.pixels[3072..][..3072];
    assert!((0..3072).all(|at| planes[at as usize] == value(1, at / 1024, at % 1024)), "the second record");
    for kind in ["binary", "folders"] {
        let unpacked = DataSet::open(path(kind), 32).unwrap();
        assert_eq!(sorted(&unpacked), sorted(&expected), "{kind}");
        for archive in ["data.tar", "data.tar.gz"] {
            pack(&path(kind), &path(archive));
            let packed = DataSet::open(path(archive), 32).unwrap();
            assert!(packed == unpacked, "{kind} in {archive}: also in the same order");
            let alone = path(&format!("{kind} alone in {archive}"));
            fs::create_dir(&alone).unwrap();
            fs::rename(path(archive), alone.join(archive)).unwrap();
            assert!(DataSet::open(&alone, 32).unwrap() == unpacked, "{kind} in {archive} in a folder");
            fs::write(alone.join("notes.txt"), "not alone").unwrap();
            let fault = DataSet::open(&alone, 32).unwrap_err().fault;
            assert!(matches!(fault, DataFault::Unknown { .. }), "{kind} in {archive} beside notes: {fault}");
        }
    }
}

#[test]
fn without_a_test_folder_every_tenth_picture_of_a_class_is_kept_apart() {
    let scene = tempfile::tempdir().unwrap();
    for class in ["a", "b"] {
        fs::create_dir(scene.path().join(class)).unwrap();
        for number in 0..20u8 {
            let picture = RgbImage::from_pixel(40, 30, Rgb([number, 100, 200]));
            picture.save(scene.path().join(class).join(format!("{number:02}.png"))).unwrap();
        }
    }
    let set = DataSet::open(scene.path(), 8).unwrap();
    assert_eq!((set.side, set.training.labels.len(), set.test.labels.len()), (8, 36, 4));
    let reds: Vec<u8> = set.test.pixels.chunks_exact(3 * 64).map(|picture| picture[0]).collect();
    assert_eq!((set.test.labels, reds), (vec![0, 0, 1, 1], vec![9, 19, 9, 19]));
}

#[test]
fn damage_is_named() {
    let scene = tempfile::tempdir().unwrap();
    let path = |name: &str| scene.path().join(name);
    binary(&path("binary"));
    pack(&path("binary"), &path("data.tar.gz"));
    let fault = |name: &str| DataSet::open(path(name), 32).unwrap_err().fault;
    let whole = fs::read(path("data.tar.gz")).unwrap();
    for (name, bytes) in
        [("cut.tar.gz", &whole[..whole.len() / 2]), ("empty.tar", &[][..]), ("noise.tar", &[7; 2000])]
    {
        fs::write(path(name), bytes).unwrap();
        assert!(matches!(fault(name), DataFault::Archive { .. }), "{name}: {}", fault(name));
    }
    fs::create_dir(path("nothing")).unwrap();
    assert!(matches!(fault("nothing"), DataFault::Unknown { .. }));
    assert!(matches!(fault("missing"), DataFault::Unreadable { .. }));
    fs::remove_file(path("binary/test_batch.bin")).unwrap();
    assert!(matches!(fault("binary"), DataFault::Empty { split: "test" }));
}

#[test]
fn empty_class_folders_links_in_circles_and_changed_bytes_are_noticed() {
    let scene = tempfile::tempdir().unwrap();
    let path = |name: &str| scene.path().join(name);
    folders(&path("folders"));
    fs::write(path("folders/train/notes.txt"), "no picture").unwrap();
    let set = DataSet::open(path("folders"), 32).unwrap();
    assert_eq!(set.classes.len(), 10, "a text beside the classes is no class");

    pack(&path("folders"), &path("data.tar.gz"));
    let mut packed = fs::read(path("data.tar.gz")).unwrap();
    let checksum = packed.len() - 7;
    packed[checksum] ^= 1;
    fs::write(path("changed.tar.gz"), packed).unwrap();
    let fault = DataSet::open(path("changed.tar.gz"), 32).unwrap_err().fault;
    assert!(matches!(fault, DataFault::Archive { .. }), "{fault}");

    fs::create_dir(path("folders/train/zebra")).unwrap();
    pack(&path("folders"), &path("data.tar"));
    for data in ["folders", "data.tar"] {
        let fault = DataSet::open(path(data), 32).unwrap_err().fault;
        assert_eq!(fault.to_string(), "class zebra has no training pictures", "{data}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(path("folders"), path("folders/train/zebra/loop")).unwrap();
        let fault = DataSet::open(path("folders"), 32).unwrap_err().fault;
        assert!(fault.to_string().contains("a link that leads into itself"), "{fault}");
    }
}

#[test]
fn a_line_of_pixels_is_cut_before_it_is_enlarged() {
    let scene = tempfile::tempdir().unwrap();
    RgbImage::from_pixel(30_000, 1, Rgb([9, 9, 9])).save(scene.path().join("line.png")).unwrap();
    let crops = Crops::open(&[Collection { path: scene.path().to_owned(), share: 1.0 }], 32).unwrap();
    assert!(crops.plain(0, 3).iter().all(|&value| (value - 9.0 / 255.0).abs() < 1e-6));
}

#[test]
fn other_pictures_and_shares_have_other_descriptions() {
    let scene = tempfile::tempdir().unwrap();
    for folder in ["a", "b"] {
        fs::create_dir(scene.path().join(folder)).unwrap();
        RgbImage::from_pixel(40, 40, Rgb([9, 9, 9])).save(scene.path().join(folder).join("x.png")).unwrap();
    }
    let describe = |shares: [f32; 2]| {
        let collections = ["a", "b"].iter().zip(shares);
        let collections =
            collections.map(|(name, share)| Collection { path: scene.path().join(name), share });
        Crops::open(&collections.collect::<Vec<_>>(), 32).unwrap().description()
    };
    let even = describe([1.0, 1.0]);
    assert_eq!(even, describe([2.0, 2.0]));
    assert_ne!(even, describe([1.0, 2.0]));
    RgbImage::from_pixel(40, 40, Rgb([9, 8, 9])).save(scene.path().join("b/x.png")).unwrap();
    assert_ne!(even, describe([1.0, 1.0]));
}

#[test]
fn crops_are_functions_of_seed_and_step_and_leave_pictures_apart() {
    let scene = tempfile::tempdir().unwrap();
    for number in 0..40u32 {
        // What is kept apart is red, all else blue; some are smaller than a crop.
        let color = if number % 20 == 19 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
        let side = if number % 3 == 0 { 20 } else { 50 };
        RgbImage::from_pixel(side + 9, side, color)
            .save(scene.path().join(format!("{number:02}.png")))
            .unwrap();
    }
    let crops = Crops::open(&[Collection { path: scene.path().to_owned(), share: 1.0 }], 32).unwrap();
    assert_eq!((crops.counts(), crops.side()), ((38, 2), 32));
    let batch = crops.batch(5, 7, 4);
    assert_eq!(batch.len(), 4 * 3 * 32 * 32);
    assert!(batch.iter().all(|value| (0.0..=1.0).contains(value)));
    assert!(batch == crops.batch(5, 7, 4) && batch != crops.batch(5, 8, 4) && batch != crops.batch(6, 7, 4));
    assert!(batch[..3 * 1024] == crops.batch(5, 7, 1)[..], "a crop does not depend on the others");
    let channel =
        |crops: &[f32], which: usize| crops.chunks_exact(1024).skip(which).step_by(3).flatten().sum::<f32>();
    let (plain, apart) = (crops.plain(1, 20), crops.held_out());
    assert_eq!((channel(&plain, 0), channel(&plain, 2)), (0.0, 20.0 * 1024.0));
    assert_eq!((channel(&apart, 0), channel(&apart, 2)), (2.0 * 1024.0, 0.0));
}
