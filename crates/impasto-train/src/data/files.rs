//! The files of a folder, or of a `.tar` or `.tar.gz` without unpacking it.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::DataFault;

/// Calls `visit` with the name, relative to `path` and with `/` between its parts, and the contents of every file in
/// the folder or archive `path`; of a folder in the order of names, of an archive in its own. A folder that holds one
/// archive and nothing else stands for it. Hidden files, such as those that macOS puts beside others, are left out.
/// Answers the names of all folders.
pub(super) fn for_each_file(
    path: &Path,
    mut visit: impl FnMut(String, Vec<u8>) -> Result<(), DataFault>,
) -> Result<Vec<String>, DataFault> {
    let unreadable = |source| DataFault::Unreadable { file: path.display().to_string(), source };
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        if let Some(archive) = archive_alone_in(path).map_err(unreadable)? {
            return for_each_file(&archive, visit);
        }
        let mut walk = Walk { above: Vec::new(), folders: Vec::new(), visit: &mut visit };
        walk.folder(path, "")?;
        return Ok(walk.folders);
    }
    let file = BufReader::with_capacity(1 << 18, File::open(path).map_err(unreadable)?);
    if has_ending(path, &[".gz", ".tgz"]) {
        unpack(MultiGzDecoder::new(file), &mut visit)
    } else {
        unpack(file, &mut visit)
    }
}

/// The archive that is all a folder holds.
fn archive_alone_in(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut found = None;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        if found.is_some()
            || !has_ending(&path, &[".tar", ".tar.gz", ".tgz"])
            || !fs::metadata(&path)?.is_file()
        {
            return Ok(None);
        }
        found = Some(path);
    }
    Ok(found)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let name = path.to_string_lossy().to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

/// A walk through folders.
struct Walk<'a, Visit> {
    /// The folders that the present one is in, without links, so that none leads into itself.
    above: Vec<PathBuf>,
    /// Names of the folders that were found.
    folders: Vec<String>,
    visit: &'a mut Visit,
}

impl<Visit: FnMut(String, Vec<u8>) -> Result<(), DataFault>> Walk<'_, Visit> {
    /// The files under `folder`, whose name relative to the start is `prefix`.
    fn folder(&mut self, folder: &Path, prefix: &str) -> Result<(), DataFault> {
        let unreadable = |source| DataFault::Unreadable { file: folder.display().to_string(), source };
        let itself = fs::canonicalize(folder).map_err(unreadable)?;
        if self.above.contains(&itself) {
            return Err(unreadable(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a link that leads into itself",
            )));
        }
        self.above.push(itself);
        let entries: io::Result<Vec<fs::DirEntry>> = fs::read_dir(folder).and_then(Iterator::collect);
        let mut entries = entries.map_err(unreadable)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let (path, name) = (entry.path(), format!("{prefix}{name}"));
            // Links are followed: data sets are large and often lie elsewhere.
            let failed = |source| DataFault::Unreadable { file: name.clone(), source };
            let metadata = fs::metadata(&path).map_err(failed)?;
            if metadata.is_dir() {
                self.folder(&path, &format!("{name}/"))?;
                self.folders.push(name);
            } else if metadata.is_file() {
                let bytes = fs::read(&path).map_err(failed)?;
                (self.visit)(name, bytes)?;
            } else {
                return Err(failed(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "neither a file nor a folder",
                )));
            }
        }
        self.above.pop();
        Ok(())
    }
}

/// Counts what is read through it.
struct Counted<R> {
    from: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

fn unpack(
    from: impl Read,
    visit: &mut impl FnMut(String, Vec<u8>) -> Result<(), DataFault>,
) -> Result<Vec<String>, DataFault> {
    let mut folders = Vec::new();
    let mut archive = tar::Archive::new(Counted { from, bytes: 0 });
    let mut read = 0;
    let outcome = (|| {
        for entry in archive.entries().map_err(Stop::Archive)? {
            let mut entry = entry.map_err(Stop::Archive)?;
            let name = entry.path().map_err(Stop::Archive)?.to_string_lossy().into_owned();
            let is_hidden = name.split('/').any(|part| part.starts_with('.') && part != ".");
            if entry.header().entry_type().is_dir() && !is_hidden {
                folders.push(name.trim_start_matches("./").trim_end_matches('/').to_owned());
            }
            if !entry.header().entry_type().is_file() || is_hidden {
                continue;
            }
            // The size in the header is not trusted with an allocation.
            let mut bytes = Vec::new();
            let size = entry.size();
            entry.read_to_end(&mut bytes).map_err(Stop::Archive)?;
            if bytes.len() as u64 != size {
                return Err(Stop::Archive(io::ErrorKind::UnexpectedEof.into()));
            }
            read += 1;
            visit(name.trim_start_matches("./").to_owned(), bytes).map_err(Stop::Fault)?;
        }
        Ok(())
    })();
    let mut from = archive.into_inner();
    // The rest is padding; a packed archive has its checksum behind it.
    let outcome =
        outcome.and_then(|()| io::copy(&mut from, &mut io::sink()).map(drop).map_err(Stop::Archive));
    let offset = from.bytes;
    match outcome {
        Ok(()) if read == 0 && offset == 0 => {
            Err(DataFault::Archive { entries: 0, offset, reason: "the file is empty".to_owned() })
        }
        Ok(()) => Ok(folders),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Archive(error)) => {
            Err(DataFault::Archive { entries: read, offset, reason: error.to_string() })
        }
    }
}

enum Stop {
    Archive(io::Error),
    Fault(DataFault),
}
