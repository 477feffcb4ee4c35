//! `-` and named pipes: pictures that come once, and are read more than once.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use impasto_jobs::Order;
use impasto_jobs::files::file_name;
use tempfile::TempDir;

use crate::failure::Failure;

/// What stands for standard input, and for standard output.
pub const STANDARD: &str = "-";

/// Most bytes of a file for each pixel that a picture may have, and beside them: more than any picture takes.
const BYTES_A_PIXEL: u64 = 16;
const BYTES_BESIDE: u64 = 64 << 20;

/// Pictures from pipes, as files of a folder that goes with this.
#[derive(Debug, Default)]
pub struct Pipes {
    folder: Option<TempDir>,
    /// The file of each pipe.
    files: HashMap<PathBuf, PathBuf>,
}

impl Pipes {
    /// The order with a file for each picture that comes from a pipe; `-` that stands twice is one picture.
    ///
    /// # Errors
    /// If a pipe cannot be read, or its file not be written.
    pub fn filed(&mut self, order: &Order) -> Result<Order, Failure> {
        let mut order = order.clone();
        let max_pixels = order.picture.max_pixels;
        for path in order.inputs_mut() {
            if is_pipe(path) {
                *path = self.file(path, max_pixels)?;
            }
        }
        Ok(order)
    }

    /// Whether a picture came from a pipe.
    pub fn any(&self) -> bool {
        !self.files.is_empty()
    }

    fn file(&mut self, pipe: &Path, max_pixels: u64) -> Result<PathBuf, Failure> {
        if let Some(file) = self.files.get(pipe) {
            return Ok(file.clone());
        }
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => tempfile::tempdir().map_err(Failure::world)?,
        };
        let name = if is_standard(pipe) { "stdin".to_owned() } else { file_name(pipe) };
        // A folder for each: pipes of two folders may have the same name.
        let of_pipe = folder.path().join(self.files.len().to_string());
        let file = of_pipe.join(name);
        self.folder = Some(folder);
        let failed = |error: io::Error| Failure::world(format_args!("{}: {error}", pipe.display()));
        fs::create_dir(&of_pipe).map_err(failed)?;
        let limit = max_pixels.saturating_mul(BYTES_A_PIXEL).saturating_add(BYTES_BESIDE);
        let source: Box<dyn Read> = match is_standard(pipe) {
            true => Box::new(io::stdin().lock()),
            false => Box::new(File::open(pipe).map_err(failed)?),
        };
        let mut copy = File::create(&file).map_err(failed)?;
        io::copy(&mut source.take(limit), &mut copy).and_then(|_| copy.flush()).map_err(failed)?;
        self.files.insert(pipe.to_owned(), file.clone());
        Ok(file)
    }
}

/// Whether a path stands for standard input or output.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new(STANDARD)
}

/// Whether what a path names can be read but once.
fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        is_standard(path) || fs::metadata(path).is_ok_and(|it| it.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    is_standard(path)
}
