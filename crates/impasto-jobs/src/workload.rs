//! How the work of a run divides: what each stage costs, and the time that is left by what it took so far.

use std::time::Duration;

use impasto::{Cost, Plan, Progress, Stage};

/// Part of the newest iteration in the running mean of their seconds, at least.
const NEWEST: f64 = 0.1;

/// What the stages of one or several runs cost.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Of each stage its cost and iterations.
    stages: Vec<(Cost, u64)>,
}

impl Workload {
    /// The work of a plan.
    pub fn new(plan: &Plan) -> Self {
        Workload::of_series([plan])
    }

    /// The work of several runs, one after another. Stages count on from run to run.
    pub fn of_series<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Self {
        let of = |stage: &Stage| (stage.cost, stage.iterations as u64);
        Workload { stages: plans.into_iter().flat_map(|plan| &plan.stages).map(of).collect() }
    }

    /// All of it.
    pub fn total(&self) -> f64 {
        self.stages.iter().map(of_stage).sum()
    }

    /// What is behind after an iteration: all of its stage if the stage ends with it, however many were planned.
    pub fn passed(&self, progress: &Progress<'_>) -> f64 {
        self.passed_in_series(0, progress)
    }

    /// The same in the run of a series that has so many stages before it.
    pub fn passed_in_series(&self, stages_before: usize, progress: &Progress<'_>) -> f64 {
        self.done(stages_before + progress.stage, place(progress))
    }

    /// What is done after an iteration, both counted from 1; after iteration 0, what is done when the stage begins.
    pub fn done(&self, stage: usize, iteration: usize) -> f64 {
        let before: f64 = self.stages[..stage - 1].iter().map(of_stage).sum();
        match iteration {
            0 => before,
            done => {
                before + self.stages[stage - 1].0.learning + self.stages[stage - 1].0.iteration * done as f64
            }
        }
    }

    /// Iterations that are behind after one of them, as planned: for numbering pictures of the run.
    pub fn number(&self, progress: &Progress<'_>) -> u64 {
        let before: u64 = self.stages[..progress.stage - 1].iter().map(|(_, iterations)| iterations).sum();
        before + place(progress) as u64
    }
}

fn of_stage((cost, iterations): &(Cost, u64)) -> f64 {
    cost.learning + cost.iteration * *iterations as f64
}

/// The iteration within its stage, as planned: the last of them if the stage ends.
fn place(progress: &Progress<'_>) -> usize {
    if progress.end.is_some() { progress.iterations } else { progress.iteration }
}

/// The pace of a run on its way: seconds for what learning and iterations cost.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// The last stage that was seen, its iterations, and their mean seconds.
    iteration: Option<(usize, u32, f64)>,
    /// Seconds over cost of the learning that was seen last.
    learning: Option<f64>,
}

impl Pace {
    /// Takes in an iteration. `waited` is the seconds since the one before ended, or since the run began.
    pub fn add(&mut self, workload: &Workload, progress: &Progress<'_>, waited: f64) {
        let (stage, seconds) = (progress.stage, progress.seconds);
        self.iteration = match self.iteration {
            // The first iteration prepares what all need, and a line search looks for its step.
            Some((same, 1, _)) if same == stage => Some((stage, 2, seconds)),
            Some((same, count, mean)) if same == stage => {
                let part = NEWEST.max(1.0 / f64::from(count));
                Some((stage, count.saturating_add(1), mean + part * (seconds - mean)))
            }
            _ => {
                let cost = workload.stages[stage - 1].0.learning;
                self.learning = (cost > 0.0).then_some((waited - seconds).max(0.0) / cost).or(self.learning);
                Some((stage, 1, seconds))
            }
        };
    }

    /// Mean seconds of an iteration of the stage that was seen last, weighing the newest most; 0 before any.
    pub fn seconds(&self) -> f64 {
        self.iteration.map_or(0.0, |(_, _, mean)| mean)
    }

    /// Time for what is left after an iteration that was [taken in](Pace::add): iterations to come take as long for what
    /// they cost as those of this stage, and learning as the last did.
    pub fn time_left(&self, workload: &Workload, progress: &Progress<'_>) -> Duration {
        let (cost, iterations) = workload.stages[progress.stage - 1];
        let seconds = self.seconds();
        let of_iteration = seconds / cost.iteration;
        let of_learning = self.learning.unwrap_or(of_iteration);
        let later = &workload.stages[progress.stage..];
        let later = later.iter().map(|(cost, iterations)| {
            of_learning * cost.learning + of_iteration * cost.iteration * *iterations as f64
        });
        let here = (iterations - place(progress) as u64) as f64 * seconds;
        Duration::try_from_secs_f64(here + later.sum::<f64>()).unwrap_or(Duration::MAX)
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

    fn workload() -> Workload {
        let cost = |learning, iteration| Cost { learning, iteration };
        Workload { stages: vec![(cost(50.0, 100.0), 10), (cost(300.0, 400.0), 10)] }
    }

    #[test]
    fn later_stages_weigh_more() {
        let workload = workload();
        assert_eq!(workload.total(), 5350.0);
        assert_eq!(
            (workload.done(1, 10), workload.done(2, 0), workload.done(2, 1)),
            (1050.0, 1050.0, 1750.0)
        );
        let progress = progress(2, 5, None);
        assert_eq!((workload.passed(&progress), workload.number(&progress)), (3350.0, 15));
    }

    #[test]
    fn a_run_that_follows_the_model_is_told_what_the_model_says() {
        let (workload, mut pace) = (workload(), Pace::default());
        let second = 1e-3;
        for (stage, iteration) in (1..=2).flat_map(|stage| (1..=10).map(move |iteration| (stage, iteration)))
        {
            let (cost, _) = workload.stages[stage - 1];
            let mut progress = progress(stage, iteration, None);
            progress.seconds = cost.iteration * second;
            let learning = if iteration == 1 { cost.learning * second } else { 0.0 };
            pace.add(&workload, &progress, learning + progress.seconds);
            let left = (workload.total() - workload.passed(&progress)) * second;
            let told = pace.time_left(&workload, &progress).as_secs_f64();
            assert!((told - left).abs() < 1e-6, "{told}, not {left}");
        }
    }

    #[test]
    fn slow_learning_does_not_make_iterations_slow() {
        let (workload, mut pace) = (workload(), Pace::default());
        let mut progress = progress(1, 10, None);
        progress.seconds = 0.5;
        pace.add(&workload, &progress, 100.5);
        // Learning takes six times as long as before, and each of ten iterations four times.
        assert_eq!(pace.time_left(&workload, &progress), Duration::from_secs(600 + 20));
    }

    #[test]
    fn the_first_iteration_is_forgotten_after_the_second() {
        let (workload, mut pace) = (workload(), Pace::default());
        let means = [9.0, 1.0, 2.0, 3.0].map(|seconds| {
            let mut progress = progress(1, 1, None);
            progress.seconds = seconds;
            pace.add(&workload, &progress, seconds);
            pace.seconds()
        });
        assert_eq!(means, [9.0, 1.0, 1.5, 2.0]);
    }

    #[test]
    fn a_stage_that_ends_early_leaves_no_time_for_its_rest() {
        let (workload, mut pace) = (workload(), Pace::default());
        let mut early = progress(1, 3, Some(StageEnd::Progress));
        early.seconds = 0.5;
        assert_eq!((workload.passed(&early), workload.number(&early)), (1050.0, 10));
        pace.add(&workload, &early, 0.5);
        // Ten iterations of four times the cost.
        assert_eq!(pace.time_left(&workload, &early), Duration::from_secs(20));
        let mut last = progress(2, 3, Some(StageEnd::Minimum));
        last.seconds = 2.0;
        pace.add(&workload, &last, 2.0);
        assert_eq!(pace.time_left(&workload, &last), Duration::ZERO);
    }
}
