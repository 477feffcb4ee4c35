//! What a run of training says of itself: steps, epochs, and why it ended.

use serde::{Deserialize, Serialize};

use crate::checkpoint::CheckpointError;

/// What came of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Mean cross-entropy of the training pictures, each at the moment it was learnt from.
    pub training_loss: f64,
    /// Share of them that were classified wrongly then.
    pub training_error: f64,
    /// Mean cross-entropy of the test pictures after the epoch.
    pub test_loss: f64,
    /// Share of them that were classified wrongly.
    pub test_error: f64,
    /// Seconds of training, of all sessions until then.
    pub seconds: f64,
}

/// A moment of a run.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// A batch was learnt from.
    Step {
        /// The epoch, from 1.
        epoch: usize,
        /// Batches of it that are done.
        step: usize,
        /// Batches of an epoch.
        steps: usize,
        /// Mean cross-entropy over this epoch so far.
        loss: f64,
        /// Share of this epoch's pictures so far that were classified wrongly.
        error: f64,
        /// Seconds that this batch took.
        seconds: f64,
    },
    /// An epoch was tested.
    Epoch(EpochReport),
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The error on the test pictures reached its target.
    TargetReached,
    /// All epochs are done.
    EpochsDone,
    /// The observer asked for it.
    Stopped,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// The data set has pictures or classes of another kind than the network.
    #[error("the data set has {found}, network {network} expects {expected}")]
    Data {
        /// What the data set has.
        found: String,
        /// The network.
        network: String,
        /// What it expects.
        expected: String,
    },
    /// The loss is no longer a number.
    #[error("the loss became {loss} at step {step} of epoch {epoch}: try a smaller rate")]
    Diverged {
        /// The loss.
        loss: f64,
        /// The batch, from 1.
        step: usize,
        /// The epoch, from 1.
        epoch: usize,
    },
    /// A checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
