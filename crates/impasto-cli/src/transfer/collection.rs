//! Several pictures in the same style, one after another: what fails does not keep the others from being painted.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::Arc;

use impasto::{Outcome, Plan, StyleCache};
use impasto_jobs::features::SeriesObserver;
use impasto_jobs::figures::{counted, duration};
use impasto_jobs::{Extent, Job, Order, threads};

use crate::failure::{Failure, flag, say};
use crate::interrupt;
use crate::painting::pipes::Pipes;
use crate::painting::{Output, OutputArguments, existing, made_up_name, planned as planned_job};
use crate::series::{STYLE_CACHE, Series};

/// One of the pictures on its way.
struct Member<'a> {
    order: &'a Order,
    flags: OutputArguments,
    /// What it is called in messages.
    name: String,
}

/// Paints each order, or tells what that would take.
///
/// # Errors
/// If flags are for one picture alone. If a picture failed, at the end.
pub fn run(orders: &[Order], flags: &OutputArguments, skip_finished: bool) -> Result<(), Failure> {
    refuse_flags_of_one(orders, flags)?;
    let mut pipes = Pipes::default();
    let orders = orders.iter().map(|order| pipes.filed(order)).collect::<Result<Vec<_>, _>>()?;
    let orders = orders.as_slice();
    let (members, finished) = members(orders, flags, skip_finished);
    if finished > 0 && !flags.quiet {
        say(format_args!("finished before and skipped: {finished} of {}", orders.len()));
    }
    let Some(first) = members.first() else { return Ok(()) };
    threads::pool(first.order.machine.threads)?.install(|| {
        let styles = Arc::new(StyleCache::new(STYLE_CACHE));
        let mut failures = Failures { all: members.len(), lines: Vec::new() };
        let ready = planned(&members, flags, &styles, &mut failures)?;
        if flags.dry_run {
            return failures.end();
        }
        interrupt::install()?;
        paint(ready, flags, &styles, &mut failures)?;
        failures.end()
    })
}

/// Refuses what would be written over by each picture.
fn refuse_flags_of_one(orders: &[Order], flags: &OutputArguments) -> Result<(), Failure> {
    let of_one = [
        (flags.json.is_some(), "--json"),
        (flags.report.is_some(), "--report"),
        (flags.checkpoint.is_some(), "--checkpoint"),
        (flags.save_every.is_some(), "--save-every"),
        (orders.iter().any(|order| order.snapshots.snapshots.is_some()), "--snapshots"),
    ];
    match of_one.into_iter().find(|(given, _)| *given) {
        Some((_, flag)) => {
            Err(Failure::mistake(format_args!("{flag}: is for one picture, not for {}", orders.len())))
        }
        None => Ok(()),
    }
}

/// What is to be painted, each with a name of its own, and how many were finished before.
fn members<'a>(
    orders: &'a [Order],
    flags: &OutputArguments,
    skip_finished: bool,
) -> (Vec<Member<'a>>, usize) {
    let mut taken = HashSet::new();
    let mut finished = 0;
    let mut members = Vec::new();
    for order in orders {
        let made_up = made_up_name(order, flags);
        let name = existing::names(&made_up).find(|name| taken.insert(name.clone()));
        let file = name.unwrap_or_else(|| made_up.clone());
        if skip_finished && file.exists() && !existing::is_incomplete(&file) {
            finished += 1;
            continue;
        }
        let name = order.task.content().unwrap_or(&file).display().to_string();
        members.push(Member {
            order,
            flags: OutputArguments { assigned: Some(file), goes_on: skip_finished, ..flags.clone() },
            name,
        });
    }
    (members, finished)
}

/// Those that can be painted, with their plans. Of a dry run the plans are told.
fn planned<'a>(
    members: &'a [Member<'a>],
    flags: &OutputArguments,
    styles: &Arc<StyleCache>,
    failures: &mut Failures,
) -> Result<Vec<(&'a Member<'a>, Plan)>, Failure> {
    let mut ready = Vec::new();
    let mut said = HashSet::new();
    let mut seconds = 0.0;
    for member in members {
        let (mut job, output) = match job(member, styles) {
            Ok(job) => job,
            Err(failure) => {
                failures.add(&member.name, failure)?;
                continue;
            }
        };
        for note in &job.notes {
            let line = note.line(flag);
            if !flags.quiet && said.insert(line.clone()) {
                say(line);
            }
        }
        if flags.dry_run {
            seconds += job.estimate()?;
            if let Some(last) = job.plan.stages.last() {
                let (size, path) = (last.size, output.path().display());
                output_line(&format!("{} to {path}, {}x{}", member.name, size.width, size.height))?;
            }
        }
        ready.push((member, job.plan));
    }
    if flags.dry_run {
        let (pictures, time) = (counted(ready.len(), "picture"), duration(seconds));
        output_line(&format!("{pictures} in at most about {time}; nothing written yet"))?;
    }
    Ok(ready)
}

/// The job of a member, and its result on the way.
fn job(member: &Member<'_>, styles: &Arc<StyleCache>) -> Result<(Job, Output), Failure> {
    let output = Output::new(member.order, &member.flags, None)?;
    let job = planned_job(member.order, &member.flags)?.sharing_styles(styles.clone())?;
    output.check_sizes(member.order, &job)?;
    Ok((job, output))
}

fn paint(
    ready: Vec<(&Member<'_>, Plan)>,
    flags: &OutputArguments,
    styles: &Arc<StyleCache>,
    failures: &mut Failures,
) -> Result<(), Failure> {
    let (members, plans): (Vec<&Member<'_>>, Vec<Plan>) = ready.into_iter().unzip();
    let names = members.iter().map(|member| member.name.clone()).collect();
    let mut series = Series::new(flags.quiet, names, &plans);
    let mut painted = 0;
    for (index, member) in members.iter().enumerate() {
        series.begin(index);
        match paint_one(member, styles, &mut series) {
            Ok(line) => {
                painted += 1;
                if !flags.quiet {
                    series.suspended(|| output_line(&line))?;
                }
            }
            Err(Failure::Interrupted) => {
                series.finish();
                if !flags.quiet {
                    let all = failures.all;
                    say(format_args!("interrupted; {painted} of {all} painted; --skip-finished goes on"));
                }
                return Err(Failure::Interrupted);
            }
            Err(failure) => {
                let line = failures.add(&member.name, failure)?;
                series.suspended(|| say(format_args!("error: {line}")));
            }
        }
    }
    series.finish();
    Ok(())
}

/// Paints one, and returns what there is to say of it.
fn paint_one(member: &Member<'_>, styles: &Arc<StyleCache>, series: &mut Series) -> Result<String, Failure> {
    let (mut job, mut output) = job(member, styles)?;
    output.settle(&member.flags)?;
    let outcome = job.engine.run(&job.transfer, series);
    let iterations_done = series.iterations_done();
    let extent = |completed| Extent { iterations_done, completed };
    match outcome {
        Ok(Outcome { picture, completed, .. }) if completed || iterations_done > 0 => {
            let saved = output.save(&job.file, &picture, &job.recipe, extent(completed))?;
            let verb = if saved.replaced { "replaced" } else { "wrote" };
            let (path, width, height) = (saved.path.display(), picture.width(), picture.height());
            match completed {
                true => Ok(format!("{verb} {path}, {width}x{height}")),
                false => Err(Failure::Interrupted),
            }
        }
        Ok(_) => Err(Failure::Interrupted),
        Err(error) => match error.last_good() {
            Some((picture, _)) => {
                let saved = output.save(&job.file, picture, &job.recipe, extent(false))?;
                let path = saved.path.display();
                Err(Failure::mistake(format_args!("{error}; the last good picture is in {path}")))
            }
            None => Err(error.into()),
        },
    }
}

fn output_line(line: &str) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// Which pictures failed, and why.
struct Failures {
    /// Of how many.
    all: usize,
    lines: Vec<String>,
}

impl Failures {
    /// Notes a failure, and returns its line.
    fn add(&mut self, name: &str, failure: Failure) -> Result<String, Failure> {
        let (Failure::Mistake(why) | Failure::World(why)) = failure else { return Err(failure) };
        let line = if why.contains(name) { why } else { format!("{name}: {why}") };
        self.lines.push(line.clone());
        Ok(line)
    }

    /// Lists them.
    fn end(self) -> Result<(), Failure> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let (failed, all) = (self.lines.len(), self.all);
        let why: String = self.lines.iter().map(|line| format!("\n  {line}")).collect();
        Err(Failure::world(format_args!("{failed} of {all} pictures failed:{why}")))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn no_two_pictures_have_the_same_name() {
        let orders = ["a/cat.jpg", "b/cat.png", "c/dog.png"].map(|path| Order::transfer(path, ["s.png"]));
        let (members, finished) = members(&orders, &OutputArguments::default(), true);
        let names: Vec<PathBuf> = members.into_iter().filter_map(|member| member.flags.assigned).collect();
        assert_eq!(names, ["cat-s.png", "cat-s-2.png", "dog-s.png"].map(PathBuf::from));
        assert_eq!(finished, 0);
    }
}
