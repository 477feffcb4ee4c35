//! Where the time of an evaluation goes: layer by layer, and what the threads do meanwhile.

use std::io::{self, Write};
use std::time::Duration;

use impasto_jobs::evaluation::Evaluation;
use impasto_kernels::profile::{self, Measured, Phase};
use impasto_network::{Engine, EngineError};
use serde::Serialize;

/// The parts of an evaluation at a layer, as the engine names them.
const PARTS: [&str; 4] = ["forward", "statistics", "gradients", "backward"];

/// What each layer takes in an evaluation, in the mean of some.
#[derive(Debug, Serialize)]
pub struct LayerTimes {
    layers: Vec<LayerTime>,
    /// What the threads do, in parts of their time while these layers are at work.
    threads: ThreadShares,
}

/// Milliseconds at one layer: of its convolution with what is fused into it, of what is asked of its maps, of the gradients
/// of losses by them, and of its convolution's gradient.
#[derive(Debug, Serialize)]
struct LayerTime {
    layer: String,
    forward: f64,
    statistics: f64,
    gradients: f64,
    backward: f64,
}

/// Parts of the time of all threads, which add up to 1.
#[derive(Debug, Default, PartialEq, Serialize)]
struct ThreadShares {
    weights: f64,
    inputs: f64,
    products: f64,
    outputs: f64,
    statistics: f64,
    other: f64,
    waiting: f64,
}

impl LayerTimes {
    /// Profiles so many evaluations.
    pub fn of<E: Engine>(evaluation: &mut Evaluation<E>, runs: u16) -> Result<Self, EngineError> {
        profile::start();
        let ran = (0..runs).try_for_each(|_| evaluation.run().map(drop));
        let sections = profile::finish();
        ran.map(|()| LayerTimes::new(&sections, runs, rayon::current_num_threads()))
    }

    fn new(sections: &[(&'static str, String, Measured)], runs: u16, threads: usize) -> Self {
        let mut layers: Vec<LayerTime> = Vec::new();
        for (_, place, _) in sections {
            if !layers.iter().any(|layer| named(&layer.layer, place)) {
                let time = |part: &str| {
                    let of_part = sections.iter().filter(|it| it.0 == part && named(place, &it.1));
                    let wall: Duration = of_part.map(|(_, _, measured)| measured.wall).sum();
                    1e3 * wall.as_secs_f64() / f64::from(runs)
                };
                let [forward, statistics, gradients, backward] = PARTS.map(time);
                let layer = number(place).to_owned();
                layers.push(LayerTime { layer, forward, statistics, gradients, backward });
            }
        }
        LayerTimes { layers, threads: ThreadShares::new(sections, threads) }
    }

    /// A table, and a line about the threads.
    pub fn write_words(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n\nmilliseconds of an evaluation")?;
        writeln!(out, "layer  {:>10} {:>10} {:>10} {:>10}", PARTS[0], PARTS[1], PARTS[2], PARTS[3])?;
        let mut row = |name: &str, parts: [f64; 4]| {
            write!(out, "{name:6}")?;
            parts.iter().try_for_each(|part| write!(out, " {part:>10.2}"))?;
            writeln!(out)
        };
        let parts = |it: &LayerTime| [it.forward, it.statistics, it.gradients, it.backward];
        for layer in &self.layers {
            row(&layer.layer, parts(layer))?;
        }
        let all = |part: usize| self.layers.iter().map(|layer| parts(layer)[part]).sum();
        row("all", [0, 1, 2, 3].map(all))?;
        let ThreadShares { weights, inputs, products, outputs, statistics, other, waiting } = self.threads;
        let shares = [
            ("transform weights", weights),
            ("lay out inputs", inputs),
            ("multiply", products),
            ("write outputs", outputs),
            ("statistics and their gradients", statistics),
            ("other work", other),
            ("wait", waiting),
        ];
        let told = shares.map(|(name, share)| format!("{name} {:.0} %", 100.0 * share));
        write!(out, "threads: {}", told.join(", "))
    }
}

impl ThreadShares {
    fn new(sections: &[(&'static str, String, Measured)], threads: usize) -> Self {
        let all: Duration = sections.iter().map(|(_, _, measured)| measured.wall).sum();
        let all = all.as_secs_f64() * threads as f64;
        let part = |of: &dyn Fn(&'static str, &Measured) -> Duration| -> f64 {
            let sum: Duration = sections.iter().map(|(what, _, measured)| of(what, measured)).sum();
            if all > 0.0 { sum.as_secs_f64() / all } else { 0.0 }
        };
        let [weights, inputs, products, outputs] =
            Phase::ALL.map(|phase| part(&|_, measured| measured.phases[phase as usize]));
        let is_statistic = |what| what == PARTS[1] || what == PARTS[2];
        let statistics =
            part(&|what, measured| if is_statistic(what) { measured.busy } else { Duration::ZERO });
        let busy = part(&|_, measured| measured.busy);
        let other = (busy - statistics - weights - inputs - products - outputs).max(0.0);
        // Pieces of work that the engine does on one thread are not counted as busy.
        let waiting = (1.0 - busy).max(0.0);
        ThreadShares { weights, inputs, products, outputs, statistics, other, waiting }
    }
}

/// `3_1` of `conv3_1` and `relu3_1`.
fn number(layer: &str) -> &str {
    layer.trim_start_matches(|letter: char| letter.is_ascii_alphabetic())
}

/// Whether two layers belong to the same convolution.
fn named(one: &str, other: &str) -> bool {
    number(one) == number(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(wall: u64, busy: u64, phases: [u64; 4]) -> Measured {
        let [wall, busy] = [wall, busy].map(Duration::from_millis);
        Measured { wall, busy, phases: phases.map(Duration::from_millis) }
    }

    #[test]
    fn sections_become_layers_and_shares() {
        let sections = [
            ("forward", "conv1_1".to_owned(), measured(10, 16, [1, 2, 8, 4])),
            ("statistics", "relu1_1".to_owned(), measured(4, 6, [0; 4])),
            ("backward", "conv1_1".to_owned(), measured(6, 10, [0, 0, 10, 0])),
        ];
        let times = LayerTimes::new(&sections, 2, 2);
        assert_eq!(times.layers.len(), 1);
        let LayerTime { layer, forward, statistics, gradients, backward } = &times.layers[0];
        assert_eq!(
            (layer.as_str(), *forward, *statistics, *gradients, *backward),
            ("1_1", 5.0, 2.0, 0.0, 3.0)
        );
        let ThreadShares { weights, inputs, products, outputs, statistics, other, waiting } = times.threads;
        let found = [weights, inputs, products, outputs, statistics, other, waiting];
        for (found, expected) in found.into_iter().zip([0.025, 0.05, 0.45, 0.1, 0.15, 0.025, 0.2]) {
            assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
        }
    }
}
