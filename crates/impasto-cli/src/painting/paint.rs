//! A run from its first line to its last.

use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use impasto::{Outcome, Picture, Stage, Trace, TransferError};
use impasto_jobs::figures::duration;
use impasto_jobs::report::Ending;
use impasto_jobs::report_page::{self, Recorder};
use impasto_jobs::summary::at_most;
use impasto_jobs::{Extent, Job, Workload, fails_by_itself};

use super::Painting;
use super::arguments::TraceTo;
use super::checkpoints::{Checkpoints, Interrupted};
use super::existing::Saved;
use super::report;
use super::watcher::{Seen, Watcher};
use crate::failure::{Failure, flag, say};
use crate::interrupt;
use crate::report_folder::write_page;
use crate::this_command::{quoted, this_command};

/// Paints and saves.
pub fn run(painting: &Painting<'_>, mut job: Job, mut recorder: Recorder) -> Result<(), Failure> {
    let Painting { order, flags, output } = painting;
    interrupt::install()?;
    let mut checkpoints = Checkpoints::new(painting, &job)?;
    for input in order.inputs() {
        recorder.input(input.role, input.path, order.picture.max_pixels)?;
    }
    let started = Instant::now();
    announce(painting, &job);
    let workload = Workload::new(&job.plan);
    let file = (&job.file, &job.recipe);
    let interrupted = flags.interrupted.as_ref();
    let before = interrupted.map_or(0, Interrupted::iterations_done);
    let kept = (&mut recorder, &mut checkpoints);
    let mut watcher = Watcher::new(workload, flags.quiet, output, file, flags.save_every, kept, before);
    let outcome = match interrupted {
        None => job.engine.run(&job.transfer, &mut watcher),
        Some(interrupted) => job.engine.resume(&job.transfer, interrupted.checkpoint()?, &mut watcher),
    };
    let seen = watcher.finish();
    let finish = |picture: &Picture, trace: &Trace, stopped: Option<String>| {
        let completed = stopped.is_none();
        let extent = Extent { iterations_done: seen.iterations_done, completed };
        let saved = output.save(&job.file, picture, &job.recipe, extent);
        let path = saved.as_ref().map_or(output.path(), |saved| &saved.path);
        let seconds = started.elapsed().as_secs_f64();
        let page = recorder.page(&report_page::Ending {
            title: order.title(),
            picture,
            output: path,
            stopped,
            recipe: &job.recipe,
            plan: &job.plan,
            trace,
            seconds,
            command: Some(this_command()),
        });
        let page = page.map_err(Failure::from).and_then(|page| match (&flags.report, page) {
            (Some(folder), Some(html)) => write_page(folder, &html),
            _ => Ok(()),
        });
        let ending = Ending::Painted { completed, seconds, trace };
        let told = page.and_then(|()| report::write(painting, &job, path, ending));
        // Of several failures, the one that says where the picture is.
        saved.and_then(|saved| told.map(|()| (saved, seconds)))
    };
    let Outcome { picture, trace, completed } = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            let Some((picture, trace)) = error.last_good() else { return Err(error.into()) };
            let saved = match finish(picture, trace, Some(error.to_string())) {
                Ok((saved, _)) => saved.path,
                Err(Failure::OutputClosed) => output.path().to_owned(),
                Err(failure) => return Err(failure),
            };
            let fails =
                matches!(&error, TransferError::EngineFailed { source, .. } if fails_by_itself(source));
            let checkpoint = checkpoints.path().filter(|_| fails);
            let resume = checkpoint.map_or(String::new(), |path| {
                format!("; to go on: impasto resume {}", quoted(&path.to_string_lossy()))
            });
            let why = format!("{error}; the last good picture is in {}{resume}", saved.display());
            return Err(if fails { Failure::world(why) } else { Failure::mistake(why) });
        }
    };
    if seen.iterations_done == 0 {
        if !flags.quiet {
            say("interrupted before the first iteration; nothing written");
        }
        return Err(Failure::Interrupted);
    }
    let stopped = (!completed).then(|| "interrupted".to_owned());
    let (saved, seconds) = finish(&picture, &trace, stopped)?;
    if completed {
        checkpoints.finish();
    }
    conclude(painting, &job, &picture, &seen, (&saved, seconds, completed), checkpoints.path())?;
    match seen.unsaved {
        0 => Ok(()),
        unsaved => {
            Err(Failure::world(format_args!("pictures along the way that could not be saved: {unsaved}")))
        }
    }
}

/// What is said before the run.
fn announce(Painting { order, flags, .. }: &Painting<'_>, job: &Job) {
    let Some(last) = job.plan.stages.last().filter(|_| !flags.quiet) else { return };
    job.notes.iter().for_each(|note| say(note.line(flag)));
    let styles: Vec<String> = order.task.styles().iter().map(|path| path.display().to_string()).collect();
    let subject = order.task.subject().map_or("a texture".to_owned(), |path| path.display().to_string());
    say(format_args!(
        "painting {subject} like {}: {}x{}, {}{} iterations, {} on {}",
        styles.join(" and "),
        last.size.width,
        last.size.height,
        at_most(job),
        job.plan.iterations(),
        job.recipe.network(),
        job.recipe.engine()
    ));
}

/// One line after it.
fn conclude(
    Painting { flags, output, .. }: &Painting<'_>,
    job: &Job,
    picture: &Picture,
    seen: &Seen,
    (saved, seconds, completed): (&Saved, f64, bool),
    checkpoint: Option<&Path>,
) -> Result<(), Failure> {
    let verb = if saved.replaced { "replaced" } else { "wrote" };
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
    let kept = match output.is_standard() || saved.path == output.path() {
        true => String::new(),
        false => format!("; {} is of another run and stays", output.path().display()),
    };
    let line = format!(
        "{interrupted}{verb} {}, {}x{}{way}, {}{early}{kept}",
        if output.is_standard() { "standard output".into() } else { saved.path.to_string_lossy() },
        picture.width(),
        picture.height(),
        duration(seconds)
    );
    match (&flags.json, flags.quiet) {
        (_, true) => {}
        (Some(TraceTo::Output), _) => say(line),
        _ if output.is_standard() => say(line),
        _ => writeln!(io::stdout(), "{line}")?,
    }
    if completed {
        return Ok(());
    }
    if let Some(checkpoint) = checkpoint.filter(|_| !flags.quiet) {
        say(format_args!("to go on: impasto resume {}", quoted(&checkpoint.to_string_lossy())));
    }
    Err(Failure::Interrupted)
}
