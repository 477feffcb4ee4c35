//! The size of steps over a run.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// How the rate goes on after it has risen from zero in a straight line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It falls to zero along half a cosine (Loshchilov and Hutter 2017).
    Cosine,
}

impl Schedule {
    /// The rate of `step`, from 1, of a run of `steps` that rises to `rate` over the first `warm_up`.
    pub fn rate(self, rate: f32, step: u64, warm_up: u64, steps: u64) -> f32 {
        if step <= warm_up {
            return (f64::from(rate) * step as f64 / warm_up.max(1) as f64) as f32;
        }
        match self {
            Schedule::Constant => rate,
            Schedule::Cosine => {
                let passed = (step - warm_up) as f64 / (steps.max(warm_up + 1) - warm_up) as f64;
                (f64::from(rate) * 0.5 * (1.0 + (PI * passed.min(1.0)).cos())) as f32
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_rise_stay_or_fall_to_zero() {
        let rates = |schedule: Schedule| [1, 5, 10, 55, 100].map(|step| schedule.rate(2.0, step, 10, 100));
        assert_eq!(rates(Schedule::Constant), [0.2, 1.0, 2.0, 2.0, 2.0]);
        let cosine = rates(Schedule::Cosine);
        assert_eq!(cosine[..3], [0.2, 1.0, 2.0]);
        assert!((cosine[3] - 1.0).abs() < 1e-6 && cosine[4].abs() < 1e-6, "{cosine:?}");
    }
}
