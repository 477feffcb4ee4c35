//! Paintings as jobs: what every front end shares, be it a command line, a server or a program of your own.
//!
//! An [`Order`] is one painting as plain data. A [`Job`] is the same with its files read and checked, its sizes and
//! memory known, ready to run:
//!
//! ```no_run
//! use impasto::Control;
//! use impasto_jobs::{Extent, Job, Order};
//!
//! let order = Order::from_json(r#"{"transfer": {"content": "harbour.png", "styles": ["swirls.png"]}}"#)?;
//! let mut job = Job::new(&order)?;
//! for note in &job.notes {
//!     eprintln!("{}", note.message);
//! }
//! let outcome = job.run(&mut |progress: &impasto::Progress<'_>| {
//!     eprintln!("{:.0} %", 100.0 * progress.done);
//!     Control::Continue
//! })?;
//! let extent = Extent { iterations_done: job.plan.iterations() as u64, completed: outcome.completed };
//! let bytes = job.file.encode("painted.png", &outcome.picture, &job.recipe, extent)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here prints, knows an exit code, or has a name for a flag: what is wrong with an order is a [`Refusal`], what
//! is worth knowing of it a [`Note`], and both name the fields of the order for the front end to translate
//! ([`message`]).
//!
//! | step | file |
//! | --- | --- |
//! | a painting as it is asked for | `order/` |
//! | what its choices change | `basis.rs`, `like.rs` |
//! | choices become settings, and what they are where they are left out | `settings.rs`, `blend.rs`, `defaults.rs` |
//! | which network, and which engine runs it | `network_choice.rs`, `engine_choice/` |
//! | what every step of a run takes, to be timed | `evaluation.rs` |
//! | files become pictures and regions | `reading.rs`, `maps/` |
//! | a checked run, and what to know of it | `job.rs`, `smallest_size.rs`, `fitting_size.rs`, `published.rs`, `notes.rs` |
//! | the job in a few lines, how long it will take | `summary.rs`, `estimate.rs`, `workload.rs` |
//! | the result and its metadata, read back too | `result_file.rs`, `recipe.rs`, `painted.rs`, `report.rs`, `tiling.rs` |
//! | the same order over a grid of values | `sweep.rs` |
//! | a picture as a network sees it | `features/` |
//! | a page on a run, sheets of pictures | `report_page/`, `sheet/` |
//! | the machine | `machine.rs`, `threads.rs` |

#![forbid(unsafe_code)]

mod basis;
mod blend;
mod defaults;
pub mod engine_choice;
mod estimate;
pub mod evaluation;
pub mod features;
pub mod figures;
pub mod files;
mod fitting_size;
mod job;
mod like;
pub mod machine;
mod maps;
pub mod message;
pub mod network_choice;
mod notes;
pub mod order;
mod original_size;
mod painted;
mod published;
mod reading;
mod recipe;
mod refusal;
pub mod report;
pub mod report_page;
mod result_file;
mod settings;
pub mod sheet;
mod smallest_size;
pub mod summary;
pub mod sweep;
pub mod threads;
pub mod tiling;
mod workload;

pub use defaults::defaults;
pub use fitting_size::fitting_size;
pub use job::Job;
pub use message::{Field, Level, Message, Note, Words};
pub use order::Order;
pub use painted::Painted;
pub use reading::read_picture;
pub use recipe::Recipe;
pub use refusal::{Fault, Refusal, fails_by_itself, is_callers_choice};
pub use result_file::{Extent, ResultFile};
pub use workload::{Pace, Workload};
