//! A run from its first line to its last.

use std::io::{self, Write};
use std::time::Instant;

use impasto::{Outcome, Picture, Stage, Trace};

use super::job::Job;
use super::painter::{Painter, Seen};
use super::progress::Display;
use super::report::{self, Ending};
use super::request::Request;
use super::values::TraceTo;
use super::workload::Workload;
use crate::failure::{Failure, say};
use crate::interrupt;
use crate::report_page::{self, Recorder};
use crate::words::duration;

/// Paints and saves.
pub fn run(request: &Request<'_>, mut job: Job, mut recorder: Recorder) -> Result<(), Failure> {
    interrupt::install()?;
    for input in request.inputs() {
        recorder.input(input.role, input.path, request.shared.picture.max_pixels)?;
    }
    let started = Instant::now();
    let flags = &request.shared.output;
    announce(request, &job);
    let workload = Workload::new(&job.plan);
    let display = Display::new(flags.quiet, workload.clone());
    let mut painter =
        Painter::new(display, workload, &job.output, &job.recipe, flags.save_every, &mut recorder);
    let outcome = job.transfer.run_observed(&mut job.engine, &mut painter);
    let seen = painter.finish();
    let finish = |picture: &Picture, trace: &Trace, stopped: Option<String>| {
        let completed = stopped.is_none();
        let saved = job.output.save(picture, &job.recipe, seen.iterations_done, completed);
        let seconds = started.elapsed().as_secs_f64();
        let page = recorder.write(&report_page::Ending {
            title: request.title(),
            picture,
            output: job.output.path(),
            stopped,
            recipe: &job.recipe,
            plan: &job.plan,
            trace,
            seconds,
        });
        let told =
            page.and_then(|_| report::write(request, &job, Ending::Painted { completed, seconds, trace }));
        // Of several failures, the one that says where the picture is.
        saved.and(told).map(|()| seconds)
    };
    let Outcome { picture, trace, completed } = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            let Some((picture, trace)) = error.last_good() else { return Err(error.into()) };
            match finish(picture, trace, Some(error.to_string())) {
                Ok(_) | Err(Failure::OutputClosed) => {}
                Err(failure) => return Err(failure),
            }
            let saved = job.output.path().display();
            return Err(Failure::mistake(format_args!("{error}; the last good picture is in {saved}")));
        }
    };
    if seen.iterations_done == 0 {
        if !flags.quiet {
            say("interrupted before the first iteration; nothing written");
        }
        return Err(Failure::Interrupted);
    }
    let stopped = (!completed).then(|| "interrupted".to_owned());
    let seconds = finish(&picture, &trace, stopped)?;
    conclude(request, &job, &picture, &seen, seconds, completed)?;
    match seen.unsaved {
        0 => Ok(()),
        unsaved => {
            Err(Failure::world(format_args!("pictures along the way that could not be saved: {unsaved}")))
        }
    }
}

/// What is said before the run.
fn announce(request: &Request<'_>, job: &Job) {
    let Some(last) = job.plan.stages.last().filter(|_| !request.shared.output.quiet) else { return };
    job.notes.iter().for_each(say);
    let styles: Vec<String> = request.styles.iter().map(|path| path.display().to_string()).collect();
    let subject = request.subject().map_or("a texture".to_owned(), |path| path.display().to_string());
    say(format_args!(
        "painting {subject} like {}: {}x{}, {}{} iterations, {} on {}",
        styles.join(" and "),
        last.size.width,
        last.size.height,
        if job.plan.may_end_early() { "at most " } else { "" },
        job.plan.iterations(),
        job.recipe.network(),
        job.recipe.engine()
    ));
}

/// One line after it.
fn conclude(
    request: &Request<'_>,
    job: &Job,
    picture: &Picture,
    seen: &Seen,
    seconds: f64,
    completed: bool,
) -> Result<(), Failure> {
    let flags = &request.shared.output;
    // Whoever names a file means it; the name made up here may be that of a picture worth keeping.
    let verb = if job.output.replaces() && flags.output.is_none() { "replaced" } else { "wrote" };
    // A size that has begun to learn its targets has no iteration yet.
    let is_of = |stage: &Stage| (stage.size.width, stage.size.height) == (picture.width(), picture.height());
    let stage = job.plan.stages.iter().position(is_of).map_or(seen.stage, |index| seen.stage.max(index + 1));
    let (interrupted, way) = match job.plan.stages.last() {
        Some(last) if !completed && stage < job.plan.stages.len() => (
            "interrupted; ",
            format!(
                " of {}x{} (size {} of {})",
                last.size.width,
                last.size.height,
                stage,
                job.plan.stages.len()
            ),
        ),
        _ if !completed => ("interrupted; ", String::new()),
        _ => ("", String::new()),
    };
    let planned = job.plan.iterations() as u64;
    let early = match completed && seen.iterations_done < planned {
        true => format!(" for {} of {planned} iterations", seen.iterations_done),
        false => String::new(),
    };
    let line = format!(
        "{interrupted}{verb} {}, {}x{}{way}, {}{early}",
        job.output.path().display(),
        picture.width(),
        picture.height(),
        duration(seconds)
    );
    match (&flags.json, flags.quiet) {
        (_, true) => {}
        (Some(TraceTo::Output), _) => say(line),
        _ => writeln!(io::stdout(), "{line}")?,
    }
    if completed { Ok(()) } else { Err(Failure::Interrupted) }
}
