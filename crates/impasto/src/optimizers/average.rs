//! The running average of the variables over the steps of an optimiser.
//!
//! Single iterates of Adam are noisy; their average is smooth, and it is what Crowson (2021) shows and
//! saves. With decay β, the average after t values x₁ … xₜ is exponential and corrected for its start:
//!
//! ```text
//! a ← β a + (1 − β) x,  from a = 0        average = a / (1 − βᵗ)
//! ```

use super::vector;
use super::{InvalidSetting, InvalidState, State, require};

/// The name in messages.
const NAME: &str = "average";

/// An exponential moving average of vectors, corrected for its start.
#[derive(Clone, Debug)]
pub struct Average {
    /// β.
    decay: f64,
    /// t.
    count: u64,
    /// a; empty before the first value.
    sum: Vec<f32>,
}

impl Average {
    /// Of nothing yet. `decay`, 0 to below 1, is the weight that the average keeps when a value comes in;
    /// Crowson has 0.99: the last hundred steps or so count. 0 keeps the last value only.
    ///
    /// # Errors
    /// If `decay` is outside its range.
    pub fn new(decay: f64) -> Result<Self, InvalidSetting> {
        require((0.0..1.0).contains(&decay), NAME, "decay", decay, "at least 0 and below 1")?;
        Ok(Average { decay, count: 0, sum: Vec::new() })
    }

    /// Takes in a vector.
    ///
    /// # Panics
    /// If it has not the length of the one before.
    pub fn add(&mut self, values: &[f32]) {
        if self.sum.is_empty() {
            self.sum = vec![0.0; values.len()];
        }
        assert_eq!(self.sum.len(), values.len(), "values of one average");
        let (keep, take) = (self.decay as f32, (1.0 - self.decay) as f32);
        vector::update(&mut self.sum, values, |sum, value| keep * sum + take * value);
        self.count += 1;
    }

    /// Writes the average into `values`, or leaves them as they are if there is none yet.
    ///
    /// # Panics
    /// If they have not the length of those taken in.
    pub fn read(&self, values: &mut [f32]) {
        if self.count == 0 {
            return;
        }
        assert_eq!(self.sum.len(), values.len(), "values of one average");
        let correction = 1.0 - self.decay.powf(self.count as f64);
        vector::set_scaled(values, (1.0 / correction) as f32, &self.sum);
    }

    /// Whether every element of the average is finite; true if there is none yet.
    pub fn is_finite(&self) -> bool {
        vector::absolute_sum(&self.sum).is_finite()
    }

    /// Whether nothing was taken in yet.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Forgets all values; the decay stays.
    pub fn reset(&mut self) {
        (self.count, self.sum) = (0, Vec::new());
    }

    /// For a checkpoint. Counters: values taken in. Vectors: a; none before the first value.
    pub fn state(&self) -> State<'_> {
        let vectors = if self.count == 0 { Vec::new() } else { vec![self.sum.as_slice().into()] };
        State { counters: vec![self.count], vectors, ..State::default() }
    }

    /// Continues from the [`state`](Average::state) of an average with the same decay.
    ///
    /// # Errors
    /// If `state` cannot be of an average. This one is then reset.
    pub fn resume(&mut self, state: State<'_>) -> Result<(), InvalidState> {
        self.reset();
        let [count] = state.checked(NAME)?;
        match <[_; 1]>::try_from(state.vectors) {
            Err(vectors) if vectors.is_empty() && count == 0 => Ok(()),
            Ok([sum]) if count > 0 => {
                (self.count, self.sum) = (count, sum.into_owned());
                Ok(())
            }
            vectors => {
                let vectors = vectors.map_or_else(|vectors| vectors.len(), |vectors| vectors.len());
                Err(InvalidState::new(NAME, format!("{vectors} vectors after {count} values")))
            }
        }
    }
}
