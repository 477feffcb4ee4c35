//! What `impasto train` and `impasto distill` share: flags of long runs, their checkpoints, and what they show.

mod arguments;
mod checkpoints;
mod progress;

use std::path::Path;

pub use arguments::RunArguments;
pub use checkpoints::Checkpoints;
use impasto_network::{Convention, Convolution, Layer, Precision, safetensors_bytes, write_whole_file};
pub use progress::{Display, Pace};
use serde::Serialize;

use crate::failure::Failure;

/// Saves a network that was trained.
///
/// # Errors
/// If a number is not finite or too large for the precision, or the file cannot be written.
pub fn save_network(
    path: &Path,
    convolutions: &[(Layer, Convolution)],
    convention: &Convention,
    precision: Precision,
    provenance: &[(&str, String)],
) -> Result<Vec<u8>, Failure> {
    let metadata: Vec<(String, String)> =
        provenance.iter().map(|(key, text)| ((*key).to_owned(), text.clone())).collect();
    let bytes =
        safetensors_bytes(convolutions, convention, precision, &metadata).map_err(Failure::mistake)?;
    write_whole_file(path, &bytes)?;
    Ok(bytes)
}

/// Writes a log: one JSON object a line.
///
/// # Errors
/// If the file cannot be written.
pub fn write_log(path: Option<&Path>, entries: &[impl Serialize]) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let mut text = String::new();
    for entry in entries {
        text += &serde_json::to_string(entry).map_err(Failure::world)?;
        text.push('\n');
    }
    Ok(write_whole_file(path, text.as_bytes())?)
}

/// `18.12 %`
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
