//! A distillation: a student learns to have the features of a teacher, up to a linear map at each tap.
//!
//! The loss is the sum over the taps of the share of the teacher's variance that the student leaves unexplained, and
//! a small penalty on the linear maps (`lift.rs`). Crops, their disturbances and the first weights are functions of
//! the seed and the step, so that a run that goes on from a checkpoint ends as one that was never stopped.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use impasto_kernels::Isa;
use impasto_network::{Architecture, Convolution, Layer, Weights, WholeFileError};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::frozen_network::FrozenNetwork;
use super::lift::Lift;
use super::settings::{CROPS_AT_A_TIME, DistillationSettings, TAPS};
use super::student::Student;
use crate::checkpoint::{self, Checkpoint, CheckpointError};
use crate::data::{Crops, Prefetch, checksum};
use crate::optimizers::{Adam, Optimizer, Schedule, clip_gradients};
use crate::parameter::Parameter;

/// What checkpoints of this kind of run say they are.
const KIND: &str = "distillation";

/// Crops that tell the scale of the teacher's features, and those that tell the student's mean activations.
const SCALE_CROPS: usize = 32;
const FOLDING_CROPS: usize = 64;

/// Part of a step in the running means that are shown.
const NEWEST: f64 = 0.02;

/// Why a distillation cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DistillationError {
    /// Teacher or student has no layer that is to be reproduced.
    #[error("{network} has no layer {layer}, which is to be reproduced")]
    NoSuchLayer {
        /// The network.
        network: String,
        /// The layer.
        layer: Layer,
    },
    /// The teacher says the same of everything.
    #[error("the teacher's features at {layer} are all the same: nothing can be learnt from them")]
    Constant {
        /// Where.
        layer: Layer,
    },
    /// The loss is no longer a number.
    #[error("the loss became {loss} at step {step}: try a smaller rate")]
    Diverged {
        /// The loss.
        loss: f64,
        /// The step, from 1.
        step: usize,
    },
    /// A checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// What a distillation tells after each step.
#[derive(Clone, Debug)]
pub struct DistillationStep {
    /// Steps done.
    pub step: usize,
    /// Running mean of the unexplained share of the teacher's variance, 0..1, at each of [`TAPS`].
    pub unexplained: Vec<f64>,
    /// Seconds that this step took.
    pub seconds: f64,
}

/// The state of a run beside its tensors.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    settings: DistillationSettings,
    student: String,
    teacher: String,
    /// What is learnt from, to notice other pictures.
    pictures: String,
    /// The instruction set: others round otherwise.
    isa: String,
    step: usize,
    running: Vec<f64>,
    scales: Vec<f32>,
    seconds: f64,
    /// Running means every so many steps.
    history: Vec<(usize, Vec<f64>)>,
}

/// Steps between two entries of the history.
const HISTORY: usize = 100;

/// A run of distillation.
pub struct Distillation<'a> {
    crops: &'a Crops,
    isa: Isa,
    teacher: FrozenNetwork,
    student: Student,
    /// Stage of the student of each tap.
    stages: Vec<usize>,
    lifts: Vec<Lift>,
    optimizer: Optimizer,
    state: State,
}

impl<'a> Distillation<'a> {
    /// A run from random weights.
    ///
    /// # Errors
    /// If teacher or student lacks one of [`TAPS`].
    pub fn new(
        teacher: &Weights,
        student: Architecture,
        crops: &'a Crops,
        settings: DistillationSettings,
        isa: Isa,
    ) -> Result<Self, DistillationError> {
        for architecture in [teacher.architecture(), &student] {
            if let Some(&layer) = TAPS.iter().find(|&&tap| !architecture.contains(tap)) {
                let network = architecture.name().to_owned();
                return Err(DistillationError::NoSuchLayer { network, layer });
            }
        }
        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        let names = (student.name().to_owned(), fingerprint(teacher));
        let mut student = Student::new(student, TAPS[TAPS.len() - 1], isa, &mut random);
        let architecture = teacher.architecture();
        let mut teacher = FrozenNetwork::new(teacher, &TAPS, isa);
        let scales = deviations(&mut teacher, &crops.plain(settings.seed, SCALE_CROPS), settings.crop);
        if let Some(at) = scales.iter().position(|&scale| scale.is_nan() || scale <= 0.0) {
            return Err(DistillationError::Constant { layer: TAPS[at] });
        }
        let (mut stages, mut lifts) = (Vec::new(), Vec::new());
        for (&tap, &scale) in TAPS.iter().zip(&scales) {
            let (stage, channels) = student.tap(tap).expect("a tap of the student");
            stages.push(stage);
            let outputs = architecture.channels(tap).expect("a tap of the teacher");
            lifts.push(Lift::new(&mut random, channels, outputs, scale));
        }
        let lengths: Vec<usize> =
            parameters(&mut student, &mut lifts).iter().map(|(_, parameter)| parameter.value.len()).collect();
        let optimizer = Optimizer::Adam(Adam::new(&lengths, settings.weight_decay));
        let state = State {
            settings,
            student: names.0,
            teacher: names.1,
            pictures: crops.description(),
            isa: isa.to_string(),
            step: 0,
            running: Vec::new(),
            scales,
            seconds: 0.0,
            history: Vec::new(),
        };
        Ok(Distillation { crops, isa, teacher, student, stages, lifts, optimizer, state })
    }

    /// The run that was saved in `path`, which must be of the same networks, pictures and settings.
    ///
    /// # Errors
    /// If the checkpoint cannot be read, is damaged, or of another run.
    pub fn resume(
        path: &Path,
        teacher: &Weights,
        student: Architecture,
        crops: &'a Crops,
        settings: DistillationSettings,
        isa: Isa,
    ) -> Result<Self, DistillationError> {
        let checkpoint = Checkpoint::open(path, KIND)?;
        let mut run = Self::new(teacher, student, crops, settings, isa)?;
        let saved: State = checkpoint.state()?;
        let identity = |state: &State| {
            let State { student, teacher, pictures, isa, .. } = state;
            serde_json::json!({ "student": student, "teacher": teacher, "pictures": pictures, "isa": isa })
        };
        checkpoint.expect_same(&identity(&saved), &identity(&run.state))?;
        checkpoint.expect_same(&saved.settings, &run.state.settings)?;
        run.state = saved;
        for (name, parameter) in parameters(&mut run.student, &mut run.lifts) {
            checkpoint.restore(&name, &mut parameter.value)?;
        }
        for (name, values) in run.student.running().into_iter().chain(run.optimizer.state()) {
            checkpoint.restore(&name, values)?;
        }
        for (lift, &scale) in run.lifts.iter_mut().zip(&run.state.scales) {
            *lift.scale_mut() = scale;
        }
        run.optimizer.set_steps(run.state.step as u64);
        run.student.update();
        Ok(run)
    }

    /// Saves the run, replacing what was saved there before.
    ///
    /// # Errors
    /// If the file cannot be written; then the one before is as it was.
    pub fn save(&mut self, path: &Path) -> Result<(), WholeFileError> {
        let mut tensors: Vec<(String, Vec<f32>)> = Vec::new();
        for (name, values) in self.student.running() {
            tensors.push((name, values.clone()));
        }
        let (parameters, memory) = (parameters(&mut self.student, &mut self.lifts), self.optimizer.state());
        let parameters = parameters.iter().map(|(name, parameter)| (name.clone(), &parameter.value[..]));
        let memory = memory.iter().map(|(name, values)| (name.clone(), &values[..]));
        let running = tensors.iter().map(|(name, values)| (name.clone(), &values[..]));
        checkpoint::save(path, KIND, &self.state, parameters.chain(memory).chain(running))
    }

    /// Steps done, and seconds that they took.
    pub fn progress(&self) -> (usize, f64) {
        (self.state.step, self.state.seconds)
    }

    /// The settings.
    pub fn settings(&self) -> &DistillationSettings {
        &self.state.settings
    }

    /// Every so many steps the running means of the unexplained shares at [`TAPS`].
    pub fn history(&self) -> &[(usize, Vec<f64>)] {
        &self.state.history
    }

    /// Takes the steps that are left, unless `observer`, which is shown each, breaks. Answers whether all are done.
    ///
    /// # Errors
    /// If the loss is no longer a number.
    pub fn run(
        &mut self,
        mut observer: impl FnMut(&mut Self, DistillationStep) -> ControlFlow<()>,
    ) -> Result<bool, DistillationError> {
        let (crops, settings) = (self.crops, self.state.settings.clone());
        std::thread::scope(|scope| {
            let steps = self.state.step..settings.steps;
            let batches =
                Prefetch::new(scope, steps, |step| crops.batch(settings.seed, step as u64, settings.batch));
            let mut start = Instant::now();
            for pictures in batches {
                let loss = self.step(&pictures);
                let step = self.state.step;
                if !loss.is_finite() {
                    return Err(DistillationError::Diverged { loss, step });
                }
                let seconds = start.elapsed().as_secs_f64();
                (self.state.seconds, start) = (self.state.seconds + seconds, Instant::now());
                if step.is_multiple_of(HISTORY) || step == settings.steps {
                    self.state.history.push((step, self.state.running.clone()));
                }
                let unexplained = self.state.running.clone();
                if observer(self, DistillationStep { step, unexplained, seconds }).is_break() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// One step; answers its loss.
    fn step(&mut self, pictures: &[f32]) -> f64 {
        let settings = &self.state.settings;
        let shape = (settings.batch, settings.crop, settings.crop);
        let targets = self.teacher.features(pictures, shape);
        let passed = self.student.forward(pictures, shape);
        let (mut gradients, mut unexplained, mut loss) = (Vec::new(), Vec::new(), 0.0);
        for ((lift, &stage), target) in self.lifts.iter_mut().zip(&self.stages).zip(&targets) {
            let buffers = self.student.buffers();
            let lifted = lift.learn(self.isa, passed.features(stage), target, settings.skew_weight, buffers);
            loss += lifted.unexplained + f64::from(settings.skew_weight) * lifted.skew;
            unexplained.push(lifted.unexplained);
            gradients.push((stage, lifted.gradient));
        }
        self.student.backward(passed, gradients);
        targets.into_iter().for_each(|batch| self.teacher.give(batch));
        let step = self.state.step as u64 + 1;
        let rate = Schedule::Cosine.rate(settings.rate, step, settings.warm_up as u64, settings.steps as u64);
        let mut all = parameters(&mut self.student, &mut self.lifts);
        let mut all: Vec<&mut Parameter> = all.iter_mut().map(|(_, parameter)| &mut **parameter).collect();
        let length = clip_gradients(&mut all, settings.longest_gradient);
        if !loss.is_finite() || !length.is_finite() {
            // Nothing is spoilt: the weights before are those that a checkpoint may hold.
            return f64::NAN;
        }
        self.optimizer.step(&mut all, rate);
        self.student.update();
        self.state.step += 1;
        if self.state.running.is_empty() {
            self.state.running = unexplained;
        } else {
            for (running, new) in self.state.running.iter_mut().zip(unexplained) {
                *running += NEWEST * (new - *running);
            }
        }
        loss
    }

    /// The student as it is now, without normalisations and of mean activation 1 at every layer.
    pub fn convolutions(&mut self) -> Vec<(Layer, Convolution)> {
        let side = self.state.settings.crop;
        let pictures = self.crops.plain(self.state.settings.seed.wrapping_add(1), FOLDING_CROPS);
        self.student.folded(&pictures, (FOLDING_CROPS, side, side))
    }
}

/// All that training changes, in an order that never changes.
fn parameters<'p>(student: &'p mut Student, lifts: &'p mut [Lift]) -> Vec<(String, &'p mut Parameter)> {
    let mut all = student.parameters();
    all.extend(lifts.iter_mut().zip(&TAPS).map(|(lift, tap)| (format!("lift.{tap}"), lift.parameter())));
    all
}

/// The standard deviation of all values of the features of pictures `[N, 3, side, side]` at each tap.
fn deviations(teacher: &mut FrozenNetwork, pictures: &[f32], side: usize) -> Vec<f32> {
    let length = 3 * side * side;
    let mut sums = vec![[0.0f64; 3]; TAPS.len()];
    for pictures in pictures.chunks(CROPS_AT_A_TIME * length) {
        let features = teacher.features(pictures, (pictures.len() / length, side, side));
        for (sums, batch) in sums.iter_mut().zip(features) {
            let values = batch.map().blocks().iter().flat_map(|block| &block.0).map(|&it| f64::from(it));
            let [sum, squares] = values.fold([0.0, 0.0], |[sum, squares], it| [sum + it, squares + it * it]);
            // Padding of channels is zero and adds nothing.
            let count = (batch.channels() * batch.map().positions()) as f64;
            *sums = [sums[0] + sum, sums[1] + squares, sums[2] + count];
            teacher.give(batch);
        }
    }
    let deviation =
        |[sum, squares, count]: [f64; 3]| (squares / count - (sum / count).powi(2)).max(0.0).sqrt() as f32;
    sums.into_iter().map(deviation).collect()
}

/// What tells a teacher from others: its name, how it reads pictures, a checksum of its weights.
fn fingerprint(teacher: &Weights) -> String {
    let taps = teacher.architecture().convolutions().take_while(|layer| *layer <= TAPS[TAPS.len() - 1]);
    let sum = taps.fold(0u32, |sum, layer| {
        let Convolution { weight, bias, .. } = teacher.convolution(layer);
        let bytes: Vec<u8> = weight.iter().chain(&bias).flat_map(|value| value.to_le_bytes()).collect();
        sum.rotate_left(1) ^ checksum(&bytes)
    });
    format!("{}, {}, checksum {sum:08x}", teacher.architecture().name(), teacher.convention())
}
