//! Names of files.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The name of a file without its folder and extension.
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name of a file without its folder.
pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The names of files without their folders and extensions, with dashes between them: as bytes, which need not be text.
pub fn joined<'a>(paths: impl IntoIterator<Item = &'a Path>) -> OsString {
    let stems: Vec<&OsStr> = paths.into_iter().map(|path| path.file_stem().unwrap_or_default()).collect();
    stems.join(OsStr::new("-"))
}

/// The file beside another whose name has a word more: `painted-tiled.png` beside `painted.png`.
pub fn with_word(path: &Path, word: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push("-");
    name.push(word);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_before_the_extension() {
        assert_eq!(with_word(Path::new("a/cat.tar.png"), "2"), Path::new("a/cat.tar-2.png"));
        assert_eq!(with_word(Path::new("cat"), "2"), Path::new("cat-2"));
        assert_eq!(joined([Path::new("a/cat.png"), Path::new("b.jpg")]), "cat-b");
    }

    #[cfg(unix)]
    #[test]
    fn names_need_not_be_text() {
        use std::os::unix::ffi::OsStrExt;

        let path = Path::new(OsStr::from_bytes(b"caf\xe9.png"));
        assert_eq!(with_word(path, "2").as_os_str().as_bytes(), b"caf\xe9-2.png");
        assert_eq!(joined([path, path]).as_bytes(), b"caf\xe9-caf\xe9");
    }
}
