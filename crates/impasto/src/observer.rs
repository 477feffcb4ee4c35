//! The observer: sees a run as it goes, and may stop it.

use impasto_network::Size;

use crate::{Checkpoint, Picture, StageEnd, TermLoss};

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// End the run with what there is.
    Stop,
}

/// Sees a run as it goes. A closure from `&Progress` to [`Control`] is one.
pub trait Observer {
    /// The run starts from this picture, at the size of the first stage. Noise may leave 0..1. Not called by a run
    /// that goes on from a checkpoint.
    fn started(&mut self, _picture: &Picture) {}

    /// An iteration is done.
    fn progress(&mut self, progress: &Progress<'_>) -> Control;

    /// Asked before each pass of the network: before each picture that a stage learns its targets from, and before
    /// each evaluation. A line search has several in an iteration. A chance to stop without waiting for its end.
    fn control(&mut self) -> Control {
        Control::Continue
    }

    /// The engine has failed in the middle of an iteration, and the run ends with
    /// [`TransferError::EngineFailed`](crate::TransferError::EngineFailed). `last` makes the checkpoint of the iteration
    /// before: a chance to go on from there, on this engine or another. Not called in the first iteration of a size.
    fn engine_failed<'a>(&mut self, _last: &'a dyn Fn() -> Checkpoint<'a>) {}
}

impl<F: FnMut(&Progress<'_>) -> Control> Observer for F {
    fn progress(&mut self, progress: &Progress<'_>) -> Control {
        self(progress)
    }
}

/// Where a run is.
pub struct Progress<'a> {
    /// The stage, from 1.
    pub stage: usize,
    /// Stages of the run.
    pub stages: usize,
    /// Size of the picture in this stage.
    pub size: Size,
    /// The iteration that has just ended, from 1, within the stage.
    pub iteration: usize,
    /// Iterations of the stage, at most.
    pub iterations: usize,
    /// Why the stage ends with this iteration, if it does.
    pub end: Option<StageEnd>,
    /// Losses of its last evaluation: without a line search, those of the picture it started from.
    pub losses: &'a [TermLoss],
    /// Their sum.
    pub total: f64,
    /// Seconds that the iteration took.
    pub seconds: f64,
    /// The part of the work of the whole run that is behind, above 0 and at most 1, by what its stages
    /// [cost](crate::Cost).
    pub done: f64,
    /// Seconds that the rest of the run takes, if all of it takes as long for what it costs as this iteration did.
    pub seconds_left: f64,
    pub(crate) paint: &'a dyn Fn() -> Picture,
    pub(crate) checkpoint: &'a dyn Fn() -> Checkpoint<'a>,
}

impl<'a> Progress<'a> {
    /// A place in a run, its stage and iteration each with how many there are, without losses, a picture or a
    /// checkpoint: to test how progress is shown.
    #[doc(hidden)]
    pub fn new(
        size: Size,
        (stage, stages): (usize, usize),
        (iteration, iterations): (usize, usize),
        end: Option<StageEnd>,
    ) -> Self {
        let paint = &|| Picture::new(1, 1, vec![0.0; 3]);
        Progress {
            stage,
            stages,
            size,
            iteration,
            iterations,
            end,
            losses: &[],
            total: 0.0,
            seconds: 0.0,
            done: 1.0,
            seconds_left: 0.0,
            paint,
            checkpoint: &|| unimplemented!("the checkpoint of no run"),
        }
    }

    /// The picture after this iteration, as the result would be if the run ended here. Made when asked
    /// for.
    pub fn picture(&self) -> Picture {
        (self.paint)()
    }

    /// All of the run after this iteration, to go on from later by [`Transfer::resume`](crate::Transfer::resume). Made
    /// when asked for. It borrows what the run holds; [`Checkpoint::into_owned`] copies that, for L-BFGS two pictures for
    /// each of its steps.
    ///
    /// An observer that stops the run and wants to go on later waits for the end of the iteration: it stops from
    /// [`Observer::progress`], not from [`Observer::control`], after which there is no progress to ask.
    pub fn checkpoint(&self) -> Checkpoint<'a> {
        (self.checkpoint)()
    }
}
