//! Which file is which: names of results, and the rule that a run does not overwrite what it reads.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use impasto_jobs::files::with_word;

/// Where `--save-every` and `--snapshots` save after so many iterations: `painted-00050.png` beside
/// `painted.png`.
pub fn numbered(output: &Path, iteration: u64) -> PathBuf {
    with_word(output, &format!("{iteration:05}"))
}

/// Where the preview of a tiling is saved: `painted-tiled.png` beside `painted.png`.
pub fn tiled(output: &Path) -> PathBuf {
    with_word(output, "tiled")
}

/// Whether two names are of one file, which need not exist.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    whole_name(one).is_some_and(|name| whole_name(other) == Some(name))
}

/// The folder a file is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The path without links and dots; for a file that does not exist, that of its folder and its name.
fn whole_name(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path)
        .or_else(|_| {
            Ok::<_, io::Error>(fs::canonicalize(folder(path))?.join(path.file_name().unwrap_or_default()))
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_output() {
        assert_eq!(tiled(Path::new("a/out.png")), Path::new("a/out-tiled.png"));
        assert_eq!(numbered(Path::new("a/out.tiff"), 7), Path::new("a/out-00007.tiff"));
    }

    #[test]
    fn one_file_has_many_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.png");
        let roundabout = folder.path().join(".").join("a.png");
        assert!(is_same_file(&file, &roundabout));
        fs::write(&file, "x").unwrap();
        assert!(is_same_file(&file, &roundabout));
        assert!(!is_same_file(&file, &folder.path().join("b.png")));
    }
}
