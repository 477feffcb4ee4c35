//! `--dry-run`: what a run would do, need and take.

use std::io::{self, Write};

use impasto_jobs::Job;
use impasto_jobs::figures::duration;
use impasto_jobs::report::Ending;
use impasto_jobs::summary::{Line, at_most, summary};

use super::Painting;
use super::existing::Existing;
use super::report;
use crate::failure::{Failure, flag, say};
use crate::report_folder::page_in;

/// What is said of a file that the run does not replace without being asked to.
const ASKS: &str = " (is there already: the run asks, or needs --force)";

/// Prints the plan, in words or as JSON.
pub fn run(painting: &Painting<'_>, mut job: Job) -> Result<(), Failure> {
    let Painting { order, flags, output } = painting;
    let estimated_seconds = job.estimate()?;
    if !flags.quiet {
        job.notes.iter().for_each(|note| say(note.line(flag)));
    }
    if flags.json.is_some() {
        return report::write(painting, &job, output.path(), Ending::Planned { estimated_seconds });
    }
    let mut out = io::stdout().lock();
    if let Some(file) = &order.picture.like {
        writeln!(out, "like        {}", file.display())?;
    }
    for Line { about, text } in summary(&job) {
        writeln!(out, "{about:11} {text}")?;
    }
    let at_most = at_most(&job);
    writeln!(
        out,
        "time        {at_most}about {}, by a short run on this machine",
        duration(estimated_seconds)
    )?;
    let page = flags.report.as_deref().map(page_in);
    if let Some(page) = page.filter(|page| page.is_file() && !flags.force) {
        writeln!(out, "report      {}{ASKS}", page.display())?;
    }
    if output.is_standard() {
        writeln!(out, "output      standard output; nothing written yet")?;
        return Ok(());
    }
    let replaced = match (output.path().exists(), output.existing()) {
        (false, _) => "",
        (true, Existing::Keep) => ASKS,
        (true, _) => " (replaces the file of that name)",
    };
    writeln!(out, "output      {}{replaced}; nothing written yet", output.path().display())?;
    Ok(())
}
