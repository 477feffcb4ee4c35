//! In what precision a run keeps what it compares with.

use serde::{Deserialize, Serialize};

/// How what a run only compares with, or may never need, is kept: the feature maps of the content, and the last good
/// picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// As it is computed, f32.
    Full,
    /// Rounded to 11 significant bits, f16, in half the memory.
    Half,
}

impl Precision {
    /// Bytes of a number.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Precision::Full => 4,
            Precision::Half => 2,
        }
    }
}
