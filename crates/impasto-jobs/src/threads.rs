//! The threads that a command computes with.

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::machine;
use crate::refusal::Refusal;

/// Most threads that can be asked for.
pub const MOST_THREADS: u16 = 1024;

/// A pool of `threads` threads, by default one for each core. Pictures do not depend on their number.
///
/// # Errors
/// If the system has no more threads.
pub fn pool(threads: Option<u16>) -> Result<ThreadPool, Refusal> {
    let threads = threads.map_or_else(machine::cores, usize::from);
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("impasto-{index}"))
        .build()
        .map_err(|error| Refusal::system(format_args!("cannot start {threads} threads: {error}")))
}
