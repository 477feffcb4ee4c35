//! How the work of a run divides: the cost of an iteration grows with the pixels of its stage.

use std::time::Duration;

use impasto::{Plan, Stage};

/// Pixels times iterations, stage by stage.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Pixels and iterations of each stage.
    stages: Vec<(u64, u64)>,
}

impl Workload {
    /// The work of a plan.
    pub fn new(plan: &Plan) -> Self {
        Workload::of_series([plan])
    }

    /// The work of several runs, one after another. Stages count on from run to run.
    pub fn of_series<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Self {
        let of = |stage: &Stage| (pixels(stage), stage.iterations as u64);
        Workload { stages: plans.into_iter().flat_map(|plan| &plan.stages).map(of).collect() }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.stages.iter().map(|(pixels, iterations)| pixels * iterations).sum()
    }

    /// What is done after an iteration, both counted from 1.
    pub fn done(&self, stage: usize, iteration: usize) -> u64 {
        let before: u64 =
            self.stages[..stage - 1].iter().map(|(pixels, iterations)| pixels * iterations).sum();
        before + self.stages[stage - 1].0 * iteration as u64
    }

    /// Iterations before and within a stage, both counted from 1: for numbering pictures of the run.
    pub fn iterations_done(&self, stage: usize, iteration: usize) -> u64 {
        let before: u64 = self.stages[..stage - 1].iter().map(|(_, iterations)| iterations).sum();
        before + iteration as u64
    }

    /// Time for what is left after an iteration that took `seconds`.
    pub fn time_left(&self, stage: usize, iteration: usize, seconds: f64) -> Duration {
        let left = self.total() - self.done(stage, iteration);
        Duration::from_secs_f64(left as f64 * seconds / self.stages[stage - 1].0 as f64)
    }
}

/// Pixels of the picture in a stage.
pub fn pixels(stage: &Stage) -> u64 {
    (stage.size.width * stage.size.height) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_stages_weigh_more() {
        let workload = Workload { stages: vec![(100, 10), (400, 10)] };
        assert_eq!(workload.total(), 5000);
        assert_eq!(workload.done(1, 10), 1000);
        assert_eq!(workload.done(2, 5), 3000);
        assert_eq!(workload.iterations_done(2, 5), 15);
        assert_eq!(workload.time_left(2, 5, 0.5), Duration::from_millis(2500));
        assert_eq!(workload.time_left(2, 10, 0.5), Duration::ZERO);
    }
}
