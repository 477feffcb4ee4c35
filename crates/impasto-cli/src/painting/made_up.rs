//! Where a result goes that has no name of its own: in the folder that was named, under a name made of its pictures.

use std::path::{self, Path, PathBuf};

use impasto::picture::PictureFormat;
use impasto_jobs::Order;

use super::arguments::OutputArguments;

/// The file of a result that was not named, in the folder that was.
pub fn made_up_name(order: &Order, flags: &OutputArguments) -> PathBuf {
    let name = flags.name.as_ref().map(|template| template.name(order));
    let name = name.unwrap_or_else(|| {
        let mut name = order.name();
        name.push(format!(".{}", extension(flags)));
        name.into()
    });
    folder_of(flags).map_or(name.clone(), |folder| folder.join(name))
}

/// The extension of a name that is made up.
pub fn extension(flags: &OutputArguments) -> &str {
    flags.format.as_deref().unwrap_or("png")
}

/// The folder that results go to, if one was named.
pub fn folder_of(flags: &OutputArguments) -> Option<&Path> {
    flags.output.as_deref().filter(|output| is_folder(output))
}

/// Whether a name is meant as that of a folder.
pub fn is_folder(path: &Path) -> bool {
    let ends_as_one = path.as_os_str().to_string_lossy().ends_with(path::is_separator);
    ends_as_one || (path.is_dir() && PictureFormat::from_extension(path).is_none())
}

/// Where a file can be tried whose folder is still to be made: in the nearest one that is there.
pub fn made_where(path: &Path) -> PathBuf {
    let mut above =
        path.ancestors().skip(1).map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
    let there = above.find(|folder| folder.exists()).unwrap_or(Path::new("."));
    there.join(path.file_name().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(output: &str, format: Option<&str>) -> PathBuf {
        let (output, format) = (Some(output.into()), format.map(str::to_owned));
        let flags = OutputArguments { output, format, ..OutputArguments::default() };
        made_up_name(&Order::transfer("photos/cat.jpg", ["style.png"]), &flags)
    }

    #[test]
    fn results_go_into_the_folder_that_was_named() {
        assert_eq!(named("out/", None), PathBuf::from("out/cat-style.png"));
        assert_eq!(named("out/", Some("jpg")), PathBuf::from("out/cat-style.jpg"));
        // A file, whose name is asked for nowhere.
        assert_eq!(named("out.png", None), PathBuf::from("cat-style.png"));
    }

    #[test]
    fn a_folder_ends_as_one_or_is_there() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_folder(Path::new("new/")) && is_folder(folder.path()));
        assert!(!is_folder(Path::new("new")) && !is_folder(&folder.path().join("a.png")));
        assert_eq!(made_where(&folder.path().join("new/deep/a.png")), folder.path().join("a.png"));
    }
}
