//! The page as a whole: one HTML file that holds its style and its pictures.

use std::fmt::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::chart::{self, LossAxis};
use super::curves::{self, Curve, TOTAL};
use super::html::{InlinePicture, escaped};
use super::{Ending, Record, table};
use crate::figures::duration;
use crate::refusal::Refusal;

/// The classes of lines; terms beyond them share.
const CLASSES: usize = 8;

/// The page of a run.
pub fn page(
    record: &Record,
    ending: &Ending<'_, impl Serialize>,
    result: &InlinePicture,
) -> Result<String, Refusal> {
    // By way of text, because a number in single precision would become another one in double.
    let recipe =
        serde_json::to_string(ending.recipe).and_then(|text| serde_json::from_str::<Map<_, _>>(&text));
    let mut recipe = recipe.map_err(Refusal::system)?;
    let settings = recipe.remove("settings");
    let mut page = String::new();
    let written = (|| {
        head(&mut page, record, ending, result)?;
        pictures(&mut page, record)?;
        losses(&mut page, ending)?;
        times(&mut page, record, ending)?;
        command(&mut page, ending.command.as_deref())?;
        writeln!(page, "<h2>Settings</h2>\n<div class=\"settings\">")?;
        page += &table::tables(&recipe);
        if let Some(Value::Object(settings)) = &settings {
            page += &table::tables(settings);
        }
        page.write_str("</div>\n</body>\n</html>\n")
    })();
    written.map_err(|_: fmt::Error| Refusal::system("the report cannot be put together"))?;
    Ok(page)
}

/// The command that made what the page is on, if it was one.
pub fn command(page: &mut String, command: Option<&str>) -> fmt::Result {
    command.map_or(Ok(()), |command| {
        writeln!(page, "<h2>Command</h2>\n<pre><code>{}</code></pre>", escaped(command))
    })
}

/// The head of a page with its style, and the title at its top.
pub fn open(page: &mut String, title: &str) -> fmt::Result {
    let (title, version) = (escaped(title), env!("CARGO_PKG_VERSION"));
    writeln!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"impasto {version}\">\n<title>{title}</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n<h1>{title}</h1>",
        include_str!("style.css"),
    )
}

fn head<R>(
    page: &mut String,
    record: &Record,
    ending: &Ending<'_, R>,
    result: &InlinePicture,
) -> fmt::Result {
    let done: usize = record.seconds.iter().map(Vec::len).sum();
    open(page, &ending.title)?;
    writeln!(
        page,
        "<p class=\"faint\">{} pixels · {done} iterations · {} · impasto {}</p>",
        result.size(),
        duration(ending.seconds),
        env!("CARGO_PKG_VERSION"),
    )?;
    if let Some(reason) = &ending.stopped {
        writeln!(page, "<p class=\"warning\">Stopped early: {}</p>", escaped(reason))?;
    }
    let name = escaped(&ending.output.file_name().unwrap_or_default().to_string_lossy());
    let caption = format!("<b>{name}</b>, {}", result.size());
    writeln!(page, "<div class=\"result\">\n{}</div>", result.figure(&ending.title, &caption))
}

fn pictures(page: &mut String, record: &Record) -> fmt::Result {
    if !record.inputs.is_empty() {
        writeln!(page, "<h2>Made from</h2>\n<div class=\"pictures\">")?;
        for input in &record.inputs {
            let (role, name, size) = (escaped(&input.role), escaped(&input.name), input.picture.size());
            let caption = format!("<b>{role}</b> · {name} · {size}");
            page.write_str(&input.picture.figure(&format!("{}: {}", input.role, input.name), &caption))?;
        }
        writeln!(page, "</div>")?;
    }
    if !record.snapshots.is_empty() {
        writeln!(page, "<h2>Along the way</h2>\n<div class=\"pictures\">")?;
        for snapshot in &record.snapshots {
            let moment = match snapshot.iterations_done {
                0 => "start".to_owned(),
                done => format!("iteration {done}"),
            };
            let caption = format!("<b>{moment}</b> · {}", snapshot.picture.size());
            page.write_str(&snapshot.picture.figure(&moment, &caption))?;
        }
        writeln!(page, "</div>")?;
    }
    Ok(())
}

fn losses<R>(page: &mut String, ending: &Ending<'_, R>) -> fmt::Result {
    let evaluations = &ending.trace.evaluations;
    let names = curves::terms(evaluations);
    let stages: Vec<Vec<Curve>> =
        (1..=ending.plan.stages.len()).map(|stage| curves::of_stage(evaluations, stage, &names)).collect();
    let Some(axis) = LossAxis::of(stages.iter().flatten()) else { return Ok(()) };
    writeln!(page, "<h2>Losses</h2>\n<ul class=\"legend\">")?;
    for (index, name) in names.iter().enumerate() {
        let (class, text) = (curve_class(index, name), escaped(&name.replace('_', " ")));
        let drawn = stages.iter().flatten().any(|curve| curve.name == index && !curve.points.is_empty());
        let note = if drawn { "" } else { " (0 throughout)" };
        page.write_str(&chart::legend_entry(&class, &format!("{text}{note}")))?;
    }
    writeln!(
        page,
        "</ul>\n<p class=\"faint\">Each term over all its layers, its weight included, on a logarithmic axis{}.</p>\n\
         <div class=\"charts\">",
        if stages.len() > 1 { " that all sizes share" } else { "" }
    )?;
    for (curves, stage) in stages.iter().zip(&ending.plan.stages) {
        if curves.iter().all(|curve| curve.points.is_empty()) {
            continue;
        }
        let size = format!("{}×{}", stage.size.width, stage.size.height);
        let label = format!("losses at {size} over {} iterations", stage.iterations);
        let drawing = chart::svg(
            curves,
            |curve| curve_class(curve, names[curve]),
            axis,
            stage.iterations,
            "iteration",
            &label,
        );
        writeln!(page, "<figure>{drawing}<figcaption><b>{size}</b></figcaption></figure>")?;
    }
    writeln!(page, "</div>")
}

/// The class of a line: terms by number, the total of its own.
pub fn curve_class(index: usize, name: &str) -> String {
    if name == TOTAL { TOTAL.to_owned() } else { format!("curve-{}", index % CLASSES) }
}

fn times<R>(page: &mut String, record: &Record, ending: &Ending<'_, R>) -> fmt::Result {
    writeln!(
        page,
        "<h2>Time</h2>\n<div class=\"scroll\"><table class=\"numbers\">\n<thead><tr><th>size</th>\
         <th>iterations</th><th>seconds each</th><th>time</th><th>memory planned</th></tr></thead>\n<tbody>"
    )?;
    let mut painted = 0.0;
    for (index, (stage, seconds)) in ending.plan.stages.iter().zip(&record.seconds).enumerate() {
        let sum: f64 = seconds.iter().sum();
        painted += sum;
        let end = ending.trace.stages.get(index).and_then(|stage| stage.end.reason());
        let early = end.map_or_else(String::new, |reason| format!(": {reason}"));
        let each = median(seconds).map_or_else(|| "–".to_owned(), |each| format!("{each:.3}"));
        writeln!(
            page,
            "<tr><td>{}×{}</td><td>{} of {}{early}</td><td>{each}</td><td>{}</td><td>{:.0} MB</td></tr>",
            stage.size.width,
            stage.size.height,
            seconds.len(),
            stage.iterations,
            duration(sum),
            stage.memory as f64 / 1e6
        )?;
    }
    let rest = (ending.seconds - painted).max(0.0);
    writeln!(
        page,
        "<tr><td>preparing and saving</td><td></td><td></td><td>{}</td><td></td></tr>\n\
         <tr><td><b>all</b></td><td><b>{}</b></td><td></td><td><b>{}</b></td><td></td></tr>\n\
         </tbody></table></div>\n<p class=\"faint\">Seconds each: the median over the iterations of a size. {} threads.</p>",
        duration(rest),
        record.seconds.iter().map(Vec::len).sum::<usize>(),
        duration(ending.seconds),
        rayon::current_num_threads(),
    )
}

/// The middle value, the upper of two.
fn median(seconds: &[f64]) -> Option<f64> {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
