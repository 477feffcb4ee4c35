//! `impasto transfer`: repaints a picture in the style of others.
//!
//! Flags (`arguments.rs`, `values.rs`) become settings (`settings.rs`) and a checked run (`job.rs`); then
//! the library paints, watched by `painter.rs`, and `output.rs` saves.

mod arguments;
mod dry_run;
mod files;
mod job;
mod output;
mod painter;
mod progress;
mod recipe;
mod report;
mod settings;
mod values;
mod workload;

use std::io::{self, Write};
use std::time::Instant;

pub use arguments::TransferArguments;
use impasto::{Outcome, Picture, Trace, TransferError};
pub use job::Job;
use painter::Painter;
use progress::Display;
pub use progress::duration;
use report::{Ending, Report};
use values::{StartFrom, TraceTo};
pub use workload::Workload;

use crate::failure::{Failure, say};
use crate::report_page::{self, Recorder};
use crate::{interrupt, machine, threads};

/// Paints, or tells what painting would take.
pub fn run(arguments: &TransferArguments) -> Result<(), Failure> {
    let isa = machine::instruction_set(arguments.isa)?;
    threads::pool(arguments.threads)?.install(|| {
        let job = Job::new(arguments, isa)?;
        let recorder = Recorder::new(&arguments.report, &job.plan)?;
        if arguments.dry_run { dry_run::run(arguments, job) } else { paint(arguments, job, recorder) }
    })
}

fn paint(arguments: &TransferArguments, mut job: Job, mut recorder: Recorder) -> Result<(), Failure> {
    interrupt::install()?;
    record_inputs(arguments, &mut recorder)?;
    let started = Instant::now();
    announce(arguments, &job);
    let workload = Workload::new(&job.plan);
    let display = Display::new(arguments.quiet, workload.clone());
    let mut painter =
        Painter::new(display, workload, &job.output, &job.recipe, arguments.save_every, &mut recorder);
    let outcome = job.transfer.run(&mut job.engine, &mut painter);
    let (iterations_done, unsaved) = painter.finish();
    let finish = |picture: &Picture, trace: &Trace, stopped: Option<String>| {
        let completed = stopped.is_none();
        job.output.save(picture, &job.recipe, iterations_done, completed)?;
        let seconds = started.elapsed().as_secs_f64();
        recorder.write(&report_page::Ending {
            title: title(arguments),
            picture,
            output: job.output.path(),
            stopped,
            recipe: &job.recipe,
            plan: &job.plan,
            trace,
            seconds,
        })?;
        write_report(arguments, &job, Ending::Painted { completed, seconds, trace })?;
        Ok::<_, Failure>(seconds)
    };
    let Outcome { picture, trace, completed } = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            let TransferError::NotFinite { picture, trace, .. } = &error else { return Err(error.into()) };
            match finish(picture, trace, Some(error.to_string())) {
                Ok(_) | Err(Failure::OutputClosed) => {}
                Err(failure) => return Err(failure),
            }
            let saved = job.output.path().display();
            return Err(Failure::mistake(format_args!("{error}; the last good picture is in {saved}")));
        }
    };
    if iterations_done == 0 {
        if !arguments.quiet {
            say("interrupted before the first iteration; nothing written");
        }
        return Err(Failure::Interrupted);
    }
    let stopped = (!completed).then(|| "interrupted".to_owned());
    let seconds = finish(&picture, &trace, stopped)?;
    conclude(arguments, &job, &picture, seconds, completed)?;
    match unsaved {
        0 => Ok(()),
        _ => Err(Failure::world(format_args!("pictures along the way that could not be saved: {unsaved}"))),
    }
}

/// Shows the recorder the pictures that the run is given.
fn record_inputs(arguments: &TransferArguments, recorder: &mut Recorder) -> Result<(), Failure> {
    recorder.input("content", &arguments.content, arguments.max_pixels)?;
    for style in &arguments.styles {
        recorder.input("style", style, arguments.max_pixels)?;
    }
    match &arguments.start {
        Some(StartFrom::Picture(path)) => recorder.input("start", path, arguments.max_pixels),
        _ => Ok(()),
    }
}

/// What is painted, in words.
pub fn title(arguments: &TransferArguments) -> String {
    let styles: Vec<String> = arguments.styles.iter().map(|path| files::stem(path)).collect();
    format!("{} in the style of {}", files::stem(&arguments.content), styles.join(" and "))
}

/// Writes the JSON, if it was asked for.
fn write_report(arguments: &TransferArguments, job: &Job, ending: Ending<'_>) -> Result<(), Failure> {
    let Some(to) = &arguments.json else { return Ok(()) };
    Report {
        recipe: &job.recipe,
        threads: rayon::current_num_threads(),
        output: job.output.path().display().to_string(),
        plan: &job.plan,
        memory_bytes: job.plan.memory(),
        ending,
    }
    .write(to)
}

/// One line before the run.
fn announce(arguments: &TransferArguments, job: &Job) {
    if let (false, Some(last)) = (arguments.quiet, job.plan.stages.last()) {
        let styles: Vec<String> = arguments.styles.iter().map(|path| path.display().to_string()).collect();
        say(format_args!(
            "painting {} like {}: {}x{}, {} iterations, {} on {}",
            arguments.content.display(),
            styles.join(" and "),
            last.size.width,
            last.size.height,
            job.plan.iterations(),
            job.recipe.network(),
            job.recipe.engine()
        ));
    }
}

/// One line after it.
fn conclude(
    arguments: &TransferArguments,
    job: &Job,
    picture: &Picture,
    seconds: f64,
    completed: bool,
) -> Result<(), Failure> {
    let line = format!(
        "{}wrote {}, {}x{}, {}",
        if completed { "" } else { "interrupted; " },
        job.output.path().display(),
        picture.width(),
        picture.height(),
        duration(seconds)
    );
    match (&arguments.json, arguments.quiet) {
        (_, true) => {}
        (Some(TraceTo::Output), _) => say(line),
        _ => writeln!(io::stdout(), "{line}")?,
    }
    if completed { Ok(()) } else { Err(Failure::Interrupted) }
}
