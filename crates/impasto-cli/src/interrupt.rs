//! Ctrl-C, SIGTERM and, on Linux, SIGHUP ask the run to finish its step and save. A second Ctrl-C quits at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use crate::failure::{Failure, INTERRUPTED};

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// From now on an interruption is noted instead of ending the process.
pub fn install() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED.into());
        }
    })
    .map_err(|error| Failure::world(format_args!("Ctrl-C cannot be watched: {error}")))?;
    #[cfg(unix)]
    watch_termination()
        .map_err(|error| Failure::world(format_args!("signals cannot be watched: {error}")))?;
    Ok(())
}

/// Whether an interruption was asked for.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Notes the signals by which a system, a container or a closed terminal ends programs. They often come twice, to the
/// program and to its group, so a second one changes nothing.
#[cfg(unix)]
fn watch_termination() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGTERM};

    let hangup = watches_hangups().then_some(SIGHUP);
    for signal in [SIGTERM].into_iter().chain(hangup) {
        signal_hook::flag::register(signal, REQUESTED.clone())?;
    }
    Ok(())
}

/// Whether SIGHUP is to be noted: not where it is ignored, as `nohup` asks for. Only Linux tells.
#[cfg(unix)]
fn watches_hangups() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signal n is bit n - 1.
    ignored.is_some_and(|mask| mask & 1 << (signal_hook::consts::SIGHUP - 1) == 0)
}
