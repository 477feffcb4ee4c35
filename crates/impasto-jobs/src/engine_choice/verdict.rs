//! Whether a graphics card is faster than the processor: timed once, and remembered.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use impasto_kernels::Isa;
use impasto_network::cache::folder_of_user;
use impasto_network::{CpuEngine, Engine, EngineError, Size, Weights, write_whole_file};
use impasto_wgpu::{Device, GpuEngine};
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;

/// The file in the cache folder that remembers.
const FILE: &str = "engines.json";

/// What is evaluated: small enough to take no time, large enough to keep a card busy.
const SIZE: Size = Size { height: 256, width: 256 };

/// Evaluations that are timed on each, of which the fastest counts.
const RUNS: usize = 3;

/// What an evaluation takes on a card and on the processor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Verdict {
    /// The card.
    card: String,
    /// What else the times depend on: driver, instruction set, threads, version of the program.
    circumstances: String,
    card_seconds: f64,
    processor_seconds: f64,
}

impl Verdict {
    /// Recalls the verdict on a device, or times it and the processor.
    pub fn of(device: &Arc<Device>, isa: Isa) -> Result<Self, EngineError> {
        let file = folder_of_user().map(|folder| folder.join(FILE));
        let (driver, threads) = (&device.info().driver, rayon::current_num_threads());
        let circumstances = format!("{driver}, {isa}, {threads} threads, {}", env!("CARGO_PKG_VERSION"));
        // Where nothing can be remembered, at least all runs of this program have the same engine.
        static TIMED: Mutex<Vec<Verdict>> = Mutex::new(Vec::new());
        let mut timed = TIMED.lock().unwrap_or_else(PoisonError::into_inner);
        let card = device.info().to_string();
        let is_same = |it: &&Verdict| it.card == card && it.circumstances == circumstances;
        if let Some(found) = timed.iter().find(is_same) {
            return Ok(found.clone());
        }
        let verdict = recalled(file.as_deref(), card, circumstances, |card, circumstances| {
            Verdict::timed(device, isa, card, circumstances)
        })?;
        timed.push(verdict.clone());
        Ok(verdict)
    }

    /// Times a device and the processor.
    fn timed(
        device: &Arc<Device>,
        isa: Isa,
        card: String,
        circumstances: String,
    ) -> Result<Self, EngineError> {
        let weights = Arc::new(Weights::compact());
        let card_seconds = seconds(GpuEngine::new(device.clone(), weights.clone()))?;
        let processor_seconds = seconds(CpuEngine::with_isa(weights, isa))?;
        Ok(Verdict { card, circumstances, card_seconds, processor_seconds })
    }

    /// Whether the card is faster.
    pub fn prefers_card(&self) -> bool {
        self.card_seconds < self.processor_seconds
    }
}

/// `NVIDIA RTX A2000 (Vulkan) evaluates a picture of 256x256 in 2.1 ms, the processor in 31.0 ms`
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { height, width } = SIZE;
        let [card, processor] = [self.card_seconds, self.processor_seconds].map(|seconds| 1e3 * seconds);
        write!(
            f,
            "{} evaluates a picture of {width}x{height} in {card:.1} ms, the processor in {processor:.1} ms",
            self.card
        )
    }
}

/// What the file remembers of a card under the same circumstances; else what is timed, which it then remembers. A file that
/// cannot be read or written is as none.
fn recalled(
    file: Option<&Path>,
    card: String,
    circumstances: String,
    time: impl FnOnce(String, String) -> Result<Verdict, EngineError>,
) -> Result<Verdict, EngineError> {
    let kept = file.and_then(|file| fs::read(file).ok());
    let mut all: Vec<Verdict> =
        kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let is_same = |it: &&Verdict| it.card == card && it.circumstances == circumstances;
    if let Some(found) = all.iter().find(is_same) {
        return Ok(found.clone());
    }
    let verdict = time(card, circumstances)?;
    all.push(verdict.clone());
    if let (Some(file), Ok(text)) = (file, serde_json::to_string_pretty(&all)) {
        let in_folder = file.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok());
        let _ = in_folder.then(|| write_whole_file(file, text.as_bytes()));
    }
    Ok(verdict)
}

/// Seconds of the fastest of some evaluations, after one that compiles and allocates.
fn seconds(engine: impl Engine) -> Result<f64, EngineError> {
    let mut evaluation = Evaluation::new(engine, SIZE)?;
    evaluation.run()?;
    evaluation.time(RUNS).map(|seconds| seconds[0])
}

#[cfg(test)]
mod tests {
    use impasto_wgpu::{Adapter, DeviceKind, DeviceOptions};

    use super::*;

    fn verdict(card: &str, circumstances: &str) -> Verdict {
        let (card, circumstances) = (card.to_owned(), circumstances.to_owned());
        Verdict { card, circumstances, card_seconds: 0.002, processor_seconds: 0.0305 }
    }

    #[test]
    fn what_was_timed_is_remembered_for_the_same_circumstances_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cache").join(FILE);
        let ask = |circumstances: &str, is_timed: bool| {
            let mut timed = false;
            let found = recalled(Some(&file), "A".into(), circumstances.into(), |card, circumstances| {
                timed = true;
                Ok(verdict(&card, &circumstances))
            });
            assert_eq!(found.unwrap(), verdict("A", circumstances));
            assert_eq!(timed, is_timed, "{circumstances}");
        };
        ask("driver 1", true);
        ask("driver 1", false);
        ask("driver 2", true);
        ask("driver 1", false);
        fs::write(&file, "no JSON").unwrap();
        ask("driver 1", true);
        ask("driver 1", false);
    }

    #[test]
    fn a_card_that_fails_is_not_remembered_and_no_folder_is_no_obstacle() {
        let lost = EngineError::DeviceLost { reason: "gone".into() };
        let failed = recalled(None, "A".into(), "B".into(), |_, _| Err(lost.clone()));
        assert_eq!(failed, Err(lost));
        let timed = recalled(None, "A".into(), "B".into(), |card, with| Ok(verdict(&card, &with)));
        assert!(timed.unwrap().prefers_card());
    }

    #[test]
    fn software_is_slower_than_the_processor() {
        let software = |adapter: &Adapter| adapter.info().kind == DeviceKind::Software;
        let Some(adapter) = Adapter::all().into_iter().find(software) else {
            assert!(std::env::var_os("CI").is_none(), "no device: install a Vulkan driver");
            eprintln!("skipped: no software device for Vulkan on this machine");
            return;
        };
        let device = Arc::new(adapter.open(DeviceOptions::default()).unwrap());
        let timed = Verdict::timed(&device, Isa::detect(), "A".into(), "B".into()).unwrap();
        assert!(
            timed.card_seconds > 0.0 && timed.processor_seconds > 0.0 && !timed.prefers_card(),
            "{timed:?}"
        );
    }

    #[test]
    fn both_times_are_told() {
        let text = "A evaluates a picture of 256x256 in 2.0 ms, the processor in 30.5 ms";
        assert_eq!(verdict("A", "").to_string(), text);
    }
}
