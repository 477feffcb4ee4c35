//! What the machine says about itself: memory used, memory free, cores.

use std::fs;
use std::path::Path;
use std::thread;

use impasto::{OptimizerSettings, Preset, Settings};
use impasto_kernels::Isa;

use crate::message::{Message, Words};
use crate::refusal::Refusal;
use crate::words;

/// Threads the machine runs at once, 1 if it does not say.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The instruction set of a painting: the one that was asked for, or the fastest there is that suits it.
///
/// One that [rounds](Isa::rounds) suits our own presets. A published one is to be reproduced, and L-BFGS measures curvature
/// by small steps, which rounding disturbs.
///
/// # Errors
/// If this machine does not have it.
pub fn painting_instruction_set(
    asked: Option<Isa>,
    preset: Option<Preset>,
    settings: &Settings,
) -> Result<Isa, Refusal> {
    let bears_rounding = preset.is_some_and(|preset| !preset.is_published())
        && matches!(settings.optimizer, OptimizerSettings::Adam(_));
    instruction_set(asked.or(bears_rounding.then(Isa::fastest)))
}

/// The instruction set that was asked for, or the fastest there is that computes in f32 throughout.
///
/// # Errors
/// If this machine does not have it.
pub fn instruction_set(asked: Option<Isa>) -> Result<Isa, Refusal> {
    match asked {
        Some(isa) if !isa.is_available() => {
            Err(Refusal::new(Message::about_value("isa", isa, "this machine does not have it")))
        }
        asked => Ok(asked.unwrap_or_else(Isa::detect)),
    }
}

/// The instruction set of a training, which computes in f32 throughout.
///
/// # Errors
/// If this machine does not have it, or it rounds.
pub fn training_instruction_set(asked: Option<Isa>) -> Result<Isa, Refusal> {
    match asked {
        Some(isa) if isa.rounds() => {
            Err(Refusal::new(Message::about_value("isa", isa, "it rounds, and training computes in f32")))
        }
        asked => instruction_set(asked),
    }
}

/// The most bytes this process has had in memory so far, where the system keeps account (Linux).
pub fn peak_memory() -> Option<u64> {
    bytes_of("/proc/self/status", "VmHWM:")
}

/// Bytes that can still be had without swapping, by the machine and by the control group that this process
/// is in, such as a container, where the system says (Linux).
pub fn available_memory() -> Option<u64> {
    let of_machine = bytes_of("/proc/meminfo", "MemAvailable:");
    let of_group = |name: &str| fs::read_to_string(Path::new("/sys/fs/cgroup").join(name)).ok();
    let left =
        || left_of_group(&of_group("memory.max")?, &of_group("memory.current")?, &of_group("memory.stat")?);
    of_machine.into_iter().chain(left()).min()
}

/// Bytes that a run may take where nobody says how many: nine tenths of what is available.
pub fn memory_to_take() -> Option<u64> {
    available_memory().map(|bytes| bytes / 10 * 9)
}

/// Bytes that a control group leaves, from what the kernel writes in its files (version 2): the limit, the
/// bytes in use, and their kinds. Cached files that nobody has read for a while give way. `None` without a
/// limit.
fn left_of_group(limit: &str, current: &str, kinds: &str) -> Option<u64> {
    let (limit, current): (u64, u64) = (limit.trim().parse().ok()?, current.trim().parse().ok()?);
    let cached = kinds.lines().find_map(|line| line.strip_prefix("inactive_file ")?.trim().parse().ok());
    Some(limit.saturating_sub(current.saturating_sub(cached.unwrap_or(0))))
}

/// Refuses what needs more memory than there is; `what` names the field or file that asks for it.
///
/// # Errors
/// If the system tells how much there is, and it is less than `bytes`.
pub fn check_memory(bytes: u64, what: impl Into<Words>) -> Result<(), Refusal> {
    match available_memory() {
        Some(available) if bytes > available => {
            let (needed, free) = (bytes as f64 / 1e9, available as f64 / 1e9);
            let why = format!(" needs about {needed:.1} GB of memory, but only {free:.1} GB are free");
            Err(Refusal::order(words![what, why]))
        }
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
    fn rounding_is_for_our_own_presets_unless_asked_for() {
        let set = |asked, preset: Preset| {
            painting_instruction_set(asked, Some(preset), &preset.settings()).expect("a set of this machine")
        };
        assert_eq!(set(None, Preset::Impasto), Isa::fastest());
        assert_eq!(set(None, Preset::StyleTransferPytorch), Isa::detect());
        assert_eq!(set(Some(Isa::Portable), Preset::Impasto), Isa::Portable);
        assert_eq!(set(Some(Isa::fastest()), Preset::Gatys), Isa::fastest());
        let curved = Settings { optimizer: Preset::Gatys.settings().optimizer, ..Preset::Impasto.settings() };
        assert_eq!(painting_instruction_set(None, Some(Preset::Impasto), &curved), Ok(Isa::detect()));
    }

    #[test]
    fn a_group_leaves_its_limit_less_what_cannot_give_way() {
        let kinds = "anon 600\ninactive_anon 5\ninactive_file 300\nactive_file 7\n";
        assert_eq!(left_of_group("2000\n", "1000\n", kinds), Some(1300));
        assert_eq!(left_of_group("2000\n", "1000\n", ""), Some(1000));
        assert_eq!(left_of_group("500\n", "1000\n", kinds), Some(0));
        assert_eq!(left_of_group("max\n", "1000\n", kinds), None);
    }

    #[test]
    fn the_kernel_tells_memory() {
        let (peak, available) = (peak_memory().unwrap(), available_memory().unwrap());
        assert!(peak > 1 << 20 && available > 1 << 20, "{peak} {available}");
    }
}
