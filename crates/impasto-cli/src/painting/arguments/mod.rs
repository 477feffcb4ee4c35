//! The flags of painting commands as they are typed, in groups that commands share. What they amount to is
//! worked out in `settings.rs` and `job.rs`.
//!
//! | group | heading in the help | of |
//! | --- | --- | --- |
//! | [`OutputArguments`] | Output | every command |
//! | [`PictureArguments`] | Picture | every command |
//! | [`StyleArguments`] | Loss | every command |
//! | [`PatchArguments`] | Patches | every command |
//! | [`OptimizerArguments`] | Optimiser | every command |
//! | [`NetworkArguments`] | Network | every command |
//! | [`MachineArguments`] | Machine | every command |
//! | [`ContentArguments`] | Loss, Colours, Maps | commands that take a content picture |
//! | [`MapArguments`] | Maps | commands that take maps |

mod content;
mod machine;
mod maps;
mod network;
mod optimizer;
mod output;
mod patches;
mod picture;
mod style;

use clap::Args;
pub use content::ContentArguments;
pub use machine::MachineArguments;
pub use maps::MapArguments;
pub use network::NetworkArguments;
pub use optimizer::OptimizerArguments;
pub use output::OutputArguments;
pub use patches::PatchArguments;
pub use picture::PictureArguments;
pub use style::StyleArguments;

/// The flags that every painting command has.
#[derive(Clone, Debug, Args)]
pub struct SharedArguments {
    #[command(flatten)]
    pub output: OutputArguments,
    #[command(flatten)]
    pub picture: PictureArguments,
    #[command(flatten)]
    pub style: StyleArguments,
    #[command(flatten)]
    pub patches: PatchArguments,
    #[command(flatten)]
    pub optimizer: OptimizerArguments,
    #[command(flatten)]
    pub network: NetworkArguments,
    #[command(flatten)]
    pub machine: MachineArguments,
}
