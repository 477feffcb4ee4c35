//! Effort: how much time a painting may take, as a factor on all iterations.

use serde::{Deserialize, Serialize};

use crate::{Settings, SmallerSizes};

/// How much time a painting may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// A fifth of the iterations: to try pictures and settings.
    Draft,
    /// As the settings say.
    #[default]
    Normal,
    /// Four times the iterations: as close to the minimum as can be seen.
    High,
}

impl Effort {
    /// All efforts, the least first.
    pub const ALL: [Effort; 3] = [Effort::Draft, Effort::Normal, Effort::High];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Effort::Draft => "draft",
            Effort::Normal => "normal",
            Effort::High => "high",
        }
    }

    fn factor(self) -> f64 {
        match self {
            Effort::Draft => 0.2,
            Effort::Normal => 1.0,
            Effort::High => 4.0,
        }
    }
}

impl Settings {
    /// Multiplies the iterations of all stages, and makes the average of the pictures as much shorter or longer.
    pub fn set_effort(&mut self, effort: Effort) {
        let factor = effort.factor();
        let scaled = |iterations: usize| (iterations as f64 * factor).round().clamp(1.0, 1e6) as usize;
        let schedule = &mut self.schedule;
        schedule.iterations = scaled(schedule.iterations);
        schedule.refinement = schedule.refinement.map(scaled);
        if let SmallerSizes::First(iterations) = &mut schedule.smaller_sizes {
            *iterations = scaled(*iterations);
        }
        // An average of decay β is over some 1 / (1 − β) pictures.
        self.average = self.average.map(|decay| (1.0 - (1.0 - decay) / factor).max(0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;

    #[test]
    fn effort_multiplies_iterations() {
        let of = |preset: Preset, effort| {
            let mut settings = preset.settings();
            settings.set_effort(effort);
            settings
        };
        assert_eq!(of(Preset::Impasto, Effort::Normal), Preset::Impasto.settings());
        let [draft, high] = [Effort::Draft, Effort::High].map(|effort| of(Preset::Impasto, effort));
        assert_eq!((draft.schedule.iterations, high.schedule.iterations), (12, 240));
        assert!((draft.average.unwrap() - 0.5).abs() < 1e-9 && high.average > Some(0.97));
        let draft = of(Preset::StyleTransferPytorch, Effort::Draft).schedule;
        assert_eq!((draft.iterations, draft.smaller_sizes), (100, SmallerSizes::First(200)));
        for (preset, effort) in Preset::ALL.into_iter().flat_map(|it| Effort::ALL.map(|effort| (it, effort)))
        {
            assert_eq!(of(preset, effort).validate(), Ok(()), "{preset} {}", effort.name());
        }
    }
}
