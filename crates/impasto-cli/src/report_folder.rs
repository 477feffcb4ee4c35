//! The folder of a report: whether it can be made, and making it.

use std::fs;
use std::path::{Path, PathBuf};

use impasto::picture::{check_whole_file, write_whole_file};

use crate::failure::Failure;

/// The file of the page in its folder.
pub fn page_in(folder: &Path) -> PathBuf {
    folder.join("index.html")
}

/// Checks that a page can be written into `folder`, which need not be there yet. Leaves nothing behind.
///
/// # Errors
/// If something else has its name, or one of its parents', or the system refuses.
pub fn check_folder(folder: &Path) -> Result<(), Failure> {
    if folder.as_os_str().is_empty() {
        return Err(Failure::mistake("--report: expected the name of a folder"));
    }
    let there = folder.ancestors().find(|ancestor| !ancestor.as_os_str().is_empty() && ancestor.exists());
    let there = there.unwrap_or(Path::new("."));
    if !there.is_dir() {
        let (folder, there) = (folder.display(), there.display());
        return Err(Failure::mistake(format_args!("--report {folder}: {there} is a file, not a folder")));
    }
    check_whole_file(&page_in(there)).map_err(|error| {
        let folder = folder.display();
        match Failure::from(error) {
            Failure::Mistake(line) => Failure::Mistake(format!("--report {folder}: {line}")),
            Failure::World(line) => Failure::World(format!("--report {folder}: {line}")),
            other => other,
        }
    })
}

/// Writes the page into `folder`, which is made with those above it that are not there.
///
/// # Errors
/// If the folder or the file cannot be written.
pub fn write_page(folder: &Path, html: &str) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|error| Failure::world(format_args!("--report {}: {error}", folder.display())))?;
    Ok(write_whole_file(&page_in(folder), html.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_checked_without_being_made() {
        let scene = tempfile::tempdir().unwrap();
        fs::write(scene.path().join("file"), "x").unwrap();
        check_folder(&scene.path().join("a/b/c")).unwrap();
        check_folder(scene.path()).unwrap();
        for bad in ["file", "file/a"] {
            let Err(Failure::Mistake(line)) = check_folder(&scene.path().join(bad)) else { panic!("{bad}") };
            assert!(line.contains("is a file, not a folder"), "{line}");
        }
        assert_eq!(fs::read_dir(scene.path()).unwrap().count(), 1);
    }
}
