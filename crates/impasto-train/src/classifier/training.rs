//! Training of a classifier: epochs of batches, a test after each, checkpoints between.
//!
//! Everything random, the order of the pictures, what augmentation does to them, dropout and the first weights, is a
//! function of the seed and of where in the run it happens. So a run that goes on from a checkpoint, wherever it
//! was saved, ends with the very weights of a run that was never stopped.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use impasto_network::{Convention, Convolution, Layer, WholeFileError};
use serde::{Deserialize, Serialize};

use super::network::{Classifier, Score};
use super::settings::{ClassifierSettings, OptimizerChoice};
use super::shape::ClassifierShape;
use crate::checkpoint::{self, Checkpoint, CheckpointError, CheckpointFault};
use crate::data::{Augmentation, DataSet, Prefetch, epoch_order};
use crate::optimizers::{Adam, Optimizer, Schedule, Sgd};

/// What checkpoints of this kind of run say they are.
const KIND: &str = "classifier";

/// Pictures that are classified at a time to test.
const TEST_BATCH: usize = 250;

/// Mean and standard deviation of red, green and blue over the training pictures of CIFAR-10, 0..1: how the
/// classifiers read pictures.
pub const CIFAR_CONVENTION: Convention =
    Convention { mean: [0.4914, 0.4822, 0.4465], deviation: [0.2470, 0.2435, 0.2616], ..Convention::TORCH };

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

/// What a run tells while it goes.
#[derive(Clone, Copy, Debug)]
pub enum TrainingEvent<'a> {
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
        /// Pictures learnt from in a second, over the last few batches.
        pictures_per_second: f64,
    },
    /// An epoch was tested.
    Epoch(&'a EpochReport),
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
    #[error("the loss became {loss} at step {step} of epoch {epoch}: try a smaller --rate")]
    Diverged {
        /// The loss.
        loss: f64,
        /// The batch, from 1.
        step: usize,
        /// The epoch, from 1.
        epoch: usize,
    },
    /// Pictures could not be prepared.
    #[error("preparing pictures failed: {0}")]
    Prefetch(String),
    /// A checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// The state of a run beside its tensors.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    network: String,
    settings: ClassifierSettings,
    /// Names and numbers of pictures of the data set, to notice another.
    data: String,
    /// Epochs that are done.
    epochs: usize,
    /// Batches of the next that are done.
    step: usize,
    /// What these batches scored so far: sum of losses times pictures, wrong ones, pictures.
    running: (f64, usize, usize),
    seconds: f64,
    history: Vec<EpochReport>,
}

/// A run of training.
pub struct Training<'a> {
    data: &'a DataSet,
    classifier: Classifier,
    optimizer: Optimizer,
    state: State,
}

impl<'a> Training<'a> {
    /// A run from random weights.
    ///
    /// # Errors
    /// If the data set has another picture size or number of classes than the network.
    pub fn new(
        shape: ClassifierShape,
        data: &'a DataSet,
        settings: ClassifierSettings,
    ) -> Result<Self, TrainingError> {
        check_data(&shape, data)?;
        let mut classifier = Classifier::new(shape, settings.seed);
        let lengths: Vec<usize> =
            classifier.parameters().iter().map(|(_, parameter)| parameter.value.len()).collect();
        let optimizer = match settings.optimizer {
            OptimizerChoice::Adam => Optimizer::Adam(Adam::new(&lengths)),
            OptimizerChoice::Sgd => Optimizer::Sgd(Sgd::new(&lengths)),
        };
        let state = State {
            network: classifier.shape().architecture.name().to_owned(),
            settings,
            data: data.description(),
            epochs: 0,
            step: 0,
            running: (0.0, 0, 0),
            seconds: 0.0,
            history: Vec::new(),
        };
        Ok(Training { data, classifier, optimizer, state })
    }

    /// The run that was saved in `path`, with its own settings but for those that say when to end: `epochs` and
    /// `target_error` are taken from `settings`, which must agree in all else.
    ///
    /// # Errors
    /// If the checkpoint cannot be read, is damaged, or is of another network, data set or settings.
    pub fn resume(
        path: &Path,
        shape: ClassifierShape,
        data: &'a DataSet,
        settings: ClassifierSettings,
    ) -> Result<Self, TrainingError> {
        let checkpoint = Checkpoint::open(path, KIND)?;
        let mut run = Self::new(shape, data, settings)?;
        let saved: State = checkpoint.state()?;
        let same = |setting, found: String, asked: String| {
            if found == asked {
                return Ok(());
            }
            Err(checkpoint.fault(CheckpointFault::Settings { setting, found, asked }))
        };
        same("network", saved.network.clone(), run.state.network.clone())?;
        same("data set", saved.data.clone(), run.state.data.clone())?;
        let asked = &run.state.settings;
        let found = ClassifierSettings {
            epochs: asked.epochs,
            target_error: asked.target_error,
            ..saved.settings.clone()
        };
        let text =
            |settings: &ClassifierSettings| serde_json::to_string(settings).expect("numbers and texts");
        same("settings", text(&found), text(asked))?;
        run.state = State { settings: found, ..saved };
        for (name, parameter) in run.classifier.parameters() {
            checkpoint.restore(&name, &mut parameter.value)?;
        }
        for (name, values) in run.optimizer.state_mut() {
            checkpoint.restore(&name, values)?;
        }
        run.optimizer.set_steps(run.state.steps_done(data));
        run.classifier.update();
        Ok(run)
    }

    /// Saves the run, replacing what was saved there before.
    ///
    /// # Errors
    /// If the file cannot be written; then the one before is as it was.
    pub fn save(&mut self, path: &Path) -> Result<(), WholeFileError> {
        let parameters = self.classifier.parameters();
        let parameters = parameters.iter().map(|(name, parameter)| (name.clone(), &parameter.value[..]));
        checkpoint::save(path, KIND, &self.state, parameters.chain(self.optimizer.state()))
    }

    /// What came of the epochs that are done.
    pub fn history(&self) -> &[EpochReport] {
        &self.state.history
    }

    /// The settings.
    pub fn settings(&self) -> &ClassifierSettings {
        &self.state.settings
    }

    /// The convolutions as they are now, which is all that painting needs.
    pub fn convolutions(&self) -> Vec<(Layer, Convolution)> {
        let convolution = |(layer, trained): (Layer, &crate::layers::TrainedConvolution)| {
            let convolution = Convolution {
                inputs: trained.inputs(),
                outputs: trained.outputs(),
                weight: trained.weight.value.clone(),
                bias: trained.bias.value.clone(),
            };
            (layer, convolution)
        };
        self.classifier.convolutions().map(convolution).collect()
    }

    /// Trains until the target is reached, all epochs are done, or `observer`, which is shown every step, breaks.
    /// After a break the run can be saved, or go on with another call.
    ///
    /// # Errors
    /// If the loss is no longer a number, or pictures cannot be prepared.
    pub fn run(
        &mut self,
        mut observer: impl FnMut(&mut Self, Moment) -> ControlFlow<()>,
    ) -> Result<Ending, TrainingError> {
        loop {
            if self
                .state
                .history
                .last()
                .is_some_and(|last| last.test_error <= self.state.settings.target_error)
            {
                return Ok(Ending::TargetReached);
            }
            if self.state.epochs >= self.state.settings.epochs {
                return Ok(Ending::EpochsDone);
            }
            if self.epoch(&mut observer)?.is_break() {
                return Ok(Ending::Stopped);
            }
            let report = self.test();
            self.state.history.push(report);
            (self.state.epochs, self.state.step, self.state.running) = (report.epoch, 0, (0.0, 0, 0));
            if observer(self, Moment::Epoch(report)).is_break() {
                return Ok(Ending::Stopped);
            }
        }
    }
}
