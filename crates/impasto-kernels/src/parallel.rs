//! Work shared by the threads of the current rayon pool.
//!
//! The pieces of work are fixed by the problem, never by the number of threads, and each writes its own
//! part of the output: which thread does which piece cannot change a bit of the result.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::profile;

/// Does `work(scratch, index)` for every index below `count`, each thread with its own scratch and in ascending
/// order of its indices.
///
/// `scratches` says how many threads may take part at most.
pub(crate) fn for_each_with<T: Send>(scratches: &mut [T], count: usize, work: impl Fn(&mut T, usize) + Sync) {
    let next = AtomicUsize::new(0);
    let drain = |scratch: &mut T| {
        let begun = profile::clock();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            work(scratch, index);
        }
        profile::add_busy(begun);
    };
    let helpers = scratches.len().min(count);
    rayon::in_place_scope(|scope| {
        for scratch in &mut scratches[..helpers] {
            scope.spawn(|_| drain(scratch));
        }
    });
}

/// Does `work(index)` for every index below `count` on all threads of the pool.
pub(crate) fn for_each(count: usize, work: impl Fn(usize) + Sync) {
    let mut nothing = vec![(); rayon::current_num_threads()];
    for_each_with(&mut nothing, count, |(), index| work(index));
}

/// A pointer to memory in which each piece of work writes its own, disjoint part.
#[derive(Clone, Copy)]
pub(crate) struct Shared<T>(*mut T);

// SAFETY: a `Shared` is only a number; whoever dereferences it promises disjoint access.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub(crate) fn new(pointer: *mut T) -> Self {
        Shared(pointer)
    }

    /// The pointer, `offset` elements on.
    ///
    /// # Safety
    /// The offset must stay within the allocation.
    #[inline(always)]
    pub(crate) unsafe fn at(self, offset: usize) -> *mut T {
        // SAFETY: the caller's promise.
        unsafe { self.0.add(offset) }
    }
}
