//! Ctrl-C: the first asks the run to finish its step and save, the second quits at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Failure, INTERRUPTED};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C is noted instead of ending the process.
pub fn install() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED.into());
        }
    })
    .map_err(|error| Failure::world(format_args!("Ctrl-C cannot be watched: {error}")))
}

/// Whether Ctrl-C has been pressed.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
