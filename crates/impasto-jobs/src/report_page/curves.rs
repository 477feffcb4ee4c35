//! What is drawn in the charts: the losses of a run, term by term, size by size.

use impasto::TracedEvaluation;

/// Most points of a line: a chart is a few hundred pixels wide.
const MOST_POINTS: usize = 400;

/// The total among the names of terms.
pub const TOTAL: &str = "total";

/// One line of a chart.
#[derive(Debug, PartialEq)]
pub struct Curve {
    /// Which of the names of [`terms`] it is.
    pub name: usize,
    /// Iterations of this size that were done, which may be a fraction within a line search, and the loss.
    pub points: Vec<(f64, f64)>,
}

/// Names of all terms of a run, in the order they appear, then [`TOTAL`].
pub fn terms(evaluations: &[TracedEvaluation]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for loss in evaluations.iter().flat_map(|evaluation| &evaluation.losses) {
        if !names.contains(&&*loss.term) {
            names.push(&loss.term);
        }
    }
    names.push(TOTAL);
    names
}

/// The lines of one stage, counted from 1: each term summed over its layers, and the total last. A value that
/// has no place on a logarithmic axis, zero or below, is left out.
pub fn of_stage(evaluations: &[TracedEvaluation], stage: usize, names: &[&str]) -> Vec<Curve> {
    let own: Vec<&TracedEvaluation> =
        evaluations.iter().filter(|evaluation| evaluation.stage == stage).collect();
    let positions = positions(&own);
    let value = |evaluation: &TracedEvaluation, name: &str| match name {
        TOTAL => evaluation.total,
        term => evaluation.losses.iter().filter(|loss| loss.term == term).map(|loss| loss.loss).sum(),
    };
    let step = own.len().div_ceil(MOST_POINTS).max(1);
    let is_kept = |index: usize| index.is_multiple_of(step) || index + 1 == own.len();
    let curve = |(name, term): (usize, &&str)| Curve {
        name,
        points: (0..own.len())
            .filter(|index| is_kept(*index))
            .map(|index| (positions[index], value(own[index], term)))
            .filter(|(_, loss)| *loss > 0.0 && loss.is_finite())
            .collect(),
    };
    names.iter().enumerate().map(curve).collect()
}

/// How many iterations were done before each evaluation. Those of one line search share its iteration.
fn positions(evaluations: &[&TracedEvaluation]) -> Vec<f64> {
    evaluations
        .chunk_by(|one, other| one.iteration == other.iteration)
        .flat_map(|search| {
            let before = search[0].iteration as f64 - 1.0;
            (0..search.len()).map(move |trial| before + trial as f64 / search.len() as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use impasto::TermLoss;

    use super::*;

    fn evaluation(stage: usize, iteration: usize, losses: &[(&'static str, f64)]) -> TracedEvaluation {
        TracedEvaluation {
            stage,
            iteration,
            total: losses.iter().map(|(_, loss)| loss).sum(),
            losses: losses
                .iter()
                .map(|&(term, loss)| TermLoss { term: term.into(), layer: None, loss })
                .collect(),
        }
    }

    #[test]
    fn layers_add_up_and_what_is_not_positive_is_left_out() {
        let evaluations = [
            evaluation(1, 1, &[("gram", 2.0), ("gram", 3.0), ("content", 0.0)]),
            evaluation(1, 2, &[("gram", 1.0), ("gram", 1.0), ("content", 0.5)]),
            evaluation(2, 1, &[("gram", 9.0), ("gram", 9.0), ("content", -1.0)]),
        ];
        let names = terms(&evaluations);
        assert_eq!(names, ["gram", "content", "total"]);
        let curves = of_stage(&evaluations, 1, &names);
        assert_eq!(curves[0].points, [(0.0, 5.0), (1.0, 2.0)]);
        assert_eq!(curves[1].points, [(1.0, 0.5)]);
        assert_eq!(curves[2].points, [(0.0, 5.0), (1.0, 2.5)]);
    }

    #[test]
    fn trials_of_a_line_search_share_their_iteration() {
        let evaluations =
            [(1, 8.0), (2, 4.0), (2, 3.0), (3, 2.0)].map(|(at, loss)| evaluation(1, at, &[("gram", loss)]));
        let points = &of_stage(&evaluations, 1, &["gram"])[0].points;
        assert_eq!(points.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0.0, 1.0, 1.5, 2.0]);
    }

    #[test]
    fn long_runs_are_thinned_but_keep_their_end() {
        let evaluations: Vec<_> = (1..=10_000).map(|at| evaluation(1, at, &[("gram", 1.0)])).collect();
        let points = &of_stage(&evaluations, 1, &["gram"])[0].points;
        assert!(points.len() <= MOST_POINTS + 1);
        assert_eq!(points.last(), Some(&(9999.0, 1.0)));
    }
}
