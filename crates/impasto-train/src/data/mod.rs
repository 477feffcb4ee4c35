//! Data sets: where labelled pictures come from, and what becomes of them before a network sees them.
//!
//! Everything random is a function of a seed and of a place in the run: of an epoch and a position in it, or of a
//! step. So nothing has to be replayed to go on in the middle, and no thread can change a result.

mod augmentation;
mod cifar_binary;
mod class_folders;
mod crops;
mod data_set;
mod decode;
mod error;
mod files;
mod open;
mod order;
mod prefetch;

pub use augmentation::Augmentation;
pub use crops::{Collection, Crops};
pub(crate) use data_set::checksum;
pub use data_set::{DataSet, Split};
pub use error::{DataError, DataFault};
pub(crate) use order::{epoch_order, stream};
pub(crate) use prefetch::Prefetch;
