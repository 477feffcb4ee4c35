//! A line search for the strong Wolfe conditions.
//!
//! Along a descent direction the loss is a function φ of the step length t. The search wants
//!
//! ```text
//! φ(t) ≤ φ(0) + c₁ t φ'(0)        enough decrease      c₁ = 1e-4
//! |φ'(t)| ≤ −c₂ φ'(0)             flat enough          c₂ = 0.9
//! ```
//!
//! by algorithms 3.5 (bracketing) and 3.6 (zoom) of Nocedal and Wright, Numerical Optimization (2nd ed.
//! 2006), with cubic interpolation (eq. 3.59) and the safeguards of Torch7's `lswolfe` that PyTorch kept.
//! Unlike PyTorch, the second trial too is compared with the one before it, and the end of the bracket
//! called low always has enough decrease, as in the book. A trial that is not finite counts as infinitely
//! high, which brings the search back towards the start.

/// c₁: the share of the decrease promised by the slope that a step must deliver.
const DECREASE: f64 = 1e-4;

/// c₂: the share of the slope at the start that may be left.
const FLATNESS: f64 = 0.9;

/// Evaluations in one search, as in Torch7 and PyTorch.
const MOST_EVALUATIONS: usize = 25;

/// One point of φ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trial {
    /// t.
    pub(super) length: f64,
    /// φ(t).
    pub(super) loss: f64,
    /// φ'(t), the gradient times the direction.
    pub(super) slope: f64,
}

/// Searches from `start`, at length 0 with a negative slope, after a `first` trial. Gives up where the bracket is
/// narrower than `narrowest`.
///
/// Returns a point that meets both conditions; failing that the lowest one found with enough decrease;
/// failing that `start`.
pub(super) fn search<E>(
    start: Trial,
    first: Trial,
    narrowest: f64,
    mut evaluate: impl FnMut(f64) -> Result<Trial, E>,
) -> Result<Trial, E> {
    let enough_decrease = |trial: &Trial| trial.loss <= start.loss + DECREASE * trial.length * start.slope;
    let flat_enough = |trial: &Trial| trial.slope.abs() <= -FLATNESS * start.slope;

    // Bracketing: go further until a minimum must lie behind.
    let (mut low, mut current) = (start, first);
    let mut evaluations = 1;
    let mut high = loop {
        if !enough_decrease(&current) || current.loss >= low.loss {
            break current;
        }
        if flat_enough(&current) {
            return Ok(current);
        }
        if current.slope >= 0.0 {
            break std::mem::replace(&mut low, current);
        }
        if evaluations == MOST_EVALUATIONS {
            return Ok(current);
        }
        let nearest = current.length + 0.01 * (current.length - low.length);
        let length = cubic_minimum(&low, &current, nearest, 10.0 * current.length);
        (low, current) = (current, evaluate(length)?);
        evaluations += 1;
    };

    // Zoom: narrow the bracket. `low` has the lowest loss of all points with enough decrease.
    let mut was_near_an_end = false;
    while evaluations < MOST_EVALUATIONS && (high.length - low.length).abs() > narrowest {
        let (left, right) = (low.length.min(high.length), low.length.max(high.length));
        let margin = 0.1 * (right - left);
        let mut length = cubic_minimum(&low, &high, left, right);
        let near_an_end = (right - length).min(length - left) < margin;
        // Twice in a row near an end, or at it, interpolation makes no progress: move inwards.
        let stuck = near_an_end && (was_near_an_end || length >= right || length <= left);
        if stuck {
            length = if right - length < length - left { right - margin } else { left + margin };
        }
        was_near_an_end = near_an_end && !stuck;

        let trial = evaluate(length)?;
        evaluations += 1;
        if !enough_decrease(&trial) || trial.loss >= low.loss {
            high = trial;
            continue;
        }
        if flat_enough(&trial) {
            return Ok(trial);
        }
        if trial.slope * (high.length - low.length) >= 0.0 {
            high = low;
        }
        low = trial;
    }
    Ok(low)
}

/// The minimum, within `[left, right]`, of the cubic through two points with the slopes there; the middle
/// if it has none.
fn cubic_minimum(a: &Trial, b: &Trial, left: f64, right: f64) -> f64 {
    let d1 = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.length - b.length);
    let d2 = (d1 * d1 - a.slope * b.slope).sqrt() * (b.length - a.length).signum();
    let minimum = b.length - (b.length - a.length) * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
    if minimum.is_finite() { minimum.clamp(left, right) } else { 0.5 * (left + right) }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Searches `phi`, which gives the loss and the slope, from 0. Returns what was found and the number
    /// of evaluations.
    fn run(phi: impl Fn(f64) -> (f64, f64), first_length: f64) -> (Trial, Trial, usize) {
        let mut evaluations = 0;
        let at = |length| {
            let (loss, slope) = phi(length);
            Trial { length, loss, slope }
        };
        let found = search(at(0.0), at(first_length), 1e-9, |length| {
            evaluations += 1;
            Ok::<_, Infallible>(at(length))
        });
        let Ok(found) = found;
        (at(0.0), found, 1 + evaluations)
    }

    fn meets_both_conditions(start: &Trial, found: &Trial) -> bool {
        found.loss <= start.loss + 1e-4 * found.length * start.slope
            && found.slope.abs() <= -0.9 * start.slope
    }

    #[test]
    fn the_cubic_is_exact_for_a_cubic() {
        // t³ − 3t has its minimum at 1.
        let at = |t: f64| Trial { length: t, loss: t * t * t - 3.0 * t, slope: 3.0 * t * t - 3.0 };
        for (a, b) in [(0.0, 2.0), (2.0, 0.0), (0.0, 0.5), (3.0, 1.5)] {
            assert!((cubic_minimum(&at(a), &at(b), 0.0, 10.0) - 1.0).abs() < 1e-12, "from {a} and {b}");
        }
        assert_eq!(cubic_minimum(&at(2.0), &at(3.0), 2.0, 3.0), 2.0);
    }

    #[test]
    fn a_good_first_length_costs_one_evaluation() {
        let (start, found, evaluations) = run(|t| ((t - 1.0).powi(2), 2.0 * (t - 1.0)), 1.0);
        assert!(meets_both_conditions(&start, &found));
        assert_eq!((found.length, evaluations), (1.0, 1));
    }

    #[test]
    fn lengths_far_too_short_and_far_too_long_both_arrive() {
        // Moré and Thuente (1994), function (5.1) with β = 2 ...
        let first = |t: f64| (-t / (t * t + 2.0), (t * t - 2.0) / (t * t + 2.0).powi(2));
        // ... and (5.2) with β = 0.004.
        let second = |t: f64| {
            let base = t + 0.004;
            (base.powi(5) - 2.0 * base.powi(4), 5.0 * base.powi(4) - 8.0 * base.powi(3))
        };
        for length in [1e-3, 0.1, 1.0, 10.0, 1e3] {
            for phi in [&first as &dyn Fn(f64) -> (f64, f64), &second] {
                let (start, found, evaluations) = run(phi, length);
                assert!(found.length > 0.0 && meets_both_conditions(&start, &found), "{length}: {found:?}");
                assert!(evaluations <= 25, "{evaluations} evaluations from {length}");
            }
        }
    }

    #[test]
    fn points_that_are_not_finite_are_too_far() {
        let phi = |t: f64| match t {
            t if t > 0.01 => (f64::NAN, f64::NAN),
            t => ((t - 0.005).powi(2), 2.0 * (t - 0.005)),
        };
        let (start, found, _) = run(phi, 1.0);
        assert!(found.length > 0.0 && meets_both_conditions(&start, &found), "{found:?}");
    }

    #[test]
    fn a_slope_that_lies_leaves_the_start() {
        let (start, found, evaluations) = run(|t| (1.0 + t, -1.0), 1.0);
        assert_eq!(found, start);
        assert!(evaluations <= 25);
    }

    #[test]
    fn an_endless_descent_stops_after_25_evaluations() {
        let (_, found, evaluations) = run(|t| (-t, -1.0), 1.0);
        assert!(found.length > 0.0);
        assert_eq!(evaluations, 25);
    }
}
