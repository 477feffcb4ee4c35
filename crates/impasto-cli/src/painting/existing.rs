//! Files that are there already: a picture that another run made is not lost without a word.

use std::fs::{self, File};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use impasto::picture::read_settings;
use impasto_jobs::files::with_word;
use serde_json::Value;

use crate::failure::Failure;

/// What may become of a file that has the name of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the result takes another name.
    Keep,
    /// It is replaced, as whoever gave the name agreed.
    Replace,
    /// It is what this run saved when it was interrupted.
    Own,
}

/// The first of `painted.png`, `painted-2.png` and so on whose picture and checkpoint are not there.
pub fn free(path: &Path) -> PathBuf {
    let is_free = |name: &PathBuf| !is_there(name) && !is_there(&name.with_extension("checkpoint"));
    names(path).find(is_free).unwrap_or_else(|| path.to_owned())
}

/// Takes the first of `painted.png`, `painted-2.png` and so on that nobody has: an empty file holds its place, so that
/// two runs that end at the same time do not take the same one.
///
/// A place that cannot be taken is what writing there will complain of.
pub fn claim(path: &Path) -> PathBuf {
    let is_taken = |name: &Path| {
        let place = File::options().write(true).create_new(true).open(name);
        place.is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists)
    };
    names(path).find(|name| !is_taken(name)).unwrap_or_else(|| path.to_owned())
}

/// A result on disk.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Its file.
    pub path: PathBuf,
    /// Whether it took the place of another one.
    pub replaced: bool,
}

/// The place of a sheet of pictures. One that `may_replace` takes that of another sheet, but only if it is complete.
pub fn place(path: &Path, may_replace: bool, completed: bool) -> Saved {
    let is_there = path.exists();
    if is_there && completed && may_replace {
        return Saved { path: path.to_owned(), replaced: true };
    }
    let path = match is_there && !completed {
        true => claim(&incomplete(path)),
        // A link that leads nowhere yet is filled.
        false if !is_there && path.is_symlink() => path.to_owned(),
        false => claim(path),
    };
    Saved { path, replaced: false }
}

/// Gives a place back that was [claimed](claim) and not written.
pub fn release(path: &Path) {
    if fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0) {
        // An empty file that stays does no harm.
        _ = fs::remove_file(path);
    }
}

/// The name of what there is of a picture beside a finished one: `painted-incomplete.png`.
pub fn incomplete(path: &Path) -> PathBuf {
    with_word(path, "incomplete")
}

/// Whether a file has this name, even if it is a link that leads nowhere.
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Whether a file holds a picture of ours whose run did not come to its end.
pub fn is_incomplete(path: &Path) -> bool {
    let settings = read_settings(path).ok().flatten();
    let settings = settings.and_then(|settings| serde_json::from_str::<Value>(&settings).ok());
    settings.is_some_and(|settings| settings["completed"] == false)
}

/// Asks at a terminal whether a file that is there may be replaced.
///
/// # Errors
/// If there is nobody to ask, or the answer is no.
pub fn agree_to_replace(path: &Path, quiet: bool) -> Result<(), Failure> {
    let path = path.display();
    if quiet || !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::mistake(format_args!(
            "{path}: is there already; name another file, or replace it with --force"
        )));
    }
    let mut answer = String::new();
    _ = write!(io::stderr(), "{path} is there already. Replace it? [y/N] ");
    io::stdin().lock().read_line(&mut answer).map_err(Failure::world)?;
    match is_yes(&answer) {
        true => Ok(()),
        false => Err(Failure::mistake(format_args!("{path}: stays as it was; nothing painted"))),
    }
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

/// `painted.png`, `painted-2.png`, `painted-3.png` and so on.
pub fn names(path: &Path) -> impl Iterator<Item = PathBuf> {
    (1..100_000).map(move |number| match number {
        1 => path.to_owned(),
        number => with_word(path, &number.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_claim_takes_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name);
        assert_eq!(free(&name("a.png")), name("a.png"));
        let claimed: Vec<PathBuf> = (0..3).map(|_| claim(&name("a.png"))).collect();
        assert_eq!(claimed, ["a.png", "a-2.png", "a-3.png"].map(name));
        release(&name("a-2.png"));
        assert_eq!(claim(&name("a.png")), name("a-2.png"));
        assert_eq!(incomplete(&name("a.png")), name("a-incomplete.png"));
    }

    #[test]
    fn a_name_with_a_checkpoint_is_not_free() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.checkpoint"), "run").unwrap();
        assert_eq!(free(&folder.path().join("a.png")), folder.path().join("a-2.png"));
    }

    #[test]
    fn a_file_that_is_written_is_not_released() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        fs::write(&path, "picture").unwrap();
        release(&path);
        assert!(path.exists());
    }

    #[test]
    fn only_yes_is_yes() {
        assert!(["y\n", "Yes\n", " YES "].into_iter().all(is_yes));
        assert!(!["\n", "", "no", "yesterday"].into_iter().any(is_yes));
    }
}
