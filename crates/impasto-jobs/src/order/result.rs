//! Choices: how the result is kept, and what is kept on the way to it.

use impasto::picture::{BitDepth, WriteOptions};
use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
use super::text;

/// How the file of the result is written. Its name says the format.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Output"))]
pub struct FileChoices {
    /// Bits a channel, 8 or 16; 16 for PNG and TIFF only [default: 8]
    #[cfg_attr(feature = "clap", arg(long, value_name = "BITS", value_parser = parsers::named::<BitDepth>()))]
    #[serde(with = "text")]
    pub bit_depth: Option<BitDepth>,

    /// Quality of a JPEG, 1 to 100 [default: 95]
    #[cfg_attr(feature = "clap", arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100)))]
    pub quality: Option<u8>,
}

/// What is kept on the way to the result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Output"))]
pub struct SnapshotChoices {
    /// Keep the pictures after these iterations, counted over all sizes, 0 for the start: 0,5,10,20,50.
    /// They go into the report or, without one, to FILE-00005.png and so on [default: about six in a report]
    #[cfg_attr(feature = "clap", arg(long, value_name = "LIST", value_delimiter = ','))]
    pub snapshots: Option<Vec<u64>>,
}

impl FileChoices {
    /// How a picture is written, without metadata.
    pub fn options(&self) -> WriteOptions {
        let defaults = WriteOptions::default();
        WriteOptions {
            depth: self.bit_depth.unwrap_or(defaults.depth),
            jpeg_quality: self.quality.unwrap_or(defaults.jpeg_quality),
            ..defaults
        }
    }
}
