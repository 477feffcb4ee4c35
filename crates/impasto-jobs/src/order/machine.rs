//! Choices: what to compute with.

use impasto_kernels::Isa;
use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
use super::text;
use super::values::{EngineName, MemorySize};
#[cfg(feature = "clap")]
use crate::threads;

/// The engine that runs the network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Machine"))]
pub struct EngineChoices {
    /// What runs the network: cpu, gpu, auto (the graphics card if it is faster) or scalar, a slow reference
    /// [default: auto]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", value_parser = parsers::named::<EngineName>()))]
    #[serde(with = "text")]
    pub engine: Option<EngineName>,

    /// Number or name of the graphics card to run on, as impasto info lists them [default: 0]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N|NAME"))]
    pub device: Option<String>,
}

/// The memory that a painting may take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Machine"))]
pub struct MemoryChoices {
    /// Memory that the run may take, such as 4GB or 800MB. A picture that needs more is evaluated in tiles, in up to
    /// twice the time [default: nine tenths of what is free]
    #[cfg_attr(feature = "clap", arg(long, value_name = "SIZE", value_parser = super::values::memory_size))]
    #[serde(with = "text")]
    pub memory: Option<MemorySize>,
}

/// What to compute with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Machine"))]
pub struct MachineChoices {
    /// Threads, 1 to 1024; the picture does not depend on it [default: one for each core]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(threads::MOST_THREADS))))]
    pub threads: Option<u16>,

    /// The instruction set; amx rounds to bfloat16 [default: the fastest in f32; amx to paint our presets with Adam]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", value_parser = parsers::isa()))]
    #[serde(with = "text")]
    pub isa: Option<Isa>,
}
