//! Which pictures along the way are kept, by iterations counted over the whole run.

use impasto::Plan;

use crate::message::Message;
use crate::refusal::Refusal;

/// Pictures of a run of few sizes that are kept unless others are asked for, the start and the result among
/// them.
const KEPT: u32 = 6;

/// Most pictures that can be asked for: a report of more is too large to be sent.
const MOST: usize = 1000;

/// The iterations whose pictures are still to be kept; 0 is the start.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshots {
    /// Last to first.
    left: Vec<u64>,
}

impl Snapshots {
    /// Those asked for or, for a page, about six over the run.
    ///
    /// # Errors
    /// If one lies beyond the end of the run, or there are too many.
    pub fn new(asked: Option<&[u64]>, for_page: bool, plan: &Plan) -> Result<Self, Refusal> {
        let total = plan.iterations() as u64;
        let mut left = match asked {
            Some(asked) => asked.to_vec(),
            None if for_page => {
                spread(&plan.stages.iter().map(|stage| stage.iterations as u64).collect::<Vec<_>>())
            }
            None => Vec::new(),
        };
        if let Some(beyond) = left.iter().find(|iteration| **iteration > total) {
            let why = format!("the run has {total} iterations over all sizes; expected 0 to {total}");
            return Err(Refusal::new(Message::about_value("snapshots", beyond, why)));
        }
        left.sort_unstable_by(|one, other| other.cmp(one));
        left.dedup();
        if left.len() > MOST {
            let why = format!("{} pictures are too many; at most {MOST}", left.len());
            return Err(Refusal::field("snapshots", why));
        }
        Ok(Snapshots { left })
    }

    /// Whether the picture after so many iterations is to be kept. Where a size ended early, the next
    /// picture stands for those that never were.
    pub fn is_due(&mut self, iterations_done: u64) -> bool {
        let before = self.left.len();
        while self.left.last().is_some_and(|next| *next <= iterations_done) {
            self.left.pop();
        }
        self.left.len() < before
    }
}

/// The start, and of each size as many pictures at equal distances, the last among them; of a single size iterations in
/// equal ratios, as most changes early.
fn spread(iterations: &[u64]) -> Vec<u64> {
    let steps = KEPT - 1;
    let mut chosen = vec![0];
    if let [total] = iterations {
        let at = |step: u32| (*total as f64).powf(f64::from(step) / f64::from(steps)).round() as u64;
        chosen.extend((1..=steps).map(at));
        return chosen;
    }
    // The first size often has most iterations: in ratios over all, it would take all pictures but one.
    let of_each = u64::from(steps).div_ceil(iterations.len() as u64);
    let mut before = 0;
    for iterations in iterations {
        chosen.extend((1..=of_each).map(|step| before + iterations * step / of_each));
        before += iterations;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_spread_over_the_run() {
        assert_eq!(spread(&[500]), [0, 3, 12, 42, 144, 500]);
        assert_eq!(spread(&[100; 5]), [0, 100, 200, 300, 400, 500]);
        assert_eq!(spread(&[400, 60]), [0, 133, 266, 400, 420, 440, 460]);
        assert_eq!(spread(&[400, 60, 60]), [0, 200, 400, 430, 460, 490, 520]);
        assert_eq!(spread(&[1]), [0, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn the_next_picture_stands_for_those_that_never_were() {
        let mut snapshots = Snapshots { left: vec![50, 20, 10, 5, 0] };
        let due: Vec<u64> =
            [0, 4, 5, 6, 21, 22, 49, 50].into_iter().filter(|done| snapshots.is_due(*done)).collect();
        assert_eq!(due, [0, 5, 21, 50]);
    }
}
