//! Why a file could not be fetched.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::checksum::Checksum;

/// A file that could not be fetched. What had arrived of it stays for the next try.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The partial file cannot be written, or not read again.
    #[error("{}: cannot be written: {source}", path.display())]
    NotWritable {
        /// The partial file.
        path: PathBuf,
        /// What the system says, such as a full disk.
        source: io::Error,
    },
    /// Another process writes the partial file.
    #[error("{}: is being fetched by another process", path.display())]
    Busy {
        /// The partial file.
        path: PathBuf,
    },
    /// No mirror has the file, or none can be reached.
    #[error("no source gave the file: {}", list(faults))]
    NoSource {
        /// The mirrors in the order they were tried, each with what was wrong with it in the end.
        faults: Vec<(String, MirrorFault)>,
    },
}

/// What is wrong with one mirror.
#[derive(Debug, thiserror::Error)]
pub enum MirrorFault {
    /// The name is unknown, nobody answers, or no safe connection can be made.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// The server has an answer, but not the file.
    #[error("answers with HTTP status {}", explained(*.0))]
    Status(u16),
    /// The connection is open, but nothing comes.
    #[error("sent nothing for {} s, after {received} bytes", patience.as_secs_f32())]
    Silent {
        /// How long it was waited for.
        patience: Duration,
        /// Bytes at hand by then.
        received: u64,
    },
    /// The connection closed before the end.
    #[error("closed the connection after {received} of {bytes} bytes")]
    Cut {
        /// Bytes at hand by then.
        received: u64,
        /// Length of the file.
        bytes: u64,
    },
    /// The file there has another length, so it is another file.
    #[error("has a file of {found} bytes there, expected {expected}")]
    Length {
        /// Its length, or how much had come when it was already too long.
        found: u64,
        /// The length it should have.
        expected: u64,
    },
    /// The file has the right length but not the right contents.
    #[error("has a file of {found} there, expected {expected}")]
    Contents {
        /// The checksum of what came.
        found: Checksum,
        /// The checksum it should have.
        expected: Checksum,
    },
}

impl MirrorFault {
    /// Whether asking the same mirror again may help.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            MirrorFault::Silent { .. } | MirrorFault::Cut { .. } => true,
            MirrorFault::Status(status) => matches!(status, 408 | 429 | 500..),
            MirrorFault::Unreachable(_) | MirrorFault::Length { .. } | MirrorFault::Contents { .. } => false,
        }
    }
}

/// `; `-separated, each mirror with its fault.
fn list(faults: &[(String, MirrorFault)]) -> String {
    let faults: Vec<String> = faults.iter().map(|(url, fault)| format!("{url} {fault}")).collect();
    if faults.is_empty() { "none is known".to_owned() } else { faults.join("; ") }
}

/// `404 (no such file)`: the status, explained if it is one that people meet.
fn explained(status: u16) -> String {
    let meaning = match status {
        401 | 403 => " (access denied)",
        404 | 410 => " (no such file)",
        407 => " (the proxy asks for a password)",
        429 => " (too many requests)",
        500.. => " (a fault of the server)",
        _ => "",
    };
    format!("{status}{meaning}")
}
