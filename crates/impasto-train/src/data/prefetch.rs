//! Batches that are made on another thread while the one before is learnt from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

/// Batches that wait.
const WAITING: usize = 2;

/// Makes batch after batch ahead of whoever asks for them. Ends with it.
pub(crate) struct Prefetch<T> {
    batches: Receiver<std::thread::Result<T>>,
}

impl<T: Send> Prefetch<T> {
    /// Starts a thread that makes the batches of `indices`, in that order.
    pub fn new<'scope>(
        scope: &'scope Scope<'scope, '_>,
        indices: impl Iterator<Item = usize> + Send + 'scope,
        make: impl Fn(usize) -> T + Send + 'scope,
    ) -> Self
    where
        T: 'scope,
    {
        let (to, batches) = sync_channel(WAITING);
        scope.spawn(move || {
            for index in indices {
                let batch = catch_unwind(AssertUnwindSafe(|| make(index)));
                let failed = batch.is_err();
                // Nobody listens any more: there is nothing left to do.
                if to.send(batch).is_err() || failed {
                    break;
                }
            }
        });
        Prefetch { batches }
    }
}

impl<T> Iterator for Prefetch<T> {
    type Item = T;

    /// The next batch; `None` after the last.
    ///
    /// # Panics
    /// If making it panicked, with the same message.
    fn next(&mut self) -> Option<T> {
        let batch = self.batches.recv().ok()?;
        Some(batch.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_come_in_their_order_and_stop_with_the_listener() {
        std::thread::scope(|scope| {
            let made = Prefetch::new(scope, 3..9, |index| index * index);
            assert_eq!(made.collect::<Vec<_>>(), [9, 16, 25, 36, 49, 64]);
            let endless = Prefetch::new(scope, 0.., |index| index);
            assert_eq!(endless.take(3).collect::<Vec<_>>(), [0, 1, 2]);
        });
    }

    #[test]
    #[should_panic(expected = "no batch 2")]
    fn panics_reach_the_listener() {
        std::thread::scope(|scope| {
            let made = Prefetch::new(scope, 0..9, |index| {
                assert!(index != 2, "no batch {index}");
                index
            });
            made.count();
        });
    }
}
