//! What an optimiser remembers between steps, in a form that any file format can hold.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Counters are below this, so that no run overflows them.
const MOST_COUNTED: u64 = 1 << 53;

/// Numbers and vectors whose order each optimiser defines for itself.
///
/// A format that keeps every bit of an f32 resumes a run bit for bit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State<'a> {
    /// Counters, all of them whole and below 2^53.
    pub counters: Vec<u64>,
    /// Numbers that are not whole, finite.
    pub numbers: Vec<f64>,
    /// Vectors, all of one length: one value for each variable.
    pub vectors: Vec<Cow<'a, [f32]>>,
}

/// A state that the optimiser at hand cannot have been in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a state of {owner}: {reason}")]
pub struct InvalidState {
    owner: &'static str,
    reason: String,
}

impl InvalidState {
    pub(super) fn new(owner: &'static str, reason: impl Into<String>) -> Self {
        InvalidState { owner, reason: reason.into() }
    }
}

impl State<'_> {
    /// The same, which borrows nothing.
    pub fn into_owned(self) -> State<'static> {
        let vectors = self.vectors.into_iter().map(|vector| Cow::Owned(vector.into_owned())).collect();
        State { counters: self.counters, numbers: self.numbers, vectors }
    }

    /// The counters, if there are `N` of them, none too large, and all vectors are finite and of one length.
    pub(super) fn checked<const N: usize>(&self, owner: &'static str) -> Result<[u64; N], InvalidState> {
        let counters = self.counters.as_slice().try_into().map_err(|_| {
            InvalidState::new(owner, format!("{} counters instead of {N}", self.counters.len()))
        })?;
        if let Some(counter) = self.counters.iter().find(|&&counter| counter >= MOST_COUNTED) {
            return Err(InvalidState::new(owner, format!("a count of {counter}")));
        }
        if let Some(odd) = self.vectors.iter().find(|vector| vector.len() != self.vectors[0].len()) {
            let reason = format!("vectors of {} and of {} elements", self.vectors[0].len(), odd.len());
            return Err(InvalidState::new(owner, reason));
        }
        let vectors = self.vectors.iter().map(|vector| super::vector::absolute_sum(vector));
        if vectors.chain(self.numbers.iter().copied()).any(|number| !number.is_finite()) {
            return Err(InvalidState::new(owner, "an element that is not finite"));
        }
        Ok(counters)
    }
}
