//! Training of a classifier: epochs of batches, a test after each, checkpoints between.
//!
//! Everything random, the order of the pictures, what augmentation does to them, dropout and the first weights, is a
//! function of the seed and of where in the run it happens. So a run that goes on from a checkpoint, wherever it
//! was saved, ends with the very weights of a run that was never stopped.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use impasto_kernels::Isa;
use impasto_network::{Convolution, Layer, WholeFileError};
use serde::{Deserialize, Serialize};

use super::batch::LabelledBatch;
use super::network::Classifier;
use super::outcome::{Ending, EpochReport, Moment, TrainingError};
use super::settings::{ClassifierSettings, OptimizerChoice};
use super::shape::ClassifierShape;
use crate::checkpoint::{self, Checkpoint};
use crate::data::{Augmentation, DataSet, Prefetch, epoch_order, stream};
use crate::optimizers::{Adam, Optimizer, Schedule, Sgd};

/// What checkpoints of this kind of run say they are.
const KIND: &str = "classifier";

/// Pictures that are classified at a time to test.
const TEST_BATCH: usize = 250;

/// The state of a run beside its tensors.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    network: String,
    /// The instruction set: others round otherwise.
    isa: String,
    settings: ClassifierSettings,
    /// Names and numbers of pictures of the data set, to notice another.
    data: String,
    /// Epochs that are done.
    epochs: usize,
    /// Batches of the next that are done.
    step: usize,
    running: Running,
    seconds: f64,
    history: Vec<EpochReport>,
}

/// What the batches of an epoch scored so far.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Running {
    /// Sum over the pictures.
    loss: f64,
    wrong: usize,
    pictures: usize,
}

impl Running {
    fn loss(&self) -> f64 {
        self.loss / self.pictures as f64
    }

    fn error(&self) -> f64 {
        self.wrong as f64 / self.pictures as f64
    }
}

/// A run of training.
pub struct Training<'a> {
    data: &'a DataSet,
    classifier: Classifier,
    optimizer: Optimizer,
    state: State,
}

impl<'a> Training<'a> {
    /// A run from random weights on the instruction set `isa`.
    ///
    /// # Errors
    /// If the data set has another picture size or number of classes than the network.
    pub fn new(
        shape: ClassifierShape,
        data: &'a DataSet,
        settings: ClassifierSettings,
        isa: Isa,
    ) -> Result<Self, TrainingError> {
        check_data(&shape, data)?;
        let mut classifier = Classifier::new(shape, isa, settings.seed);
        let lengths: Vec<usize> =
            classifier.parameters().iter().map(|(_, parameter)| parameter.value.len()).collect();
        let optimizer = match settings.optimizer {
            OptimizerChoice::Adam => Optimizer::Adam(Adam::new(&lengths, settings.weight_decay)),
            OptimizerChoice::Sgd => Optimizer::Sgd(Sgd::new(&lengths, settings.weight_decay)),
        };
        let state = State {
            network: classifier.shape().architecture.name().to_owned(),
            isa: isa.to_string(),
            settings,
            data: data.description(),
            epochs: 0,
            step: 0,
            running: Running::default(),
            seconds: 0.0,
            history: Vec::new(),
        };
        Ok(Training { data, classifier, optimizer, state })
    }

    /// The run that was saved in `path`. `settings` must be its own but for those that only say when to end, which
    /// are taken over: `target_error`, and where the rate stays constant `epochs`.
    ///
    /// # Errors
    /// If the checkpoint cannot be read, is damaged, or is of another network, data set or settings.
    pub fn resume(
        path: &Path,
        shape: ClassifierShape,
        data: &'a DataSet,
        settings: ClassifierSettings,
        isa: Isa,
    ) -> Result<Self, TrainingError> {
        let checkpoint = Checkpoint::open(path, KIND)?;
        let mut run = Self::new(shape, data, settings, isa)?;
        let saved: State = checkpoint.state()?;
        let identity = |state: &State| {
            let State { network, data, isa, .. } = state;
            serde_json::json!({ "network": network, "data set": data, "isa": isa })
        };
        checkpoint.expect_same(&identity(&saved), &identity(&run.state))?;
        let asked = &run.state.settings;
        let mut found = ClassifierSettings { target_error: asked.target_error, ..saved.settings.clone() };
        if asked.schedule == Schedule::Constant {
            found.epochs = asked.epochs;
        }
        checkpoint.expect_same(&found, asked)?;
        run.state = State { settings: found, ..saved };
        for (name, parameter) in run.classifier.parameters() {
            checkpoint.restore(&name, &mut parameter.value)?;
        }
        for (name, values) in run.optimizer.state() {
            checkpoint.restore(&name, values)?;
        }
        run.optimizer.set_steps(run.steps_done());
        run.classifier.update();
        Ok(run)
    }

    /// Saves the run, replacing what was saved there before.
    ///
    /// # Errors
    /// If the file cannot be written; then the one before is as it was.
    pub fn save(&mut self, path: &Path) -> Result<(), WholeFileError> {
        let (parameters, memory) = (self.classifier.parameters(), self.optimizer.state());
        let parameters = parameters.iter().map(|(name, parameter)| (name.clone(), &parameter.value[..]));
        let memory = memory.iter().map(|(name, values)| (name.clone(), &values[..]));
        checkpoint::save(path, KIND, &self.state, parameters.chain(memory))
    }

    /// What came of the epochs that are done.
    pub fn history(&self) -> &[EpochReport] {
        &self.state.history
    }

    /// Whether all weights are numbers.
    pub fn is_finite(&mut self) -> bool {
        let parameters = self.classifier.parameters();
        parameters.iter().all(|(_, parameter)| parameter.value.iter().all(|value| value.is_finite()))
    }

    /// What is learnt from.
    pub fn data(&self) -> &DataSet {
        self.data
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
    /// If the loss is no longer a number.
    pub fn run(
        &mut self,
        mut observer: impl FnMut(&mut Self, Moment) -> ControlFlow<()>,
    ) -> Result<Ending, TrainingError> {
        loop {
            if self
                .state
                .history
                .last()
                .is_some_and(|last| reaches(last.test_error, self.state.settings.target_error))
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
            if !report.test_loss.is_finite() {
                let (loss, step, epoch) = (report.test_loss, self.state.step, report.epoch);
                return Err(TrainingError::Diverged { loss, step, epoch });
            }
            self.state.history.push(report);
            (self.state.epochs, self.state.step, self.state.running) = (report.epoch, 0, Running::default());
            if observer(self, Moment::Epoch(report)).is_break() {
                return Ok(Ending::Stopped);
            }
        }
    }

    /// What is left of an epoch.
    fn epoch(
        &mut self,
        observer: &mut impl FnMut(&mut Self, Moment) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, TrainingError> {
        let (data, settings, epoch) = (self.data, self.state.settings.clone(), self.state.epochs);
        let order = epoch_order(settings.seed, epoch as u64, data.training.labels.len());
        let steps = self.steps_of_epoch();
        let augmentation = if settings.augment { Augmentation::default() } else { Augmentation::NONE };
        let prepare = |step: usize| {
            let end = order.len().min((step + 1) * settings.batch);
            let mut batch = LabelledBatch::default();
            let start = step * settings.batch;
            for (place, &index) in (start as u32..).zip(&order[start..end]) {
                let mut random = stream(settings.seed, epoch as u64, place);
                batch.add(&data.training, index as usize, data.side, |picture, to| {
                    augmentation.apply(&mut random, picture, data.side, to);
                });
            }
            batch.normalize(data.side);
            batch
        };
        std::thread::scope(|scope| {
            let batches = Prefetch::new(scope, self.state.step..steps, &prepare);
            let mut start = Instant::now();
            for batch in batches {
                let score = self.learn(&batch);
                self.state.step += 1;
                let seconds = start.elapsed().as_secs_f64();
                (self.state.seconds, start) = (self.state.seconds + seconds, Instant::now());
                let (step, running) = (self.state.step, &mut self.state.running);
                if !score.loss.is_finite() {
                    return Err(TrainingError::Diverged { loss: score.loss, step, epoch: epoch + 1 });
                }
                running.loss += score.loss * score.pictures as f64;
                running.wrong += score.wrong;
                running.pictures += score.pictures;
                let (loss, error) = (running.loss(), running.error());
                let moment = Moment::Step { epoch: epoch + 1, step, steps, loss, error, seconds };
                if observer(self, moment).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// One step.
    fn learn(&mut self, batch: &LabelledBatch) -> super::network::Score {
        let settings = &self.state.settings;
        let step = self.steps_done() + 1;
        // Another seed for every step, which only has to be another.
        let seed = settings.seed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let score = self.classifier.learn(&batch.planes, &batch.labels, (settings.dropout, seed));
        let steps = self.steps_of_epoch() * settings.epochs;
        let rate = settings.schedule.rate(settings.rate, step, settings.warm_up as u64, steps as u64);
        let mut parameters = self.classifier.parameters();
        let mut parameters: Vec<_> = parameters.iter_mut().map(|(_, parameter)| &mut **parameter).collect();
        if !score.loss.is_finite() {
            // Nothing is spoilt: the weights before are those that a checkpoint may hold.
            return score;
        }
        self.optimizer.step(&mut parameters, rate);
        self.classifier.update();
        score
    }

    /// Steps of all epochs that are done.
    fn steps_done(&self) -> u64 {
        (self.state.epochs * self.steps_of_epoch() + self.state.step) as u64
    }

    /// Batches of an epoch.
    pub fn steps_of_epoch(&self) -> usize {
        self.data.training.labels.len().div_ceil(self.state.settings.batch)
    }

    /// Classifies the test pictures.
    fn test(&mut self) -> EpochReport {
        let (data, mut running) = (self.data, Running::default());
        let count = data.test.labels.len();
        for start in (0..count).step_by(TEST_BATCH) {
            let mut batch = LabelledBatch::default();
            for index in start..count.min(start + TEST_BATCH) {
                batch.add(&data.test, index, data.side, |picture, to| {
                    to.extend(picture.iter().map(|&value| f32::from(value) / 255.0));
                });
            }
            batch.normalize(data.side);
            let score = self.classifier.evaluate(&batch.planes, &batch.labels);
            running.loss += score.loss * score.pictures as f64;
            running.wrong += score.wrong;
            running.pictures += score.pictures;
        }
        EpochReport {
            epoch: self.state.epochs + 1,
            training_loss: self.state.running.loss(),
            training_error: self.state.running.error(),
            test_loss: running.loss(),
            test_error: running.error(),
            seconds: self.state.seconds,
        }
    }
}

/// Whether an error is as small as was asked for; 0 asks for nothing.
fn reaches(error: f64, target: f64) -> bool {
    target > 0.0 && error <= target
}

fn check_data(shape: &ClassifierShape, data: &DataSet) -> Result<(), TrainingError> {
    let (found, expected) = ((data.side, data.classes.len()), (shape.side, shape.classes));
    if found == expected {
        return Ok(());
    }
    let text = |(side, classes)| format!("pictures of {side}x{side} in {classes} classes");
    let network = shape.architecture.name().to_owned();
    Err(TrainingError::Data { found: text(found), network, expected: text(expected) })
}
