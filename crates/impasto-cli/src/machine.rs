//! What the machine says about itself: memory used, memory free, cores.

use std::fmt;
use std::fs;
use std::thread;

use crate::failure::Failure;

/// Threads the machine runs at once, 1 if it does not say.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The most bytes this process has had in memory so far, where the system keeps account (Linux).
pub fn peak_memory() -> Option<u64> {
    bytes_of("/proc/self/status", "VmHWM:")
}

/// Bytes that can still be had without swapping, where the system says (Linux).
pub fn available_memory() -> Option<u64> {
    bytes_of("/proc/meminfo", "MemAvailable:")
}

/// Refuses what needs more memory than there is; `what` is the flag or file that asks for it.
///
/// # Errors
/// If the system tells how much there is, and it is less than `bytes`.
pub fn check_memory(bytes: u64, what: impl fmt::Display) -> Result<(), Failure> {
    match available_memory() {
        Some(available) if bytes > available => Err(Failure::mistake(format_args!(
            "{what} needs about {:.1} GB of memory, but only {:.1} GB are free",
            bytes as f64 / 1e9,
            available as f64 / 1e9
        ))),
        _ => Ok(()),
    }
}

/// The figure of the line `key   123 kB` in a file of the kernel's.
fn bytes_of(file: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_memory() {
        let (peak, available) = (peak_memory().unwrap(), available_memory().unwrap());
        assert!(peak > 1 << 20 && available > 1 << 20, "{peak} {available}");
    }
}
