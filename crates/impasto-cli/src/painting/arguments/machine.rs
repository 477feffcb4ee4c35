//! Flags: what to compute with.

use clap::Args;
use impasto_kernels::Isa;

use crate::machine::isa_parser;
use crate::threads;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Machine")]
pub struct MachineArguments {
    /// Threads to compute with, 1 to 1024; the picture does not depend on it [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=threads::MOST_THREADS))]
    pub threads: Option<u16>,

    /// The instruction set [default: the widest of this machine]
    #[arg(long, value_name = "NAME", value_parser = isa_parser())]
    pub isa: Option<Isa>,
}
