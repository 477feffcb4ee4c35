//! What to do about a picture that needs more memory than there is: the largest `size` that fits.

use crate::job::Job;
use crate::machine;
use crate::order::{Order, PictureSize};

/// Sizes that are told are multiples of this.
const STEP: usize = 64;

/// Part of a size that is tried next where one does not fit.
const NEXT: f64 = 0.9;

/// About the largest size at which the job of an order fits into memory, if that helps. Reads the pictures again for
/// each size that it tries, some few.
pub fn fitting_size(order: &Order, job: &Job) -> Option<usize> {
    if matches!(order.picture.size, Some(PictureSize::Sides(..))) {
        return None;
    }
    let given = order.memory.memory.map(|memory| memory.0);
    let free = machine::available_memory().into_iter().chain(given).min()?;
    let size = job.transfer.settings().schedule.size as f64;
    // Were all memory for pixels, it would grow with the square; some is not, so this is an upper bound.
    let mut tried = size * (free as f64 / job.plan.memory() as f64).sqrt().min(NEXT);
    while tried >= STEP as f64 {
        let longest = tried as usize / STEP * STEP;
        let mut smaller = order.clone();
        smaller.picture.size = Some(PictureSize::Longest(longest));
        if Job::new(&smaller).is_ok() {
            return Some(longest);
        }
        tried *= NEXT;
    }
    None
}
