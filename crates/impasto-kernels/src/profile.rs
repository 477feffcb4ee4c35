//! Where the time goes, for benchmarks: what each part of an evaluation takes, and what the threads do meanwhile.
//!
//! Off, it costs one load of a flag for each piece of work. On, an engine says which section of its work begins
//! ([`enter`]), and kernels add what their threads are busy with to that section. There is one profile for the process: only
//! one engine should be at work while it is taken.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most sections of a profile.
const SECTIONS: usize = 128;

/// What a thread does in a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Transforms weights.
    Weights,
    /// Transforms inputs, or rounds and lays them out for the matrix unit.
    Inputs,
    /// Multiplies; on the matrix unit also writes.
    Products,
    /// Transforms outputs, adds biases, applies ReLU, pools, and writes.
    Outputs,
}

impl Phase {
    /// All, in the order of the work.
    pub const ALL: [Phase; 4] = [Phase::Weights, Phase::Inputs, Phase::Products, Phase::Outputs];
}

/// What was measured in one section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// From the section's beginning to that of the next, of all times it was entered.
    pub wall: Duration,
    /// What all threads together were busy for.
    pub busy: Duration,
    /// The parts of that by [`Phase`], in the order of [`Phase::ALL`]; what is left is other work.
    pub phases: [Duration; 4],
}

static IS_ON: AtomicBool = AtomicBool::new(false);
static SECTION: AtomicUsize = AtomicUsize::new(0);
/// Nanoseconds of each section: busy, then the phases.
static BUSY: [[AtomicU64; 5]; SECTIONS] = [const { [const { AtomicU64::new(0) }; 5] }; SECTIONS];
static WALL: Mutex<Vec<(&'static str, String, Duration)>> = Mutex::new(Vec::new());
static ENTERED: Mutex<Option<Instant>> = Mutex::new(None);

/// Begins a profile, and forgets the last one.
pub fn start() {
    for counter in BUSY.iter().flatten() {
        counter.store(0, Relaxed);
    }
    wall().clear();
    *entered() = None;
    IS_ON.store(true, Relaxed);
}

/// Ends the profile. Returns its sections, each with what it is and where, in the order in which they were first entered.
pub fn finish() -> Vec<(&'static str, String, Measured)> {
    leave();
    IS_ON.store(false, Relaxed);
    let of_section = |(index, (what, place, wall)): (usize, (&'static str, String, Duration))| {
        let [busy, phases @ ..] = BUSY[index].each_ref().map(|it| Duration::from_nanos(it.load(Relaxed)));
        (what, place, Measured { wall, busy, phases })
    };
    std::mem::take(&mut *wall()).into_iter().enumerate().map(of_section).collect()
}

/// Says that a section of the work begins: `what` is done at `place`. Does nothing while no profile is taken.
///
/// # Panics
/// If there are more than 128.
pub fn enter(what: &'static str, place: impl std::fmt::Display) {
    if !IS_ON.load(Relaxed) {
        return;
    }
    leave();
    let place = place.to_string();
    let mut sections = wall();
    let index = sections.iter().position(|it| (it.0, &it.1) == (what, &place)).unwrap_or(sections.len());
    assert!(index < SECTIONS, "sections of a profile");
    if index == sections.len() {
        sections.push((what, place, Duration::ZERO));
    }
    drop(sections);
    SECTION.store(index, Relaxed);
    *entered() = Some(Instant::now());
}

/// Says that no section follows at once: what is done now is not part of the profile.
pub fn leave() {
    if !IS_ON.load(Relaxed) {
        return;
    }
    // A statement of its own: no lock is held while another is waited for.
    let begun = entered().take();
    if let Some(begun) = begun {
        wall()[SECTION.load(Relaxed)].2 += begun.elapsed();
    }
}

/// Now, if a profile is taken.
#[inline]
pub(crate) fn clock() -> Option<Instant> {
    IS_ON.load(Relaxed).then(Instant::now)
}

/// Adds the time since `begun` to what threads are busy with.
pub(crate) fn add_busy(begun: Option<Instant>) {
    add(0, begun);
}

/// Adds the time since `begun` to a phase.
pub(crate) fn add_phase(phase: Phase, begun: Option<Instant>) {
    add(1 + phase as usize, begun);
}

fn add(counter: usize, begun: Option<Instant>) {
    if let Some(begun) = begun {
        BUSY[SECTION.load(Relaxed)][counter].fetch_add(begun.elapsed().as_nanos() as u64, Relaxed);
    }
}

fn wall() -> std::sync::MutexGuard<'static, Vec<(&'static str, String, Duration)>> {
    WALL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn entered() -> std::sync::MutexGuard<'static, Option<Instant>> {
    ENTERED.lock().unwrap_or_else(PoisonError::into_inner)
}
