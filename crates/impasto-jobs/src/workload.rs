//! How the work of a run divides: the cost of an iteration grows with the pixels of its stage.

use std::time::Duration;

use impasto::{Plan, Progress, Stage};

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
        let of = |stage: &Stage| (stage.pixels(), stage.iterations as u64);
        Workload { stages: plans.into_iter().flat_map(|plan| &plan.stages).map(of).collect() }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.stages.iter().map(|(pixels, iterations)| pixels * iterations).sum()
    }

    /// What is behind after an iteration: all of its stage if the stage ends with it, however many were planned.
    pub fn passed(&self, progress: &Progress<'_>) -> u64 {
        self.passed_in_series(0, progress)
    }

    /// The same in the run of a series that has so many stages before it.
    pub fn passed_in_series(&self, stages_before: usize, progress: &Progress<'_>) -> u64 {
        self.done(stages_before + progress.stage, self.place(progress))
    }

    /// The iteration within its stage, as planned: the last of them if the stage ends.
    fn place(&self, progress: &Progress<'_>) -> usize {
        if progress.end.is_some() { progress.iterations } else { progress.iteration }
    }

    /// What is done after an iteration, both counted from 1.
    pub fn done(&self, stage: usize, iteration: usize) -> u64 {
        let before: u64 =
            self.stages[..stage - 1].iter().map(|(pixels, iterations)| pixels * iterations).sum();
        before + self.stages[stage - 1].0 * iteration as u64
    }

    /// Iterations that are behind after one of them, as planned: for numbering pictures of the run.
    pub fn number(&self, progress: &Progress<'_>) -> u64 {
        let before: u64 = self.stages[..progress.stage - 1].iter().map(|(_, iterations)| iterations).sum();
        before + self.place(progress) as u64
    }

    /// Time for what is left after an iteration, if one of this size takes `seconds`.
    pub fn time_left(&self, progress: &Progress<'_>, seconds: f64) -> Duration {
        let left = self.total() - self.passed(progress);
        Duration::from_secs_f64(left as f64 * seconds / self.stages[progress.stage - 1].0 as f64)
    }
}

#[cfg(test)]
mod tests {
    use impasto::StageEnd;
    use impasto_network::Size;

    use super::*;

    fn progress(stage: usize, iteration: usize, end: Option<StageEnd>) -> Progress<'static> {
        let size = Size { height: 1, width: 1 };
        Progress::new(size, (stage, 2), (iteration, 10), end)
    }

    #[test]
    fn later_stages_weigh_more() {
        let workload = Workload { stages: vec![(100, 10), (400, 10)] };
        assert_eq!(workload.total(), 5000);
        assert_eq!(workload.done(1, 10), 1000);
        let progress = progress(2, 5, None);
        assert_eq!((workload.passed(&progress), workload.number(&progress)), (3000, 15));
        assert_eq!(workload.time_left(&progress, 0.5), Duration::from_millis(2500));
    }

    #[test]
    fn a_stage_that_ends_early_leaves_no_time_for_its_rest() {
        let workload = Workload { stages: vec![(100, 10), (400, 10)] };
        let early = progress(1, 3, Some(StageEnd::Progress));
        assert_eq!((workload.passed(&early), workload.number(&early)), (1000, 10));
        // Ten iterations of four times the size.
        assert_eq!(workload.time_left(&early, 0.5), Duration::from_secs(20));
        assert_eq!(workload.time_left(&progress(2, 3, Some(StageEnd::Minimum)), 0.5), Duration::ZERO);
    }
}
