//! The files of a folder, or of a `.tar` or `.tar.gz` without unpacking it.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::DataFault;

/// Calls `visit` with the name, relative to `path` and with `/` between its parts, and the contents of every file in
/// the folder or archive `path`; of a folder in the order of names, of an archive in its own. Hidden files, such as
/// those that macOS puts beside others, are left out.
pub(super) fn for_each_file(
    path: &Path,
    mut visit: impl FnMut(String, Vec<u8>) -> Result<(), DataFault>,
) -> Result<(), DataFault> {
    let unreadable = |source| DataFault::Unreadable { file: path.display().to_string(), source };
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        return walk(path, "", &mut visit);
    }
    let file = BufReader::with_capacity(1 << 18, File::open(path).map_err(unreadable)?);
    let name = path.to_string_lossy().to_ascii_lowercase();
    if name.ends_with(".gz") || name.ends_with(".tgz") {
        unpack(MultiGzDecoder::new(file), &mut visit)
    } else {
        unpack(file, &mut visit)
    }
}

/// The files under `folder`, whose name relative to the start is `prefix`.
fn walk(
    folder: &Path,
    prefix: &str,
    visit: &mut impl FnMut(String, Vec<u8>) -> Result<(), DataFault>,
) -> Result<(), DataFault> {
    let unreadable = |source| DataFault::Unreadable { file: folder.display().to_string(), source };
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
        if fs::metadata(&path).map_err(failed)?.is_dir() {
            walk(&path, &format!("{name}/"), visit)?;
        } else {
            let bytes = fs::read(&path).map_err(failed)?;
            visit(name, bytes)?;
        }
    }
    Ok(())
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
) -> Result<(), DataFault> {
    let mut archive = tar::Archive::new(Counted { from, bytes: 0 });
    let mut read = 0;
    let outcome = (|| {
        for entry in archive.entries().map_err(Stop::Archive)? {
            let mut entry = entry.map_err(Stop::Archive)?;
            let name = entry.path().map_err(Stop::Archive)?.to_string_lossy().into_owned();
            let is_hidden = name.split('/').any(|part| part.starts_with('.') && part != ".");
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
    let offset = archive.into_inner().bytes;
    match outcome {
        Ok(()) if read == 0 && offset == 0 => {
            Err(DataFault::Archive { entries: 0, offset, reason: "the file is empty".to_owned() })
        }
        Ok(()) => Ok(()),
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
