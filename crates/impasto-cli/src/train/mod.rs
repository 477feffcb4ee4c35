//! `impasto train`: trains a classifier and keeps its convolutions.

mod arguments;
mod report;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

pub use arguments::{TrainArguments, decay, rate};
use impasto_jobs::figures::duration;
use impasto_jobs::{machine, threads};
use impasto_kernels::Isa;
use impasto_train::classifier::{
    CIFAR_CONVENTION, ClassifierShape, Ending, EpochReport, Moment, Training, TrainingError,
};
use impasto_train::data::DataSet;

use crate::failure::Failure;
use crate::interrupt;
use crate::training::{Checkpoints, Display, Pace, percent, save_network, write_log};

/// Trains and saves.
pub fn run(arguments: &TrainArguments) -> Result<(), Failure> {
    let isa = machine::training_instruction_set(arguments.machine.isa)?;
    threads::pool(arguments.machine.threads)?.install(|| train(arguments, isa))
}

fn train(arguments: &TrainArguments, isa: Isa) -> Result<(), Failure> {
    let shape = ClassifierShape::named(&arguments.network).expect("the parser knows the networks");
    let default = || PathBuf::from(format!("{}.safetensors", arguments.network));
    let output = arguments.output.clone().unwrap_or_else(default);
    let checkpoints = Checkpoints::new(&arguments.run, &output, &[&arguments.data])?;
    interrupt::install()?;
    let data = DataSet::open(&arguments.data, shape.side)?;
    let (weights, settings) = (shape.weights(), arguments.settings());
    let training = match checkpoints.resumes() {
        true => Training::resume(checkpoints.path(), shape, &data, settings, isa)?,
        false => Training::new(shape, &data, settings, isa)?,
    };
    let steps = training.steps_of_epoch();
    let session = Session {
        arguments,
        output: &output,
        checkpoints,
        display: Display::new(arguments.run.quiet, (arguments.epochs as usize * steps) as u64),
        pace: Pace::default(),
        failure: None,
    };
    session.display.line(&format!(
        "{}: {:.1} million weights; {}",
        arguments.network,
        weights as f64 / 1e6,
        data.description()
    ));
    session.run(training)
}

/// A run with what it shows and keeps.
struct Session<'a> {
    arguments: &'a TrainArguments,
    output: &'a Path,
    checkpoints: Checkpoints,
    display: Display,
    pace: Pace,
    /// Why the run had to stop.
    failure: Option<Failure>,
}

impl Session<'_> {
    fn run(mut self, mut training: Training<'_>) -> Result<(), Failure> {
        if let Some(last) = training.history().last() {
            self.display.line(&format!("going on after {}", epoch_line(last)));
        }
        let ending = training.run(|training, moment| match self.show(training, moment) {
            Ok(()) if interrupt::requested() => ControlFlow::Break(()),
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.failure = Some(failure);
                ControlFlow::Break(())
            }
        });
        let Session { arguments, output, mut checkpoints, display, failure, .. } = self;
        display.finish();
        if let Some(failure) = failure {
            return Err(failure);
        }
        let ending = ending?;
        if ending == Ending::Stopped {
            save(&mut checkpoints, &mut training)?;
            write_log(arguments.run.log.as_deref(), training.history())?;
            report::write(arguments, &training, Some(ending))?;
            crate::failure::say(format_args!(
                "interrupted; saved {}: go on with --resume",
                checkpoints.path().display()
            ));
            return Err(Failure::Interrupted);
        }
        // Whatever fails from here on, nothing has to be learnt again.
        save(&mut checkpoints, &mut training)?;
        write_log(arguments.run.log.as_deref(), training.history())?;
        let last = *training.history().last().expect("a run that is done has had an epoch");
        let precision = arguments.precision.precision;
        save_network(
            output,
            &training.convolutions(),
            &CIFAR_CONVENTION,
            precision.precision(),
            &[
                ("network", arguments.network.clone()),
                ("trained_by", format!("impasto {} train", env!("CARGO_PKG_VERSION"))),
                ("data", training.data().description()),
                ("epochs", last.epoch.to_string()),
                ("test_error", format!("{:.4}", last.test_error)),
                ("settings", serde_json::to_string(training.settings()).map_err(Failure::world)?),
            ],
        )?;
        report::write(arguments, &training, Some(ending))?;
        let kept = checkpoints.path().to_owned();
        let is_kept = checkpoints.finish();
        if arguments.run.quiet {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        let target = match (ending, arguments.target_error) {
            (_, 0.0) => String::new(),
            (Ending::TargetReached, target) => format!(", target {} reached", percent(target)),
            (_, target) => format!(", target {} not reached", percent(target)),
        };
        writeln!(
            out,
            "test error {} after {} epochs and {}{target}",
            percent(last.test_error),
            last.epoch,
            duration(last.seconds)
        )?;
        writeln!(out, "wrote {}, {}", output.display(), precision.word())?;
        if is_kept {
            writeln!(out, "kept {}", kept.display())?;
        }
        Ok(())
    }

    /// Shows a moment, and saves where it is time.
    fn show(&mut self, training: &mut Training<'_>, moment: Moment) -> Result<(), Failure> {
        let epochs = self.arguments.epochs as usize;
        match moment {
            Moment::Step { epoch, step, steps, loss, error, seconds } => {
                self.pace.add(seconds);
                let pace = &self.pace;
                let done = ((epoch - 1) * steps + step) as u64;
                self.display.update(done, || {
                    format!(
                        "epoch {epoch} of at most {epochs}, step {step} of {steps}: loss {loss:.4}, error {}; {:.0} \
                         images/s{}",
                        percent(error),
                        pace.rate() * f64::from(self.arguments.batch),
                        pace.left((epochs * steps) as u64 - done)
                    )
                });
                if self.checkpoints.is_due() {
                    save(&mut self.checkpoints, training)?;
                }
            }
            Moment::Epoch(report) => {
                self.display.line(&epoch_line(&report));
                save(&mut self.checkpoints, training)?;
                write_log(self.arguments.run.log.as_deref(), training.history())?;
                report::write(self.arguments, training, None)?;
            }
        }
        Ok(())
    }
}

/// Saves a checkpoint, unless it would be of no use.
fn save(checkpoints: &mut Checkpoints, training: &mut Training<'_>) -> Result<(), Failure> {
    if !training.is_finite() {
        return Err(Failure::mistake("the weights are no longer numbers: try a smaller --rate"));
    }
    checkpoints.save(|path| training.save(path))
}

/// `epoch 3: training loss 1.2, error 41.0 %; test loss 1.1, error 39.0 %; 9 min 2 s`
fn epoch_line(report: &EpochReport) -> String {
    let EpochReport { epoch, training_loss, training_error, test_loss, test_error, seconds } = *report;
    format!(
        "epoch {epoch}: training loss {training_loss:.4}, error {}; test loss {test_loss:.4}, error {}; {}",
        percent(training_error),
        percent(test_error),
        duration(seconds)
    )
}

impl From<TrainingError> for Failure {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Checkpoint(error) => error.into(),
            error @ TrainingError::Diverged { .. } => Failure::mistake(format_args!("{error}, with --rate")),
            error => Failure::mistake(error),
        }
    }
}
