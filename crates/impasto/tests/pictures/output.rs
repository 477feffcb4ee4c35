//! Outputs appear whole or not at all, and trouble is found before a long run.

use std::fs;
use std::path::Path;

use impasto::picture::{BitDepth, Picture, PictureError, PictureFormat, WriteOptions, check_writable};

use super::{gradient, read, scratch};

const SIXTEEN: BitDepth = BitDepth::Sixteen;

/// The error of both the check and the writing; afterwards the folder holds `left` entries.
fn refused(path: &Path, options: &WriteOptions, left: usize) -> PictureError {
    let checked = check_writable(path, options).unwrap_err();
    let written = gradient(4, 4, 255).write(path, None, options).unwrap_err();
    assert_eq!(checked.to_string(), written.to_string());
    if let Ok(entries) = fs::read_dir(path.parent().unwrap()) {
        assert_eq!(entries.count(), left, "{written}");
    }
    written
}

#[test]
fn extensions_and_options_are_checked() {
    let options = WriteOptions::default();
    for name in ["out.bmp", "out", "out."] {
        let (_folder, path) = scratch(name);
        let error = refused(&path, &options, 0);
        assert!(matches!(error, PictureError::UnknownExtension { .. }) && error.is_callers_mistake());
        assert!(error.to_string().contains(".png, .jpg, .jpeg, .webp, .tif or .tiff"), "{error}");
    }
    for name in ["out.jpg", "out.webp"] {
        let (_folder, path) = scratch(name);
        let error = refused(&path, &WriteOptions { depth: SIXTEEN, ..options.clone() }, 0);
        assert!(matches!(error, PictureError::DepthNotSupported { .. }), "{error}");
    }
    for quality in [0, 101] {
        let (_folder, path) = scratch("out.jpg");
        let error = refused(&path, &WriteOptions { jpeg_quality: quality, ..options.clone() }, 0);
        assert!(matches!(error, PictureError::QualityOutOfRange { .. }), "{error}");
    }
}

#[test]
fn folders_are_checked() {
    let options = WriteOptions::default();
    let (folder, path) = scratch("nowhere");
    let error = refused(&path.join("out.png"), &options, 0);
    assert!(matches!(error, PictureError::FolderMissing { .. }) && error.is_callers_mistake());
    assert!(error.to_string().contains("nowhere"), "{error}");

    let taken = folder.path().join("taken.png");
    fs::create_dir(&taken).unwrap();
    let error = refused(&taken, &options, 1);
    assert!(matches!(error, PictureError::NotAFile { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn folders_that_refuse_are_the_worlds_fault() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = scratch("out.png");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.path().join("probe"), b"").is_ok() {
        // The superuser may write everywhere; the kernel's own folders refuse even that.
        let error = check_writable("/proc/out.png", &WriteOptions::default()).unwrap_err();
        assert!(matches!(error, PictureError::NotWritable { .. }) && !error.is_callers_mistake(), "{error}");
    } else {
        let error = refused(&path, &WriteOptions::default(), 0);
        assert!(matches!(error, PictureError::NotWritable { .. }) && !error.is_callers_mistake(), "{error}");
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[test]
fn devices_and_protected_files_are_not_replaced() {
    let error = check_writable("/dev/null", &WriteOptions::default()).unwrap_err();
    assert!(matches!(error, PictureError::UnknownExtension { .. }));
    let (folder, path) = scratch("device.png");
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    assert!(matches!(refused(&path, &WriteOptions::default(), 1), PictureError::NotAFile { .. }));

    let protected = folder.path().join("protected.png");
    fs::write(&protected, b"keep").unwrap();
    let mut permissions = fs::metadata(&protected).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&protected, permissions).unwrap();
    let error = refused(&protected, &WriteOptions::default(), 2);
    assert!(matches!(error, PictureError::NotWritable { .. }), "{error}");
    assert_eq!(fs::read(&protected).unwrap(), b"keep");
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_files_are_public_as_usual() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, target) = scratch("target.png");
    fs::write(&target, b"old").unwrap();
    let link = folder.path().join("link.png");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    gradient(4, 4, 255).write(&link, None, &WriteOptions::default()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read(&target).unwrap().picture, gradient(4, 4, 255));

    // The same permissions as any file made here.
    let plain = folder.path().join("plain");
    fs::write(&plain, b"").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&target), mode(&plain));
}

#[test]
fn values_that_are_no_numbers_are_not_written() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (folder, path) = scratch("out.png");
        let mut picture = gradient(5, 4, 255);
        picture.data_mut()[20 + 7] = bad;
        let error = picture.write(&path, None, &WriteOptions::default()).unwrap_err();
        assert!(matches!(error, PictureError::NotFinite { column: 2, row: 1, .. }), "{error}");
        assert!(!error.is_callers_mistake());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn values_beyond_the_range_are_clamped() {
    // The middle lies on a step of 8 bits.
    let picture = Picture::new(1, 1, vec![-3.0, 0.4, 7.0]);
    for depth in [BitDepth::Eight, SIXTEEN] {
        let (_folder, path) = scratch("out.png");
        picture.write(&path, None, &WriteOptions { depth, ..WriteOptions::default() }).unwrap();
        let back = read(&path).unwrap().picture;
        assert_eq!((back.data()[0], back.data()[2]), (0.0, 1.0));
        assert!((back.data()[1] - 0.4).abs() <= 0.5 / 255.0);
    }
}

#[test]
fn sides_that_a_format_cannot_hold_are_refused() {
    let (_folder, path) = scratch("long.webp");
    let error = gradient(16_385, 1, 255).write(&path, None, &WriteOptions::default()).unwrap_err();
    assert!(error.to_string().contains("16384"), "{error}");
    assert!(gradient(16_384, 1, 255).write(&path, None, &WriteOptions::default()).is_ok());
    assert_eq!(read(&path).unwrap().picture.width(), 16_384);
    let error = gradient(65_536, 1, 255)
        .write(path.with_extension("jpg"), None, &WriteOptions::default())
        .unwrap_err();
    assert!(error.to_string().contains("65535"), "{error}");
}

#[test]
fn an_existing_file_is_replaced_and_the_check_changes_nothing() {
    let (folder, path) = scratch("out.tif");
    fs::write(&path, b"old").unwrap();
    let format = check_writable(&path, &WriteOptions { depth: SIXTEEN, ..WriteOptions::default() }).unwrap();
    assert_eq!(format, PictureFormat::Tiff);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    gradient(4, 4, 255).write(&path, None, &WriteOptions::default()).unwrap();
    assert_eq!(read(&path).unwrap().picture, gradient(4, 4, 255));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
