//! `impasto distill`: a small network learns the features of a large one.

mod arguments;
mod measure;
mod report;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use arguments::DistillArguments;
use impasto_jobs::figures::duration;
use impasto_jobs::files::file_name;
use impasto_jobs::order::EngineChoices;
use impasto_jobs::{machine, threads};
use impasto_kernels::Isa;
use impasto_network::{Architecture, Weights};
use impasto_train::data::Crops;
use impasto_train::distillation::{CONVENTION, Distillation, DistillationError, DistillationStep, TAPS};
use serde::Serialize;

use crate::failure::{Failure, say};
use crate::interrupt;
use crate::training::{Checkpoints, Display, Pace, save_network, write_log};

/// Distils and saves, or measures.
pub fn run(arguments: &DistillArguments) -> Result<(), Failure> {
    if arguments.measure.is_empty() && arguments.engine != EngineChoices::default() {
        return Err(Failure::mistake(
            "--engine and --device are for --measure: a student learns on the processor",
        ));
    }
    let isa = machine::training_instruction_set(arguments.machine.isa)?;
    threads::pool(arguments.machine.threads)?.install(|| {
        let collections = arguments.collections()?;
        let teacher = Arc::new(arguments.teacher()?);
        if !arguments.measure.is_empty() {
            return measure::run(arguments, &teacher, &Crops::open(&collections, arguments.crop)?, isa);
        }
        let default = || PathBuf::from(format!("{}.safetensors", arguments.network));
        let output = arguments.output.clone().unwrap_or_else(default);
        let inputs: Vec<&Path> =
            arguments.images.iter().chain(&arguments.weights).map(PathBuf::as_path).collect();
        let checkpoints = Checkpoints::new(&arguments.run, &output, &inputs)?;
        machine::check_memory(memory_needed(arguments), "--batch and --crop")?;
        interrupt::install()?;
        let crops = Crops::open(&collections, arguments.crop)?;
        let known = Architecture::known();
        let student = known.into_iter().find(|known| known.name() == arguments.network);
        let student = student.expect("the parser knows the networks");
        let settings = arguments.settings();
        let distillation = match checkpoints.resumes() {
            true => Distillation::resume(checkpoints.path(), &teacher, student, &crops, settings, isa)?,
            false => Distillation::new(&teacher, student, &crops, settings, isa)?,
        };
        let session = Session {
            arguments,
            output: &output,
            checkpoints,
            display: Display::new(arguments.run.quiet, arguments.steps.into()),
            pace: Pace::default(),
            failure: None,
        };
        let (learnt, kept_apart) = crops.counts();
        session.display.line(&format!(
            "{} from {}, {}: {learnt} pictures, {kept_apart} kept apart",
            arguments.network,
            teacher.architecture().name(),
            teacher.origin()
        ));
        session.run(distillation, &teacher, &crops, isa)
    })
}

/// A run with what it shows and keeps.
struct Session<'a> {
    arguments: &'a DistillArguments,
    output: &'a Path,
    checkpoints: Checkpoints,
    display: Display,
    pace: Pace,
    /// Why the run had to stop.
    failure: Option<Failure>,
}

impl Session<'_> {
    fn run(
        mut self,
        mut distillation: Distillation<'_>,
        teacher: &Arc<Weights>,
        crops: &Crops,
        isa: Isa,
    ) -> Result<(), Failure> {
        if self.checkpoints.resumes() {
            self.display.line(&format!("going on after step {}", distillation.progress().0));
        }
        let is_done = distillation.run(|distillation, step| match self.show(distillation, &step) {
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
        if !is_done? {
            checkpoints.save(|path| distillation.save(path))?;
            keep_numbers(arguments, &distillation, true)?;
            say(format_args!("interrupted; saved {}: go on with --resume", checkpoints.path().display()));
            return Err(Failure::Interrupted);
        }
        // Whatever fails from here on, nothing has to be learnt again.
        checkpoints.save(|path| distillation.save(path))?;
        let convolutions = distillation.convolutions();
        let pictures: Vec<_> = arguments.images.iter().map(|path| file_name(path)).collect();
        let (learnt, kept_apart) = crops.counts();
        let bytes = save_network(
            output,
            &convolutions,
            &CONVENTION,
            arguments.precision.precision(),
            &[
                ("network", arguments.network.clone()),
                ("distilled_by", format!("impasto {} distill", env!("CARGO_PKG_VERSION"))),
                ("teacher", teacher_words(teacher)),
                ("images", format!("{}; {learnt} learnt from, {kept_apart} kept apart", pictures.join(", "))),
                ("settings", serde_json::to_string(distillation.settings()).map_err(Failure::world)?),
            ],
        )?;
        keep_numbers(arguments, &distillation, false)?;
        let kept = checkpoints.path().to_owned();
        let is_kept = checkpoints.finish();
        if arguments.run.quiet {
            return Ok(());
        }
        let length = bytes.len() as u64;
        let student = Weights::from_bytes(output, bytes, None)?;
        let mut out = io::stdout().lock();
        let (steps, seconds) = distillation.progress();
        let (file, size) = (output.display(), crate::weights::megabytes(length));
        writeln!(
            out,
            "wrote {file}, {}, {size}, after {steps} steps and {}",
            arguments.precision.word(),
            duration(seconds)
        )?;
        if is_kept {
            writeln!(out, "kept {}", kept.display())?;
        }
        measure::Show { teacher, crops, seed: arguments.seed, isa, engine: None }
            .table(&mut out, &[(arguments.network.as_str(), Arc::new(student))])
    }

    /// Shows a step, and saves where it is time.
    fn show(&mut self, distillation: &mut Distillation<'_>, step: &DistillationStep) -> Result<(), Failure> {
        self.pace.add(step.seconds);
        let (arguments, pace) = (self.arguments, &self.pace);
        self.display.update(step.step as u64, || {
            let unexplained: Vec<String> =
                TAPS.iter().zip(&step.unexplained).map(|(tap, share)| format!("{tap} {share:.3}")).collect();
            format!(
                "step {} of {}: unexplained {}; {:.1} steps/s{}",
                step.step,
                arguments.steps,
                unexplained.join(", "),
                pace.rate(),
                pace.left(u64::from(arguments.steps) - step.step as u64)
            )
        });
        if self.checkpoints.is_due() {
            self.checkpoints.save(|path| distillation.save(path))?;
            keep_numbers(arguments, distillation, false)?;
        }
        Ok(())
    }
}

/// Bytes that a step takes, roughly: 700 numbers for each pixel of its crops, in features of teacher and student and
/// their gradients.
fn memory_needed(arguments: &DistillArguments) -> u64 {
    u64::from(arguments.batch) * (arguments.crop as u64).pow(2) * 700 * 4
}

/// A line of the log.
#[derive(Serialize)]
struct Entry<'a> {
    step: usize,
    /// At each tap, running means.
    unexplained: &'a [f64],
}

/// Writes the log and the page, as far as they are asked for.
fn keep_numbers(
    arguments: &DistillArguments,
    distillation: &Distillation<'_>,
    is_interrupted: bool,
) -> Result<(), Failure> {
    let history = distillation.history().iter();
    let entries: Vec<Entry> = history.map(|(step, unexplained)| Entry { step: *step, unexplained }).collect();
    write_log(arguments.run.log.as_deref(), &entries)?;
    report::write(arguments, distillation, is_interrupted)
}

fn teacher_words(teacher: &Weights) -> String {
    let name = teacher.architecture().name();
    match name {
        "vgg16" | "vgg19" => format!("{name} (Simonyan and Zisserman, CC BY 4.0)"),
        name => name.to_owned(),
    }
}

impl From<DistillationError> for Failure {
    fn from(error: DistillationError) -> Self {
        match error {
            DistillationError::Checkpoint(error) => error.into(),
            error @ DistillationError::Diverged { .. } => {
                Failure::mistake(format_args!("{error}, with --rate"))
            }
            error => Failure::mistake(error),
        }
    }
}
